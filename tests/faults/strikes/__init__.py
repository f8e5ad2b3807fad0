"""The faults, by what they strike. Each is one function of a world under load; it ends what it began."""
