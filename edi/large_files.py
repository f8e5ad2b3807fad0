"""Large files: checked window by window, without keeping what was read.

The findings are those of reading a file as a whole. Segments, tree and documents of a set are read from the
bytes when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Protocol

from edi.envelope import read_envelopes, stream_rows, tighten_form
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
    Part,
    RowsRead,
    SegmentsRead,
    SetClosed,
    SetOpened,
    TransactionSet,
)
from edi.lexer import Lexer
from edi.reader import SetReader, prepare, read_set
from edi.reports import FileReport, GroupReport, InterchangeReport, SetReport, check_version, note_guide
from edi.segments import Delimiters, Segment
from edi.sieve.sifting import Sieve, UnitWriter
from edi.tree import Loop

LARGE = 1 << 18
"""Bytes from which on it pays to read a file window by window."""


class ReadAgain:
    """A file whose sets are read again when somebody asks for them."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    @cached_property
    def sets(self) -> list[TransactionSet]:
        """Every set of the file."""
        reading = read_envelopes(self.content)
        return [
            one for interchange in reading.interchanges for group in interchange.groups for one in group.sets
        ]


class SetAgain:
    """One set of such a file, by its number."""

    def __init__(self, file: ReadAgain, number: int, guide: str, delimiters: Delimiters, at: Place) -> None:
        self.file = file
        self.number = number
        self.guide = guide
        self.delimiters = delimiters
        self.at = at

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """From ST to SE."""
        return tuple(self.file.sets[self.number].segments)

    @cached_property
    def tree(self) -> Loop:
        """The whole set."""
        return read_set(self.guide, list(self.segments), self.delimiters, self.at).tree


class UnusualError(Exception):
    """The file has a set whose guide its content would have to tell; it is read as a whole."""


class SetWriter(UnitWriter, Protocol):
    """What takes the units of one set, and in the end what is left of it."""

    def end(self, tree: Loop) -> None:
        """The set is complete."""


MakeWriter = Callable[[str, SetReader, Delimiters], SetWriter]
"""Makes the writer of a set: its guide, what reads it, and the delimiters."""


def check_large(content: bytes, *, strict: bool = False, make_writer: MakeWriter | None = None) -> FileReport:
    """The report on a file of any size. Raises Unreadable, and UnusualError for one to be read as a whole.

    Each set is told to a writer as it is read, where there is one to be made.
    """
    lexer = Lexer([content])
    reader = LargeReader(content, strict=strict, make_writer=make_writer)
    for part in stream_rows(lexer, strict=strict):
        reader.take(part)
    return FileReport(tuple(reader.interchanges), tuple(reader.notes), lexer.encoding)


class LargeReader:
    """Gathers the reports on what stands in a file, part by part."""

    def __init__(self, content: bytes, *, strict: bool, make_writer: MakeWriter | None = None) -> None:
        self.file = ReadAgain(content)
        self.make_writer = make_writer
        self.strict = strict
        self.interchanges: list[InterchangeReport] = []
        self.notes: list[Finding] = []
        self.groups: list[GroupReport] = []
        self.sets: list[SetReport] = []
        self.count = 0
        self.interchange: InterchangeHeader
        self.group: GroupHeader
        self.set: OpenSet | None = None

    def take(self, part: Part | RowsRead) -> None:
        """The next part of the file."""
        match part:
            case RowsRead(rows, ordinal):
                if self.set is not None:
                    self.set.sieve.take(rows, ordinal)
            case SegmentsRead(segments):
                if self.set is not None:
                    self.set.sieve.read(segments)
            case SetOpened(segment):
                self.set = OpenSet(self.interchange, self.group, segment, self.make_writer)
            case SetClosed(findings, count):
                self._close_set(findings, count)
            case GroupOpened(header):
                self.group, self.sets = header, []
            case GroupClosed(findings):
                self._close_group(findings)
            case InterchangeOpened(header):
                self.interchange, self.groups = header, []
            case InterchangeClosed(acknowledgments, findings):
                groups = tuple(self.groups)
                self.interchanges.append(
                    InterchangeReport(self.interchange, groups, acknowledgments, findings)
                )
            case Noted(finding):
                self.notes.append(finding)

    def _close_set(self, findings: tuple[Finding, ...], count: int) -> None:
        ended, self.set = self.set, None
        if ended is None:
            return
        found = ended.end(strict=self.strict)
        again = SetAgain(self.file, self.count, ended.guide, ended.delimiters, ended.at)
        noted = note_guide(ended.guide, *ended.named, self.group, ended.at)
        all_findings = (*findings, *noted, *found)
        self.sets.append(SetReport(ended.header, ended.guide, count, all_findings, again, ended.delimiters))
        self.count += 1

    def _close_group(self, findings: tuple[Finding, ...]) -> None:
        sets = tuple(self.sets)
        kinds = [report.set_id for report in sets]
        version = check_version(self.interchange.control_number, self.group, kinds)
        self.groups.append(GroupReport(self.group, sets, (*findings, *version)))


class OpenSet:
    """A transaction set that is being read. `named` are ST01 and ST03."""

    def __init__(
        self,
        interchange: InterchangeHeader,
        group: GroupHeader,
        segment: Segment,
        make_writer: MakeWriter | None,
    ) -> None:
        kind, number, implementation = (segment.element(at) for at in (1, 2, 3))
        self.header = segment
        self.named = kind, implementation
        self.delimiters = interchange.delimiters
        self.at = Place(interchange=interchange.control_number, group=group.control_number, set=number)
        guide = resolve_guide(kind, implementation, group.version)
        if guide is None:
            raise UnusualError
        self.guide = guide
        reading = prepare(guide, self.delimiters.component, self.delimiters.repetition)
        reader = SetReader(reading, self.delimiters, self.at, drops=True, forgets=make_writer is None)
        self.writer = make_writer(guide, reader, self.delimiters) if make_writer is not None else None
        self.sieve = Sieve(reader, self.writer)
        self.sieve.read([segment])

    def end(self, *, strict: bool) -> tuple[Finding, ...]:
        """What was found in it."""
        self.sieve.end()
        reader = self.sieve.reader
        found = tuple(tighten_form(reader.findings) if strict else reader.findings)
        if self.writer is not None:
            self.writer.end(reader.tree)
        reader.tree.let_go()
        return found
