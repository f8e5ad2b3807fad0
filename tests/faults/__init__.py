"""Real faults against a real gateway under load, and one checker that proves that nothing was lost."""
