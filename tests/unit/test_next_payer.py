"""The claim to the next payer, of every kind of claim, checked by the engine's own rules."""

from __future__ import annotations

import copy
import json
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from edi.adjudication import Adjudication, Paid, settle_payments
from edi.claim_forms import DENTAL, INSTITUTIONAL, PROFESSIONAL
from edi.claims import check_claim
from edi.merge_patch import apply_patch
from edi.models import Adjustment, ClaimPayment, ServicePayment
from edi.next_payer import LEVELS, choose_next, compose_next
from tests.conftest import ROOT

PAID_ON = date(2026, 10, 30)
CASES = {
    PROFESSIONAL: "837P/contractual_adjustment",
    INSTITUTIONAL: "837I/outpatient_injury",
    DENTAL: "837D/restoration",
}
SERVICES = ("professionalService", "institutionalService", "dentalService")
COMING = {
    "tradingPartnerServiceId": "CWP09",
    "tradingPartnerName": "SECOND MUTUAL",
    "subscriber": {"memberId": "SM-77", "groupNumber": "G-9"},
    "claimInformation": {"claimFilingCode": "CI"},
}


def read_claim(case: str) -> dict[str, Any]:
    claim: dict[str, Any] = json.loads((ROOT / "samples" / case / "claim.json").read_text(encoding="utf-8"))
    return claim


def adjudicate(claim: dict[str, Any], *, lines: bool = True) -> Adjudication:
    """A tenth of every line is written off and a fifth is the patient's."""
    charge = Decimal(claim["claimInformation"]["claimChargeAmount"])
    services = tuple(map(pay_line, claim["claimInformation"]["serviceLines"]))
    paid = sum((it.paid for it in services), Decimal(0))
    whole = (
        Adjustment("CO", "45", (charge / 10).quantize(Decimal("0.01"))),
        Adjustment("PR", "1", charge - paid - (charge / 10).quantize(Decimal("0.01"))),
    )
    payment = ClaimPayment(
        patient_control_number="X",
        status="1",
        charge=charge,
        paid=paid,
        payer_claim_control_number="PX-1",
        services=services if lines else (),
        adjustments=() if lines else whole,
        remark_codes=("MA01",),
    )
    return settle_payments([Paid(payment, PAID_ON)])


def pay_line(line: dict[str, Any]) -> ServicePayment:
    service = next(line[name] for name in SERVICES if name in line)
    charge = Decimal(str(service["lineItemChargeAmount"]))
    off, share = (charge / 10).quantize(Decimal("0.01")), (charge / 5).quantize(Decimal("0.01"))
    coded = "procedureCode" in service
    return ServicePayment(
        procedure=service.get("procedureCode") or service["serviceLineRevenueCode"],
        qualifier=("AD" if "dentalService" in line else "HC") if coded else "NU",
        charge=charge,
        paid=charge - off - share,
        units=Decimal(1),
        control_number=line.get("providerControlNumber") or line.get("lineItemControlNumber") or "",
        adjustments=(Adjustment("CO", "45", off), Adjustment("PR", "2", share)),
    )


def find_faults(document: dict[str, Any], guide: str) -> list[tuple[str, str | None]]:
    found = check_claim(document, guide=guide).findings
    return [(it.code, it.pointer) for it in found if it.stops]


@pytest.mark.parametrize("lines", [True, False], ids=["by line", "by claim"])
@pytest.mark.parametrize("guide", CASES, ids=["professional", "institutional", "dental"])
def test_the_claim_of_every_kind_to_the_next_payer_is_clean_and_balances(guide: str, lines: bool) -> None:
    claim = read_claim(CASES[guide])
    kept = copy.deepcopy(claim)
    made = compose_next(claim, guide, adjudicate(claim, lines=lines))
    document = apply_patch(made.document, COMING)
    assert (made.room, find_faults(document, guide)) == (True, [])
    assert claim == kept, "the stored document is not touched"
    held = document["claimInformation"]["otherSubscriberInformation"]
    [other] = held if isinstance(held, list) else [held]
    assert other["otherPayerName"]["otherPayerClaimControlNumber"] == "PX-1"
    assert other["otherPayerName"]["otherPayerIdentifier"] == claim["tradingPartnerServiceId"]
    assert other["otherSubscriberName"]["otherInsuredIdentifier"] == claim["subscriber"]["memberId"]
    assert document["subscriber"]["paymentResponsibilityLevelCode"] == "S"
    adjudicated = [
        line.get("lineAdjudicationInformation") for line in document["claimInformation"]["serviceLines"]
    ]
    assert all(adjudicated) == lines


def test_the_payer_that_the_claim_names_as_second_becomes_its_payer_and_the_first_one_the_other() -> None:
    """From 837P/secondary...: the same two payers the other way round."""
    claim = read_claim("837P/secondary_after_primary_paid_lines")
    [other] = claim["claimInformation"]["otherSubscriberInformation"]
    other["paymentResponsibilityLevelCode"] = "T"
    del other["payerPaidAmount"], other["remainingPatientLiability"]
    for line in claim["claimInformation"]["serviceLines"]:
        del line["lineAdjudicationInformation"]
    claim["subscriber"]["paymentResponsibilityLevelCode"] = "P"
    document = compose_next(claim, PROFESSIONAL, adjudicate(claim)).document
    assert find_faults(document, PROFESSIONAL) == []
    assert (document["tradingPartnerServiceId"], document["tradingPartnerName"]) == ("CWP02", "QUARRY MUTUAL")
    assert document["subscriber"]["memberId"] == "QRY330177"
    assert document["subscriber"]["dateOfBirth"] == claim["subscriber"]["dateOfBirth"]
    [before] = document["claimInformation"]["otherSubscriberInformation"]
    assert before["otherPayerName"]["otherPayerIdentifier"] == "CWP01"


