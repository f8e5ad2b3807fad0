"""Rows: plain segments of a large file, cut into elements but not made into segments unless somebody asks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Set
from itertools import accumulate, count, repeat
from operator import itemgetter
from typing import NamedTuple

from edi.segments import Segment

Row = list[str]
"""The elements of a segment; the first is its id."""


LONGEST = 255
"""Elements that are counted of a segment; those of one with more are not known to be so many."""


def count_elements(rows: list[Row]) -> bytes:
    """How many elements each row has, as far as that is counted."""
    try:
        return bytes(map(len, rows))
    except ValueError:
        return bytes([min(len(row), LONGEST) for row in rows])


class Rows(NamedTuple):
    """Segments that stand one after another in a file and need no forgiveness.

    `texts` are they as they stand, `start` is the byte offset of the first; `gap` is the length of what
    stands after each. `plain` is true where all are plain (see `edi.segments.Segment`). Their ids are among
    `ids`; `lengths` are how many elements each has, up to LONGEST.
    """

    rows: list[Row]
    texts: list[str]
    start: int
    gap: int
    plain: bool
    ids: Set[str]
    lengths: bytes

    def part(self, places: Iterable[int]) -> Iterator[Rows]:
        """Each of these rows by itself, and what stands before, between and after them."""
        start, done = self.start, 0
        for place in places:
            for last in (place, place + 1):
                if last > done:
                    part = self._cut(done, last, start)
                    yield part
                    start, done = start + part.length, last
        if done < len(self.rows):
            yield self._cut(done, len(self.rows), start)

    def _cut(self, first: int, last: int, start: int) -> Rows:
        texts, lengths = self.texts[first:last], self.lengths[first:last]
        return self._replace(rows=self.rows[first:last], texts=texts, start=start, lengths=lengths)

    @property
    def length(self) -> int:
        """How long they are in the file, in characters."""
        return sum(map(len, self.texts)) + self.gap * len(self.texts)

    def make_segments(self, ordinals: Iterable[int] = repeat(0)) -> list[Segment]:
        """The segments, with these ordinals."""
        return make_segments(
            self.rows, place_texts(self.texts, self.start, self.gap), ordinals, plain=self.plain
        )


def place_texts(texts: Iterable[str], start: int, gap: int) -> Iterator[int]:
    """Where texts begin that stand one after another, from `start` on, with a gap after each."""
    return accumulate(map(gap.__add__, map(len, texts)), initial=start)


def make_segments(
    rows: Iterable[Row], offsets: Iterable[int], ordinals: Iterable[int], *, plain: bool
) -> list[Segment]:
    """Segments of rows."""
    return list(map(Segment, rows, ordinals, offsets, repeat(None), repeat(plain)))


class HeldRows:
    """Rows that follow one another, held until it is known what becomes of them.

    `ordinal` is that of the first in its transaction set; `plain` is true where all are plain. `marks` are
    numbers of rows whose places in the file are known: the first, and wherever more were added.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.texts: list[str] = []
        self.lengths = bytearray()
        self.gap = 0
        self.ordinal = 0
        self.plain = True
        self.marks: list[tuple[int, int]] = []
        self._last = (0, True)
        self._known = -1, 0

    def add(self, rows: Rows, ordinal: int) -> None:
        """Hold more rows, which follow those that are held."""
        if not self.rows:
            self.gap, self.ordinal, self.plain, self.marks = rows.gap, ordinal, True, []
        self.plain = self.plain and rows.plain
        self._last = (len(rows.rows), rows.plain)
        self.marks.append((len(self.rows), rows.start))
        self.rows += rows.rows
        self.texts += rows.texts
        self.lengths += rows.lengths

    def make_segments(self, first: int, last: int) -> list[Segment]:
        """The rows from `first` to before `last` as segments."""
        offsets = place_texts(self.texts[first:last], self.place(first), self.gap)
        return make_segments(self.rows[first:last], offsets, count(self.ordinal + first), plain=self.plain)

    def place(self, number: int) -> int:
        """Where a row begins in the file; mostly asked of rows that come after the one asked of before."""
        mark = self.marks[bisect_right(self.marks, number, key=itemgetter(0)) - 1]
        before, place = max(mark, self._known) if self._known[0] <= number else mark
        place += sum(map(len, self.texts[before:number])) + (number - before) * self.gap
        self._known = number, place
        return place

    def drop(self, number: int) -> None:
        """Forget the first so many."""
        if number >= len(self.rows):
            self.marks = []
        else:
            kept = [(at - number, place) for at, place in self.marks if at > number]
            self.marks = [(0, self.place(number)), *kept]
        self._known = -1, 0
        self.ordinal += number
        del self.rows[:number], self.texts[:number], self.lengths[:number]
        if len(self.rows) <= self._last[0]:
            self.plain = self._last[1]
