"""Parts: the loops of a unit that goes through the sieve, each with its pattern of segments.

A loop in a unit begins with its first segment; its other segments come before the next loop.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from itertools import chain
from typing import Generic, TypeVar

from edi.guides.routes import Station
from edi.rows import LONGEST
from edi.sieve.paths import Paths
from edi.sieve.windows import Window
from edi.stencils import Pattern, Row, Stencils, escape

Kind = TypeVar("Kind", bound=Stencils)
Part = tuple[Pattern[Kind], list[Row]]
MOST_KNOWN = 20_000
"""Patterns that are remembered by the codes of one file."""


class UnitParts(Generic[Kind]):
    """Cuts units into parts. `find` gives the stencils of a loop by its station.

    Of a window are kept where its parts begin and end, with what tells the pattern of each: the codes of its
    rows by turns with how long these are.
    """

    def __init__(self, paths: Paths, find: Callable[[Station], Kind]) -> None:
        self.paths = paths
        self.find = find
        self.loops: dict[int, Kind] = {}
        self.known = 0
        self.patterns: dict[bytes, Pattern[Kind]] = {}
        self.window: Window | None = None
        self.begins: list[int] = []
        self.cuts: list[tuple[int, int, bytes]] = []

    def cut_unit(self, window: Window, first: int, last: int, *, plain: bool) -> list[Part[Kind]]:
        """The parts of a unit, by its first row and the row after its last; rows as they stand in JSON."""
        if window is not self.window:
            self.look(window)
        rows, patterns = window.rows, self.patterns
        at = bisect_left(self.begins, first)
        parts = []
        for begin, end, key in self.cuts[at : bisect_left(self.begins, last, at)]:
            own = rows[begin:end] if plain else [escape(row) for row in rows[begin:end]]
            pattern = patterns.get(key)
            if pattern is None:
                pattern = self.recognise(key, own)
            parts.append((pattern, own))
        return parts

    def recognise(self, key: bytes, rows: list[Row]) -> Pattern[Kind]:
        """The pattern of a part that is met for the first time."""
        if len(self.patterns) >= MOST_KNOWN:
            self.patterns.clear()
        codes = key[::2]
        stations = [self.paths.nodes[code].station for code in codes]
        uses = [
            station.segment for station in stations if station is not None and station.segment is not None
        ]
        found = self.loops[codes[0]].recognise(uses, rows)
        if LONGEST not in key[1::2]:
            self.patterns[key] = found
        return found

    def look(self, window: Window) -> None:
        """Another window: how its units and their loops are cut apart."""
        self.window = window
        self._learn()
        openers = [node.at for node in window.nodes if node.code in self.loops]
        self.begins = sorted({*window.starts, *chain.from_iterable(openers)})
        told = bytearray(2 * len(window.rows))
        told[::2], told[1::2] = window.pattern, window.held.lengths
        keys = bytes(told)
        ends = [*self.begins[1:], len(window.rows)]
        self.cuts = [
            (begin, end, keys[2 * begin : 2 * end]) for begin, end in zip(self.begins, ends, strict=True)
        ]

    def _learn(self) -> None:
        """The nodes that loops begin with."""
        if self.known == len(self.paths.nodes):
            return
        self.known = len(self.paths.nodes)
        for node in self.paths.nodes[1:]:
            loop = node.station.parent if node.station is not None else None
            if loop is not None and loop.children[0] is node.station:
                self.loops[node.code] = self.find(loop)
