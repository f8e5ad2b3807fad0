"""Codes with words, repeating elements, moments and picked items: JSON and X12 both ways."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from edi.binding import bind_tree
from edi.checking import check_document
from edi.guides.registry import load_guide
from edi.reader import read_set
from edi.segments import Delimiters, Segment
from edi.writer import generate_set, write_documents
from tests.claim_files import make_envelope

RESPONSE = "005010X279A1-271"
INQUIRY = "005010X279A1-270"
STATUS = "005010X212-276"
Document = dict[str, Any]


def respond(**benefit: Any) -> Document:
    return {
        "payer": {"name": "LARKSPUR HEALTH PLAN", "payorIdentification": "CWP01"},
        "provider": {"providerOrgName": "HOLLOW CREEK", "npi": "1999901014"},
        "subscriber": {"memberId": "LRK1", "lastName": "Brightwater"},
        "benefitsInformation": [{"code": "1", **benefit}],
    }


def write(document: Document, guide: str, delimiters: Delimiters | None = None) -> list[list[str]]:
    made = generate_set(
        guide,
        [document],
        control_number="0001",
        created=datetime(2026, 11, 24, tzinfo=UTC),
        delimiters=delimiters,
    )
    return [segment.elements for segment in made.segments]


def benefit_of(document: Document, delimiters: Delimiters | None = None) -> list[str]:
    return next(elements for elements in write(document, RESPONSE, delimiters) if elements[0] == "EB")


def round_trip(document: Document, guide: str, delimiters: Delimiters) -> Document:
    made = generate_set(
        guide,
        [document],
        control_number="0001",
        created=datetime(2026, 11, 24, tzinfo=UTC),
        delimiters=delimiters,
    )
    tree = read_set(guide, made.segments, delimiters).tree
    return bind_tree(load_guide(guide), tree)[0]


def test_a_word_stands_for_its_code() -> None:
    assert benefit_of(respond(coverageLevel="Family"))[2] == "FAM"


def test_the_code_comes_before_the_word() -> None:
    assert benefit_of(respond(coverageLevelCode="IND", coverageLevel="Family"))[2] == "IND"


def test_a_word_that_is_none_is_refused_as_a_code() -> None:
    findings = check_document(respond(coverageLevel="Everyone"), RESPONSE)
    pointers = [(finding.code, finding.pointer) for finding in findings]
    assert pointers == [("element.bad_code", "/benefitsInformation/0/coverageLevelCode")]


def test_reading_gives_both_code_and_word() -> None:
    document = round_trip(respond(coverageLevelCode="FAM", serviceTypeCodes=["30"]), RESPONSE, Delimiters())
    benefit = document["benefitsInformation"][0]
    assert (benefit["coverageLevel"], benefit["name"]) == ("Family", "Active Coverage")
    assert benefit["serviceTypes"] == ["Health Benefit Plan Coverage"]


@pytest.mark.parametrize("separator", ["^", "!", ">"])
def test_repeats_take_the_separator_of_the_file(separator: str) -> None:
    delimiters = Delimiters(repetition=separator)
    document = respond(serviceTypeCodes=["30", "35", "98"])
    assert benefit_of(document, delimiters)[3] == f"30{separator}35{separator}98"
    bound = round_trip(document, RESPONSE, delimiters)
    assert bound["benefitsInformation"][0]["serviceTypeCodes"] == ["30", "35", "98"]


def test_a_repetition_separator_inside_a_value_is_found_and_breaks_nothing() -> None:
    document = respond(serviceTypeCodes=["30^35"])
    codes = [finding.code for finding in check_document(document, RESPONSE)]
    assert "value.bad_character" in codes
    assert benefit_of(document)[3] == "30?35"


def test_repeats_that_no_name_holds_survive_with_another_separator() -> None:
    delimiters = Delimiters(repetition="!")
    document = {
        "tradingPartnerServiceId": "CWP01",
        "provider": {"organizationName": "HOLLOW CREEK", "npi": "1999901014"},
        "subscriber": {"memberId": "LRK1", "lastName": "Brightwater"},
        "encounter": {"serviceTypeCodes": ["30"]},
    }
    made = write(document, INQUIRY, delimiters)
    second = ["EQ", "35!98"]
    segments = [*made[:-1], second, made[-1]]
    read = read_set(INQUIRY, [Segment(elements, at) for at, elements in enumerate(segments, 1)], delimiters)
    bound = bind_tree(load_guide(INQUIRY), read.tree)[0]
    assert ["EQ", "35^98"] in write(bound, INQUIRY, Delimiters())


@pytest.mark.parametrize(
    ("text", "form"), [("20261101", "D8"), ("20261101-20261130", "RD8"), ("202611010930", "DT")]
)
def test_a_moment_tells_its_format(text: str, form: str) -> None:
    document = respond(benefitsDateInformation={"plan": text})
    dates = [elements for elements in write(document, RESPONSE) if elements[0] == "DTP"]
    assert dates == [["DTP", "291", form, text]]


def test_items_of_an_array_go_to_the_loop_that_picks_them() -> None:
    providers = [
        {"providerType": "ServiceProvider", "organizationName": "HOLLOW CREEK", "npi": "1999901014"},
        {"providerType": "BillingProvider", "organizationName": "CW BILLING", "etin": "CWSAMPLE"},
    ]
    document = {"tradingPartnerServiceId": "CWP01", "providers": providers, "subscriber": {"lastName": "B"}}
    names = [elements for elements in write(document, STATUS) if elements[0] == "NM1"]
    assert [(name[1], name[9]) for name in names if name[1] in ("41", "1P")] == [
        ("41", "CWSAMPLE"),
        ("1P", "1999901014"),
    ]


def test_what_is_no_document_is_a_finding() -> None:
    assert [finding.code for finding in check_document(["a"], STATUS)] == ["json.not_a_document"]


def test_a_billing_provider_alone_is_the_service_provider_too() -> None:
    billing = {"providerType": "BillingProvider", "organizationName": "HOLLOW CREEK", "npi": "1999901014"}
    document = {
        "tradingPartnerName": "LARKSPUR HEALTH PLAN",
        "tradingPartnerServiceId": "CWP01",
        "providers": [billing],
        "subscriber": {"memberId": "LRK1", "lastName": "Brightwater"},
        "encounter": {"trackingNumber": "CW-1", "beginningDateOfService": "20261005"},
    }
    assert check_document(document, STATUS) == ()
    assert document["providers"] == [billing]
    text = write_documents(STATUS, [document], make_envelope())
    assert b"NM1*41*2*HOLLOW CREEK*****46*SENDER1~" in text
    assert b"NM1*1P*2*HOLLOW CREEK*****XX*1999901014~" in text


def test_a_fault_of_the_copied_provider_points_to_the_one_that_was_posted() -> None:
    billing = {"providerType": "BillingProvider", "organizationName": "HOLLOW CREEK", "npi": "1" * 90}
    document = {
        "tradingPartnerName": "LARKSPUR HEALTH PLAN",
        "tradingPartnerServiceId": "CWP01",
        "providers": [billing],
        "subscriber": {"memberId": "LRK1", "lastName": "Brightwater"},
    }
    pointers = [(finding.code, finding.pointer) for finding in check_document(document, STATUS, edits=False)]
    assert pointers == [("element.too_long", "/providers/0/npi")]
