"""The reader: segments and a guide become a tree with every finding, one transaction set at a time."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import msgspec

from edi.checks import check_segment
from edi.edits.basis import Basis, default_basis
from edi.edits.catalogue import choose_rules
from edi.findings import Finding, Place, find
from edi.guide import UNBOUNDED, Guide, LoopUse, SegmentUse
from edi.guides.acceptors import Accept, compile_acceptor
from edi.guides.registry import load_guide
from edi.guides.routes import Routes, Station, Step
from edi.recovery import LIMIT, Way, choose
from edi.rules import load_rules
from edi.rules.registry import OWN_GUIDE, Rule, rules_by_loop
from edi.segments import Delimiters, Segment
from edi.tree import Loop


class SetReading(NamedTuple):
    """A read transaction set. `anchors[n]` is the loop occurrence that `findings[n]` is about."""

    tree: Loop
    findings: tuple[Finding, ...]
    anchors: tuple[Loop, ...]


class Reading(NamedTuple):
    """A guide made ready for one pair of separators: its walk, acceptors and rules."""

    guide: Guide
    routes: Routes
    accepts: dict[str, Accept]
    rules: dict[str, tuple[Rule, ...]]


@cache
def prepare(guide_id: str, component: str, repetition: str) -> Reading:
    """Compiles a guide for the separators that its values may not hold."""
    guide = load_guide(guide_id)
    load_rules()
    delimiters = Delimiters(component=component, repetition=repetition)
    uses = {use.key: use for use in guide.root.segment_uses()}
    accepts = {key: compile_acceptor(use, delimiters) for key, use in uses.items()}
    return Reading(guide, Routes(guide, component, repetition), accepts, rules_by_loop(guide.rules))


class _Frame:
    """An open loop: its station in the walk, its occurrence in the tree, and what it has had so far."""

    __slots__ = ("counts", "loop", "station")

    def __init__(self, station: Station, loop: Loop) -> None:
        self.station = station
        self.loop = loop
        self.counts: dict[int, int] = {}


class _SetReader:
    def __init__(self, reading: Reading, delimiters: Delimiters, at: Place) -> None:
        self.reading = reading
        self.delimiters = delimiters
        self.at = at
        self.guide_id = reading.guide.id
        root = Loop(reading.guide.root, None, delimiters.component, delimiters.repetition)
        self.stack = [_Frame(reading.routes.root, root)]
        self.tree = root
        self.findings: list[Finding] = []
        self.anchors: list[Loop] = []
        self.last: Segment | None = None
        self.recoveries = 0

    def note(self, finding: Finding, loop: Loop) -> None:
        self.findings.append(finding)
        self.anchors.append(loop)

    def read(self, segments: list[Segment]) -> SetReading:
        routes, accepts = self.reading.routes, self.reading.accepts
        current = routes.root.children[0]
        for index, segment in enumerate(segments):
            elements = segment.elements
            step = routes.next(current, elements) if self.last is not None else None
            self.last, first = segment, self.last is None
            if step is not None:
                for _ in range(step.closes):
                    self._close()
                for opened in step.opens:
                    self._open(opened, segment)
                current = station = step.station
            elif first and elements[0] == "ST":
                station = current
            else:
                way = self._recover(current, segments, index)
                if way is None:
                    continue
                station = way.step.station
                current = current if way.stays else station
            self._place(station, segment)
            use = segment.use
            if use is not None and not accepts[use.key](elements):
                self._diagnose(use, segment)
        while self.stack:
            self._close()
        return SetReading(self.tree, tuple(self.findings), tuple(self.anchors))

    def _recover(self, current: Station, segments: list[Segment], index: int) -> Way | None:
        """The way to go on at a segment without a place, taken and noted; None where it is left out."""
        self.recoveries += 1
        segment = segments[index]
        way = None
        if self.recoveries <= LIMIT:
            way = choose(self.reading.routes, current, segments, index, self._count)
        if way is None:
            self._note_unplaced(segment)
            return None
        for _ in range(way.step.closes):
            self._close()
        for opened in way.step.opens:
            self._open(opened, segment)
        if way.displaced:
            self._note_displaced(way.step.station, segment)
        for loop in way.missing:
            self._note_headless(loop, segment)
        return way

    def _count(self, step: Step) -> int:
        """How often the use that `step` arrives at has come in the loop that would hold it."""
        frame = self.stack[-1 - step.closes]
        station = next((loop for loop in step.opens if loop.opener is not None), step.station)
        return frame.counts.get(station.index, 0)

    def _place(self, station: Station, segment: Segment) -> None:
        use = station.segment
        frame = self.stack[-1]
        frame.loop.children.append(segment)
        segment.use = use
        count = frame.counts[station.index] = frame.counts.get(station.index, 0) + 1
        if use is not None and count > use.max_use:
            self._note_too_many(use, segment)

    def _open(self, station: Station, segment: Segment) -> None:
        parent = self.stack[-1]
        use = station.loop
        if use is None:
            raise AssertionError("a route opens loops only")
        count = parent.counts[station.index] = parent.counts.get(station.index, 0) + 1
        loop = Loop(use, parent.loop, self.delimiters.component, self.delimiters.repetition)
        parent.loop.children.append(loop)
        self.stack.append(_Frame(station, loop))
        if count > use.repeat and use.repeat < UNBOUNDED:
            place = self._segment_place(segment, use.id)
            self.note(
                find(
                    "loop.too_many",
                    x12=place,
                    rule=self._rule(use.id),
                    loop=use.id,
                    name=use.name,
                    limit=str(use.repeat),
                ),
                loop,
            )

    def _close(self) -> None:
        frame = self.stack.pop()
        if not frame.station.required <= frame.counts.keys():
            for child in frame.station.children:
                if child.index in frame.station.required and child.index not in frame.counts:
                    self._note_missing(child, frame.loop)
        for rule in self.reading.rules.get(frame.loop.use.id, ()):
            for finding in rule.check(frame.loop):
                self.note(self._complete(finding, frame.loop), frame.loop)

    def _complete(self, finding: Finding, loop: Loop) -> Finding:
        """A rule's finding with what the rule does not know: the envelope's numbers and the guide."""
        place, at = finding.x12 or Place(loop=loop.use.id), self.at
        return msgspec.structs.replace(
            finding,
            x12=msgspec.structs.replace(place, interchange=at.interchange, group=at.group, set=at.set),
            rule=(finding.rule or "").replace(OWN_GUIDE, self.guide_id),
        )

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
        known = segment.id in self.reading.routes.slots
        code = "segment.unknown" if known else "segment.unrecognized"
        name = segment.id if segment.id.isalnum() and len(segment.id) <= 3 else "?"
        place = self._segment_place(segment, loop.use.id)
        rule = self._rule(loop.use.id)
        self.note(find(code, x12=place, rule=rule, segment=name, guide=self.guide_id), loop)

    def _note_displaced(self, station: Station, segment: Segment) -> None:
        use = station.segment
        assert use is not None, "only segments are displaced within their loop"
        place = self._segment_place(segment, use.loop)
        finding = find(
            "segment.out_of_order",
            x12=place,
            rule=self._rule(use.key),
            segment=use.id,
            loop=use.loop,
            name=use.name,
            guide=self.guide_id,
        )
        self.note(finding, self.stack[-1].loop)

    def _note_headless(self, loop: Station, segment: Segment) -> None:
        """A loop that begins without its first segment."""
        opener = loop.opener
        frame = next(frame for frame in reversed(self.stack) if frame.station is loop)
        if opener is None or opener.segment is None:
            raise AssertionError("a wrapper has no first segment to miss")
        frame.counts[opener.index] = 0
        use = opener.segment
        place = msgspec.structs.replace(self._segment_place(segment, use.loop), segment=use.id)
        finding = find(
            "segment.missing",
            x12=place,
            rule=self._rule(use.key),
            segment=use.id,
            loop=use.loop,
            name=use.name,
        )
        self.note(finding, frame.loop)

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
    basis: Basis | None = None,
) -> SetReading:
    """Reads the segments of one transaction set (ST to SE) by a guide.

    Static checks and the guide's named rules run as the tree grows; everything wrong is a finding with its
    place, and nothing raises. `at` holds the control numbers of the envelope. With `edits` the checks that go
    beyond the guide (numbers that prove themselves, code look-ups; SNIP 5 and 6) run as well, by `basis`.
    """
    reading = prepare(guide_id, delimiters.component, delimiters.repetition)
    if edits:
        reading = reading._replace(rules=choose_rules(guide_id, basis or default_basis()))
    return _SetReader(reading, delimiters, at or Place()).read(segments)
