"""A gateway under a steady load for a long time: memory and file handles stay flat, nothing is lost."""
