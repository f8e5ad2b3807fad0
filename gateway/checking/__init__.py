"""Checking claims as they come in: here, or in processes of their own."""
