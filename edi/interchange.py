"""The values of an envelope: headers, transaction sets, groups, interchanges, and the events that tell them.

Source: 005010 ISA, GS, ST, SE, GE, IEA and TA1.
"""

from __future__ import annotations

import msgspec

from edi.findings import Finding
from edi.rows import Rows
from edi.segments import Delimiters, Segment


class InterchangeHeader(msgspec.Struct, frozen=True):
    """ISA. `sender` and `receiver` are without padding; `usage` is P or T; `segment` is ISA as it came."""

    sender_qualifier: str
    sender: str
    receiver_qualifier: str
    receiver: str
    date: str
    time: str
    version: str
    control_number: str
    acknowledgment_requested: str
    usage: str
    delimiters: Delimiters
    segment: Segment


class GroupHeader(msgspec.Struct, frozen=True):
    """GS: `functional_id` is GS01, `version` is GS08."""

    functional_id: str
    sender: str
    receiver: str
    date: str
    time: str
    control_number: str
    agency: str
    version: str
    segment: Segment


class TransactionSet(msgspec.Struct, frozen=True):
    """The segments from ST to SE with ordinals from 1; `findings` are the faults of ST and SE (IK502)."""

    set_id: str
    control_number: str
    implementation: str
    segments: list[Segment]
    findings: tuple[Finding, ...] = ()


class Group(msgspec.Struct, frozen=True):
    """A functional group; `findings` are the faults of GS and GE (AK905)."""

    header: GroupHeader
    sets: tuple[TransactionSet, ...]
    findings: tuple[Finding, ...] = ()


class Interchange(msgspec.Struct, frozen=True):
    """`acknowledgments` are the TA1 segments, `findings` the faults of ISA and IEA (TA105)."""

    header: InterchangeHeader
    groups: tuple[Group, ...]
    acknowledgments: tuple[Segment, ...] = ()
    findings: tuple[Finding, ...] = ()


class FileReading(msgspec.Struct, frozen=True):
    """A file as read; `findings` concern the file as such (byte order mark, wrapped lines, stray text).

    `encoding` is ascii, utf-8 or latin-1.
    """

    interchanges: tuple[Interchange, ...]
    findings: tuple[Finding, ...] = ()
    encoding: str = "ascii"


class InterchangeOpened(msgspec.Struct, frozen=True):
    """An ISA was read."""

    header: InterchangeHeader


class GroupOpened(msgspec.Struct, frozen=True):
    """A GS was read."""

    header: GroupHeader


class SetOpened(msgspec.Struct, frozen=True):
    """An ST was read."""

    segment: Segment


class SegmentsRead(msgspec.Struct, frozen=True):
    """The next segments of the open transaction set, with their ordinals; the last of them is its SE."""

    segments: list[Segment]


class RowsRead(msgspec.Struct, frozen=True):
    """The same where they come in rows; `ordinal` is that of the first."""

    rows: Rows
    ordinal: int


class SetClosed(msgspec.Struct, frozen=True):
    """The open transaction set ended, with or without SE; `findings` are the faults of ST and SE (IK502)."""

    findings: tuple[Finding, ...]
    segment_count: int


class SetRead(msgspec.Struct, frozen=True):
    """A transaction set was read to its end."""

    transaction_set: TransactionSet


class GroupClosed(msgspec.Struct, frozen=True):
    """A group ended, with or without GE."""

    findings: tuple[Finding, ...]


class InterchangeClosed(msgspec.Struct, frozen=True):
    """An interchange ended, with or without IEA."""

    acknowledgments: tuple[Segment, ...]
    findings: tuple[Finding, ...]


class Noted(msgspec.Struct, frozen=True):
    """A finding about the file as such."""

    finding: Finding


Outer = InterchangeOpened | GroupOpened | GroupClosed | InterchangeClosed | Noted
Event = Outer | SetRead
Part = Outer | SetOpened | SegmentsRead | SetClosed


def describe_interchange(segment: Segment, delimiters: Delimiters) -> InterchangeHeader:
    """The header of an ISA segment."""
    value = segment.element
    return InterchangeHeader(
        sender_qualifier=value(5),
        sender=value(6).strip(" "),
        receiver_qualifier=value(7),
        receiver=value(8).strip(" "),
        date=value(9),
        time=value(10),
        version=value(12),
        control_number=value(13),
        acknowledgment_requested=value(14),
        usage=value(15),
        delimiters=delimiters,
        segment=segment,
    )


def describe_group(segment: Segment) -> GroupHeader:
    """The header of a GS segment."""
    value = segment.element
    return GroupHeader(
        functional_id=value(1),
        sender=value(2),
        receiver=value(3),
        date=value(4),
        time=value(5),
        control_number=value(6),
        agency=value(7),
        version=value(8),
        segment=segment,
    )
