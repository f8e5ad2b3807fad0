"""Inquiries in real time: eligibility (270/271) and claim status (276/277)."""