def test_the_third_payer_is_told_of_both_before_it() -> None:
    claim = read_claim("837P/secondary_after_primary_paid_lines")
    document = apply_patch(compose_next(claim, PROFESSIONAL, adjudicate(claim)).document, COMING)
    assert find_faults(document, PROFESSIONAL) == []
    others = document["claimInformation"]["otherSubscriberInformation"]
    assert [it["paymentResponsibilityLevelCode"] for it in others] == ["P", "S"]
    assert document["subscriber"]["paymentResponsibilityLevelCode"] == "T"
    for line in document["claimInformation"]["serviceLines"]:
        payers = [it["otherPayerPrimaryIdentifier"] for it in line["lineAdjudicationInformation"]]
        assert payers == ["CWP02", "CWP01"]


def test_an_institutional_claim_has_room_for_one_other_payer() -> None:
    claim = read_claim("837I/secondary_after_primary_paid")
    assert not compose_next(claim, INSTITUTIONAL, adjudicate(claim)).room


def test_a_patient_who_is_not_the_insured_of_the_next_payer_becomes_a_dependent() -> None:
    claim = read_claim(CASES[PROFESSIONAL])
    claim["claimInformation"]["otherSubscriberInformation"] = [
        {
            "paymentResponsibilityLevelCode": "S",
            "individualRelationshipCode": "01",
            "claimFilingIndicatorCode": "CI",
            "benefitsAssignmentCertificationIndicator": "Y",
            "releaseOfInformationCode": "Y",
            "otherSubscriberName": {
                "otherInsuredQualifier": "1",
                "otherInsuredLastName": "Spouse",
                "otherInsuredFirstName": "Other",
                "otherInsuredIdentifierTypeCode": "MI",
                "otherInsuredIdentifier": "SP-1",
            },
            "otherPayerName": {
                "otherPayerOrganizationName": "SECOND MUTUAL",
                "otherPayerIdentifierTypeCode": "PI",
                "otherPayerIdentifier": "CWP09",
            },
        }
    ]
    assert choose_next(claim) is not None
    document = compose_next(claim, PROFESSIONAL, adjudicate(claim)).document
    assert find_faults(document, PROFESSIONAL) == []
    assert (document["subscriber"]["lastName"], document["subscriber"]["memberId"]) == ("Spouse", "SP-1")
    patient = claim.get("dependent") or claim["subscriber"]
    assert document["dependent"]["lastName"] == patient["lastName"]
    assert document["dependent"]["relationshipToSubscriberCode"] == "01"


def test_numbers_of_the_first_payer_do_not_go_to_the_next_one() -> None:
    claim = read_claim("837P/replacement_of_paid_claim")
    document = compose_next(claim, PROFESSIONAL, adjudicate(claim)).document
    assert document["claimInformation"]["claimFrequencyCode"] == "1"
    assert "claimControlNumber" not in document["claimInformation"]["claimSupplementalInformation"]


def test_more_than_six_reasons_of_a_group_take_a_second_segment() -> None:
    claim = read_claim(CASES[PROFESSIONAL])
    told = adjudicate(claim)
    [paid] = told.payments
    first, *rest = paid.payment.services
    amount = first.adjustments[0].amount
    many = tuple(Adjustment("CO", str(reason), Decimal("0.01")) for reason in range(100, 107))
    kept = Adjustment("CO", "45", amount - Decimal("0.07"))
    line = msgspec.structs.replace(first, adjustments=(*many, kept, first.adjustments[1]))
    payment = msgspec.structs.replace(paid.payment, services=(line, *rest))
    document = compose_next(claim, PROFESSIONAL, Adjudication((Paid(payment, PAID_ON),))).document
    [adjudicated] = document["claimInformation"]["serviceLines"][0]["lineAdjudicationInformation"]
    groups = [it["adjustmentGroupCode"] for it in adjudicated["claimAdjustmentInformation"]]
    assert groups == ["CO", "CO", "PR"]


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2)], ids=str)
def test_what_stands_of_payment_reversal_and_correction_is_the_correction(order: tuple[int, ...]) -> None:
    claim = read_claim(CASES[PROFESSIONAL])
    [first] = adjudicate(claim).payments
    back = msgspec.structs.replace(
        first.payment, status="22", charge=-first.payment.charge, paid=-first.payment.paid
    )
    corrected = msgspec.structs.replace(first.payment, paid=first.payment.paid + 1)
    told = (first, Paid(back), Paid(corrected, PAID_ON))
    assert [it.payment for it in settle_payments([told[at] for at in order]).payments] == [corrected]


def test_a_merge_patch_removes_by_null_and_replaces_arrays_whole() -> None:
    """The examples of RFC 7386, appendix A, that objects are the target of."""
    assert apply_patch({"a": "b"}, {"a": "c"}) == {"a": "c"}
    assert apply_patch({"a": "b", "b": "c"}, {"a": None}) == {"b": "c"}
    assert apply_patch({"a": ["b"]}, {"a": "c"}) == {"a": "c"}
    assert apply_patch({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}) == {"a": {"b": "d"}}
    assert apply_patch({"a": [{"b": "c"}]}, {"a": [1]}) == {"a": [1]}
    assert apply_patch({}, {"a": {"bb": {"ccc": None}}}) == {"a": {"bb": {}}}


def test_levels_are_in_the_order_of_payment() -> None:
    assert LEVELS[:3] == "PST"
