"""What one claim payment of a remittance does to a claim's money, and the event that tells it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from edi.models import PREDETERMINATION, Adjustment, ClaimPayment
from gateway.lifecycle import ZERO, MoneyRules, Settlement, load_lifecycle


class Posting(msgspec.Struct, frozen=True):
    """A claim payment ready to post: its event and its amounts (dollars)."""

    event: str
    settlement: Settlement


def read_posting(payment: ClaimPayment) -> Posting | None:
    """The posting of a claim payment (005010X221A1 2100), or None where it moves no money of a claim.

    A predetermination (CLP02 = 25) prices a claim that was never made: it is shown, not posted.
    """
    if payment.status == PREDETERMINATION:
        return None
    rules = load_lifecycle().money
    settlement = _read_settlement(payment, rules)
    if payment.status in rules.reversal_statuses:
        return Posting("claim.reversed", settlement)
    return Posting("claim.denied" if settlement.denial else "claim.paid", settlement)


def list_adjustments(payment: ClaimPayment) -> Iterator[Adjustment]:
    """Every adjustment of a claim payment: those of the claim, then those of its services."""
    yield from payment.adjustments
    for service in payment.services:
        yield from service.adjustments


def _read_settlement(payment: ClaimPayment, rules: MoneyRules) -> Settlement:
    adjusted = patient = ZERO
    for adjustment in list_adjustments(payment):
        if adjustment.group in rules.patient_groups:
            patient += adjustment.amount
        else:
            adjusted += adjustment.amount
    return Settlement(payment.paid, adjusted, patient, denial=_is_denial(payment, rules))


def _is_denial(payment: ClaimPayment, rules: MoneyRules) -> bool:
    """True where the payer pays nothing and nothing shows that it allowed the charge.

    A reversal with these marks takes a denial back.
    """
    if payment.status in rules.denied_statuses:
        return True
    if payment.paid != Decimal(0) or payment.charge == Decimal(0):
        return False
    reasons = {f"{adjustment.group}-{adjustment.reason}" for adjustment in list_adjustments(payment)}
    return not reasons & rules.settling_adjustments
