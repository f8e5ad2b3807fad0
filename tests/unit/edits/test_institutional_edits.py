"""Each edit of institutional and dental claims: the sample passes, one change fails at its place."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from edi.claim_forms import choose_guide
from edi.claims import check_claim
from edi.edits.packing import OPEN, Heading, Row, pack_table
from edi.edits.table import CodeTable
from edi.edits.tables import CodeTables, load_shipped
from edi.payer_rules.examples import merge
from tests.unit.edits.test_professional_edits import ROOT


def read(sample: str) -> dict[str, Any]:
    text = (ROOT / "samples" / sample / "claim.json").read_text(encoding="utf-8")
    return dict(json.loads(text, parse_float=Decimal))


STAY, DENTAL, VISIT = read("837I/inpatient_stay"), read("837D/restoration"), read("837P/paid_in_full")
OUTPATIENT = read("837I/outpatient_injury")
TEST = VISIT["claimInformation"]["serviceLines"][1]
TEST_CHARGE = TEST["professionalService"]["lineItemChargeAmount"]


def found(
    claim: dict[str, Any], tables: CodeTables | None = None, **options: Any
) -> list[tuple[str, str | None]]:
    checked = check_claim(claim, guide=choose_guide(claim), tables=tables, **options)
    return [(finding.code, finding.pointer) for finding in checked.findings]


def change(claim: dict[str, Any], **information: Any) -> dict[str, Any]:
    return dict(merge(claim, {"claimInformation": information}))


def hold(name: str, *rows: Row) -> CodeTables:
    heading = Heading(name, "2026Q4", date(2026, 10, 1), "invented")
    return load_shipped().with_tables([CodeTable(pack_table(heading, rows))])


def with_lines(claim: dict[str, Any], at: int, **line: Any) -> dict[str, Any]:
    lines = [
        merge(one, line) if number == at else one
        for number, one in enumerate(claim["claimInformation"]["serviceLines"])
    ]
    return change(claim, serviceLines=lines)


@pytest.mark.parametrize("claim", [STAY, DENTAL, VISIT, OUTPATIENT])
def test_the_sample_claims_pass_every_edit(claim: dict[str, Any]) -> None:
    assert found(claim) == []


CLAIM = "/claimInformation"
PRINCIPAL = f"{CLAIM}/principalDiagnosis"
FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a principal diagnosis that does not exist": (
        change(STAY, principalDiagnosis={"principalDiagnosisCode": "J1899"}),
        "icd10cm.unknown",
        f"{PRINCIPAL}/principalDiagnosisCode",
    ),
    "an admitting diagnosis that is a header": (
        change(STAY, admittingDiagnosis={"admittingDiagnosisCode": "R06"}),
        "icd10cm.incomplete",
        f"{CLAIM}/admittingDiagnosis/admittingDiagnosisCode",
    ),
    "a principal diagnosis that may not be one": (
        change(STAY, principalDiagnosis={"principalDiagnosisCode": "Z9181"}),
        "diagnosis.unacceptable_principal",
        f"{PRINCIPAL}/principalDiagnosisCode",
    ),
    "a diagnosis of childbirth for a patient of sixty-five": (
        change(STAY, principalDiagnosis={"principalDiagnosisCode": "O80"}),
        "diagnosis.age_differs",
        f"{PRINCIPAL}/principalDiagnosisCode",
    ),
    "no word on presence on admission": (
        change(STAY, principalDiagnosis={"presentOnAdmissionIndicator": None}),
        "diagnosis.admission_not_told",
        f"{PRINCIPAL}/presentOnAdmissionIndicator",
    ),
    "a surgery that does not exist": (
        change(STAY, principalProcedureInformation={"principalProcedureCode": "0BJ08Z9"}),
        "icd10pcs.unknown",
        f"{CLAIM}/principalProcedureInformation/principalProcedureCode",
    ),
    "a bill type that is none": (
        change(STAY, placeOfServiceCode="19"), "type_of_bill.unknown", f"{CLAIM}/placeOfServiceCode"),
    "a patient status that is none": (
        change(STAY, claimCodeInformation={"patientStatusCode": "99"}),
        "patient_status.unknown",
        f"{CLAIM}/claimCodeInformation/patientStatusCode",
    ),
    "still a patient on a last bill": (
        change(STAY, claimCodeInformation={"patientStatusCode": "30"}),
        "bill.status_and_frequency_differ",
        f"{CLAIM}/claimCodeInformation/patientStatusCode",
    ),
    "an admission source that is none": (
        change(STAY, claimCodeInformation={"admissionSourceCode": "Z"}),
        "admission_source.unknown",
        f"{CLAIM}/claimCodeInformation/admissionSourceCode",
    ),
    "a revenue code that is none": (
        with_lines(STAY, 0, institutionalService={"serviceLineRevenueCode": "0009"}),
        "revenue.unknown",
        f"{CLAIM}/serviceLines/0/institutionalService/serviceLineRevenueCode",
    ),
    "a Level II procedure that has ended": (
        with_lines(STAY, 4, institutionalService={"procedureCode": "C5271"}),
        "hcpcs.not_in_effect",
        f"{CLAIM}/serviceLines/4/institutionalService/procedureCode",
    ),
    "a dental procedure without its letter": (
        with_lines(DENTAL, 0, dentalService={"procedureCode": "2391"}),
        "procedure.not_dental",
        f"{CLAIM}/serviceLines/0/dentalService/procedureCode",
    ),
    "a laboratory number of other form": (
        change(VISIT, claimSupplementalInformation={"cliaNumber": "38X0000001"}),
        "certificate.clia_malformed",
        f"{CLAIM}/claimSupplementalInformation/cliaNumber",
    ),
    "a mammography without its certificate": (
        with_lines(VISIT, 0, professionalService={"procedureCode": "77067", "procedureModifiers": None}),
        "certificate.mammography_missing",
        f"{CLAIM}/serviceLines/0/professionalService/procedureCode",
    ),
    "a laboratory test for Medicaid without the laboratory's number": (
        change(VISIT, claimFilingCode="MC"),
        "certificate.clia_missing",
        f"{CLAIM}/serviceLines/1/professionalService/procedureCode",
    ),
    "telehealth without a word on how": (
        change(VISIT, placeOfServiceCode="10", serviceLines=[TEST], claimChargeAmount=TEST_CHARGE),
        "modifier.telehealth_missing",
        f"{CLAIM}/serviceLines/0/professionalService/procedureModifiers/0",
    ),
    "a second payer, and no first": (
        dict(merge(VISIT, {"subscriber": {"paymentResponsibilityLevelCode": "S"}})),
        "claim.primary_payer_missing",
        "/subscriber/paymentResponsibilityLevelCode",
    ),
    "a screening without a word on what followed": (
        with_lines(VISIT, 0, professionalService={"epsdtIndicator": "Y"}),
        "claim.screening_without_referral",
        f"{CLAIM}/serviceLines/0/professionalService/epsdtIndicator",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_gives_one_finding_at_its_place(name: str) -> None:
    claim, code, pointer = FAULTS[name]
    assert found(claim) == [(code, pointer)]


def test_an_exempt_diagnosis_needs_no_word_on_admission() -> None:
    claim = change(STAY, principalDiagnosis={"presentOnAdmissionIndicator": None})
    tables = hold("poa_exempt", Row("J189", 20200101, OPEN, ()))
    assert found(claim, tables) == []


def test_an_interim_bill_is_of_somebody_who_is_still_a_patient() -> None:
    claim = change(STAY, claimFrequencyCode="2", claimDateInformation={"dischargeHour": None})
    assert ("bill.status_and_frequency_differ", f"{CLAIM}/claimCodeInformation/patientStatusCode") in found(
        claim
    )
    staying = change(claim, claimCodeInformation={"patientStatusCode": "30"})
    assert found(staying) == []


def test_an_outpatient_line_of_the_emergency_room_has_a_procedure() -> None:
    lines = OUTPATIENT["claimInformation"]["serviceLines"]
    at = next(n for n, line in enumerate(lines) if line["institutionalService"].get("procedureCode"))
    service = {
        "serviceLineRevenueCode": "0450",
        "procedureCode": None,
        "procedureIdentifier": None,
        "procedureModifiers": None,
    }
    assert "bill.procedure_missing" in {
        code for code, _ in found(with_lines(OUTPATIENT, at, institutionalService=service))
    }


def test_the_fee_schedule_says_which_modifiers_it_pays() -> None:
    tables = hold("mpfs", Row("87880", 20200101, OPEN, ("component 9", "bilateral 0")))
    claim = with_lines(VISIT, 1, professionalService={"procedureModifiers": ["TC"]})
    pointer = f"{CLAIM}/serviceLines/1/professionalService/procedureModifiers/0"
    assert found(claim, tables) == [("modifier.not_payable", pointer)]
    assert found(VISIT, tables) == []


def test_a_provider_whose_number_was_deactivated_is_found_where_the_registry_is_held() -> None:
    tables = hold("npi", Row("1999901014", 20100101, 20250630, ("organization",)))
    assert found(VISIT, tables, received=date(2026, 11, 2)) == [
        ("provider.number_not_active", "/billing/npi")
    ]
    assert found(VISIT, tables, received=date(2025, 6, 30))[:1] != [
        ("provider.number_not_active", "/billing/npi")
    ]


def test_a_reason_that_had_ended_when_the_other_payer_decided_is_found() -> None:
    claim = read("837P/medicare_after_group_plan")
    (other,) = claim["claimInformation"]["otherSubscriberInformation"]
    paid = {
        **other,
        "claimLevelAdjustments": [
            {
                "adjustmentGroupCode": "PR",
                "adjustmentDetails": [{"adjustmentReasonCode": "25", "adjustmentAmount": "58.00"}],
            }
        ],
    }
    paid["otherPayerName"] = {**other["otherPayerName"], "otherPayerAdjudicationOrPaymentDate": "20261001"}
    spoilt = change(claim, otherSubscriberInformation=[paid])
    assert "carc.not_in_effect" in {code for code, _ in found(spoilt)}
    paid["claimLevelAdjustments"][0]["adjustmentDetails"][0]["adjustmentReasonCode"] = "45"
    assert "carc.not_in_effect" not in {code for code, _ in found(spoilt)}


def test_pairs_and_units_of_outpatients_have_their_own_tables() -> None:
    lines = OUTPATIENT["claimInformation"]["serviceLines"]
    billed = [n for n, line in enumerate(lines) if line["institutionalService"].get("procedureCode")]
    at = billed[0]
    code = lines[at]["institutionalService"]["procedureCode"]
    units = hold("mue_outpatient", Row(code, 20200101, OPEN, ("units 0", "mai 3")))
    pointer = f"{CLAIM}/serviceLines/{at}/institutionalService/serviceUnitCount"
    assert ("units.unlikely", pointer) in found(OUTPATIENT, units)
    assert "units.unlikely" not in {
        name
        for name, _ in found(
            OUTPATIENT, hold("mue_practitioner", Row(code, 20200101, OPEN, ("units 0", "mai 3")))
        )
    }
