"""Pairing: the headers and trailers of each interchange, group and transaction set, checked as they come.

Nothing is held but control numbers and counts: segments are handed on in runs. Structural faults are findings
with the codes of TA105 (interchange), AK905 (group) and IK502 (transaction set). Source: 005010 ISA, GS, ST,
SE, GE, IEA and TA1; 005010X231A1 AK9 and IK5.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from edi.delimiters import HeaderText
from edi.envelope_checks import (
    RETIRED,
    check_acknowledgment,
    check_header,
    check_interchange_header,
    load_tables,
    place_element,
)
from edi.findings import Finding, Place, find
from edi.interchange import (
    GroupClosed,
    GroupHeader,
    GroupOpened,
    InterchangeClosed,
    InterchangeOpened,
    Noted,
    Part,
    RowsRead,
    SegmentsRead,
    SetClosed,
    SetOpened,
    describe_group,
    describe_interchange,
)
from edi.lexer import Lexer
from edi.rows import Rows
from edi.segments import Segment


def pair_segments(lexer: Lexer) -> Iterator[Part]:
    """What stands in a file, in its order; the segments of a transaction set come in runs."""
    for part in pair_rows(lexer):
        if isinstance(part, RowsRead):
            yield SegmentsRead(part.rows.make_segments(count(part.ordinal)))
        else:
            yield part


def pair_rows(lexer: Lexer) -> Iterator[Part | RowsRead]:
    """The same; runs that need no forgiveness are left as rows."""
    known: set[tuple[str, str, str]] = set()
    while lexer.header is not None:
        reader = InterchangeReader(lexer.header, lexer.origin(lexer.header.start), known)
        if lexer.lower:
            reader.note_lower_case()
        yield InterchangeOpened(reader.header)
        for batch in lexer.take_rows():
            if isinstance(batch, Rows):
                yield from reader.read_rows(batch)
            else:
                yield from reader.read(batch)
        yield from reader.end()
        yield from map(Noted, lexer.notes)
        lexer.notes.clear()


class _OpenGroup:
    """A group whose GE has not come yet."""

    def __init__(self, header: GroupHeader) -> None:
        self.header = header
        self.set_numbers: set[str] = set()
        self.set_count = 0
        self.findings: list[Finding] = []


class _OpenSet:
    """A transaction set whose SE has not come yet; `count` counts its segments."""

    def __init__(self, header: Segment) -> None:
        self.header = header
        self.count = 1


class InterchangeReader:
    """Pairs the headers and trailers of one interchange; `set` and `group` are those that are open."""

    def __init__(self, text: HeaderText, offset: int, known: set[tuple[str, str, str]]) -> None:
        segment = Segment(text.elements, 0, offset)
        self.header = describe_interchange(segment, text.delimiters)
        self.findings = check_interchange_header(text, segment, self._place(segment))
        self.acknowledgments: list[Segment] = []
        self.group: _OpenGroup | None = None
        self.set: _OpenSet | None = None
        self.group_numbers: set[str] = set()
        self.group_count = 0
        self.trailer: Segment | None = None
        self.straying = False
        self.retired = False
        self._check_unique(known)

    def read_rows(self, rows: Rows) -> Iterator[Part | RowsRead]:
        """The next segments of the interchange; those of a transaction set are left as rows."""
        if _HANDLERS.keys().isdisjoint(rows.ids):
            yield from self.take_rows(rows)
            return
        for part in rows.part([at for at, row in enumerate(rows.rows) if row[0] in _HANDLERS]):
            if part.rows[0][0] in _HANDLERS:
                (segment,) = part.make_segments()
                yield from _HANDLERS[segment.elements[0]](self, segment)
            else:
                yield from self.take_rows(part)

    def read(self, batch: list[Segment]) -> Iterator[Part]:
        """The next segments of the interchange."""
        start = 0
        for place in [at for at, segment in enumerate(batch) if segment.elements[0] in _HANDLERS]:
            if place > start:
                yield from self.take(batch[start:place])
            segment = batch[place]
            yield from _HANDLERS[segment.elements[0]](self, segment)
            start = place + 1
        if start < len(batch):
            yield from self.take(batch[start:] if start else batch)

    # --- segments

    def take(self, run: list[Segment]) -> Iterator[Part]:
        """Segments that are not of the envelope: part of the open transaction set, or out of place."""
        if self.set is None:
            self._note_stray(run[0])
            return
        for ordinal, segment in enumerate(run, self.set.count + 1):
            segment.ordinal = ordinal
        self.set.count += len(run)
        yield SegmentsRead(run)

    def take_rows(self, rows: Rows) -> Iterator[Part | RowsRead]:
        """The same in rows."""
        if self.set is None:
            yield from self.take(rows.make_segments())
        else:
            self.set.count += len(rows.rows)
            yield RowsRead(rows, self.set.count - len(rows.rows) + 1)

    def skip(self, count: int) -> None:
        """So many segments of the open transaction set are read elsewhere."""
        if self.set is not None:
            self.set.count += count

    def take_acknowledgment(self, segment: Segment) -> Iterator[Part]:
        """TA1, which stands between ISA and the first GS."""
        if self.group is None:
            self.acknowledgments.append(segment)
            self.findings += check_acknowledgment(segment, self._place(segment))
        else:
            yield from self.take([segment])

    def open_group(self, segment: Segment) -> Iterator[Part]:
        """GS."""
        yield from self._end_group(None)
        self.straying = False
        self.group_count += 1
        self.group = _OpenGroup(describe_group(segment))
        yield GroupOpened(self.group.header)
        self._check_group_header(self.group, segment)

    def open_set(self, segment: Segment) -> Iterator[Part]:
        """ST."""
        yield from self._end_set(None)
        if self.group is None:
            self._note_stray(segment)
            return
        self.straying = False
        self.set = _OpenSet(segment)
        segment.ordinal = 1
        yield SetOpened(segment)

    def close_set(self, segment: Segment) -> Iterator[Part]:
        """SE."""
        if self.set is None:
            self._note_stray(segment)
            return
        yield from self.take([segment])
        yield from self._end_set(segment)

    def close_group(self, segment: Segment) -> Iterator[Part]:
        """GE."""
        if self.group is None:
            self._note_stray(segment)
        yield from self._end_group(segment)

    def close_interchange(self, segment: Segment) -> Iterator[Part]:
        """IEA."""
        self.trailer = segment
        yield from ()

    # --- ends

    def end(self) -> Iterator[Part]:
        """The interchange is over: at IEA, at the next ISA, or at the end of the file."""
        yield from self._end_group(None)
        self._check_trailer()
        if self.retired:  # said once, by the group
            self.findings = [finding for finding in self.findings if finding.code != "isa.version_4010"]
        yield InterchangeClosed(tuple(self.acknowledgments), tuple(self.findings))

    def _end_group(self, trailer: Segment | None) -> Iterator[Part]:
        yield from self._end_set(None)
        group, self.group = self.group, None
        if group is None:
            return
        place = self._place(trailer or group.header.segment, group)
        if trailer is None:
            group.findings.append(find("group.missing_trailer", x12=place))
        else:
            _check_form(trailer, place, group.findings)
            _check_trailer_numbers(
                trailer, group.set_count, group.header.control_number, place, group.findings, _GROUP_TRAILER
            )
        yield GroupClosed(tuple(group.findings))

    def _end_set(self, trailer: Segment | None) -> Iterator[Part]:
        ended, self.set = self.set, None
        group = self.group
        if ended is None or group is None:
            return
        header = ended.header
        findings = self._check_set_header(header, group)
        place = self._place(trailer or header, group, header.element(2))
        if trailer is None:
            findings.append(find("set.missing_trailer", x12=place))
        else:
            _check_trailer_numbers(trailer, ended.count, header.element(2), place, findings, _SET_TRAILER)
        group.set_count += 1
        yield SetClosed(tuple(findings), ended.count)

    # --- checks

    def _check_unique(self, known: set[tuple[str, str, str]]) -> None:
        header = self.header
        identity = (header.sender_qualifier, header.sender, header.control_number)
        if identity in known:
            place = place_element(self._place(header.segment), 13)
            self.findings.append(find("interchange.duplicate_control_number", x12=place))
        known.add(identity)

    def _check_group_header(self, group: _OpenGroup, segment: Segment) -> None:
        tables = load_tables()
        place = self._place(segment, group)
        for finding in check_header(tables.group_header, segment, place):
            # A GS fault without a code of AK905 makes the content of the interchange invalid (TA105 024).
            (self.findings if finding.code.startswith("gs.") else group.findings).append(finding)
        _check_form(segment, place, group.findings)
        if group.header.version.startswith(RETIRED):
            self.retired = True
            group.findings.append(find("group.version_4010", x12=place_element(place, 8)))
        if group.header.functional_id not in tables.groups:
            code = find("group.not_supported", x12=place_element(place, 1), value=group.header.functional_id)
            group.findings.append(code)
        if group.header.control_number in self.group_numbers:
            group.findings.append(find("group.duplicate_control_number", x12=place_element(place, 6)))
        self.group_numbers.add(group.header.control_number)

    def _check_set_header(self, segment: Segment, group: _OpenGroup) -> list[Finding]:
        tables = load_tables()
        place = self._place(segment, group, segment.element(2))
        findings = check_header(tables.set_header, segment, place)
        allowed = tables.groups.get(group.header.functional_id)
        if not any(segment.element(1) in sets for sets in tables.groups.values()):
            findings.append(find("set.not_supported", x12=place_element(place, 1), value=segment.element(1)))
        elif allowed is not None and segment.element(1) not in allowed:
            findings.append(find("set.not_in_group", x12=place_element(place, 1)))
        if segment.element(3) not in ("", group.header.version):
            findings.append(find("set.implementation_mismatch", x12=place_element(place, 3)))
        if segment.element(2) in group.set_numbers:
            findings.append(find("set.duplicate_control_number", x12=place_element(place, 2)))
        group.set_numbers.add(segment.element(2))
        return findings

    def _check_trailer(self) -> None:
        trailer = self.trailer
        if trailer is None:
            self.findings.append(find("interchange.missing_trailer", x12=self._place(self.header.segment)))
        else:
            place = self._place(trailer)
            _check_form(trailer, place, self.findings)
            number = self.header.control_number
            _check_trailer_numbers(
                trailer, self.group_count, number, place, self.findings, _INTERCHANGE_TRAILER
            )
        if not (self.group_count or self.acknowledgments or self.straying):
            self.findings.append(find("interchange.empty", x12=self._place(self.header.segment)))

    def note_lower_case(self) -> None:
        """The ids of the interchange are in lower case; the segments are read all the same."""
        self.straying = True
        self.findings.append(find("interchange.lowercase_ids", x12=self._place(self.header.segment)))

    def _note_stray(self, segment: Segment) -> None:
        """One finding for each run of segments that belong to no transaction set."""
        if self.straying:
            return
        self.straying = True
        place = self._place(segment, self.group)
        if segment.id.islower():
            self.findings.append(find("interchange.lowercase_ids", x12=place))
        else:
            where = "in a group" if self.group else "outside of any group"
            self.findings.append(find("interchange.stray_segment", x12=place, where=where))

    def _place(
        self, segment: Segment, group: _OpenGroup | None = None, set_number: str | None = None
    ) -> Place:
        return Place(
            interchange=self.header.control_number,
            group=group.header.control_number if group else None,
            set=set_number,
            segment=segment.id,
            ordinal=segment.ordinal or None,
            offset=segment.offset,
        )


_HANDLERS = {
    "GS": InterchangeReader.open_group,
    "ST": InterchangeReader.open_set,
    "SE": InterchangeReader.close_set,
    "GE": InterchangeReader.close_group,
    "IEA": InterchangeReader.close_interchange,
    "TA1": InterchangeReader.take_acknowledgment,
}
_LENGTHS = {"GS": 9, "GE": 3, "IEA": 3}
_INTERCHANGE_TRAILER = ("interchange.group_count", "interchange.control_number_mismatch")
_GROUP_TRAILER = ("group.set_count", "group.control_number_mismatch")
_SET_TRAILER = ("set.segment_count", "set.control_number_mismatch")


def _check_form(segment: Segment, place: Place, findings: list[Finding]) -> None:
    """GS, GE and IEA: no empty elements after the last that they have."""
    if len(segment.elements) > _LENGTHS[segment.id] and not segment.elements[-1]:
        findings.append(find("segment.trailing_separators", x12=place, segment=segment.id))


def _check_trailer_numbers(
    trailer: Segment, count: int, number: str, place: Place, findings: list[Finding], codes: tuple[str, str]
) -> None:
    """SE, GE and IEA alike: element 1 is the count, element 2 repeats the control number of the header."""
    stated = trailer.element(1)
    if not (stated.isascii() and stated.isdigit() and stated.lstrip("0") == str(count).lstrip("0")):
        findings.append(find(codes[0], x12=place_element(place, 1), value=stated))
    if trailer.element(2) != number:
        findings.append(find(codes[1], x12=place_element(place, 2)))
