"""Payer rules: what a payer asks beyond the guide, as data that a biller can read and a tenant can write."""
