"""Partition: a large file cut into ranges of claims that can be read apart, on any number of cores.

`plan_file` looks at a file once, fast, and finds where claims begin. Each part knows the ranges that give it
its context (header of the set, billing provider), so that reading the parts one by one or all at once tells
the same as reading the file from front to back. Only plain files are cut: one interchange, ASCII, nothing
that needs forgiving; for any other the plan is None, and it is streamed as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import msgspec

from edi.binary import BINARY_SEGMENTS
from edi.files import check_version, note_guide
from edi.findings import Finding, Place
from edi.guides.registry import names_no_guide, resolve_guide
from edi.interchange import (
    GroupClosed,
    GroupHeader,
    GroupOpened,
    InterchangeClosed,
    Part,
    SetClosed,
    SetOpened,
)
from edi.lexer import Lexer
from edi.pairing import InterchangeReader
from edi.plain_chunks import is_plain
from edi.reader import prepare
from edi.rules.registry import JoinedTally
from edi.segments import Delimiters, Segment
from edi.survey import Survey, survey_chunks
from edi.window import Window

TARGET = 4 << 20
_STEP = 1 << 20
_ENVELOPE = ("GS", "ST", "SE", "GE", "IEA", "TA1")


class Range(msgspec.Struct, frozen=True):
    """Whole segments of one transaction set: byte offsets, and the ordinal of the first."""

    start: int
    end: int
    ordinal: int


class FilePart(msgspec.Struct, frozen=True):
    """A part of a transaction set, by numbers from 0. `context` is read before it; other parts tell of it.

    `counts` are how many segments of an id stand in the set before its body; `last` is true for the part that
    ends its set.
    """

    number: int
    set_number: int
    guide: str
    at: Place
    delimiters: Delimiters
    context: tuple[Range, ...]
    body: Range
    counts: dict[str, int]
    last: bool


class PlannedSet(msgspec.Struct, frozen=True):
    """A transaction set in a plan; `findings` are those of its ST and SE."""

    set_id: str
    at: Place
    guide: str | None
    segment_count: int
    findings: tuple[Finding, ...]


class FilePlan(msgspec.Struct, frozen=True):
    """How a file is cut. `findings` are those of interchange and groups."""

    parts: tuple[FilePart, ...]
    sets: tuple[PlannedSet, ...]
    findings: tuple[Finding, ...]


_CUT_AT: dict[str, tuple[tuple[str, int, str], tuple[str, int, str]]] = {
    "837": (("HL", 3, "20"), ("HL", 3, "22")),
    "835": (("LX", 0, "LX"), ("CLP", 0, "CLP")),
}
"""For each transaction set the segment that begins the loop around claims, and the one that begins what
stands in it: segment id, element, and its value."""

_FOOTER = "PLB"
"""What follows the claim payments of an 835. Where others come after it, each is out of its place (Table 3 of
005010X221A1), which a part that begins there could not tell."""


def plan_file(chunks: Iterable[bytes], *, target: int = TARGET) -> FilePlan | None:
    """The plan of a file, or None where it has to be read as a whole. Raises Unreadable.

    `chunks` are gone through more than once; parts have about `target` bytes.
    """
    survey = survey_chunks(chunks)
    if survey.encoding != "ascii" or survey.line_break:
        return None
    try:
        return _Planner(chunks, survey, target).plan()
    except _NotPlainError:
        return None


class _NotPlainError(Exception):
    """The file needs the whole lexer."""


class _Planner:
    """Goes through a file by the segments of its envelope and those at which a set may be cut."""

    def __init__(self, chunks: Iterable[bytes], survey: Survey, target: int) -> None:
        lexer = Lexer(chunks, survey)
        header = lexer.header
        if header is None or header.start or lexer.notes:
            raise _NotPlainError
        self.delimiters = header.delimiters
        self.target = target
        self.cut = self.delimiters.segment + self.delimiters.line_end
        self.window = Window(chunks, "")
        self.position = header.end
        self.reader = InterchangeReader(header, 0, set())
        names = "|".join((*_ENVELOPE, *BINARY_SEGMENTS, "HL", "LX", "CLP", _FOOTER))
        after = re.escape(self.delimiters.element + self.delimiters.segment)
        self.marks = re.compile(f"(?:(?<={re.escape(self.cut)})|\\A)(?:{names})[{after}]")
        self.parts: list[FilePart] = []
        self.sets: list[PlannedSet] = []
        self.findings: list[Finding] = []
        self.set: _SetCutter | None = None
        self.group: GroupHeader | None = None
        self.kinds: dict[str, None] = {}  # in the order of the file
        self.ended = False

    def plan(self) -> FilePlan:
        """The plan. Raises _NotPlainError."""
        window = self.window
        window.reach(self.position + 1)
        while self.position < window.end:
            self._look_at(self._next_text())
            window.reach(self.position + 1)
        self._take(self.reader.end())
        return FilePlan(tuple(self.parts), tuple(self.sets), tuple(self.findings))

    def _next_text(self) -> str:
        """About a megabyte of whole segments."""
        window, start = self.window, self.position
        window.drop(start)
        window.reach(start + _STEP + len(self.cut))
        found = window.find(self.delimiters.segment, min(start + _STEP, window.end - len(self.cut)))
        window.reach(found + len(self.cut) + 1)
        text = window.cut(start, found + len(self.cut))
        if found < 0 or self.ended or not is_plain(text, self.cut, self.delimiters) or "ISA" in text:
            raise _NotPlainError
        return text

    def _look_at(self, text: str) -> None:
        terminator, counted = self.delimiters.segment, 0
        for found in self.marks.finditer(text):
            start = found.start()
            self._skip(text.count(terminator, counted, start))
            end = text.index(terminator, start)
            counted = end + len(self.cut)
            elements = text[start:end].split(self.delimiters.element)
            self._pass(elements, self.position + start, self.position + counted)
        self._skip(text.count(terminator, counted))
        self.position += len(text)

    def _skip(self, count: int) -> None:
        if count and (self.reader.set is None or self.ended):
            raise _NotPlainError
        self.reader.skip(count)

    def _pass(self, elements: list[str], place: int, end: int) -> None:
        """A segment of the envelope, or one at which the set may be cut."""
        if self.ended or elements[0] in BINARY_SEGMENTS:
            raise _NotPlainError
        opened = self.reader.set
        if elements[0] in _ENVELOPE:
            self.ended = elements[0] == "IEA"
            stop = end if elements[0] == "SE" else place
            self._take(self.reader.read([Segment(elements, 0, place)]), stop)
        elif opened is None or self.set is None:
            raise _NotPlainError
        else:
            self.set.look(elements, place, opened.count + 1)
            self.reader.skip(1)

    def _take(self, told: Iterable[Part], end: int = 0) -> None:
        for part in told:
            match part:
                case SetOpened(segment):
                    self.set = self._open(segment)
                case SetClosed(findings, count):
                    self._close(findings, count, end)
                case GroupOpened(header):
                    self.group = header
                case GroupClosed(findings):
                    self.findings += findings
                    self._check_version()
                case InterchangeClosed(_, findings):
                    self.findings += findings

    def _check_version(self) -> None:
        if self.group is not None:
            number = self.reader.header.control_number
            self.findings += check_version(number, self.group, self.kinds)
        self.kinds.clear()

    def _open(self, segment: Segment) -> _SetCutter:
        group = self.reader.group
        if group is None:
            raise _NotPlainError
        guide = resolve_guide(segment.element(1), segment.element(3), group.header.version)
        if guide is None and names_no_guide(segment.element(3), group.header.version):
            raise _NotPlainError
        at = Place(
            interchange=self.reader.header.control_number,
            group=group.header.control_number,
            set=segment.element(2),
        )
        return _SetCutter(self, segment, guide, at)

    def _close(self, findings: tuple[Finding, ...], count: int, end: int) -> None:
        cutter = self.set
        if cutter is None or not end:
            raise _NotPlainError  # a set without SE
        cutter.end(end)
        header, self.set = cutter.header, None
        group = self.reader.group
        if cutter.guide is not None:
            self.kinds[header.element(1)] = None
        if group is not None:
            named = (cutter.guide, header.element(1), header.element(3), group.header)
            findings = (*findings, *note_guide(*named, cutter.at))
        self.sets.append(PlannedSet(header.element(1), cutter.at, cutter.guide, count, findings))


class _SetCutter:
    """Cuts one transaction set."""

    def __init__(self, planner: _Planner, header: Segment, guide: str | None, at: Place) -> None:
        self.planner = planner
        self.header = header
        self.guide = guide
        self.at = at
        self.levels = _CUT_AT.get(header.element(1)) if guide and may_be_cut(guide) else None
        self.part_start = Range(header.offset, header.offset, 1)
        self.context: tuple[Range, ...] = ()
        self.before: Range | None = None
        self.outer: Range | None = None
        self.outer_number = ""
        self.inner_seen = False
        self.is_over = False
        self.level_count = 0
        self.level_start = 0

    def look(self, elements: list[str], place: int, ordinal: int) -> None:
        """A segment that may begin a loop."""
        if self.levels is None:
            return
        outer, inner = self.levels
        if elements[0] == _FOOTER:
            self.is_over = True
        elif self.is_over:
            raise _NotPlainError
        if _begins(elements, outer):
            self.before = self.before or Range(self.header.offset, place, 1)
            self._cut(place, ordinal, (self.before,))
            self.outer, self.inner_seen = Range(place, place, ordinal), False
            self.outer_number = elements[1] if len(elements) > 1 else ""
        elif _begins(elements, inner) and self.outer is not None and self.before is not None:
            if self.inner_seen and self._is_inside(elements):
                self._cut(place, ordinal, (self.before, self.outer))
            elif not self.inner_seen:
                self.outer = Range(self.outer.start, place, self.outer.ordinal)
                self.inner_seen = True
        if elements[0] == "HL":
            self.level_count += 1
            if elements[1:2] != [str(self.level_count)]:
                raise _NotPlainError  # a level is lost or said twice: where claims begin cannot be told

    def _is_inside(self, elements: list[str]) -> bool:
        """True for a level that names the outer one as its own; any other may follow a level that is lost."""
        return elements[0] != "HL" or elements[2:3] == [self.outer_number]

    def _cut(self, place: int, ordinal: int, context: tuple[Range, ...]) -> None:
        if place - self.part_start.start < self.planner.target:
            return
        self._add(place, last=False)
        self.level_start = self.level_count
        self.part_start, self.context = Range(place, place, ordinal), context

    def end(self, place: int) -> None:
        """The set ends at `place`."""
        if self.guide is not None:
            self._add(place, last=True)

    def _add(self, end: int, *, last: bool) -> None:
        planner, start = self.planner, self.part_start
        part = FilePart(
            number=len(planner.parts),
            set_number=len(planner.sets),
            guide=self.guide or "",
            at=self.at,
            delimiters=planner.delimiters,
            context=self.context,
            body=Range(start.start, end, start.ordinal),
            counts={"HL": self.level_start},
            last=last,
        )
        planner.parts.append(part)


def _begins(elements: list[str], level: tuple[str, int, str]) -> bool:
    name, element, value = level
    return elements[0] == name and len(elements) > element and elements[element] == value


@cache
def may_be_cut(guide_id: str) -> bool:
    """True where claims of the guide can be read apart: no rule of the loops around them counts them.

    Only rules of the whole set may, where their tallies can be joined.
    """
    reading = prepare(guide_id, ":", "^", True)
    stations = reading.routes.stations
    around = {stations[index].loop for index in reading.dropped}
    names = {loop.id for loop in around if loop is not None} - {reading.guide.handed_on}
    root = reading.guide.root.id
    for places in reading.rules.tallies.values():
        for place in places:
            if names & set(place.loops) or (root in place.loops and not issubclass(place.make, JoinedTally)):
                return False
    return bool(reading.guide.handed_on)
