"""Streaming: a file of any size read in constant memory, each claim handed on as soon as it is complete.

An 837 is handed on claim by claim (2300), an 835 claim payment by claim payment (2100); a transaction set of
any other guide comes whole, at its end. Findings and documents are those of `edi.files.check_file`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from edi.character_reader import open_reader
from edi.collector import resting_collector
from edi.envelope import stream_parts, tighten_form
from edi.extractors import Object
from edi.files import check_version, note_guide
from edi.findings import Finding, Place
from edi.guides.registry import names_no_guide, recognise_guide, resolve_guide
from edi.interchange import (
    GroupClosed,
    GroupHeader,
    GroupOpened,
    InterchangeClosed,
    InterchangeHeader,
    InterchangeOpened,
    Noted,
    SegmentsRead,
    SetClosed,
    SetOpened,
)
from edi.reader import SetReader, prepare
from edi.segments import Delimiters, Segment
from edi.tree import Loop
from edi.units import UnitBinder


class SetBegun(msgspec.Struct, frozen=True):
    """A transaction set begins. `guide` is None where none is known for it; then nothing in it is read."""

    set_id: str
    control_number: str
    guide: str | None
    delimiters: Delimiters


class UnitRead(msgspec.Struct, frozen=True):
    """A claim (837 loop 2300) or claim payment (835 loop 2100) is complete.

    `loop.parent` leads to what stands around it. `findings` are those of the set since the unit before.
    `document` is its JSON: the whole claim, or the claim payment alone (`paymentInfo` of an 835 document).
    None where documents are not asked for. What stands around the unit but comes after it (a refused set:
    `segment.out_of_order`) is not in it: the unit has gone before.
    """

    loop: Loop
    findings: tuple[Finding, ...]
    document: Object | None


class SetEnded(msgspec.Struct, frozen=True):
    """A transaction set is complete.

    `findings` are those of its ST and SE and those since the last unit. `tree` is what was not handed on;
    `documents` is its JSON: none for an 837, what stands around the claim payments of an 835, the whole set
    for other guides.
    """

    guide: str | None
    control_number: str
    tree: Loop | None
    segment_count: int
    unit_count: int
    findings: tuple[Finding, ...]
    documents: tuple[Object, ...] = ()


StreamEvent = (
    InterchangeOpened | GroupOpened | SetBegun | UnitRead | SetEnded | GroupClosed | InterchangeClosed | Noted
)


def stream_units(
    chunks: Iterable[bytes],
    *,
    strict: bool = False,
    edits: bool = False,
    character_set: str = "",
    documents: bool = True,
) -> Iterator[StreamEvent]:
    """Reads and checks a file of any size in constant memory.

    `chunks` are its bytes in pieces of any length; they are gone through twice, so a one-way iterator will
    not do (a list of pieces, or an object that opens the file in `__iter__`, will). Raises Unreadable; every
    other fault is a finding of the events. `strict`, `edits` and `character_set` are those of `check_file`.
    """
    wanted = _Wanted(edits, character_set, documents)
    return _tell(_Stream(wanted).read(chunks, strict=strict), strict)


def _tell(events: Iterator[StreamEvent], strict: bool) -> Iterator[StreamEvent]:
    """The events, read strictly where that is asked."""
    return map(_tighten, events) if strict else events


def _tighten(event: StreamEvent) -> StreamEvent:
    if isinstance(event, UnitRead | SetEnded) and event.findings:
        return msgspec.structs.replace(event, findings=tuple(tighten_form(event.findings)))
    return event


class _Wanted(NamedTuple):
    """What is asked for of every transaction set."""

    edits: bool
    character_set: str
    documents: bool


class _Stream:
    """The state of one streamed file: its open interchange, group and transaction set."""

    def __init__(self, wanted: _Wanted) -> None:
        self.wanted = wanted
        self.interchange: InterchangeHeader | None = None
        self.group: GroupHeader | None = None
        self.set: _OpenSet | None = None
        self.kinds: dict[str, None] = {}  # in the order of the file

    def read(self, chunks: Iterable[bytes], *, strict: bool) -> Iterator[StreamEvent]:
        for part in stream_parts(chunks, strict=strict):
            match part:
                case SegmentsRead(run):
                    if self.set is not None:
                        yield from self.set.read(run)
                case SetOpened(segment):
                    self.set = self._open_set(segment)
                case SetClosed(findings, count):
                    if self.set is not None:
                        yield from self.set.end(findings, count)
                        if self.set.guide is not None:
                            self.kinds[self.set.kind] = None
                        self.set = None
                case GroupClosed(findings):
                    yield GroupClosed((*findings, *self._check_version()))
                case _:
                    if isinstance(part, InterchangeOpened):
                        self.interchange = part.header
                    elif isinstance(part, GroupOpened):
                        self.group, self.kinds = part.header, {}
                    yield part

    def _check_version(self) -> Iterator[Finding]:
        if self.interchange is not None and self.group is not None:
            yield from check_version(self.interchange.control_number, self.group, self.kinds)

    def _open_set(self, segment: Segment) -> _OpenSet:
        if self.interchange is None or self.group is None:
            raise AssertionError("a transaction set stands in a group of an interchange")
        return _OpenSet(self.interchange, self.group, segment, self.wanted)


class _OpenSet:
    """A transaction set that is being read.

    Where its header names no guide, its segments wait until one of them does.
    """

    def __init__(
        self, interchange: InterchangeHeader, group: GroupHeader, segment: Segment, wanted: _Wanted
    ) -> None:
        self.kind, self.number, implementation = (segment.element(at) for at in (1, 2, 3))
        self.named = (self.kind, implementation, group.version)
        self.delimiters = interchange.delimiters
        self.at = Place(interchange=interchange.control_number, group=group.control_number, set=self.number)
        self.group = group
        self.wanted = wanted
        self.guide = resolve_guide(*self.named)
        self.told = self.guide is not None
        self.hand: UnitHand | None = None
        self.waiting = [segment]

    def read(self, run: list[Segment]) -> Iterator[SetBegun | UnitRead]:
        """The next segments."""
        if not self.told:
            self.guide = recognise_guide(*self.named, run)
            if self.guide is None:
                if names_no_guide(*self.named[1:]):
                    self.waiting += run
                return
            self.told = True
        if self.waiting:
            run, self.waiting = self.waiting + run, []
            yield self._begin()
        if self.hand is not None:
            with resting_collector():
                self.hand.reader.read(run)
            yield from self.hand.hand_on()

    def _begin(self) -> SetBegun:
        guide, delimiters, wanted = self.guide, self.delimiters, self.wanted
        if guide is not None:
            reading = prepare(guide, delimiters.component, delimiters.repetition, wanted.edits)
            reader = open_reader(reading, delimiters, self.at, drops=True, character_set=wanted.character_set)
            self.hand = UnitHand(reader, UnitBinder(guide, delimiters) if wanted.documents else None)
        return SetBegun(self.kind, self.number, guide, delimiters)

    def end(self, findings: tuple[Finding, ...], count: int) -> Iterator[SetBegun | UnitRead | SetEnded]:
        """Nothing follows in this set; `findings` are the faults of its ST and SE."""
        if self.waiting and self.told:
            yield from self.read([])
        hand = self.hand
        if hand is None:
            yield self._begin()
            unknown = note_guide(None, self.kind, self.named[1], self.group, self.at)
            yield SetEnded(None, self.number, None, count, 0, (*findings, *unknown))
            return
        hand.reader.end()
        yield from hand.hand_on()
        noted = note_guide(self.guide, self.kind, self.named[1], self.group, self.at)
        tree, found = hand.reader.tree, (*findings, *noted, *hand.reader.findings)
        documents = tuple(hand.binder.bind_rest(tree)) if hand.binder is not None else ()
        yield SetEnded(self.guide, self.number, tree, count, hand.count, found, documents)


class UnitHand:
    """Hands on the units that a reader has completed, with the findings up to each, and forgets both.

    `count` is how many there were.
    """

    def __init__(self, reader: SetReader, binder: UnitBinder | None) -> None:
        self.reader = reader
        self.binder = binder
        self.count = 0

    def hand_on(self) -> Iterator[UnitRead]:
        """The units since the last call."""
        reader, told = self.reader, 0
        handed, reader.handed = reader.handed, []
        findings = reader.findings
        self.count += len(handed)
        for loop, count in handed:
            document = self.binder.bind(loop) if self.binder is not None else None
            yield UnitRead(loop, tuple(findings[told:count]), document)
            told = count
        del findings[:told], reader.anchors[:told]
