"""The rules of the institutional claim: each accepts our sample and finds the one thing changed in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edi.claims import check_claim, summarise, write_claims
from tests.claim_files import make_envelope

GUIDE = "005010X223A2"
SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "837I"
Claim = dict[str, Any]


def load(case: str) -> Claim:
    text = (SAMPLES / case / "claim.json").read_text(encoding="utf-8")
    claim: Claim = json.loads(text, parse_float=Decimal)
    return claim


def faults(claim: Claim) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.pointer) for finding in check_claim(claim, guide=GUIDE).findings]


def test_the_samples_that_the_rules_are_tried_on_are_clean() -> None:
    for case in ("inpatient_stay", "replacement_of_inpatient_stay", "outpatient_injury"):
        assert faults(load(case)) == []


def without(*way: str) -> Callable[[Claim], None]:
    """Takes one value out of a claim."""

    def take(claim: Claim) -> None:
        owner = claim
        for step in way[:-1]:
            owner = owner[step]
        del owner[way[-1]]

    return take


def with_value(value: Any, *way: str) -> Callable[[Claim], None]:
    """Sets one value of a claim."""

    def put(claim: Claim) -> None:
        owner = claim
        for step in way[:-1]:
            owner = owner[step]
        owner[way[-1]] = value

    return put


CLAIM = "claimInformation"
DATES = (CLAIM, "claimDateInformation")
CHANGES = [
    (
        without(*DATES, "admissionDateAndHour"),
        "claim.detail_missing",
        "/claimInformation/claimDateInformation/admissionDateAndHour",
    ),
    (
        without(CLAIM, "claimCodeInformation", "admissionTypeCode"),
        "claim.detail_missing",
        "/claimInformation/claimCodeInformation",
    ),
    (
        without(CLAIM, "admittingDiagnosis"),
        "claim.detail_missing",
        "/claimInformation/admittingDiagnosis",
    ),
    (
        without(*DATES, "dischargeHour"),
        "claim.detail_missing",
        "/claimInformation/claimDateInformation/dischargeHour",
    ),
    (without("attending"), "claim.detail_missing", "/attending"),
    (
        with_value("20261003", *DATES, "statementEndDate"),
        "claim.dates_disordered",
        "/claimInformation/claimDateInformation/statementBeginDate",
    ),
    (
        with_value("202610091200", *DATES, "admissionDateAndHour"),
        "claim.dates_disordered",
        "/claimInformation/claimDateInformation/admissionDateAndHour",
    ),
    (
        with_value("18450.00", CLAIM, "claimChargeAmount"),
        "claim.charges_unbalanced",
        "/claimInformation/claimChargeAmount",
    ),
    (
        with_value("8", CLAIM, "claimFrequencyCode"),
        "claim.payer_control_number_missing",
        "/claimInformation/claimFrequencyCode",
    ),
    (without("subscriber", "address"), "claim.patient_detail_missing", "/subscriber/address/address1"),
]


@pytest.mark.parametrize(("change", "code", "pointer"), CHANGES)
def test_one_change_of_an_inpatient_claim_is_found_where_it_was_made(
    change: Callable[[Claim], None], code: str, pointer: str
) -> None:
    claim = deepcopy(load("inpatient_stay"))
    change(claim)
    assert (code, pointer) in faults(claim)


def test_findings_of_shared_rules_name_the_institutional_guide() -> None:
    claim = load("inpatient_stay")
    claim["claimInformation"]["claimChargeAmount"] = "1.00"
    (finding,) = check_claim(claim, guide=GUIDE).findings
    assert finding.rule == "005010X223A2 2300/CLM02"


def test_an_interim_bill_needs_no_hour_of_discharge() -> None:
    claim = load("inpatient_stay")
    claim["claimInformation"]["claimFrequencyCode"] = "2"
    claim["claimInformation"]["claimCodeInformation"]["patientStatusCode"] = "30"
    del claim["claimInformation"]["claimDateInformation"]["dischargeHour"]
    assert faults(claim) == []


def test_an_ambulance_bill_needs_no_attending_provider() -> None:
    claim = load("outpatient_injury")
    del claim["attending"]
    for line in claim["claimInformation"]["serviceLines"]:
        line["institutionalService"]["serviceLineRevenueCode"] = "0540"
    assert faults(claim) == []


def test_the_summary_takes_the_statement_period_where_lines_have_no_dates() -> None:
    summary = summarise(load("inpatient_stay"))
    assert summary is not None
    assert (f"{summary.service_from}", f"{summary.service_to}") == ("2026-10-04", "2026-10-08")


def test_a_single_attachment_of_a_line_is_listed_and_its_fault_points_to_it() -> None:
    claim = load("outpatient_injury")
    report = {"attachmentReportTypeCode": "XX", "attachmentTransmissionCode": "AA"}
    claim["claimInformation"]["serviceLines"][1]["serviceLineSupplementalInformation"] = report
    pointer = "/claimInformation/serviceLines/1/serviceLineSupplementalInformation/attachmentReportTypeCode"
    assert faults(claim) == [("element.bad_code", pointer)]


def test_claims_of_one_provider_are_folded() -> None:
    claims = [load("inpatient_stay"), load("replacement_of_inpatient_stay"), load("outpatient_injury")]
    written = write_claims(claims, make_envelope(), guide=GUIDE)
    assert written.text.count(b"NM1*85*") == 1
    assert [placed.position for placed in written.placements] == [1, 2, 3]


def test_second_names_of_a_line_are_read_and_their_faults_point_to_them() -> None:
    claim = load("outpatient_injury")
    line = claim["claimInformation"]["serviceLines"][0]
    line["serviceLineDateInformation"] = {"beginServiceDate": line.pop("serviceDate")}
    line["linePricingInformation"] = {"pricingMethodologyCode": "99", "repricedAllowedAmount": "1"}
    line["lineAdjustmentInformation"] = {
        "otherPayerPrimaryIdentifier": "CWP02",
        "serviceLinePaidAmount": "300.00",
        "serviceIdQualifier": "HC",
        "procedureCode": "73110",
        "paidServiceUnitCount": "1",
        "claimPaidDate": "20261030",
        "claimAdjustment": {
            "adjustmentGroupCode": "CO",
            "claimAdjustmentDetails": [{"adjustmentReasonCode": "45", "adjustmentAmount": "110.40"}],
        },
    }
    text = write_claims([claim], make_envelope(), guide=GUIDE).text
    for segment in (
        b"DTP*472*D8*20261012~",
        b"HCP*99*1~",
        b"SVD*CWP02*300.00*HC:73110**1~",
        b"CAS*CO*45*110.40~",
    ):
        assert segment in text
    pointer = "/claimInformation/serviceLines/0/linePricingInformation/pricingMethodologyCode"
    assert ("element.bad_code", pointer) in faults(claim)


def test_a_short_zip_code_of_the_billing_provider_is_told_and_a_foreign_one_is_not() -> None:
    claim = load("outpatient_injury")
    claim["billing"]["address"]["postalCode"] = "55113"
    assert faults(claim) == [("address.postal_code_short", "/billing/address/postalCode")]
    claim["billing"]["address"] |= {"postalCode": "K1A0B1", "countryCode": "CA", "state": "ON"}
    assert faults(claim) == []


def told_of_service(case: str, day: str, revenue: str = "") -> list[tuple[str, str, str | None]]:
    """What is found in a sample whose last line was of this day."""
    claim = load(case)
    line = claim["claimInformation"]["serviceLines"][-1]
    line["serviceDate"] = day
    if revenue:
        line["institutionalService"]["serviceLineRevenueCode"] = revenue
    found = check_claim(claim, guide=GUIDE).findings
    return [(finding.code, finding.severity, finding.pointer) for finding in found]


def test_services_of_the_days_before_an_admission_may_come_before_the_statement_period() -> None:
    place = "/claimInformation/serviceLines/4/serviceDate"
    assert told_of_service("inpatient_stay", "20261004") == []
    warned = [("claim.service_before_statement", "warning", place)]
    for day in ("20261001", "20261003"):
        assert told_of_service("inpatient_stay", day) == warned
    assert told_of_service("inpatient_stay", "20260930") == [("claim.dates_disordered", "error", place)]
    assert told_of_service("inpatient_stay", "20261009") == [("claim.dates_disordered", "error", place)]


def test_the_day_of_a_rate_is_that_of_an_assessment_and_need_not_fall_into_the_statement_period() -> None:
    found = told_of_service("skilled_nursing_stay", "20260815", "0022")
    assert [code for code, _, _ in found if code.startswith("claim.")] == []
