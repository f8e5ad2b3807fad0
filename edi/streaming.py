"""Streaming: a file of any size read in constant memory, each claim handed on as soon as it is complete.

An 837 is handed on claim by claim (2300), an 835 claim payment by claim payment (2100); a transaction set of
any other guide comes whole, at its end. Findings and documents are those of `edi.files.check_file`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from edi.collector import resting_collector
from edi.envelope import stream_parts
from edi.extractors import Object
from edi.files import note_unknown
from edi.findings import Finding, Place
from edi.guides.registry import resolve_guide
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
    None where documents are not asked for.
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
    chunks: Iterable[bytes], *, strict: bool = False, edits: bool = False, documents: bool = True
) -> Iterator[StreamEvent]:
    """Reads and checks a file of any size in constant memory.

    `chunks` are its bytes in pieces of any length; they are gone through twice, so a one-way iterator will
    not do (a list of pieces, or an object that opens the file in `__iter__`, will). Raises Unreadable; every
    other fault is a finding of the events. `strict` and `edits` are those of `check_file`.
    """
    return _Stream(edits=edits, documents=documents).read(chunks, strict=strict)


class _Stream:
    """The state of one streamed file: its open interchange, group and transaction set."""

    def __init__(self, *, edits: bool, documents: bool) -> None:
        self.edits = edits
        self.documents = documents
        self.interchange: InterchangeHeader | None = None
        self.group: GroupHeader | None = None
        self.set: _OpenSet | None = None

    def read(self, chunks: Iterable[bytes], *, strict: bool) -> Iterator[StreamEvent]:
        for part in stream_parts(chunks, strict=strict):
            match part:
                case SegmentsRead(run):
                    if self.set is not None:
                        yield from self.set.read(run)
                case SetOpened(segment):
                    self.set = self._open_set(segment)
                    yield self.set.begun
                case SetClosed(findings):
                    if self.set is not None:
                        yield from self.set.end(findings)
                        self.set = None
                case _:
                    if isinstance(part, InterchangeOpened):
                        self.interchange = part.header
                    elif isinstance(part, GroupOpened):
                        self.group = part.header
                    yield part

    def _open_set(self, segment: Segment) -> _OpenSet:
        if self.interchange is None or self.group is None:
            raise AssertionError("a transaction set stands in a group of an interchange")
        return _OpenSet(self.interchange, self.group, segment, edits=self.edits, documents=self.documents)


class _OpenSet:
    """A transaction set that is being read."""

    def __init__(
        self,
        interchange: InterchangeHeader,
        group: GroupHeader,
        segment: Segment,
        *,
        edits: bool,
        documents: bool,
    ) -> None:
        number = segment.element(2)
        guide = resolve_guide(segment.element(1), segment.element(3), group.version)
        delimiters = interchange.delimiters
        self.at = Place(interchange=interchange.control_number, group=group.control_number, set=number)
        self.begun = SetBegun(segment.element(1), number, guide, delimiters)
        self.group = group
        self.segment = segment
        self.segment_count = 1
        self.unit_count = 0
        self.told = 0
        self.reader: SetReader | None = None
        self.binder: UnitBinder | None = None
        if guide is not None:
            reading = prepare(guide, delimiters.component, delimiters.repetition, edits)
            self.reader = SetReader(reading, delimiters, self.at, drops=True)
            self.reader.begin(segment)
            self.binder = UnitBinder(guide, delimiters) if documents else None

    def read(self, run: list[Segment]) -> Iterator[UnitRead]:
        """The next segments."""
        self.segment_count += len(run)
        if self.reader is not None:
            with resting_collector():
                self.reader.read(run)
            yield from self._hand_on(self.reader)

    def end(self, findings: tuple[Finding, ...]) -> Iterator[UnitRead | SetEnded]:
        """Nothing follows in this set; `findings` are the faults of its ST and SE."""
        begun, reader = self.begun, self.reader
        if reader is None:
            unknown = note_unknown(begun.set_id, self.segment.element(3), self.group, self.at)
            found = (*findings, unknown)
            yield SetEnded(None, begun.control_number, None, self.segment_count, 0, found)
            return
        reader.end()
        yield from self._hand_on(reader)
        found = (*findings, *reader.findings)
        documents = tuple(self.binder.bind_rest(reader.tree)) if self.binder is not None else ()
        count = self.segment_count
        yield SetEnded(
            begun.guide, begun.control_number, reader.tree, count, self.unit_count, found, documents
        )

    def _hand_on(self, reader: SetReader) -> Iterator[UnitRead]:
        """The units that were completed, each with the findings up to it."""
        handed, reader.handed = reader.handed, []
        findings, told = reader.findings, 0
        self.unit_count += len(handed)
        for loop, count in handed:
            document = self.binder.bind(loop) if self.binder is not None else None
            yield UnitRead(loop, tuple(findings[told:count]), document)
            told = count
        del findings[:told], reader.anchors[:told]
