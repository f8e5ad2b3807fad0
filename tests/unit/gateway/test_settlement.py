"""What a claim payment does to a claim's money."""

from __future__ import annotations

from decimal import Decimal

import pytest

from edi.models import Adjustment, ClaimPayment, ServicePayment
from gateway.lifecycle import Settlement
from gateway.settlement import Posting, read_posting


def pay(
    status: str,
    charge: str,
    paid: str,
    *adjustments: tuple[str, str, str],
    services: tuple[ServicePayment, ...] = (),
) -> ClaimPayment:
    return ClaimPayment(
        patient_control_number="PCN1",
        status=status,
        charge=Decimal(charge),
        paid=Decimal(paid),
        adjustments=tuple(
            Adjustment(group, reason, Decimal(amount)) for group, reason, amount in adjustments
        ),
        services=services,
    )


def test_contract_and_patient_adjustments_are_told_apart() -> None:
    posting = read_posting(pay("1", "100", "80", ("CO", "45", "15"), ("PR", "3", "5")))
    assert posting == Posting("claim.paid", Settlement(Decimal(80), Decimal(15), Decimal(5)))


def test_adjustments_of_services_count_beside_those_of_the_claim() -> None:
    line = ServicePayment(
        procedure="99213",
        charge=Decimal(60),
        paid=Decimal(50),
        adjustments=(Adjustment("CO", "45", Decimal(10)),),
    )
    posting = read_posting(pay("1", "100", "80", ("PR", "1", "10"), services=(line,)))
    assert posting is not None
    assert posting.settlement == Settlement(Decimal(80), Decimal(10), Decimal(10))


@pytest.mark.parametrize(
    ("payment", "event"),
    [
        (pay("4", "100", "0", ("CO", "29", "100")), "claim.denied"),
        (pay("4", "100", "0", ("PR", "204", "100")), "claim.denied"),
        (pay("1", "100", "0", ("CO", "16", "100")), "claim.denied"),
        (pay("1", "100", "0", ("CO", "45", "40"), ("PR", "1", "60")), "claim.paid"),
        (pay("2", "100", "0", ("OA", "23", "100")), "claim.paid"),
        (pay("22", "-100", "-80", ("CO", "45", "-20")), "claim.reversed"),
    ],
)
def test_each_kind_of_payment_has_its_event(payment: ClaimPayment, event: str) -> None:
    posting = read_posting(payment)
    assert posting is not None
    assert posting.event == event


def test_taking_back_a_denial_is_known_as_such() -> None:
    posting = read_posting(pay("22", "-100", "0", ("CO", "29", "-100")))
    assert posting is not None
    assert posting.settlement.denial


def test_a_predetermination_is_not_posted() -> None:
    assert read_posting(pay("25", "100", "0", ("CO", "101", "100"))) is None
