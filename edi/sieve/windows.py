"""A window: the rows that are looked at at once, found by where they stand in the guide."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain

from edi.rows import HeldRows, Row
from edi.sieve.paths import EVERY_CODE, Node, Paths

Places = Sequence[int]
"""Numbers of rows in a window, ascending."""
Asked = tuple[str, ...]
"""A segment id or use key, and the loops in which it stands (any, where none are named)."""


class Window:
    """Rows with the node of each. `starts` are the rows that begin a unit; `pattern` has the nodes' codes."""

    def __init__(self, paths: Paths, held: HeldRows, component: str) -> None:
        self.paths = paths
        self.held = held
        self.rows = rows = held.rows
        self.component = component
        self.pattern = paths.walk(rows)
        self.starts: Places = [*paths.entry.at]
        self.nodes = [node for node in paths.nodes[1:] if node.at]
        self.astray: Places = paths.astray.at
        self._by_name: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in node.names:
                self._by_name.setdefault(name, []).append(node)
        self._found: dict[Asked, Places] = {}
        self._rows: dict[Asked, list[Row]] = {}
        self._parts: dict[tuple[Asked, ...], list[int]] = {}

    def list_nodes(self, asked: Asked) -> list[Node]:
        """The nodes of a segment."""
        segment, *loops = asked
        named = self._by_name.get(segment, [])
        return [node for node in named if node.loop in loops] if loops else named

    def find(self, *asked: str) -> Places:
        """The rows of a segment."""
        found = self._found.get(asked)
        if found is None:
            every = [node.at for node in self.list_nodes(asked)]
            found = every[0] if len(every) == 1 else sorted(chain.from_iterable(every))
            self._found[asked] = found
        return found

    def list_rows(self, *asked: str) -> list[Row]:
        """The rows themselves."""
        rows = self._rows.get(asked)
        if rows is None:
            rows = self._rows[asked] = [*map(self.rows.__getitem__, self.find(*asked))]
        return rows

    def part(self, opener: Asked, inner: Asked) -> list[int]:
        """Where the rows `inner` after each row `opener` begin among all of them; one more for their end.

        No row `inner` may stand before the first `opener`.
        """
        parts = self._parts.get((opener, inner))
        if parts is None:
            codes = [bytes(node.code for node in self.list_nodes(asked)) for asked in (opener, inner)]
            parts = self._parts[opener, inner] = part_pattern(self.pattern, *codes)
        return parts

    def leave_out(self, units: set[int]) -> None:
        """Look no more at these units; then every row that is found is right by itself."""
        if not units:
            return
        pattern = bytearray(self.pattern)
        ends = [*self.starts[1:], len(pattern)]
        for unit in units - {-1}:
            first, last = self.starts[unit], ends[unit]
            pattern[first:last] = bytes(last - first)
            for node in self.nodes:
                del node.at[bisect_left(node.at, first) : bisect_left(node.at, last)]
        self.pattern = bytes(pattern)
        self._found.clear()
        self._rows.clear()

    def unit_of(self, row: int) -> int:
        """The number of the unit that a row stands in."""
        return bisect_right(self.starts, row) - 1

    def units_of(self, places: Iterable[int]) -> set[int]:
        """The units in which rows stand."""
        return {self.unit_of(place) for place in places}


def part_pattern(pattern: bytes, begins: bytes, inner: bytes) -> list[int]:
    """Where the codes `inner` after each of the codes `begins` begin among all of them."""
    if not begins:
        return [0]
    kept = pattern.translate(None, EVERY_CODE.translate(None, begins + inner))
    for code in begins[1:]:
        kept = kept.replace(bytes((code,)), begins[:1])
    return [*accumulate(map(len, kept.split(begins[:1])[1:]), initial=0)]


def value(row: Row, element: int) -> str:
    """An element of a row, or "" where it is shorter."""
    return row[element] if element < len(row) else ""
