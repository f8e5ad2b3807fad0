"""The reader: segments and a guide become a tree with every finding, one transaction set at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import NamedTuple

from edi.collector import resting_collector
from edi.edits.basis import Basis, default_basis
from edi.edits.catalogue import choose_rules
from edi.findings import Finding, Place
from edi.guide import UNBOUNDED, Guide
from edi.guides.acceptors import Acceptors, compile_acceptor
from edi.guides.registry import load_guide
from edi.guides.routes import Routes, Station, Step, unknown
from edi.reader_notes import Frame, ReaderNotes
from edi.recovery import LIMIT, LOOKAHEAD, Way, choose
from edi.rules import load_rules
from edi.rules.registry import JoinedTally, RuleSet, Tally, TallyPlace, gather_rules
from edi.segments import Delimiters, Segment
from edi.tree import Loop


class SetReading(NamedTuple):
    """A read transaction set. `anchors[n]` is the loop occurrence that `findings[n]` is about."""

    tree: Loop
    findings: tuple[Finding, ...]
    anchors: tuple[Loop, ...]


class Reading(NamedTuple):
    """A guide made ready for one pair of separators: its walk, acceptors by station, and rules.

    `dropped` are the stations of the loops that are handed on and of those around them.
    """

    guide: Guide
    routes: Routes
    accepts: tuple[Acceptors, ...]
    rules: RuleSet
    dropped: frozenset[int]


@cache
def prepare(guide_id: str, component: str, repetition: str, edits: bool = False) -> Reading:
    """Compiles a guide for the separators that its values may not hold."""
    if edits:
        plain = prepare(guide_id, component, repetition)
        return plain._replace(rules=choose_rules(guide_id, default_basis()))
    guide = load_guide(guide_id)
    load_rules()
    delimiters = Delimiters(component=component, repetition=repetition)
    uses = {use.key: use for use in guide.root.segment_uses()}
    compiled = {key: compile_acceptor(use, delimiters) for key, use in uses.items()}
    routes = Routes(guide, component, repetition)
    nothing = Acceptors((), (), delimiters, 0)
    accepts = tuple(compiled[it.segment.key] if it.segment else nothing for it in routes.stations)
    return Reading(guide, routes, accepts, gather_rules(guide.rules), find_dropped(routes, guide.handed_on))


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
    kind of loop around them the tree keeps one below its parent, so that rules see that it was there.
    """

    def __init__(self, reading: Reading, delimiters: Delimiters, at: Place, *, drops: bool = False) -> None:
        self.reading = reading
        self.delimiters = delimiters
        self.at = at
        self.guide_id = reading.guide.id
        self.routes = reading.routes
        self.tree = Loop(reading.guide.root, None, delimiters.component, delimiters.repetition)
        self.stack = [Frame(reading.routes.root, self.tree)]
        self.current = reading.routes.root.children[0]
        self.findings: list[Finding] = []
        self.anchors: list[Loop] = []
        self.handed: list[tuple[Loop, int]] = []
        self.dropped = reading.dropped if drops else frozenset()
        self.last: Segment | None = None
        self.held: list[Segment] = []
        self.recoveries = 0

    def read(self, segments: list[Segment]) -> None:
        """Read the next segments of the set; the last few wait until it is seen what follows them."""
        segments = self.held + segments if self.held else segments
        self.held = segments[-LOOKAHEAD:]
        self._walk(segments, len(segments) - len(self.held))

    def _walk(self, segments: list[Segment], count: int) -> None:
        """Read the first `count` of `segments`."""
        reading = self.reading
        tells, accepts, find_step = reading.routes.tells, reading.accepts, reading.routes.find_step
        current = self.current
        frame = self.stack[-1]
        for at, segment in enumerate(islice(segments, count)):
            elements = segment.elements
            told = elements[0]
            tell = tells.get(told, unknown)
            if tell is not None:
                told = tell(elements)
            step = current.steps.get(told) or find_step(current, told, elements)
            self.last = segment
            if step is None:
                way = self._recover(current, segments, at)
                if way is None:
                    continue
                station = way.step.station
                current = current if way.stays else station
                frame = self.stack[-1]
            else:
                closes, opens, current = step
                station = current
                if closes or opens:
                    self._move(step, segment)
                    frame = self.stack[-1]
            index = station.index
            frame.loop.children.append(segment)
            segment.use = use = station.segment
            counts = frame.counts
            times = counts[index] = counts.get(index, 0) + 1
            if use is not None:
                if times > use.max_use:
                    self._note_too_many(use, segment)
                if not accepts[index][len(elements)](elements):
                    self._diagnose(use, segment)
        self.current = current

    def _move(self, step: Step, segment: Segment) -> None:
        """Complete the loops that a step closes, begin those that it opens."""
        for _ in range(step.closes):
            self._close()
        for opened in step.opens:
            self._open(opened, segment)

    def _recover(self, current: Station, segments: list[Segment], index: int) -> Way | None:
        """The way to go on at a segment without a place, taken and noted; None where it is left out."""
        self.recoveries += 1
        segment = segments[index]
        way = None
        if self.recoveries <= LIMIT:
            way = choose(self.reading.routes, current, segments, index, self._occurred)
        if way is None:
            self._note_unplaced(segment)
            return None
        self._move(way.step, segment)
        if way.displaced:
            self._note_displaced(way.step.station, segment)
        for loop in way.missing:
            self._note_headless(loop, segment)
        return way

    def _occurred(self, step: Step) -> int:
        """How often the use that `step` arrives at has come in the loop that would hold it."""
        frame = self.stack[-1 - step.closes]
        station = next((loop for loop in step.opens if loop.opener is not None), step.station)
        return frame.counts.get(station.index, 0)

    def close_before(self, following: list[Segment]) -> None:
        """Read what waits, and complete the open loops that the first of `following` would end.

        The segments that follow are looked at but not read.
        """
        self._walk([*self.held, *following], len(self.held))
        self.held = []
        segment = following[0]
        self.last = segment
        step = self.reading.routes.next(self.current, segment.elements)
        for _ in range(step.closes if step is not None else 0):
            self.current = self.stack[-1].station
            self._close()

    def begin_anew(self, counts: Mapping[str, int]) -> None:
        """What was found so far is told elsewhere; `counts` are how many segments of each id came before."""
        self.findings.clear()
        self.anchors.clear()
        self.handed.clear()
        self.recoveries = 0
        self.stack[0].tallies = {}
        for kind in self.reading.rules.joined:
            tally = self.stack[0].tally(kind)
            if isinstance(tally, JoinedTally):
                tally.resume(counts)

    def end(self) -> None:
        """Nothing follows: read what waits, complete every open loop."""
        self._walk(self.held, len(self.held))
        self.held = []
        while self.stack:
            self._close()

    def _open(self, station: Station, segment: Segment) -> None:
        parent = self.stack[-1]
        use = station.loop
        if use is None:
            raise AssertionError("a route opens loops only")
        count = parent.counts[station.index] = parent.counts.get(station.index, 0) + 1
        loop = Loop(use, parent.loop, self.delimiters.component, self.delimiters.repetition)
        parent.loop.children.append(loop)
        self.stack.append(Frame(station, loop))
        if count > use.repeat and use.repeat < UNBOUNDED:
            self._note_too_many_loops(use, segment, loop)
        if use.id in self.reading.rules.begun:
            for tally in self._find_tallies(self.reading.rules.begun[use.id]):
                tally.begin(loop, segment)

    def _close(self) -> None:
        frame = self.stack.pop()
        station, loop = frame.station, frame.loop
        if not station.required <= frame.counts.keys():
            for child in station.children:
                if child.index in station.required and child.index not in frame.counts:
                    self._note_missing(child, loop)
        rules, name = self.reading.rules, loop.use.id
        for check in rules.checks.get(name, ()):
            for finding in check(loop):
                self.note(self._complete(finding, loop), loop)
        if name in rules.totals:
            self._check_totals(frame)
        if name in rules.tallies:
            for tally in self._find_tallies(rules.tallies[name]):
                tally.add(loop)
        if station.index in self.dropped:
            self._drop(frame)

    # --- what remains of loops that are gone

    def _find_tallies(self, places: list[TallyPlace]) -> Iterator[Tally]:
        """The tallies of the loops around, in which a loop counts."""
        for place in places:
            for frame in reversed(self.stack):
                if frame.loop.use.id in place.loops:
                    yield frame.tally(place.make)
                    break

    def _check_totals(self, frame: Frame) -> None:
        for rule in self.reading.rules.totals[frame.loop.use.id]:
            for finding in rule.check(frame.loop, frame.tally(rule.make)):
                self.note(self._complete(finding, frame.loop), frame.loop)

    def _drop(self, frame: Frame) -> None:
        """Hand a complete loop on, and take it out of the tree unless it is the first of its kind there."""
        if frame.loop.use.id == self.reading.guide.handed_on:
            self.handed.append((frame.loop, len(self.findings)))
        parent = self.stack[-1]
        if parent.counts[frame.station.index] > 1:
            parent.loop.children.pop()


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
    """
    reading = prepare(guide_id, delimiters.component, delimiters.repetition, edits)
    if edits and basis is not None:
        reading = reading._replace(rules=choose_rules(guide_id, basis))
    reader = SetReader(reading, delimiters, at or Place())
    with resting_collector():
        reader.read(segments)
        reader.end()
    return SetReading(reader.tree, tuple(reader.findings), tuple(reader.anchors))
