"""Remittances: reading, balancing, and writing as JSON documents."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from edi.codes import load_meanings, meaning
from edi.findings import Finding
from edi.models import Adjustment, ClaimPayment, ProviderAdjustment, Remittance
from edi.notation import parse_amount, parse_date, write_amount, write_date
from edi.remits import check_balance, pair_reversals, read_remittance, remittance_document
from tests.answers import make_claim, make_remittance, make_service, make_story

replace = msgspec.structs.replace


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


def without_pointers(remittance: Remittance) -> Remittance:
    claims = tuple(
        replace(claim, pointer="", services=tuple(replace(s, pointer="") for s in claim.services))
        for claim in remittance.claims
    )
    return replace(remittance, claims=claims)


def change_claim(remittance: Remittance, index: int, **changes: Any) -> Remittance:
    claims = list(remittance.claims)
    claims[index] = replace(claims[index], **changes)
    return replace(remittance, claims=tuple(claims))


def test_a_written_remittance_reads_back_as_itself() -> None:
    story = make_story()
    assert without_pointers(read_remittance(remittance_document(story))) == story


def test_a_story_of_paid_denied_reversed_and_taken_back_claims_balances() -> None:
    assert check_balance(make_story()) == ()


def test_a_claim_whose_adjustments_do_not_explain_the_payment_is_named_by_its_pointer() -> None:
    story = read_remittance(remittance_document(make_story()))
    broken = change_claim(story, 1, charge=Decimal(91))
    found = check_balance(broken)
    assert codes(found) == ["remittance.claim_unbalanced", "remittance.lines_unbalanced"]
    assert found[0].pointer == "/detailInfo/0/paymentInfo/1"
    assert found[0].value == "1"


def test_a_service_that_does_not_balance_is_named_and_so_is_its_claim() -> None:
    service = make_service("100", "70", ("CO", "45", "20"))
    found = check_balance(make_remittance(make_claim("RB-9", service)))
    assert codes(found) == ["remittance.service_unbalanced", "remittance.claim_unbalanced"]
    assert [finding.value for finding in found] == ["10", "10"]


def test_a_payment_that_is_not_the_sum_of_claims_less_provider_adjustments_is_found() -> None:
    story = make_story()
    found = check_balance(replace(story, amount=story.amount + Decimal("0.01")))
    assert codes(found) == ["remittance.transaction_unbalanced"]
    assert found[0].value == "-0.01"
    assert found[0].pointer == "/financialInformation/totalActualProviderPaymentAmount"


def test_a_negative_provider_adjustment_raises_the_payment() -> None:
    interest = ProviderAdjustment(provider="1999999984", reason="L6", amount=Decimal("-3.10"))
    remittance = make_remittance(make_claim("RB-1", make_service("50", "50")), kept=(interest,))
    assert remittance.amount == Decimal("53.10")
    assert check_balance(remittance) == ()


def test_claim_level_adjustments_count_for_the_claim() -> None:
    claim = replace(
        make_claim("RB-1", make_service("50", "50")),
        paid=Decimal(40),
        adjustments=(Adjustment("CO", "253", Decimal(10)),),
    )
    assert check_balance(make_remittance(claim)) == ()


def test_a_stated_patient_share_that_the_adjustments_do_not_explain_is_a_warning() -> None:
    story = change_claim(make_story(), 0, patient_responsibility=Decimal(21))
    (finding,) = check_balance(story)
    assert (finding.code, finding.severity) == ("remittance.patient_share_unbalanced", "warning")


def test_a_reversal_with_positive_amounts_is_refused() -> None:
    claim = make_claim("RB-1", make_service("200", "150", ("CO", "45", "50")), status="22")
    assert codes(check_balance(make_remittance(claim))) == ["remittance.reversal_not_negative"]


def test_a_predetermination_may_estimate_only_some_services() -> None:
    claim = replace(
        make_claim("RB-1", make_service("50", "0", ("OA", "101", "50")), status="25"),
        charge=Decimal(80),
        adjustments=(Adjustment("OA", "101", Decimal(30)),),
    )
    assert check_balance(make_remittance(claim)) == ()


def test_an_amount_that_is_no_number_is_reported_and_counts_as_zero() -> None:
    document = remittance_document(make_story())
    document["detailInfo"][0]["paymentInfo"][1]["claimPaymentInfo"]["totalClaimChargeAmount"] = "NaN"  # type: ignore[index]
    remittance = read_remittance(document)
    assert remittance.unreadable == ("/detailInfo/0/paymentInfo/1/claimPaymentInfo/totalClaimChargeAmount",)
    assert codes(check_balance(remittance))[0] == "remittance.amount_unreadable"


def test_a_reversal_is_paired_with_the_correction_that_follows_it() -> None:
    (pair,) = pair_reversals(make_story())
    assert pair.reversal.paid == Decimal(-150)
    assert pair.correction is not None and pair.correction.paid == Decimal(120)


def test_a_take_back_without_correction_is_paired_with_nothing() -> None:
    claim = make_claim("RB-1", make_service("-200", "-150", ("CO", "45", "-50")), status="22")
    (pair,) = pair_reversals(make_remittance(claim))
    assert pair.correction is None


def test_a_debit_is_a_negative_payment() -> None:
    document = remittance_document(make_remittance(make_claim("RB-1", make_service("-5", "-5"), status="22")))
    assert document["financialInformation"]["creditOrDebitFlagCode"] == "D"  # type: ignore[index]
    assert read_remittance(document).amount == Decimal(-5)


def test_seven_reasons_of_one_group_take_two_segments() -> None:
    adjustments = tuple(("CO", reason, "1") for reason in ("45", "59", "97", "131", "144", "237", "253"))
    claim = make_claim("RB-1", make_service("10", "3", *adjustments))
    document = remittance_document(make_remittance(claim))
    segments = document["detailInfo"][0]["paymentInfo"][0]["serviceLines"][0]["serviceAdjustments"]  # type: ignore[index]
    assert [sum(key.startswith("adjustmentReasonCode") for key in segment) for segment in segments] == [6, 1]
    assert without_pointers(read_remittance(document)).claims == (claim,)


def test_claim_dates_come_from_the_statement_else_from_the_services() -> None:
    claim: ClaimPayment = replace(
        make_claim("RB-1"), charge=Decimal(0), service_from=date(2026, 1, 2), service_to=date(2026, 1, 4)
    )
    (read,) = read_remittance(remittance_document(make_remittance(claim))).claims
    assert (read.service_from, read.service_to) == (date(2026, 1, 2), date(2026, 1, 4))


@pytest.mark.parametrize("document", [{}, {"detailInfo": "x"}, {"detailInfo": [{"paymentInfo": [None, 3]}]}])
def test_a_document_of_another_shape_reads_as_an_empty_remittance(document: dict[str, Any]) -> None:
    remittance = read_remittance(document)
    assert remittance.claims == () and remittance.amount == 0


@pytest.mark.parametrize(
    "text", ["", "NaN", "1e5", "1_000", " 1", "1.2.3", "--1", ".", "\uff11\uff12", "Infinity"]
)
def test_what_x12_does_not_write_as_a_number_is_no_amount(text: str) -> None:
    assert parse_amount(text) is None


@pytest.mark.parametrize(
    ("amount", "text"), [("100.00", "100"), ("-0.50", "-0.5"), ("0.00", "0"), ("-0", "0"), ("1E+3", "1000")]
)
def test_amounts_are_written_without_exponent_or_trailing_zeros(amount: str, text: str) -> None:
    assert write_amount(Decimal(amount)) == text


def test_dates_that_do_not_exist_are_none() -> None:
    assert parse_date("20260231") is None and parse_date("2026") is None
    assert parse_date("2026-02-28") == parse_date("20260228") == date(2026, 2, 28)
    assert write_date(date(2026, 2, 28)) == "20260228" and write_date(None) == ""


def test_meanings_are_sentences_of_ours_and_unknown_codes_have_none() -> None:
    assert meaning("adjustment_reason", "45") == "above the fee schedule or the contracted rate"
    assert meaning("adjustment_reason", "9999") is None
    assert all(text and text == text.strip() for table in load_meanings().values() for text in table.values())
    with pytest.raises(KeyError):
        meaning("no_such_table", "1")


def test_a_remittance_as_json_has_the_apis_kind_of_names() -> None:
    text = msgspec.json.encode(make_remittance(make_claim("RB-1", make_service("10.00", "10.00"))))
    assert b'"traceNumber":' in text
    assert b'"patientControlNumber":' in text
    assert re.findall(rb'"[a-z]+_\w+":', text) == []
