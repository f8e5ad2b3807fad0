"""Adapters move bytes between partners and the gateway; they know no X12 and no claim."""
