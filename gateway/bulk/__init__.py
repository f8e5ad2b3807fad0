"""Bulk: large files to tables, on all cores, in constant memory, resumed after a kill."""
