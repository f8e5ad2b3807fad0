"""Paths: which use of the guide each row of a window is, as far as it stands in a unit that is surely right.

A unit is the loop that a large file has thousands of: the subscriber with all claims of an 837 (2000B), the
claim payment of an 835 (2100).
"""

from __future__ import annotations

from collections.abc import Iterable

from edi.guides.routes import Routes, Station, Step
from edi.rows import Row

MOST_NODES = 255
"""How many uses one file may have in its units; rows of others are in doubt. A node is one byte."""
ASTRAY = 0
"""The code of rows whose place is not known, or outside of the units."""
EVERY_CODE = bytes(range(256))


class Node:
    """A use of a segment in a unit. `moves` lead on by segment id and telling code; `at` are its rows.

    `code` stands for the use in the pattern of a window; `names` are its segment id and its key.
    """

    __slots__ = ("at", "code", "loop", "moves", "names", "station")

    def __init__(self, station: Station | None, code: int) -> None:
        self.station = station
        self.code = code
        use = station.segment if station is not None else None
        self.names = (use.id, use.key) if use is not None and use.id != use.key else ()
        self.loop = use.loop if use is not None else ""
        self.at: list[int] = []
        self.moves: dict[str, NodeBranch] = {}


class NodeBranch(dict[str, Node]):
    """The moves of one segment id by the element that tells them apart, as `edi.shapes.Branch`."""

    __slots__ = ("component", "position")

    def __init__(self, position: int, component: str) -> None:
        super().__init__()
        self.position = position
        self.component = component

    def __missing__(self, text: str) -> Node:
        """The move by the first component, where that tells."""
        first = text.partition(self.component)[0] if self.component else text
        if first == text:
            raise KeyError
        return self[first]


class Paths:
    """The ways through the units of one file. `unit` is the loop of a unit, `outer` the one around it."""

    def __init__(self, routes: Routes, handed_on: str) -> None:
        self.routes = routes
        self.unit = find_unit(routes, handed_on)
        self.outer = self.unit.parent or routes.root
        self.inside = frozenset(station.index for station in list_below(self.unit))
        self.astray = Node(None, ASTRAY)
        self.nodes: list[Node] = [self.astray]
        self.by_station: dict[int, Node] = {}
        self.entry = self.place(self.unit.children[0])

    def walk(self, rows: list[Row]) -> bytes:
        """Give each row to its node; the codes of the nodes, row by row."""
        for node in self.nodes:
            node.at = []
        node, codes = self.astray, bytearray()
        take = codes.append
        for at, row in enumerate(rows):
            before = node
            try:
                branch = node.moves[row[0]]
                node = branch[row[branch.position]]
            except (KeyError, IndexError):
                node = self.find(before, row)
            node.at.append(at)
            take(node.code)
        return bytes(codes)

    def find(self, node: Node, row: Row) -> Node:
        """Where a row goes from a node, looked for in the guide."""
        if node.station is None:
            return self.entry if row[0] == self.unit.name and self.enters(self.first, row) else self.astray
        step = self.routes.next(node.station, row)
        found = self._arrive(step) if step is not None else self.astray
        key = self.routes.branch_key(row) if step is not None else None
        if key is not None:
            branch = node.moves.get(row[0])
            if branch is None:
                branch = node.moves[row[0]] = NodeBranch(*self.routes.branch(row[0]))
            branch[key] = found
        return found

    @property
    def first(self) -> Station:
        """Where the walk is when the loop around the units has begun."""
        return self.outer.children[0]

    def enters(self, at: Station, row: Row) -> bool:
        """True where a row begins a unit of the loop that is open at a place."""
        step = self.routes.next(at, row)
        return step is not None and not step.closes and step.opens == (self.unit,)

    def _arrive(self, step: Step) -> Node:
        station = step.station
        if station.index not in self.inside or len(step.opens) > 1:
            return self.astray
        if (station.parent is not None and station is station.parent.children[0]) != bool(step.opens):
            return self.astray  # a loop begins by its first segment and by nothing else
        return self.place(station)

    def place(self, station: Station) -> Node:
        """The node of a use."""
        node = self.by_station.get(station.index)
        if node is None:
            if len(self.nodes) > MOST_NODES:
                return self.astray
            node = Node(station, len(self.nodes))
            self.nodes.append(node)
            self.by_station[station.index] = node
        return node


def find_unit(routes: Routes, handed_on: str) -> Station:
    """The second loop from without on the way to the loop that is handed on."""
    for station in routes.stations:
        if station.loop is not None and station.loop.id == handed_on:
            around: list[Station] = [station]
            while around[0].parent is not None:
                around.insert(0, around[0].parent)
            named = [each for each in around if each.opener is not None]
            return named[1]
    raise AssertionError("only guides that hand loops on have units")


def list_below(loop: Station) -> Iterable[Station]:
    """A loop and everything below it."""
    yield loop
    for child in loop.children:
        yield from list_below(child)
