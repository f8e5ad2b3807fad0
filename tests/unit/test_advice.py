"""The 824 that is made of findings, and read back to them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edi.acks import read_824, report_group
from edi.acks.advice import CODE_LENGTH
from edi.acks.answering import acknowledge_file
from edi.files import FileReport, check_file
from edi.findings import Severity, load_catalogue
from edi.writer import write_documents
from tests.samples.guide_samples import CASES, SAMPLES, envelope, guide_of, load_document

CREATED = datetime(2026, 11, 3, 8, 0, tzinfo=UTC)
ENROLLMENT = SAMPLES / "834" / "coverage_ends"


def check_enrollment(**member: Any) -> FileReport:
    document = load_document(ENROLLMENT)
    document["members"][0].update(member)
    return check_file(write_documents(guide_of(ENROLLMENT), [document], envelope()))


def answer(report: FileReport) -> tuple[dict[str, Any], bytes]:
    text = acknowledge_file(report, kind="824", created=CREATED)
    [document] = check_file(text).sets[0].documents
    return dict(document), text


def test_an_enrollment_without_fault_is_accepted_by_its_control_numbers_and_reference() -> None:
    document, text = answer(check_enrollment())
    [item] = document["items"]
    assert item["acknowledgmentCode"] == "TA"
    assert (item["transactionSetIdentifierCode"], item["version"]) == ("834", "005010X220A1")
    assert (item["groupControlNumber"], item["transactionSetControlNumber"]) == ("1", "0001")
    assert item["reference"] == "ENR-2026-1130"
    assert "errors" not in item
    assert check_file(text).all_findings == ()


def test_a_bad_code_is_told_with_its_place_and_comes_back_as_the_same_finding() -> None:
    report = check_enrollment(benefitStatusCode="X")
    [made] = report.all_findings
    document, text = answer(report)
    [advice] = read_824(document)
    assert (advice.code, advice.set_id, advice.control_number) == ("R", "834", "0001")
    [read] = advice.findings
    assert read.code == made.code == "element.bad_code"
    assert made.x12 is not None and read.x12 is not None
    places = [(place.segment, place.ordinal, place.element) for place in (made.x12, read.x12)]
    assert places[0] == places[1] == ("INS", 7, 5)
    assert read.severity is Severity.ERROR
    assert "Benefit Status Code (INS05)" in read.message
    assert [error["copyOfBadElement"] for error in document["items"][0]["errors"]] == ["X"]
    assert check_file(text).all_findings == ()


def test_a_warning_accepts_with_errors_only_where_the_999_would_too() -> None:
    report = check_enrollment(individualRelationshipCode="19")
    assert [finding.code for finding in report.all_findings] == ["enrollment.relationship_contradicts"]
    document, _ = answer(report)
    assert document["items"][0]["acknowledgmentCode"] == "TA"
    [advice] = read_824(document)
    assert [finding.severity for finding in advice.findings] == [Severity.WARNING]


def test_the_receiver_and_the_sender_change_places() -> None:
    document, text = answer(check_enrollment())
    assert document["submitter"]["etin"] == "SCRIPTEDPAYER"
    assert document["receiver"]["etin"] == "CLAIMWIREDEMO"
    header = check_file(text).interchanges[0].header
    assert (header.sender, header.receiver) == ("SCRIPTEDPAYER", "CLAIMWIREDEMO")


def test_an_824_is_not_answered_by_an_824() -> None:
    _, text = answer(check_enrollment())
    assert acknowledge_file(check_file(text), kind="824", created=CREATED) == b""


def test_a_999_is_answered_by_a_ta1_alone() -> None:
    functional = acknowledge_file(check_enrollment(), kind="999", created=CREATED)
    [interchange] = check_file(
        acknowledge_file(check_file(functional), kind="999", created=CREATED)
    ).interchanges
    assert (len(interchange.acknowledgments), interchange.groups) == (1, ())


@pytest.mark.parametrize("kind", ["999", "824"])
def test_an_envelope_that_names_nobody_rightly_is_answered_all_the_same(kind: str) -> None:
    document = load_document(ENROLLMENT)
    text = write_documents(guide_of(ENROLLMENT), [document], envelope())
    broken = text.replace(b"*ZZ*CLAIMWIREDEMO  *", b"*Z*  *").replace(b"*T*:~", b"*Q*:~")
    broken = broken.replace(b"GS*BE*CLAIMWIREDEMO", b"GS*BE*C")
    [interchange] = check_file(acknowledge_file(check_file(broken), kind=kind, created=CREATED)).interchanges
    header = interchange.header
    assert (header.receiver_qualifier, header.receiver, header.usage) == ("ZZ", "UNKNOWN", "P")
    assert [group.header.receiver for group in interchange.groups] == ["UNKNOWN"]


def test_what_a_receiver_says_in_its_own_words_is_the_value_and_not_the_message() -> None:
    said = {
        "conditionCode": "024",
        "segmentIdCode": "INS",
        "messages": [{"text": "MEMBER JANE ROE IS UNKNOWN"}],
    }
    item = {"acknowledgmentCode": "TR", "transactionSetIdentifierCode": "834", "errors": [said]}
    [advice] = read_824({"items": [item]})
    [finding] = advice.findings
    assert finding.code == "acknowledgment.reported"
    assert finding.value == "MEMBER JANE ROE IS UNKNOWN"
    assert "ROE" not in finding.message + finding.remedy


@pytest.mark.parametrize("document", [{}, {"items": "no"}, {"items": [{}, 3]}, {"items": [{"errors": [{}]}]}])
def test_reading_never_raises_for_what_a_document_leaves_out(document: dict[str, Any]) -> None:
    assert all(not advice.set_id for advice in read_824(document))


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.parent.name not in ("824", "999")],
    ids=lambda case: f"{case.parent.name}/{case.name}",
)
def test_every_sample_can_be_reported_on(case: Path) -> None:
    held = [*case.glob("[cdf]*.x12")]  # not its acknowledgment
    report = check_file(held[0].read_bytes()) if held else None
    if report is None:
        text = write_documents(guide_of(case), [load_document(case)], envelope())
        report = check_file(text)
    document, answered = answer(report)
    assert [finding.code for finding in check_file(answered).all_findings if finding.stops] == []
    assert [advice.code for advice in read_824(document)] == [
        "R" if any(finding.stops for finding in entry.findings) else "A" for entry in report.sets
    ]
    assert json.dumps(report_group(report.interchanges[0].header, report.interchanges[0].groups[0]))


def test_every_finding_is_told_from_the_others_by_what_an_824_holds_of_its_code() -> None:
    assert len({code[:CODE_LENGTH] for code in load_catalogue()}) == len(load_catalogue())
