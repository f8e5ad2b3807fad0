"""A window: the rows that are looked at at once, found by where they stand in the guide."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import chain

from edi.rows import Row
from edi.sieve.paths import Node, Paths

Places = Sequence[int]
"""Numbers of rows in a window, ascending."""


class Window:
    """Rows with the node of each. `starts` are the rows that begin a unit; `pattern` has the nodes' codes."""

    def __init__(self, paths: Paths, rows: list[Row], component: str) -> None:
        self.paths = paths
        self.rows = rows
        self.component = component
        self.pattern = paths.walk(rows)
        self.starts: Places = paths.entry.at
        self.nodes = [node for node in paths.nodes[1:] if node.at]
        self.astray: Places = paths.astray.at
        self._found: dict[tuple[str, ...], Places] = {}

    def find(self, segment: str, *loops: str) -> Places:
        """The rows of a segment id or use key, in these loops (all, where none are named)."""
        asked = (segment, *loops)
        found = self._found.get(asked)
        if found is None:
            every = [node.at for node in self.nodes if is_of(node, segment, loops)]
            found = every[0] if len(every) == 1 else sorted(chain.from_iterable(every))
            self._found[asked] = found
        return found

    def leave_out(self, units: set[int]) -> None:
        """Look no more at these units; then every row that is found is right by itself."""
        if not units:
            return
        kept = bytearray(b"\1") * len(self.rows)
        ends = [*self.starts[1:], len(kept)]
        for unit in units - {-1}:
            first, last = self.starts[unit], ends[unit]
            kept[first:last] = bytes(last - first)
        for node in self.nodes:
            node.at = [at for at in node.at if kept[at]]
        self._found.clear()

    def unit_of(self, row: int) -> int:
        """The number of the unit that a row stands in."""
        return bisect_right(self.starts, row) - 1

    def units_of(self, places: Iterable[int]) -> set[int]:
        """The units in which rows stand."""
        return {self.unit_of(place) for place in places}


def is_of(node: Node, segment: str, loops: Sequence[str]) -> bool:
    """True for a node of a segment id or use key, in one of these loops."""
    use = node.station.segment if node.station is not None else None
    return use is not None and segment in (use.id, use.key) and (not loops or use.loop in loops)


def part(places: Places, openers: Places) -> list[int]:
    """Where the rows of each opener begin among `places`; one more for the end of the last."""
    return [*(bisect_left(places, opener) for opener in openers), len(places)]


def value(row: Row, element: int) -> str:
    """An element of a row, or "" where it is shorter."""
    return row[element] if element < len(row) else ""
