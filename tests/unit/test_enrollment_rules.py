"""The rules of enrollments (834) and premium payments (820): what they find, and where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from edi.files import check_file
from edi.findings import Finding
from edi.writer import write_documents
from tests.samples.guide_samples import SAMPLES, envelope, guide_of, load_document

FAMILY = SAMPLES / "834" / "family_enrolls"
LIST_BILL = SAMPLES / "820" / "list_bill"


def find_in(case: Path, document: Mapping[str, Any]) -> tuple[Finding, ...]:
    return check_file(write_documents(guide_of(case), [document], envelope())).all_findings


@pytest.mark.parametrize(("name", "counted"), [("employees", "1"), ("dependents", "1"), ("total", "2")])
def test_a_control_total_that_is_not_the_number_of_members_is_found(name: str, counted: str) -> None:
    document = load_document(FAMILY)
    document["recordTotals"][name] = "7"
    [finding] = find_in(FAMILY, document)
    assert finding.code == "enrollment.total_differs"
    assert finding.value == counted
    assert finding.x12 is not None and (finding.x12.segment, finding.x12.element) == ("QTY", 2)
    assert not finding.stops


def test_totals_are_not_compared_where_none_are_sent() -> None:
    document = load_document(FAMILY)
    del document["recordTotals"]
    assert find_in(FAMILY, document) == ()


@pytest.mark.parametrize(("indicator", "relationship"), [("Y", "19"), ("N", "18")])
def test_an_indicator_that_contradicts_the_relationship_is_found(indicator: str, relationship: str) -> None:
    document = load_document(SAMPLES / "834" / "coverage_ends")
    document["members"][0] |= {"subscriberIndicator": indicator, "individualRelationshipCode": relationship}
    [finding] = find_in(SAMPLES / "834" / "coverage_ends", document)
    assert finding.code == "enrollment.relationship_contradicts"
    assert finding.rule == "005010X220A1 2000/INS02"


def test_a_payment_that_is_not_the_sum_of_premiums_and_adjustments_is_found_with_the_difference() -> None:
    document = load_document(LIST_BILL)
    document["individuals"][1]["previousPaymentAdjustments"] = []
    [finding] = find_in(LIST_BILL, document)
    assert finding.code == "premium.payment_unbalanced"
    assert finding.value == "50"


def test_a_payment_whose_amounts_are_no_numbers_is_left_to_the_static_checks() -> None:
    document = load_document(LIST_BILL)
    document["individuals"][1]["remittanceDetails"][0]["paymentAmount"] = "SIX"
    assert {finding.code for finding in find_in(LIST_BILL, document)} == {"element.bad_character"}
