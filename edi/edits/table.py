"""One code table: codes with the days they are in effect, looked up in place."""

from __future__ import annotations

import hashlib
import sys
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date
from enum import Enum
from functools import cached_property, lru_cache
from itertools import repeat

import msgspec
import zstandard

from edi.edits.packing import (
    ALIGNED,
    MAGIC,
    Heading,
    Row,
    TableUnreadable,
    pack_code,
    pack_day,
    pack_last,
    unpack_code,
    unpack_day,
)

REMEMBERED = 16_384
START = len(MAGIC) + 8


class Entry(msgspec.Struct, frozen=True):
    """A code of a table with its first and last day in effect (None: not known) and its marks."""

    table: str
    release: str
    code: str
    start: date | None
    end: date | None
    marks: tuple[str, ...]
    row: int


class Verdict(Enum):
    """What a table says of a code on a day."""

    VALID = "valid"
    UNKNOWN = "unknown"
    INCOMPLETE = "incomplete"
    NOT_IN_EFFECT = "not in effect"
    NOT_HELD = "not held"


class CodeTable:
    """A table over the bytes of a file (`bytes` or a mapped file). Raises TableUnreadable."""

    def __init__(self, content: bytes | memoryview) -> None:
        if sys.byteorder != "little":
            raise TableUnreadable("code tables are read in place on little-endian machines only")
        view = memoryview(content)
        if bytes(view[: len(MAGIC)]) != MAGIC:
            raise TableUnreadable("this is not a code table of claimwire")
        length = int.from_bytes(view[len(MAGIC) : START], "little")
        try:
            self.heading = msgspec.json.decode(view[START : START + length], type=Heading)
        except msgspec.MsgspecError as problem:
            raise TableUnreadable(f"the heading of the table cannot be read: {problem}") from None
        self._body = view[START + length :]
        rows = self.heading.rows
        places = [0]
        for width in (8, 4, 4, 2):
            places.append(places[-1] + width * rows + -width * rows % ALIGNED)
        if places[-1] > len(self._body):
            raise TableUnreadable("the table is shorter than its heading says")
        self._keys = self._body[places[0] :][: 8 * rows].cast("Q")
        self._starts = self._body[places[1] :][: 4 * rows].cast("I")
        self._ends = self._body[places[2] :][: 4 * rows].cast("I")
        self._marks = self._body[places[3] :][: 2 * rows].cast("H")
        self._titles = self._body[places[4] :]
        self.entries = lru_cache(REMEMBERED)(self._entries)
        self.judge = lru_cache(REMEMBERED)(self._judge)

    @property
    def name(self) -> str:
        return self.heading.table

    def verify(self) -> bool:
        """True where the rows are those that were written."""
        return hashlib.sha256(self._body).hexdigest() == self.heading.sha256

    def covers(self, day: date) -> bool:
        """True where the table can say which codes are in effect on a day."""
        first, last = self.heading.covers_from, self.heading.covers_through
        return (first is None or first <= day) and (last is None or day <= last)

    def _entry(self, row: int) -> Entry:
        return Entry(
            self.heading.table,
            self.heading.release,
            unpack_code(self._keys[row]),
            unpack_day(self._starts[row]),
            unpack_day(self._ends[row]),
            self.heading.marks[self._marks[row]],
            row,
        )

    def _rows(self, code: str) -> Iterator[int]:
        """The rows of a code, the earliest first."""
        key = pack_code(code)
        row = bisect_left(self._keys, key) if key else self.heading.rows
        while row < self.heading.rows and self._keys[row] == key:
            yield row
            row += 1

    def find(self, code: str, on: date) -> Entry | None:
        """The entry of a code that is in effect on a day, or None."""
        for entry in self.entries(code):
            if (entry.start is None or entry.start <= on) and (entry.end is None or on <= entry.end):
                return entry
        return None

    def _entries(self, code: str) -> tuple[Entry, ...]:
        """Every entry of a code, the earliest first."""
        return tuple(self._entry(row) for row in self._rows(code))

    def _judge(self, code: str, on: date) -> Verdict:
        """What the table says of a code on a day.

        INCOMPLETE is a code that is marked as a header or, in a nested table, one that only begins codes in
        effect. NOT_HELD is
        a code without any entry, on a day that the table does not cover, and one that may be older than the
        table knows.
        """
        entry = self.find(code, on)
        if entry is not None:
            return Verdict.INCOMPLETE if "header" in entry.marks else Verdict.VALID
        if self.heading.nested and self.begins_codes(code, on):
            return Verdict.INCOMPLETE
        entries = self.entries(code)
        if entries:
            begins = self.heading.begins
            older = begins is not None and on < begins == entries[0].start
            return Verdict.NOT_HELD if older else Verdict.NOT_IN_EFFECT
        return Verdict.UNKNOWN if self.covers(on) else Verdict.NOT_HELD

    def begins_codes(self, prefix: str, on: date) -> bool:
        """True where longer codes in effect on a day begin with `prefix`."""
        first = pack_code(prefix)
        if not first:
            return False
        day, last = pack_day(on), pack_last(prefix)
        row = bisect_left(self._keys, first + 1)
        while row < self.heading.rows and self._keys[row] <= last:
            if self._starts[row] <= day <= self._ends[row]:
                return True
            row += 1
        return False

    def title(self, entry: Entry) -> str:
        """What the table calls a code; "" where it has no words for it."""
        return self._lines[entry.row] if self._lines else ""

    @cached_property
    def _lines(self) -> list[str]:
        if not self._titles:
            return []
        with zstandard.ZstdDecompressor().stream_reader(self._titles) as frame:
            return str(frame.read(), "utf-8").split("\n")

    def count_codes(self) -> int:
        """How many codes there are, each counted once."""
        return len(set(self._keys))

    def rows(self) -> Iterator[Row]:
        """Every row, in the order of codes and days."""
        for key, start, end, marks, title in self.keyed_rows():
            yield Row(unpack_code(key), start, end, marks, title)

    def keyed_rows(self) -> Iterator[tuple[int, int, int, tuple[str, ...], str]]:
        """Every row in its order, the code as the number that it is packed as."""
        titles = self._lines or repeat("")
        marks = map(self.heading.marks.__getitem__, self._marks)
        return zip(self._keys, self._starts, self._ends, marks, titles, strict=False)
