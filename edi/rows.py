"""Rows: plain segments of a large file, cut into elements but not made into segments unless somebody asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate, count, repeat
from typing import NamedTuple

from edi.segments import Segment

Row = list[str]
"""The elements of a segment; the first is its id."""


class Rows(NamedTuple):
    """Segments that stand one after another in a file and need no forgiveness.

    `texts` are they as they stand, `start` is the byte offset of the first; `gap` is the length of what
    stands after each. `plain` is true where all are plain (see `edi.segments.Segment`).
    """

    rows: list[Row]
    texts: list[str]
    start: int
    gap: int
    plain: bool

    def part(self, places: Iterable[int]) -> Iterator[Rows]:
        """Each of these rows by itself, and what stands before, between and after them."""
        start, done = self.start, 0
        for place in places:
            for last in (place, place + 1):
                if last > done:
                    part = Rows(self.rows[done:last], self.texts[done:last], start, self.gap, self.plain)
                    yield part
                    start, done = start + part.length, last
        if done < len(self.rows):
            yield Rows(self.rows[done:], self.texts[done:], start, self.gap, self.plain)

    @property
    def length(self) -> int:
        """How long they are in the file, in characters."""
        return sum(map(len, self.texts)) + self.gap * len(self.texts)

    def make_segments(self, ordinals: Iterable[int] = repeat(0)) -> list[Segment]:
        """The segments, with these ordinals."""
        lengths = map(self.gap.__add__, map(len, self.texts))
        offsets = accumulate(lengths, initial=self.start)
        return list(map(Segment, self.rows, ordinals, offsets, repeat(None), repeat(self.plain)))


class HeldRows:
    """Rows that follow one another, held until it is known what becomes of them.

    `ordinal` is that of the first in its transaction set; `plain` is true where all are plain.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.texts: list[str] = []
        self.start = 0
        self.gap = 0
        self.ordinal = 0
        self.plain = True
        self._last = (0, True)
        self._known = 0, 0

    def add(self, rows: Rows, ordinal: int) -> None:
        """Hold more rows, which follow those that are held."""
        if not self.rows:
            self.start, self.gap, self.ordinal, self.plain = rows.start, rows.gap, ordinal, True
            self._known = 0, rows.start
        self.plain = self.plain and rows.plain
        self._last = (len(rows.rows), rows.plain)
        self.rows += rows.rows
        self.texts += rows.texts

    def make_segments(self, first: int, last: int) -> list[Segment]:
        """The rows from `first` to before `last` as segments."""
        rows = Rows(self.rows[first:last], self.texts[first:last], self.place(first), self.gap, self.plain)
        return rows.make_segments(count(self.ordinal + first))

    def place(self, number: int) -> int:
        """Where a row begins in the file; mostly asked of rows that come after the one asked of before."""
        before, place = self._known if self._known[0] <= number else (0, self.start)
        place += sum(map(len, self.texts[before:number])) + (number - before) * self.gap
        self._known = number, place
        return place

    def drop(self, number: int) -> None:
        """Forget the first so many."""
        self.start = self.place(number)
        self._known = 0, self.start
        self.ordinal += number
        del self.rows[:number], self.texts[:number]
        if len(self.rows) <= self._last[0]:
            self.plain = self._last[1]
