"""What a code file holds once it is read, and the error of one that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from enum import Enum
from typing import NamedTuple

from edi.edits.packing import OPEN, Row, pack_day

MARK = "\ufeff"


class CodeFileError(Exception):
    """A code file cannot be used; the text says why and what to do, in one line."""


class Kind(Enum):
    """How a file speaks of time.

    SNAPSHOT: all codes on a day. HISTORY: every code with its days. CHANGES: what begins and ends on a day.
    UPDATES: some codes with their days; the others stay as they were.
    """

    SNAPSHOT = "snapshot"
    HISTORY = "history"
    CHANGES = "changes"
    UPDATES = "updates"


class Source(NamedTuple):
    """What is known of a file beside its lines. `name` is its file name; the rest is what a person said."""

    name: str
    effective: date | None = None
    release: str = ""
    table: str = ""
    columns: Mapping[str, str] = {}


class Contents(NamedTuple):
    """The rows of one table in a file. `ended` are codes that a list of changes takes out."""

    table: str
    release: str
    effective: date
    kind: Kind
    rows: list[Row]
    ended: list[Row] = []
    skipped: int = 0
    note: str = ""


Lines = Iterable[str]


class Layout(NamedTuple):
    """A kind of file: the words for it, how its first lines look, and how it is read.

    `parting` is what parts its cells, where its lines are made from those of a workbook.
    """

    name: str
    recognises: Callable[[list[str]], bool]
    read: Callable[[Lines, Source], Iterator[Contents]]
    parting: str = ","


def day_before(day: date) -> int:
    """The day before, as CCYYMMDD."""
    return pack_day(day - timedelta(days=1))


def read_day(text: str, number: int) -> int:
    """A day written CCYYMMDD as a number; OPEN for nothing or `*`. Raises CodeFileError with the line."""
    text = text.strip()
    if text in ("", "*"):
        return OPEN
    try:
        return (
            pack_day(date(int(text[:4]), int(text[4:6]), int(text[6:]))) if len(text) == 8 else fail(number)
        )
    except ValueError:
        return fail(number)


def fail(number: int) -> int:
    """Say that a line holds a date that does not exist."""
    raise CodeFileError(f"line {number} holds a date that does not exist; fetch the file again")


def need_effective(source: Source, found: date | None) -> date:
    """The first day of a release: what a person said, else what the name says. Raises CodeFileError."""
    effective = source.effective or found
    if effective is None:
        raise CodeFileError(
            f"{source.name}: neither its name nor its content says when the release takes effect; "
            "give --effective CCYY-MM-DD"
        )
    return effective
