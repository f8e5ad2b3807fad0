"""Which claim an answer means."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from gateway.matching import Match, Trait, choose_claim
from gateway.store.claims import Claim

ZERO = Decimal("0.00")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BASE = Claim(
    id="clm_1",
    claim_type="005010X222A1",
    control_fingerprint="",
    duplicate_fingerprint="",
    payer_id="CWP02",
    billing_npi="1999902020",
    frequency="1",
    usage="P",
    charge=Decimal("315.00"),
    paid=ZERO,
    adjusted=ZERO,
    patient=ZERO,
    open=Decimal("315.00"),
    service_from=date(2026, 10, 7),
    service_to=date(2026, 10, 7),
    state="sent",
    marks=(),
    original=None,
    created_at=NOON,
    updated_at=NOON,
)
TOLD = Trait(payers=("CWP02",), charge=Decimal("315.00"), service_from=date(2026, 10, 7))


def other(**changes: object) -> Claim:
    return msgspec.structs.replace(BASE, id="clm_2", **changes)


def test_a_single_claim_is_the_one() -> None:
    assert choose_claim([BASE], TOLD) == Match(BASE)


def test_nothing_is_matched_among_nothing() -> None:
    assert choose_claim([], TOLD) == Match(None)


def test_the_charge_tells_two_claims_apart() -> None:
    assert choose_claim([BASE, other(charge=Decimal("20.00"))], TOLD).claim == BASE


def test_the_dates_tell_two_claims_of_one_charge_apart() -> None:
    january = other(service_from=date(2026, 1, 5), service_to=date(2026, 1, 6))
    assert choose_claim([BASE, january], TOLD).claim == BASE


def test_two_claims_that_could_both_be_meant_are_named_and_not_guessed() -> None:
    assert choose_claim([BASE, other()], TOLD) == Match(None, ("clm_1", "clm_2"))


@pytest.mark.parametrize("state", ["rejected", "accepted", "received"])
def test_a_claim_that_never_went_out_is_not_meant(state: str) -> None:
    assert choose_claim([msgspec.structs.replace(BASE, state=state)], TOLD).claim is None


def test_a_claim_to_another_partners_payer_is_not_meant() -> None:
    assert choose_claim([other(payer_id="OTHER")], TOLD) == Match(None)


def test_part_of_the_charge_on_the_same_day_is_a_split_of_the_claim() -> None:
    part = msgspec.structs.replace(TOLD, charge=Decimal("100.00"))
    assert choose_claim([BASE], part).claim == BASE


def test_another_charge_on_another_day_is_another_claim() -> None:
    foreign = msgspec.structs.replace(TOLD, charge=Decimal("1.00"), service_from=date(2020, 1, 1))
    assert choose_claim([BASE], foreign) == Match(None, ("clm_1",))


def test_a_reversal_means_the_claim_whose_charge_it_negates() -> None:
    taken_back = msgspec.structs.replace(TOLD, charge=Decimal("-315.00"))
    assert choose_claim([BASE, other(charge=Decimal("20.00"))], taken_back).claim == BASE
