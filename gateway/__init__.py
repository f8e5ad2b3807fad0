"""The gateway: clock, state and concurrency around the pure X12 engine."""
