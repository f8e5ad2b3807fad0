"""Data only: guides, payers, code tables, findings, scenarios and generated JSON Schemas."""
