"""Faults of a rule file: each with its line and column, so that its author finds it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple


class Fault(NamedTuple):
    """What is wrong with a rule file. Lines and columns count from 1; 0 where no one place is to blame."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}" if self.line else self.message


class ExpressionInvalid(Exception):
    """An expression cannot be compiled; the place is within the expression."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.fault = Fault(line, column, message)


class PackInvalid(Exception):
    """A rule file cannot be used; `faults` are all that is wrong with it."""

    def __init__(self, source: str, faults: Iterable[Fault]) -> None:
        self.source = source
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{source}: {fault}" for fault in self.faults))


def suggest(name: str, known: Iterable[str]) -> str:
    """ "; did you mean X?" where a known name is near, else ""."""
    near = get_close_matches(name, sorted(known), 1)
    return f"; did you mean {near[0]}?" if near else ""
