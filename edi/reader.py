"""The reader: segments and a guide become a tree with every finding, one transaction set at a time."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import msgspec

from edi.checks import check_segment
from edi.collector import resting_collector
from edi.findings import Finding, Place, find
from edi.guide import UNBOUNDED, Guide, LoopUse, SegmentUse
from edi.guides.acceptors import Accept, compile_acceptor
from edi.guides.registry import load_guide
from edi.guides.routes import Routes, Station
from edi.rules import load_rules
from edi.rules.registry import OWN_GUIDE, RuleSet, Tally, gather_rules
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
    accepts: tuple[Accept, ...]
    rules: RuleSet
    dropped: frozenset[int]


@cache
def prepare(guide_id: str, component: str, repetition: str, edits: bool = False) -> Reading:
    """Compiles a guide for the separators that its values may not hold."""
    guide = load_guide(guide_id)
    load_rules()
    delimiters = Delimiters(component=component, repetition=repetition)
    uses = {use.key: use for use in guide.root.segment_uses()}
    compiled = {key: compile_acceptor(use, delimiters) for key, use in uses.items()}
    routes = Routes(guide, component)
    accepts = tuple(compiled[it.segment.key] if it.segment else _refuse for it in routes.stations)
    rules = gather_rules(guide.rules + (guide.edits if edits else ()))
    return Reading(guide, routes, accepts, rules, find_dropped(routes, guide.handed_on))


def find_dropped(routes: Routes, handed_on: str) -> frozenset[int]:
    """The stations of the loop `handed_on` and of the loops around it, below the set itself."""
    found: set[int] = set()
    for station in routes.stations:
        at: Station | None = station if station.loop and station.loop.id == handed_on else None
        while at is not None and at.parent is not None:
            found.add(at.index)
            at = at.parent
    return frozenset(found)


_NO_TALLIES: dict[type[Tally], Tally] = {}


class _Frame:
    """An open loop: its station in the walk, its occurrence in the tree, and what it has had so far."""

    __slots__ = ("counts", "loop", "station", "tallies")

    def __init__(self, station: Station, loop: Loop) -> None:
        self.station = station
        self.loop = loop
        self.counts: dict[int, int] = {}
        self.tallies: dict[type[Tally], Tally] = _NO_TALLIES

    def tally(self, kind: type[Tally]) -> Tally:
        """The loop's tally of a kind, begun where it is not there."""
        found = self.tallies.get(kind)
        if found is None:
            found = kind()
            self.tallies = {**self.tallies, kind: found}
        return found


