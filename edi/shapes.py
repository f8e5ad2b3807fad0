"""Shapes: what a loop has had so far, in its order, shared by all loops that have had the same.

The walk through a guide is a walk from shape to shape: where the next segment goes, what is one too many,
what is missing at the end of a loop and which rules can find anything in it are worked out when a shape is
first met, and remembered with it. A file has few shapes and many loops. Shapes hold nothing of a document but
the ids and telling codes that the guide itself names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from edi.guide import UNBOUNDED, LoopUse, SegmentUse
from edi.guides.acceptors import Acceptors
from edi.guides.routes import Routes, Station, Step, limit_of, unknown

if TYPE_CHECKING:
    from edi.rules.registry import Check, RuleSet, Tally, TallyPlace, TotalRule

MOST_SHAPES = 10_000
"""How many are remembered; then all are forgotten, so that no file can fill the memory."""
VARIES = -1
"""Stands for a place that is not the same in all loops of a shape."""


class TallyAbove(msgspec.Struct, frozen=True, eq=False):
    """A tally that a loop counts in: its kind, and how many loops further out it is kept."""

    make: type[Tally]
    up: int


class Move(msgspec.Struct, frozen=True, eq=False):
    """What reading a segment does: the loops it ends and begins, and its use.

    `shape` is the next one where the segment stays in the loop, None where it does not; then `following` is
    what comes next in the loop that is open after the ends. `entered` are the loops that begin, each with its
    shape after the move and the tallies that look on.
    """

    shape: Shape | None
    use: SegmentUse
    accepts: Acceptors
    plain_accepts: Acceptors
    following: Station
    closes: int
    entered: tuple[tuple[LoopUse, Shape, tuple[TallyAbove, ...]], ...]


class Ending(msgspec.Struct, frozen=True, eq=False):
    """What is to be done when a loop of this shape is complete.

    `counts` is true where there are totals or tallies.
    """

    missing: tuple[Station, ...]
    checks: tuple[Check, ...]
    totals: tuple[TotalRule, ...]
    tallies: tuple[TallyAbove, ...]
    counts: bool


class Branch(dict[str, "Move | None"]):
    """The moves of one segment id, by the element that tells them apart (0: the id itself)."""

    __slots__ = ("component", "position")

    def __init__(self, position: int, component: str) -> None:
        super().__init__()
        self.position = position
        self.component = component

    def __missing__(self, text: str) -> Move | None:
        """The move by the first component, where that tells; None where the way is not known yet."""
        return self.get(text.partition(self.component)[0]) if self.component else None


class Shape:
    """What a loop of `station` has had: `counts` by the index of a station, one beyond the limit at most.

    `at` is where the walk goes on from. `places` has, for each segment id and use key, where among the
    children the first such segment stands (or VARIES); `length` is where the next one would.
    `names` are the ids of the loops below. `full` is true where the last child is one too many. `own` is the
    shape of the segments before the first loop, where it tells all segments that the loop has of its own.
    `screened` is true where nothing is missing and screens stand for all rules (`edi/sure`), once known.
    """

    __slots__ = (
        "after",
        "at",
        "counts",
        "ending",
        "full",
        "length",
        "moves",
        "names",
        "own",
        "places",
        "screened",
        "shapes",
        "station",
        "told",
    )

    def __init__(self, shapes: Shapes, station: Station, at: Station) -> None:
        self.shapes = shapes
        self.station = station
        self.at = at
        self.counts: dict[int, int] = {}
        self.full = False
        self.length = 0
        self.places: Mapping[str, int] = {}
        self.names: frozenset[str] = frozenset()
        self.after: dict[int, Shape] = {}
        self.moves: dict[str, Branch] = {}
        self.told: dict[str, Move] = {}
        self.ending: Ending | None = None
        self.own: Shape | None = self
        self.screened: bool | None = None

    def follow(self, station: Station) -> Shape:
        """The shape with one more child, from which the walk goes on."""
        found = self.after.get(station.index)
        if found is None:
            found = self.after[station.index] = self.grow(station, station)
        return found

    def has(self, names: Collection[str]) -> bool:
        """True where one of these segments or loops may be there, or where `names` are none."""
        return not names or any(name in self.names or self.places.get(name) is not None for name in names)

    def count(self, station: Station) -> int:
        """How often the use has come, as far as it matters."""
        return self.counts.get(station.index, 0)

    def excuse(self, station: Station) -> Shape:
        """The shape where nobody misses a use that has not come."""
        excused = self._copy(self.at)
        excused.counts = {**self.counts, station.index: 0}
        excused.own = excused if self.own is self else self.own
        return excused

    def _copy(self, at: Station) -> Shape:
        found = Shape(self.shapes, self.station, at)
        found.counts, found.length, found.places, found.names = (
            self.counts,
            self.length,
            self.places,
            self.names,
        )
        self.shapes.remember(found)
        return found

    def grow(self, station: Station, at: Station) -> Shape:
        """A shape with one more child; the walk goes on from `at`."""
        limit, count = limit_of(station), self.count(station)
        most = limit + 1 if limit < UNBOUNDED else 2
        if count == most and at is self.at and self.length < 0:
            return self
        grown = self._copy(at)
        grown.counts = {**self.counts, station.index: min(count + 1, most)}
        grown.full = count + 1 > limit
        if station.segment is not None:
            first = {station.segment.id: self.length, station.segment.key: self.length}
            grown.places = {**first, **self.places}
        else:
            grown.names = frozenset((*self.names, station.use.id))
        counted = station.segment is not None and count < most and self.length >= 0
        grown.length = self.length + 1 if counted else VARIES
        if not counted:
            grown.own = self.own if station.segment is None else None
        return grown


class Shapes:
    """The shapes of one guide, for one pair of separators and one set of rules."""

    def __init__(
        self,
        routes: Routes,
        rules: RuleSet,
        accepts: Sequence[Acceptors],
        plain_accepts: Sequence[Acceptors],
    ) -> None:
        self.routes = routes
        self.rules = rules
        self.accepts = accepts
        self.plain_accepts = plain_accepts
        self.known: list[Shape] = []
        self.begun: dict[int, Shape] = {}

    def begin_set(self) -> Shape:
        """The shape of a set before its first segment."""
        root = self.routes.root
        return self.begin(root, root.children[0])

    def begin(self, station: Station, at: Station) -> Shape:
        """The shape of a loop that has had nothing."""
        found = self.begun.get(station.index)
        if found is None:
            found = self.begun[station.index] = Shape(self, station, at)
            self.remember(found)
        return found

    def remember(self, shape: Shape) -> None:
        """Keep account of a shape."""
        if len(self.known) >= MOST_SHAPES:
            for old in self.known:
                old.after.clear()
                old.moves.clear()
                old.told.clear()
            self.known = [*self.begun.values()]
        self.known.append(shape)

    def find(self, shape: Shape, elements: list[str]) -> Move | None:
        """The move from a shape for a segment, or None where the guide has no place for it."""
        routes, name = self.routes, elements[0]
        tell = routes.tells.get(name, unknown)
        told = name if tell is None else tell(elements)
        move = shape.told.get(told)
        if move is None:
            step = shape.at.steps.get(told) or routes.find_step(shape.at, told, elements)
            if step is None:
                return None
            move = shape.told[told] = self.make_move(shape, step)
            branch = shape.moves.get(name)
            if branch is None:
                branch = shape.moves[name] = Branch(*routes.branch(name))
            key = routes.branch_key(elements)
            if key is not None:
                branch[key] = move
        return move

    def make_move(self, shape: Shape, step: Step, *, stays: bool = False) -> Move:
        """The move that takes a step."""
        station, use = step.station, step.station.segment
        if use is None:
            raise AssertionError("a step arrives at a segment")
        inside = None
        if not step.closes and not step.opens:
            inside = shape.grow(station, shape.at) if stays else shape.follow(station)
        entered = []
        for loop, following in pairwise((*step.opens, station)):
            if loop.loop is None:
                raise AssertionError("a route opens loops only")
            tallies = find_above(loop, self.rules.begun.get(loop.loop.id, ()), 0)
            entered.append((loop.loop, self.begin(loop, loop).follow(following), tallies))
        at = station.index
        accepts, plain_accepts = self.accepts[at], self.plain_accepts[at]
        first = step.opens[0] if step.opens else station
        return Move(inside, use, accepts, plain_accepts, first, step.closes, tuple(entered))

    def end(self, shape: Shape) -> Ending:
        """What is to be done when a loop of this shape is complete."""
        station, rules, name = shape.station, self.rules, shape.station.use.id
        absent = station.required - shape.counts.keys()
        missing = tuple(child for child in station.children if child.index in absent)
        checks = tuple(rule.check for rule in rules.checks.get(name, ()) if shape.has(rule.needs))
        totals = tuple(rules.totals.get(name, ()))
        tallies = find_above(station, rules.tallies.get(name, ()), 1)
        shape.ending = Ending(missing, checks, totals, tallies, bool(totals or tallies))
        return shape.ending


def find_above(station: Station, places: Iterable[TallyPlace], least: int) -> tuple[TallyAbove, ...]:
    """The tallies that a loop counts in, each kept by the nearest loop `least` or more further out."""
    found = []
    for place in places:
        around, up = station, 0
        while up < least or around.use.id not in place.loops:
            if around.parent is None:
                break
            around, up = around.parent, up + 1
        else:
            found.append(TallyAbove(place.make, up))
    return tuple(found)
