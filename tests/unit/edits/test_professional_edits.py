"""Each edit of professional claims: a claim that passes, one change that fails, where the finding points."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from edi.claims import check_claim
from edi.edits import registry
from edi.edits.catalogue import choose_rules
from edi.edits.tables import CodeTables
from edi.guides.registry import load_guide

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = json.loads((ROOT / "samples/837P/paid_in_full/claim.json").read_text(encoding="utf-8"))
CLAIM = "/claimInformation"
FIRST = f"{CLAIM}/serviceLines/0"
SERVICE = f"{FIRST}/professionalService"
DIAGNOSES = f"{CLAIM}/healthCareCodeInformation"
REVISIONS = ["ABK", "ABF"]


def change(*changes: tuple[str, Any]) -> dict[str, Any]:
    """The sample claim with values put at JSON Pointers; None takes a name out."""
    claim = copy.deepcopy(SAMPLE)
    for pointer, value in changes:
        steps = [int(step) if step.isdigit() else step for step in pointer[1:].split("/")]
        owner: Any = claim
        for step in steps[:-1]:
            owner = owner[step]
        owner[steps[-1]] = value
    return claim


def serve_on(day: str) -> list[tuple[str, Any]]:
    """The changes that move both services to a day."""
    return [(f"{CLAIM}/serviceLines/{number}/serviceDate", day) for number in (0, 1)]


def found(claim: dict[str, Any], **options: Any) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.pointer) for finding in check_claim(claim, **options).findings]


def test_the_sample_claim_passes_every_edit() -> None:
    assert found(SAMPLE, received=date(2026, 11, 2)) == []


BY_VIDEO = [
    (f"{CLAIM}/serviceLines/{number}/professionalService/procedureModifiers", ["95"]) for number in (0, 1)
]
SECOND = f"{DIAGNOSES}/1/diagnosisCode"
FIRST_DIAGNOSIS = f"{DIAGNOSES}/0/diagnosisCode"
FAULTS: dict[str, tuple[list[tuple[str, Any]], str, str]] = {
    "taxonomy that is too short": (
        [("/billing/taxonomyCode", "207Q00000")], "taxonomy.malformed", "/billing/taxonomyCode"),
    "taxonomy that does not exist": (
        [("/billing/taxonomyCode", "207Q99999X")], "taxonomy.unknown", "/billing/taxonomyCode"),
    "rendering taxonomy that does not exist": (
        [("/rendering/taxonomyCode", "999Q00000X")], "taxonomy.unknown", "/rendering/taxonomyCode"),
    "employer number with a hyphen": (
        [("/billing/employerId", "93-0000101")], "provider.tax_number_invalid", "/billing/employerId"),
    "social security number that nobody has": (
        [("/billing/employerId", None), ("/billing/ssn", "666120101")],
        "provider.person_number_invalid", "/billing/ssn"),
    "post office box": (
        [("/billing/address/address1", "P.O. Box 77")],
        "provider.post_office_box", "/billing/address/address1"),
    "post office box in the second line": (
        [("/billing/address/address2", "PO BOX 77")],
        "provider.post_office_box", "/billing/address/address2"),
    "five-digit ZIP code": (
        [("/billing/address/postalCode", "97401")],
        "address.postal_code_short", "/billing/address/postalCode"),
    "diagnosis that does not exist": ([(SECOND, "R50X9")], "icd10cm.unknown", SECOND),
    "diagnosis that is a header": ([(SECOND, "R50")], "icd10cm.incomplete", SECOND),
    "diagnosis that became a header": ([(SECOND, "D691")], "icd10cm.incomplete", SECOND),
    "diagnosis before it was in effect": (
        [(SECOND, "D6911"), *serve_on("20260930")], "icd10cm.not_in_effect", SECOND),
    "ICD-10 before ICD-10": (
        serve_on("20150930"), "diagnosis.other_revision", f"{DIAGNOSES}/0/diagnosisTypeCode"),
    "diagnosis twice": ([(SECOND, "J020")], "diagnosis.listed_twice", SECOND),
    "external cause first": (
        [(FIRST_DIAGNOSIS, "W19XXXA")], "diagnosis.external_cause_first", FIRST_DIAGNOSIS),
    "manifestation first": (
        [(FIRST_DIAGNOSIS, "F0280")], "diagnosis.manifestation_first", FIRST_DIAGNOSIS),
    "procedure of four digits": (
        [(f"{SERVICE}/procedureCode", "9921")], "procedure.malformed", f"{SERVICE}/procedureCode"),
    "Level II procedure that does not exist": (
        [(f"{SERVICE}/procedureCode", "A0000"), *serve_on("20260310")],
        "hcpcs.unknown", f"{SERVICE}/procedureCode"),
    "Level II procedure that has ended": (
        [(f"{SERVICE}/procedureCode", "C5271")], "hcpcs.not_in_effect", f"{SERVICE}/procedureCode"),
    "modifier that does not exist": (
        [(f"{SERVICE}/procedureModifiers/0", "ZZ"), *serve_on("20260310")],
        "hcpcs_modifier.unknown", f"{SERVICE}/procedureModifiers/0"),
    "modifier in small letters": (
        [(f"{SERVICE}/procedureModifiers/0", "lt")],
        "modifier.malformed", f"{SERVICE}/procedureModifiers/0"),
    "modifiers that contradict": (
        [(f"{SERVICE}/procedureModifiers", ["26", "TC"])],
        "modifier.contradicts", f"{SERVICE}/procedureModifiers/1"),
    "modifier twice": (
        [(f"{SERVICE}/procedureModifiers", ["25", "25"])],
        "modifier.repeated", f"{SERVICE}/procedureModifiers/1"),
    "place of service before it was in effect": (
        [(f"{CLAIM}/placeOfServiceCode", "10"), *serve_on("20211231"), *BY_VIDEO],
        "place_of_service.not_in_effect", f"{CLAIM}/placeOfServiceCode"),
    "drug code with hyphens": (
        [(f"{FIRST}/drugIdentification", {
            "serviceIdQualifier": "N4", "nationalDrugCode": "0002-8215-01", "nationalDrugUnitCount": "1",
            "measurementUnitCode": "UN"})],
        "drug.code_malformed", f"{FIRST}/drugIdentification/nationalDrugCode"),
    "anaesthesia in units": (
        [(f"{SERVICE}/procedureCode", "00790"), (f"{SERVICE}/procedureModifiers", ["AA"])],
        "claim.anaesthesia_not_in_minutes", f"{SERVICE}/measurementUnit"),
    "a visit in minutes": (
        [(f"{SERVICE}/measurementUnit", "MJ")], "service.in_minutes", f"{SERVICE}/measurementUnit"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_gives_one_finding_at_its_place(name: str) -> None:
    changes, code, pointer = FAULTS[name]
    assert found(change(*changes)) == [(code, pointer)]


def test_a_replacement_without_the_payers_number_is_a_finding() -> None:
    claim = change((f"{CLAIM}/claimFrequencyCode", "7"))
    assert found(claim) == [("claim.payer_control_number_missing", f"{CLAIM}/claimFrequencyCode")]
    answered = {"claimControlNumber": "PAYER77"}
    supplement = (f"{CLAIM}/claimSupplementalInformation", answered)
    assert found(change((f"{CLAIM}/claimFrequencyCode", "7"), supplement)) == []


def test_a_line_that_says_the_same_as_another_is_a_warning_unless_a_modifier_explains_it() -> None:
    claim = copy.deepcopy(SAMPLE)
    lines = claim["claimInformation"]["serviceLines"]
    lines.append({**copy.deepcopy(lines[1]), "providerControlNumber": "3"})
    claim["claimInformation"]["claimChargeAmount"] = "233.00"
    assert found(claim) == [
        ("claim.lines_equal", f"{CLAIM}/serviceLines/2/professionalService/procedureCode")
    ]
    lines[2]["professionalService"]["procedureModifiers"] = ["91"]
    assert found(claim) == []


def test_a_thirteenth_diagnosis_is_one_too_many() -> None:
    codes = [
        "J020",
        "R509",
        "E119",
        "I10",
        "E785",
        "Z794",
        "M545",
        "R079",
        "K219",
        "J449",
        "N179",
        "G4733",
        "D649",
    ]
    listed = [
        {"diagnosisTypeCode": REVISIONS[number > 0], "diagnosisCode": code}
        for number, code in enumerate(codes)
    ]
    assert found(change((DIAGNOSES, listed[:12]))) == [("icd10cm.incomplete", f"{DIAGNOSES}/6/diagnosisCode")]
    assert f"{DIAGNOSES}/12" in [pointer for _, pointer in found(change((DIAGNOSES, listed)))]


def test_a_fifty_first_line_is_one_too_many() -> None:
    claim = copy.deepcopy(SAMPLE)
    line = claim["claimInformation"]["serviceLines"][0]
    days = [f"2026{month:02}{day:02}" for month in (8, 9) for day in range(1, 27)]
    claim["claimInformation"]["serviceLines"] = [
        {**line, "serviceDate": day, "providerControlNumber": str(number)}
        for number, day in enumerate(days[:51])
    ]
    claim["claimInformation"]["claimChargeAmount"] = "7548.00"
    assert found(claim) == [("loop.too_many", f"{CLAIM}/serviceLines/50/assignedNumber")]


def test_diagnoses_without_a_code_are_not_alike() -> None:
    listed = [{"diagnosisTypeCode": REVISIONS[number > 0], "diagnosisCode": ""} for number in range(3)]
    listed[0]["diagnosisCode"] = "J020"
    codes = {code for code, _ in found(change((DIAGNOSES, listed)))}
    assert codes
    assert "diagnosis.listed_twice" not in codes


def test_a_dot_in_a_diagnosis_is_taken_out_before_it_is_looked_up() -> None:
    assert found(change((FIRST_DIAGNOSIS, "J02.0"))) == []


def test_a_letter_may_be_the_second_character_of_a_diagnosis() -> None:
    assert found(change((SECOND, "C4A0"))) == []


def test_a_code_newer_than_the_table_is_told_as_not_checked() -> None:
    code = f"{SERVICE}/procedureCode"
    (finding,) = check_claim(change((code, "A0000"))).findings
    assert (finding.code, finding.pointer, finding.stops) == ("code.not_checked", code, False)
    assert finding.rule == "hcpcs 2026-01"


def test_anaesthesia_in_minutes_passes() -> None:
    changes = (
        (f"{SERVICE}/procedureCode", "00790"),
        (f"{SERVICE}/procedureModifiers", ["AA", "P3"]),
        (f"{SERVICE}/measurementUnit", "MJ"),
        (f"{SERVICE}/serviceUnitCount", "45"),
    )
    assert found(change(*changes)) == []


def test_a_street_that_only_sounds_like_a_box_passes() -> None:
    for street in ("12 Boxwood Post Road", "4 Poplar Box Hill", "POBLANO 12", "1 Post Office Square"):
        assert found(change(("/billing/address/address1", street))) == []


@pytest.mark.parametrize(
    "box", ["PO Box 1", "P.O. BOX 1", "P O Box 1", "Post Office Box 1", "POB 12", "Lockbox 4"]
)
def test_a_post_office_box_is_found_however_it_is_written(box: str) -> None:
    assert found(change(("/billing/address/address1", box))) == [
        ("provider.post_office_box", "/billing/address/address1")
    ]


def test_a_foreign_billing_address_needs_no_nine_digits() -> None:
    claim = change(
        ("/billing/address/countryCode", "CA"),
        ("/billing/address/state", "ON"),
        ("/billing/address/postalCode", "K1A0B1"),
    )
    assert found(claim) == []


MEDICARE = (f"{CLAIM}/claimFilingCode", "MB")
CERTIFIED = (f"{CLAIM}/claimSupplementalInformation", {"cliaNumber": "38D0000001"})
LATE = ("claim.filed_late", f"{CLAIM}/delayReasonCode")


def test_a_medicare_claim_is_late_after_twelve_months() -> None:
    assert found(change(MEDICARE, CERTIFIED), received=date(2027, 10, 5)) == []
    assert found(change(MEDICARE, CERTIFIED), received=date(2027, 10, 6)) == [LATE]


def test_a_delay_reason_answers_for_the_delay() -> None:
    claim = change(MEDICARE, CERTIFIED, (f"{CLAIM}/delayReasonCode", "1"))
    assert found(claim, received=date(2027, 10, 6)) == []


def test_a_payer_without_a_limit_by_law_sets_its_own() -> None:
    assert found(SAMPLE, received=date(2029, 1, 1)) == []


def test_a_service_after_the_day_of_receipt_is_a_finding() -> None:
    assert found(SAMPLE, received=date(2026, 10, 4)) == []
    assert found(SAMPLE, received=date(2026, 10, 3)) == [
        ("claim.service_ahead", f"{CLAIM}/serviceLines/{number}/serviceDate") for number in (0, 1)
    ]


def test_a_finding_about_a_code_names_table_release_and_day() -> None:
    finding = check_claim(change((SECOND, "R50"))).findings[0]
    assert finding.rule == "icd10cm FY2027"
    assert finding.value == "R50 on 2026-10-05"
    assert "icd10cm FY2027" in finding.message
    assert "R50" not in finding.message


def test_without_tables_no_code_is_judged() -> None:
    assert (
        found(change((SECOND, "R50X9"), ("/billing/taxonomyCode", "207Q99999X")), tables=CodeTables()) == []
    )


def test_without_edits_no_code_is_judged() -> None:
    assert found(change((SECOND, "R50X9")), edits=False) == []


def test_every_registered_edit_is_on_by_default_and_cites_its_source() -> None:
    choose_rules("005010X222A1", registry.Basis(CodeTables()))
    claims = ("005010X222A1", "005010X223A2", "005010X224A2")
    edits = {name for guide in claims for name in load_guide(guide).edits}
    registered = {**registry.LOOP_EDITS, **registry.CLAIM_EDITS}
    assert set(registered) <= edits
    assert all(entry.cites for entry in registered.values())