class SetReader:
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
        self.tree = Loop(reading.guide.root, None, delimiters.component)
        self.stack = [_Frame(reading.routes.root, self.tree)]
        self.current = reading.routes.root.children[0]
        self.findings: list[Finding] = []
        self.anchors: list[Loop] = []
        self.handed: list[tuple[Loop, int]] = []
        self.dropped = reading.dropped if drops else frozenset()
        self.last: Segment | None = None

    def note(self, finding: Finding, loop: Loop) -> None:
        """Keep a finding about a loop."""
        self.findings.append(finding)
        self.anchors.append(loop)

    def read(self, segments: Iterable[Segment]) -> None:
        """Read the next segments of the set."""
        reading = self.reading
        tells, accepts, find_step = reading.routes.tells, reading.accepts, reading.routes.find_step
        current = self.current
        stack = self.stack
        frame = stack[-1]
        for segment in segments:
            elements = segment.elements
            told = elements[0]
            tell = tells.get(told, _unknown)
            if tell is not None:
                told = tell(elements)
            step = current.steps.get(told) or find_step(current, told, elements)
            self.last = segment
            if step is None:
                self._note_unplaced(segment)
                continue
            closes, opens, current = step
            if closes or opens:
                for _ in range(closes):
                    self._close()
                for opened in opens:
                    self._open(opened, segment)
                frame = stack[-1]
            index = current.index
            frame.loop.children.append(segment)
            segment.use = use = current.segment
            counts = frame.counts
            count = counts[index] = counts.get(index, 0) + 1
            if use is not None:
                if count > use.max_use:
                    self._note_too_many(use, segment)
                if not accepts[index](elements):
                    self._diagnose(use, segment)
        self.current = current

    def close_before(self, segment: Segment) -> None:
        """Complete the open loops that `segment`, which is not read, would end."""
        self.last, elements = segment, segment.elements
        tell = self.reading.routes.tells.get(elements[0], _unknown)
        told = elements[0] if tell is None else tell(elements)
        step = self.current.steps.get(told) or self.reading.routes.find_step(self.current, told, elements)
        for _ in range(step.closes if step is not None else 0):
            self.current = self.stack[-1].station
            self._close()

    def forget_findings(self) -> None:
        """What was found so far is told elsewhere."""
        self.findings.clear()
        self.anchors.clear()
        self.handed.clear()

    def end(self) -> None:
        """Nothing follows: complete every open loop."""
        while self.stack:
            self._close()

    def _open(self, station: Station, segment: Segment) -> None:
        parent = self.stack[-1]
        use = station.loop
        if use is None:
            raise AssertionError("a route opens loops only")
        count = parent.counts[station.index] = parent.counts.get(station.index, 0) + 1
        loop = Loop(use, parent.loop, self.delimiters.component)
        parent.loop.children.append(loop)
        self.stack.append(_Frame(station, loop))
        if count > use.repeat and use.repeat < UNBOUNDED:
            self._note_too_many_loops(use, segment, loop)

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
            self._count(loop)
        if station.index in self.dropped:
            self._drop(frame)

    # --- what remains of loops that are gone

    def _count(self, loop: Loop) -> None:
        """Put a complete loop into the tallies of the rules that stand above it."""
        for place in self.reading.rules.tallies[loop.use.id]:
            for frame in reversed(self.stack):
                if frame.loop.use.id in place.loops:
                    frame.tally(place.make).add(loop)
                    break

    def _check_totals(self, frame: _Frame) -> None:
        for rule in self.reading.rules.totals[frame.loop.use.id]:
            for finding in rule.check(frame.loop, frame.tally(rule.make)):
                self.note(self._complete(finding, frame.loop), frame.loop)

    def _drop(self, frame: _Frame) -> None:
        """Hand a complete loop on, and take it out of the tree unless it is the first of its kind there."""
        if frame.loop.use.id == self.reading.guide.handed_on:
            self.handed.append((frame.loop, len(self.findings)))
        parent = self.stack[-1]
        if parent.counts[frame.station.index] > 1:
            parent.loop.children.pop()

    # --- findings

    def _complete(self, finding: Finding, loop: Loop) -> Finding:
        """A rule's finding with the guide and the control numbers of the envelope."""
        place, at = finding.x12 or Place(loop=loop.use.id), self.at
        return msgspec.structs.replace(
            finding,
            rule=(finding.rule or "").replace(OWN_GUIDE, self.guide_id),
            x12=msgspec.structs.replace(place, interchange=at.interchange, group=at.group, set=at.set),
        )

    def _note_too_many_loops(self, use: LoopUse, segment: Segment, loop: Loop) -> None:
        finding = find(
            "loop.too_many",
            x12=self._segment_place(segment, use.id),
            rule=self._rule(use.id),
            loop=use.id,
            name=use.name,
            limit=str(use.repeat),
        )
        self.note(finding, loop)

    def _rule(self, key: str) -> str:
        return f"{self.guide_id} {key}"

    def _segment_place(self, segment: Segment, loop: str) -> Place:
        return msgspec.structs.replace(
            self.at, loop=loop, segment=segment.id, ordinal=segment.ordinal, offset=segment.offset
        )

    def _note_too_many(self, use: SegmentUse, segment: Segment) -> None:
        place = self._segment_place(segment, use.loop)
        finding = find(
            "segment.too_many",
            x12=place,
            rule=self._rule(use.key),
            name=use.name,
            segment=use.id,
            loop=use.loop,
            limit=str(use.max_use),
        )
        self.note(finding, self.stack[-1].loop)

    def _note_unplaced(self, segment: Segment) -> None:
        loop = self.stack[-1].loop
        known = segment.id in self.reading.routes.tells
        code = "segment.unknown" if known else "segment.unrecognized"
        name = segment.id if segment.id.isalnum() and len(segment.id) <= 3 else "?"
        place = self._segment_place(segment, loop.use.id)
        rule = self._rule(loop.use.id)
        self.note(find(code, x12=place, rule=rule, segment=name, guide=self.guide_id), loop)

    def _note_missing(self, station: Station, loop: Loop) -> None:
        use = station.loop or station.segment
        last = self.last
        place = msgspec.structs.replace(self.at, loop=loop.use.id, ordinal=last.ordinal if last else None)
        if isinstance(use, LoopUse):
            place = msgspec.structs.replace(place, loop=use.id)
            finding = find("loop.missing", x12=place, rule=self._rule(use.id), loop=use.id, name=use.name)
        elif use is not None:
            place = msgspec.structs.replace(place, segment=use.id)
            finding = find(
                "segment.missing",
                x12=place,
                rule=self._rule(use.key),
                segment=use.id,
                loop=use.loop,
                name=use.name,
            )
        else:
            raise AssertionError("a station is a loop or a segment")
        self.note(finding, loop)

    def _diagnose(self, use: SegmentUse, segment: Segment) -> None:
        loop = self.stack[-1].loop
        for finding in check_segment(self.guide_id, use, segment, self.delimiters, self.at):
            self.note(finding, loop)


def read_set(
    guide_id: str,
    segments: list[Segment],
    delimiters: Delimiters,
    at: Place | None = None,
    *,
    edits: bool = False,
) -> SetReading:
    """Reads the segments of one transaction set (ST to SE) by a guide.

    Static checks and the guide's named rules run as the tree grows; everything wrong is a finding with its
    place, and nothing raises. `at` holds the control numbers of the envelope. With `edits` the checks that go
    beyond the guide (numbers that prove themselves, code look-ups; SNIP 5 and 6) run as well.
    """
    reading = prepare(guide_id, delimiters.component, delimiters.repetition, edits)
    reader = SetReader(reading, delimiters, at or Place())
    with resting_collector():
        reader.read(segments)
        reader.end()
    return SetReading(reader.tree, tuple(reader.findings), tuple(reader.anchors))


def _refuse(elements: list[str]) -> bool:
    """Stands where a loop has no acceptor."""
    return False


def _unknown(elements: list[str]) -> str:
    """What tells segments apart whose id the guide does not know: nothing, they have no place."""
    return ""
