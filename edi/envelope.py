"""Interchanges, groups and transaction sets: the envelope of an X12 file, paired and counted.

`stream_file` tells a file as it is read, one transaction set in memory at a time; `read_envelopes` gathers
the same into values. Structural faults are findings with the codes of TA105 (interchange), AK905 (group)
and IK502 (transaction set). Source: 005010 ISA, GS, ST, SE, GE, IEA and TA1; 005010X231A1 AK9 and IK5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from edi.envelope_writer import (
    DelimiterInValue,
    EnvelopeSettings,
    join_components,
    wrap_interchange,
    write_interchange,
    write_segments,
)
from edi.findings import Finding, Severity
from edi.interchange import (
    Event,
    FileReading,
    Group,
    GroupClosed,
    GroupHeader,
    GroupOpened,
    Interchange,
    InterchangeClosed,
    InterchangeHeader,
    InterchangeOpened,
    Noted,
    Part,
    RowsRead,
    SegmentsRead,
    SetClosed,
    SetOpened,
    SetRead,
    TransactionSet,
)
from edi.lexer import Lexer, Unreadable
from edi.pairing import pair_rows, pair_segments
from edi.segments import Segment

__all__ = [
    "DelimiterInValue",
    "EnvelopeSettings",
    "Event",
    "FileReading",
    "Group",
    "GroupClosed",
    "GroupHeader",
    "GroupOpened",
    "Interchange",
    "InterchangeClosed",
    "InterchangeHeader",
    "InterchangeOpened",
    "Noted",
    "SetRead",
    "TransactionSet",
    "Unreadable",
    "join_components",
    "read_envelopes",
    "stream_file",
    "stream_parts",
    "stream_rows",
    "tighten_form",
    "wrap_interchange",
    "write_interchange",
    "write_segments",
]
#: What reading a set by its guide forgives although X12.6 forbids it.
FAULTS_OF_FORM = frozenset({"segment.trailing_separators", "element.trailing_separators"})


def stream_parts(chunks: Iterable[bytes], *, strict: bool = False) -> Iterator[Part]:
    """What stands in a file, in its order, in constant memory: the segments of a set come in runs.

    `chunks` are the bytes of the file; they are gone through twice (see `edi.lexer.Lexer`). `strict` turns
    every forgiven fault (severity warning) into an error. Raises Unreadable, at once, where the bytes hold no
    interchange; everything else that is wrong is a finding of the parts.
    """
    return _tighten_parts(pair_segments(Lexer(chunks)), strict=strict)


def stream_rows(lexer: Lexer, *, strict: bool = False) -> Iterator[Part | RowsRead]:
    """The same, in rows where nothing has to be forgiven."""
    for part in pair_rows(lexer):
        yield part if isinstance(part, RowsRead) or not strict else _tighten(part)


def _tighten_parts(parts: Iterator[Part], *, strict: bool) -> Iterator[Part]:
    return map(_tighten, parts) if strict else parts


def stream_file(data: bytes, *, strict: bool = False) -> Iterator[Event]:
    """The same with whole transaction sets: one of them is in memory at a time."""
    return _gather_sets(stream_parts([data], strict=strict))


def _gather_sets(parts: Iterator[Part]) -> Iterator[Event]:
    segments: list[Segment] = []
    for part in parts:
        match part:
            case SegmentsRead(run):
                segments += run
            case SetOpened(segment):
                segments = [segment]
            case SetClosed(findings, _):
                yield SetRead(_describe_set(segments, findings))
            case _:
                yield part


def _describe_set(segments: list[Segment], findings: tuple[Finding, ...]) -> TransactionSet:
    value = segments[0].element
    return TransactionSet(value(1), value(2), value(3), segments, findings)


def read_envelopes(data: bytes, *, strict: bool = False) -> FileReading:
    """The interchanges, groups and transaction sets of a file, with findings. Raises only Unreadable."""
    interchanges: list[Interchange] = []
    groups: list[Group] = []
    sets: list[TransactionSet] = []
    notes: list[Finding] = []
    lexer = Lexer([data])
    for event in _gather_sets(_tighten_parts(pair_segments(lexer), strict=strict)):
        match event:
            case InterchangeOpened(header):
                interchange_header, groups = header, []
            case GroupOpened(header):
                group_header, sets = header, []
            case SetRead(transaction_set):
                sets.append(transaction_set)
            case GroupClosed(findings):
                groups.append(Group(group_header, tuple(sets), findings))
            case InterchangeClosed(acknowledgments, findings):
                interchange = Interchange(interchange_header, tuple(groups), acknowledgments, findings)
                interchanges.append(interchange)
            case Noted(finding):
                notes.append(finding)
    return FileReading(tuple(interchanges), tuple(notes), lexer.encoding)


def _tighten(event: Part) -> Part:
    """The event with every warning turned into an error."""
    match event:
        case Noted(finding):
            return Noted(_tighten_finding(finding))
        case SetClosed(findings, count):
            return SetClosed(tuple(map(_tighten_finding, findings)), count)
        case GroupClosed(findings):
            return GroupClosed(tuple(map(_tighten_finding, findings)))
        case InterchangeClosed(acknowledgments, findings):
            return InterchangeClosed(acknowledgments, tuple(map(_tighten_finding, findings)))
    return event


def tighten_form(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings of a set read strictly: what is wrong with the form of its segments is an error."""
    return (_tighten_finding(each) if each.code in FAULTS_OF_FORM else each for each in findings)


def _tighten_finding(finding: Finding) -> Finding:
    if finding.severity is Severity.WARNING:
        return msgspec.structs.replace(finding, severity=Severity.ERROR)
    return finding
