"""Edits: what goes beyond the guide. code tables with days, and the checks that look codes up."""
