"""The reader: segments and a guide become a tree with every finding, one transaction set at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from itertools import islice
from typing import NamedTuple

from edi.collector import resting_collector
from edi.edits.basis import Basis, default_basis
from edi.edits.catalogue import choose_rules
from edi.findings import Finding, Place
from edi.guide import Guide
from edi.guides.acceptors import Acceptors, compile_acceptor
from edi.guides.registry import load_guide
from edi.guides.routes import Routes, Station, Step
from edi.reader_notes import ReaderNotes
from edi.recovery import LIMIT, LOOKAHEAD, choose
from edi.rules import load_rules
from edi.rules.registry import JoinedTally, RuleSet, Tally, gather_rules
from edi.segments import Delimiters, Segment
from edi.shapes import Ending, Move, Shape, Shapes, TallyAbove
from edi.tree import Loop

RULE_SETS = 64  # readings whose shapes are kept: one for each guide, pair of separators and set of rules


class SetReading(NamedTuple):
    """A read transaction set. `anchors[n]` is the loop occurrence that `findings[n]` is about."""

    tree: Loop
    findings: tuple[Finding, ...]
    anchors: tuple[Loop, ...]


class Walk(NamedTuple):
    """A guide made ready for one pair of separators: its routes, and acceptors by station.

    `plain_accepts` are the acceptors of plain segments, `accepts` those of others.
    `dropped` are the stations of the loops that are handed on and of those around them.
    """

    guide: Guide
    routes: Routes
    accepts: tuple[Acceptors, ...]
    plain_accepts: tuple[Acceptors, ...]
    dropped: frozenset[int]


class Reading(NamedTuple):
    """A guide made ready to read by; its shapes, which know its rules, are those of all sets read so."""

    guide: Guide
    routes: Routes
    dropped: frozenset[int]
    shapes: Shapes

    @property
    def rules(self) -> RuleSet:
        """The rules that are run."""
        return self.shapes.rules


@cache
def prepare_walk(guide_id: str, component: str, repetition: str) -> Walk:
    """Compiles a guide for the separators that its values may not hold."""
    guide = load_guide(guide_id)
    delimiters = Delimiters(component=component, repetition=repetition)
    routes = Routes(guide, component, repetition)
    accepts, plain_accepts = (list_acceptors(guide, routes, delimiters, plain) for plain in (False, True))
    return Walk(guide, routes, accepts, plain_accepts, find_dropped(routes, guide.handed_on))


def list_acceptors(
    guide: Guide, routes: Routes, delimiters: Delimiters, plain: bool
) -> tuple[Acceptors, ...]:
    """The acceptors of each station; of a loop, those that accept nothing."""
    uses = guide.root.segment_uses()
    compiled = {use.key: compile_acceptor(use, delimiters, plain=plain) for use in uses}
    nothing = Acceptors((), (), delimiters)
    return tuple(compiled[it.segment.key] if it.segment else nothing for it in routes.stations)


@lru_cache(RULE_SETS)
def prepare_reading(guide_id: str, component: str, repetition: str, rules: RuleSet) -> Reading:
    """A guide with any set of rules."""
    walk = prepare_walk(guide_id, component, repetition)
    shapes = Shapes(walk.routes, rules, walk.accepts, walk.plain_accepts)
    return Reading(walk.guide, walk.routes, walk.dropped, shapes)


def prepare(guide_id: str, component: str, repetition: str, edits: bool = False) -> Reading:
    """A guide with its own rules, or with them and the edits by the shipped tables."""
    load_rules()
    rules = choose_rules(guide_id, default_basis()) if edits else gather_rules(load_guide(guide_id).rules)
    return prepare_reading(guide_id, component, repetition, rules)


def find_dropped(routes: Routes, handed_on: str) -> frozenset[int]:
    """The stations of the loop `handed_on` and of the loops around it, below the set itself."""
    found: set[int] = set()
    for station in routes.stations:
        at: Station | None = station if station.loop and station.loop.id == handed_on else None
        while at is not None and at.parent is not None:
            found.add(at.index)
            at = at.parent
    return frozenset(found)


class SetReader(ReaderNotes):
    """Reads one transaction set, segment by segment.

    `findings[n]` is about the loop occurrence `anchors[n]`. With `drops` the loops that the guide hands on
    come to `handed`, each with the number of findings before its end, and are dropped from the tree; of each
    kind of loop around them the tree keeps one below its parent, so that rules see that it was there. One
    that `forgets` hands nothing on and takes apart what it drops.
    """

    def __init__(
        self,
        reading: Reading,
        delimiters: Delimiters,
        at: Place,
        *,
        drops: bool = False,
        forgets: bool = False,
    ) -> None:
        self.reading = reading
        self.forgets = forgets
        self.delimiters = delimiters
        self.component, self.repetition = delimiters.component, delimiters.repetition
        self.at = at
        self.guide_id = reading.guide.id
        self.routes = reading.routes
        self.shapes = reading.shapes
        self.tree = self.loop = Loop(
            reading.guide.root,
            None,
            delimiters.component,
            delimiters.repetition,
            shape=self.shapes.begin_set(),
        )
        self.findings: list[Finding] = []
        self.anchors: list[Loop] = []
        self.handed: list[tuple[Loop, int]] = []
        self.dropped = reading.dropped if drops else frozenset()
        self.last: Segment | None = None
        self.held: list[Segment] = []
        self.recoveries = 0
        self.tables = None

    def read(self, segments: list[Segment]) -> None:
        """Read the next segments of the set; the last few wait until it is seen what follows them."""
        segments = self.held + segments if self.held else segments
        self.held = segments[-LOOKAHEAD:]
        self._walk(segments, len(segments) - len(self.held))

    def read_known(self, segments: list[Segment]) -> None:
        """Read segments that need not be seen beside what follows them."""
        self._walk(segments, len(segments))

    def _walk(self, segments: list[Segment], count: int) -> None:
        """Read the first `count` of `segments`."""
        find, loop = self.shapes.find, self.loop
        shape, children = shape_of(loop), loop.children
        for at, segment in enumerate(islice(segments, count)):
            elements = segment.elements
            try:
                branch = shape.moves[elements[0]]
                move = branch[elements[branch.position]]
            except (KeyError, IndexError):
                move = None
            if move is None:
                move = find(shape, elements)
            if move is None:
                self._recover(segments, at)
                loop = self.loop
                shape, children = shape_of(loop), loop.children
                continue
            if move.shape is not None:
                loop.shape = shape = move.shape
            else:
                loop, shape = self._turn(move, segment)
                children = loop.children
            children.append(segment)
            segment.use = use = move.use
            if shape.full:
                self._note_too_many(use, segment)
            accepts = move.plain_accepts if segment.plain else move.accepts
            if not accepts[len(elements)](elements):
                self._diagnose(use, segment)
        if count:
            self.last = segments[count - 1]

    def _turn(self, move: Move, segment: Segment) -> tuple[Loop, Shape]:
        """Complete the loops that a move ends, begin those that it opens; the loop that is open then."""
        self.last = segment
        for _ in range(move.closes):
            self._close()
        loop, shape = self.loop, shape_of(self.loop)
        following = move.following
        loop.shape = shape = shape.after.get(following.index) or shape.follow(following)
        for use, inner, tallies in move.entered:
            around, full, shape = loop, shape.full, inner
            self.loop = loop = Loop(use, around, self.component, self.repetition, shape=inner)
            around.children.append(loop)
            if full:
                self._note_too_many_loops(use, segment, loop)
            if tallies:
                for tally in find_tallies(loop, tallies):
                    tally.begin(loop, segment)
        return loop, shape

    def _recover(self, segments: list[Segment], index: int) -> None:
        """Go on at a segment without a place, and note what is wrong with it, or leave it out."""
        self.recoveries += 1
        self.last = segment = segments[index]
        shape, way = shape_of(self.loop), None
        if self.recoveries <= LIMIT:
            way = choose(self.reading.routes, shape.at, segments, index, self._occurred)
        if way is None:
            self._note_unplaced(segment)
            return
        move = self.shapes.make_move(shape, way.step, stays=way.stays)
        if move.shape is not None:
            self.loop.shape = move.shape
        else:
            self._turn(move, segment)
        full = shape_of(self.loop).full
        if way.displaced:
            self._note_displaced(way.step.station, segment)
        for loop in way.missing:
            self._note_headless(loop, segment)
        self.loop.children.append(segment)
        segment.use = move.use
        if full:
            self._note_too_many(move.use, segment)
        if not move.accepts(segment.elements):
            self._diagnose(move.use, segment)

    def _occurred(self, step: Step) -> int:
        """How often the use that `step` arrives at has come in the loop that would hold it."""
        loop = self.loop
        for _ in range(step.closes):
            loop = loop.parent or loop
        station = next((loop for loop in step.opens if loop.opener is not None), step.station)
        return shape_of(loop).count(station)

    def close_before(self, following: list[Segment]) -> None:
        """Read what waits, and complete the open loops that the first of `following` would end.

        The segments that follow are looked at but not read.
        """
        self._walk([*self.held, *following], len(self.held))
        self.held = []
        segment = following[0]
        self.last = segment
        step = self.reading.routes.next(shape_of(self.loop).at, segment.elements)
        for _ in range(step.closes if step is not None else 0):
            self._close()

    def begin_anew(self, counts: Mapping[str, int]) -> None:
        """What was found so far is told elsewhere; `counts` are how many segments of each id came before."""
        self.findings.clear()
        self.anchors.clear()
        self.handed.clear()
        self.recoveries = 0
        self.tree.tallies = None
        for kind in self.reading.rules.joined:
            tally = self.tree.tally(kind)
            if isinstance(tally, JoinedTally):
                tally.resume(counts)

    def leave(self) -> None:
        """What follows in the set is read elsewhere, and so is the end of the loops that are open."""

    def end(self) -> None:
        """Nothing follows: read what waits, complete every open loop."""
        self._walk(self.held, len(self.held))
        self.held = []
        while self.loop is not self.tree:
            self._close()
        self._close()

    def _close(self) -> None:
        """Complete the innermost loop."""
        loop = self.loop
        shape = loop.shape
        assert shape is not None, "a reader gives every loop its shape"
        self.loop = loop.parent or loop
        ending = shape.ending or self.shapes.end(shape)
        if ending.missing:
            for missed in ending.missing:
                self._note_missing(missed, loop)
        for check in ending.checks:
            found = check(loop)
            if found:
                self._note_found(found, loop)
        if ending.counts:
            self._count(loop, ending)
        loop.tallies = None
        if self.dropped and shape.station.index in self.dropped:
            self._drop(loop, shape.station)

    def _count(self, loop: Loop, ending: Ending) -> None:
        """Run the rules about what the loop holds, and count it in the loops around."""
        for rule in ending.totals:
            self._note_found(rule.check(loop, loop.tally(rule.make)), loop)
        for tally in find_tallies(loop, ending.tallies):
            tally.add(loop)

    # --- what remains of loops that are gone

    def _drop(self, loop: Loop, station: Station) -> None:
        """Hand a complete loop on, and take it out of the tree unless it is the first of its kind there."""
        if loop.use.id == self.reading.guide.handed_on and not self.forgets:
            self.handed.append((loop, len(self.findings)))
        if shape_of(self.loop).count(station) > 1:
            self.loop.children.pop()
            if self.forgets:
                loop.let_go()


def find_tallies(loop: Loop, places: Iterable[TallyAbove]) -> list[Tally]:
    """The tallies of the loops around, in which a loop counts."""
    found = []
    for place in places:
        around = loop
        for _ in range(place.up):
            around = around.parent or around
        found.append(around.tally(place.make))
    return found


def shape_of(loop: Loop) -> Shape:
    """The shape of a loop that is being read."""
    assert loop.shape is not None, "a reader gives every loop its shape"
    return loop.shape


def choose_reading(guide_id: str, delimiters: Delimiters, *, edits: bool, basis: Basis | None) -> Reading:
    """The guide with its rules, and with `edits` those by `basis` (None: the shipped tables)."""
    separators = delimiters.component, delimiters.repetition
    if edits and basis is not None:
        return prepare_reading(guide_id, *separators, choose_rules(guide_id, basis))
    return prepare(guide_id, *separators, edits)


def read_set(
    guide_id: str,
    segments: list[Segment],
    delimiters: Delimiters,
    at: Place | None = None,
    *,
    edits: bool = False,
    basis: Basis | None = None,
) -> SetReading:
    """Reads the segments of one transaction set (ST to SE) by a guide.

    Static checks and the guide's named rules run as the tree grows; everything wrong is a finding with its
    place, and nothing raises. `at` holds the control numbers of the envelope. With `edits` the checks that go
    beyond the guide (numbers that prove themselves, code look-ups; SNIP 5 and 6) run as well, by `basis`.
    A code list of the guide that `basis` holds newer than ours counts in either case.
    """
    reading = choose_reading(guide_id, delimiters, edits=edits, basis=basis)
    reader = SetReader(reading, delimiters, at or Place())
    reader.tables = basis.tables if basis is not None else None
    with resting_collector():
        reader.read(segments)
        reader.end()
    return SetReading(reader.tree, tuple(reader.findings), tuple(reader.anchors))
