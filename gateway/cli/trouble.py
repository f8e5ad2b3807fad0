"""What stops a command: one line for the person at the terminal."""

from __future__ import annotations

from rich.console import Console


class Trouble(Exception):
    """A command cannot do what it was asked; the text says why and what to do, in one line."""


def say(text: str) -> None:
    """One line on standard error."""
    Console(stderr=True).print(
        f"claimwire: {text}", markup=False, highlight=False, soft_wrap=True, style="red"
    )
