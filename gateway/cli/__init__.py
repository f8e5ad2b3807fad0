"""The command line: check, json, x12, explain, and the servers."""

from gateway.cli.commands import main

__all__ = ["main"]
