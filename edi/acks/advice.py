"""The 824 that reports on a functional group: a projection of its findings, and read back to findings.

The document has the names of docs/reference/824-json.md. Every finding is one error with its place, its
sentence and its code; the sentence never holds a value of the document, the copy of the bad element does.
Source: 005010X186A1 OTI, TED and RED.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from edi.acks.echoes import (
    UNKNOWN,
    echo,
    echo_control_number,
    echo_id,
    echo_number,
    echo_plain,
    echo_version,
)
from edi.acks.functional import judge_set, stops_group
from edi.acks.notes import SegmentNotes
from edi.acks.reading import name_element, name_segment, read_count
from edi.documents import Document, drop_empty, read_entries, read_text
from edi.envelope_checks import is_date, is_time
from edi.findings import Finding, Place, Severity, find, load_catalogue
from edi.guide import Slot
from edi.guides.registry import resolve_guide
from edi.interchange import InterchangeHeader
from edi.models import SetAcknowledgment

if TYPE_CHECKING:
    from edi.files import GroupReport, SetReport

#: OTI01 for each verdict on a transaction set: accepted, accepted with errors, rejected.
VERDICTS = {"A": "TA", "E": "TE", "R": "TR"}
OTHER_REASON = "024"  # data element 647: a reason that RED tells
MUTUALLY_DEFINED = "ZZ"  # data element 1270: RED06 is a code of our catalogue
TEXT_LENGTH = 80  # data element 352
CODE_LENGTH = 30  # data element 1271
NAME_LENGTH = 15  # GS02, GS03
REFERENCE_LENGTH = 50  # data element 127
NO_REFERENCE = "NA"
#: Where a transaction set holds the reference of its originator.
REFERENCES = {"BHT": 3, "BGN": 2, "TRN": 2}


def report_group(interchange: InterchangeHeader, group: GroupReport) -> dict[str, object]:
    """The 824 document for `group`, which came in `interchange`: one item for each transaction set."""
    submitter = echo_plain(group.header.receiver, 2, NAME_LENGTH, UNKNOWN)
    receiver = echo_plain(group.header.sender, 2, NAME_LENGTH, UNKNOWN)
    return {
        "submitter": {"organizationName": submitter, "etin": submitter},
        "receiver": {"organizationName": receiver, "etin": receiver},
        "items": [report_set(interchange, group, report) for report in group.sets],
    }


def report_set(interchange: InterchangeHeader, group: GroupReport, report: SetReport) -> dict[str, object]:
    """The item of one transaction set, with every finding as an error."""
    notes = SegmentNotes(interchange, report)
    findings = report.findings or (group.findings if stops_group(group) else ())
    return drop_empty(
        {
            "acknowledgmentCode": VERDICTS[judge_set(findings)],
            "referenceQualifier": "TN",
            "reference": find_reference(report),
            "date": group.header.date if is_date(group.header.date) else "",
            "time": group.header.time if is_time(group.header.time) else "",
            "groupControlNumber": echo_number(group.header.control_number),
            "transactionSetControlNumber": echo_control_number(report.control_number),
            "transactionSetIdentifierCode": echo_id(report.set_id, 3),
            "version": echo_version(report.header.element(3) or group.header.version),
            "errors": [report_finding(notes, finding) for finding in findings],
        }
    )


def find_reference(report: SetReport) -> str:
    """The originator's reference of a transaction set; `NA` where it has none."""
    found = (
        segment.element(REFERENCES[segment.id]) for segment in report.segments if segment.id in REFERENCES
    )
    return echo(next(filter(None, found), ""), 1, REFERENCE_LENGTH, NO_REFERENCE)


def report_finding(notes: SegmentNotes, finding: Finding) -> dict[str, object]:
    """One error: where it is (TED) and what it is (RED)."""
    place = finding.x12 or Place()
    code = finding.code[:CODE_LENGTH]
    placed = place.ordinal is not None and place.element is not None
    return {
        "conditionCode": OTHER_REASON,
        "segmentIdCode": notes.name_segment(place) if place.ordinal else "",
        "segmentPosition": str(place.ordinal or ""),
        "elementPosition": str(place.element or "") if placed else "",
        "dataElementReference": notes.number_element(place) if placed else "",
        "copyOfBadElement": notes.copy_element(place) if placed else "",
        "messages": [
            {
                "text": write_text(finding.message, notes.forbidden),
                "codeListQualifier": MUTUALLY_DEFINED,
                "code": code,
            }
        ],
    }


def write_text(message: str, forbidden: frozenset[str]) -> str:
    """A sentence without separators, cut to what RED01 holds."""
    return "".join(" " if mark in forbidden else mark for mark in message)[:TEXT_LENGTH].strip()


def read_824(document: Document) -> tuple[SetAcknowledgment, ...]:
    """What an 824 says of each transaction set. Never raises for what the document says or leaves out.

    `code` is A, E or R as in a 999; an acknowledgment of a batch or an item keeps its own OTI01.
    """
    return tuple(read_item(item) for _, item in read_entries(document, "items"))


def read_item(item: Document) -> SetAcknowledgment:
    """One OTI with its errors."""
    stated = read_text(item, "acknowledgmentCode")
    number, set_id = (
        read_text(item, "transactionSetControlNumber"),
        read_text(item, "transactionSetIdentifierCode"),
    )
    version = read_text(item, "version")
    guide = resolve_guide(set_id, version, version)
    rejected = stated.endswith("R")
    return SetAcknowledgment(
        set_id=set_id,
        control_number=number,
        code=next((code for code, verdict in VERDICTS.items() if verdict == stated), stated),
        version=version,
        findings=tuple(
            finding
            for _, error in read_entries(item, "errors")
            for finding in read_error(error, Place(set=number), guide, rejected)
        ),
    )


def read_error(error: Document, at: Place, guide: str | None, rejected: bool) -> Iterator[Finding]:
    """A TED with its messages as findings; what the receiver says in its own words is the value."""
    segment = read_text(error, "segmentIdCode")
    slot = Slot(read_count(error, "elementPosition"), 0)
    place = msgspec.structs.replace(
        at,
        segment=segment or None,
        ordinal=read_count(error, "segmentPosition") or None,
        element=slot.element or None,
    )
    named = name_element(guide, "", segment, slot) if slot.element else name_segment(guide, "", segment)
    severity = Severity.ERROR if rejected else Severity.WARNING
    rule = f"TED01 {read_text(error, 'conditionCode')}"
    for _, message in [*read_entries(error, "messages")] or [("", {})]:
        text = read_text(message, "text") or read_text(error, "message") or None
        where = named or "the transaction set"
        noted = find(
            "acknowledgment.reported", x12=place, rule=rule, value=text, severity=severity, where=where
        )
        yield msgspec.structs.replace(noted, code=find_code(message, noted.code))


def find_code(message: Document, otherwise: str) -> str:
    """The code of our catalogue that RED06 holds, perhaps cut short, else `otherwise`."""
    return shorten_codes().get(read_text(message, "code"), otherwise)


@cache
def shorten_codes() -> dict[str, str]:
    """Each code of the catalogue by as much of it as RED06 holds."""
    return {code[:CODE_LENGTH]: code for code in load_catalogue()}
