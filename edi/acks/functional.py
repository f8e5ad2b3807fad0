"""The 999 that answers a functional group: a projection of its findings.

The document has the shape of docs/reference/999-json.md; what it says is what the report says, since both
come from the same findings and the catalogue's codes. Source: 005010X231A1 AK1 to AK9.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from edi.acks.echoes import UNKNOWN, echo_control_number, echo_id, echo_number, echo_version
from edi.acks.notes import SegmentNotes
from edi.documents import drop_empty
from edi.findings import Acknowledgments, Finding, find_entry
from edi.interchange import InterchangeHeader

if TYPE_CHECKING:
    from edi.files import GroupReport, SetReport

CODE_LIMIT = 5
COUNT_LENGTH = 6  # data element 97
SEGMENTS_IN_ERROR = "5"
ACCEPTED = ("A", "E")


def acknowledge_group(interchange: InterchangeHeader, group: GroupReport) -> dict[str, object]:
    """The 999 document for `group`, which came in `interchange`.

    A set is rejected (R) where a finding stops it, accepted with errors (E) where its findings only note
    something, else accepted (A). Where the group itself is rejected, sets without an error of their own are
    not listed: none of the group is accepted.
    """
    answers = [answer_set(interchange, report) for report in group.sets]
    code = judge_group(group, [str(answer["acknowledgmentCode"]) for answer in answers])
    faulty = stops_group(group)
    listed = [answer for answer in answers if not (faulty and answer["acknowledgmentCode"] in ACCEPTED)]
    accepted = sum(answer["acknowledgmentCode"] in ACCEPTED for answer in listed)
    return drop_empty(
        {
            "functionalIdentifierCode": echo_id(group.header.functional_id, 2),
            "groupControlNumber": echo_number(group.header.control_number),
            "versionCode": echo_version(group.header.version, UNKNOWN),
            "transactionSets": listed,
            "acknowledgmentCode": code,
            "includedSetCount": count_included(group),
            "receivedSetCount": str(len(group.sets)),
            "acceptedSetCount": str(accepted),
            "syntaxErrorCodes": list_group_errors(group),
        }
    )


def find_codes(finding: Finding) -> Acknowledgments:
    """The acknowledgment codes of a finding."""
    return find_entry(finding.code).acknowledgments


def judge_group(group: GroupReport, codes: Sequence[str]) -> str:
    """AK901 for the answers of its sets: R none accepted, P some rejected, E some with errors, else A."""
    if stops_group(group) or all(code == "R" for code in codes):
        return "R"
    if "R" in codes:
        return "P"
    noted = any(find_codes(finding).ak905 for finding in group.findings)
    return "E" if noted or "E" in codes else "A"


def stops_group(group: GroupReport) -> bool:
    """True where a fault of GS or GE rejects the whole group."""
    return any(finding.stops for finding in group.findings)


def count_included(group: GroupReport) -> str:
    """AK902: the number of sets that GE01 states, which a finding carries where it is not that received."""
    for finding in group.findings:
        stated = finding.value or ""
        if finding.code == "group.set_count" and echo_number(stated, COUNT_LENGTH) == stated:
            return stated
    return str(len(group.sets))


def list_group_errors(group: GroupReport) -> list[str]:
    """AK905 to AK909: at most five codes, of the group's findings and then of its sets'."""
    findings = [*group.findings, *(finding for report in group.sets for finding in report.findings)]
    return list_codes(find_codes(finding).ak905 for finding in findings)


def list_codes(codes: Iterable[str | None]) -> list[str]:
    """The distinct codes in order of appearance, at most five."""
    return list(dict.fromkeys(code for code in codes if code))[:CODE_LIMIT]


def answer_set(interchange: InterchangeHeader, report: SetReport) -> dict[str, object]:
    """The answer to one transaction set: AK2, its IK3 and IK4 notes, IK5."""
    code = judge_set(report.findings)
    return {
        "transactionSetIdentifierCode": echo_id(report.set_id, 3),
        "transactionSetControlNumber": echo_control_number(report.control_number),
        "implementationConventionReference": echo_version(report.header.element(3)),
        "segmentErrors": SegmentNotes(interchange, report).write() if code != "A" else [],
        "acknowledgmentCode": code,
        "syntaxErrorCodes": list_set_errors(report.findings) if code != "A" else [],
    }


def judge_set(findings: Iterable[Finding]) -> str:
    """IK501: R where a finding stops the set, E where one only has a note to send, else A."""
    found = list(findings)
    if any(finding.stops for finding in found):
        return "R"
    return "E" if any(is_noted(finding) for finding in found) else "A"


def is_noted(finding: Finding) -> bool:
    """True where the 999 has a code for the finding."""
    codes = find_codes(finding)
    return bool(codes.ik304 or codes.ik403 or codes.ik502)


def list_set_errors(findings: Sequence[Finding]) -> list[str]:
    """IK502 to IK506: what stops the set first; a rejection for which the 999 has no code says 5."""
    ordered = sorted(findings, key=lambda finding: not finding.stops)
    return list_codes(iterate_set_errors(ordered)) or [SEGMENTS_IN_ERROR]


def iterate_set_errors(findings: Iterable[Finding]) -> Iterator[str | None]:
    """IK502 of each finding."""
    for finding in findings:
        yield find_codes(finding).ik502
