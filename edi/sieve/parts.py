"""Parts: the loops of a unit that goes through the sieve, each with its pattern of segments.

A loop in a unit begins with its first segment; its other segments come before the next loop.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Generic, TypeVar

from edi.guides.routes import Station
from edi.sieve.paths import Paths
from edi.sieve.windows import Window
from edi.stencils import Pattern, Row, Stencils, escape

Kind = TypeVar("Kind", bound=Stencils)
Part = tuple[Pattern[Kind], list[Row]]
LONGEST = 255
"""Elements that are counted of a segment; one with more has no pattern that is remembered."""
MOST_KNOWN = 20_000
"""Patterns that are remembered by the codes of one file."""


class UnitParts(Generic[Kind]):
    """Cuts units into parts. `find` gives the stencils of a loop by its station.

    Of a window are kept, row by row, the codes of the segments and how long each is: what tells a pattern.
    """

    def __init__(self, paths: Paths, find: Callable[[Station], Kind]) -> None:
        self.paths = paths
        self.find = find
        self.loops: dict[int, Kind] = {}
        self.cut = re.compile(b"")
        self.known = 0
        self.patterns: dict[bytes, Pattern[Kind]] = {}
        self.window: Window | None = None
        self.lengths = b""

    def cut_unit(self, window: Window, first: int, last: int, *, plain: bool) -> list[Part[Kind]]:
        """The parts of a unit, by its first row and the row after its last; rows as they stand in JSON."""
        if window is not self.window:
            self.look(window)
        rows, codes, lengths, patterns = window.rows, window.pattern, self.lengths, self.patterns
        parts = []
        for found in self.cut.finditer(codes, first, last):
            begin, end = found.span()
            own = rows[begin:end] if plain else [escape(row) for row in rows[begin:end]]
            pattern = patterns.get(codes[begin:end] + lengths[begin:end])
            if pattern is None:
                pattern = self.recognise(codes[begin:end] + lengths[begin:end], own)
            parts.append((pattern, own))
        return parts

    def recognise(self, key: bytes, rows: list[Row]) -> Pattern[Kind]:
        """The pattern of a part that is met for the first time."""
        if len(self.patterns) >= MOST_KNOWN:
            self.patterns.clear()
        codes = key[: len(rows)]
        stations = [self.paths.nodes[code].station for code in codes]
        uses = [
            station.segment for station in stations if station is not None and station.segment is not None
        ]
        found = self.loops[codes[0]].recognise(uses, rows)
        if all(len(row) < LONGEST for row in rows):
            self.patterns[key] = found
        return found

    def look(self, window: Window) -> None:
        """Another window: how long its segments are, and how its loops are cut apart."""
        self.window = window
        self.lengths = count_elements(window.rows)
        if self.known == len(self.paths.nodes):
            return
        self.known = len(self.paths.nodes)
        for node in self.paths.nodes[1:]:
            loop = node.station.parent if node.station is not None else None
            if loop is not None and loop.children[0] is node.station:
                self.loops[node.code] = self.find(loop)
        openers = re.escape(bytes(self.loops))
        self.cut = re.compile(b"[%b][^%b]*" % (openers, openers), re.DOTALL)


def count_elements(rows: list[Row]) -> bytes:
    """How many elements each row has, as far as that is counted."""
    try:
        return bytes(map(len, rows))
    except ValueError:
        return bytes([min(len(row), LONGEST) for row in rows])
