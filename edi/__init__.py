"""X12 HIPAA reading, checking and writing: pure, synchronous, usable without the gateway."""
