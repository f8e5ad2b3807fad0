"""What a payer's remittances come to for one claim once reversals have taken back what they name. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from edi.models import DENIED, PREDETERMINATION, Adjustment, ClaimPayment, ServicePayment

ZERO = Decimal(0)
PATIENT_GROUP = "PR"


class Paid(msgspec.Struct, frozen=True):
    """One claim payment (005010X221A1 2100) and the day that its remittance was paid (BPR16)."""

    payment: ClaimPayment
    day: date | None = None


class Adjudication(msgspec.Struct, frozen=True):
    """The payments of a claim that stand, oldest first."""

    payments: tuple[Paid, ...]

    @property
    def paid(self) -> Decimal:
        """What the payer paid in all (dollars)."""
        return sum((it.payment.paid for it in self.payments), ZERO)

    @property
    def day(self) -> date | None:
        """The day of the last payment that stands."""
        return max((it.day for it in self.payments if it.day is not None), default=None)

    @property
    def adjustments(self) -> tuple[Adjustment, ...]:
        """Those of the claim itself."""
        return tuple(adjustment for it in self.payments for adjustment in it.payment.adjustments)

    @property
    def services(self) -> tuple[tuple[ServicePayment, date | None], ...]:
        """Every service line that was adjudicated, with its day."""
        return tuple((service, it.day) for it in self.payments for service in it.payment.services)

    @property
    def patient_share(self) -> Decimal:
        """What the adjustments leave to the patient (group PR), of claim and lines."""
        lines = (adjustment for service, _ in self.services for adjustment in service.adjustments)
        return add_group((*self.adjustments, *lines), PATIENT_GROUP)

    @property
    def payer_number(self) -> str:
        """The payer's number of the claim (CLP07), as it was told last."""
        return next((it.payment.payer_claim_control_number for it in reversed(self.payments)), "")

    @property
    def remarks(self) -> tuple[str, ...]:
        """The remark codes of the claim, each once."""
        return tuple(dict.fromkeys(code for it in self.payments for code in it.payment.remark_codes))

    @property
    def denied(self) -> bool:
        """True where every payment that stands is a denial of the whole claim (CLP02 = 4)."""
        return all(it.payment.status == DENIED for it in self.payments)


def add_group(adjustments: Iterable[Adjustment], group: str) -> Decimal:
    """The sum of the adjustments of one group (dollars)."""
    return sum((adjustment.amount for adjustment in adjustments if adjustment.group == group), ZERO)


def settle_payments(payments: Sequence[Paid]) -> Adjudication:
    """What stands of payments in the order they came.

    A reversal takes back the latest payment with the same amounts, else the latest one. A predetermination
    (CLP02 = 25) pays nothing.
    """
    standing: list[Paid] = []
    early: list[Paid] = []
    for paid in payments:
        if paid.payment.status == PREDETERMINATION:
            continue
        if not paid.payment.reversal:
            taken = next((it for it in early if _takes_back(it.payment, paid.payment)), None)
            if taken is None:
                standing.append(paid)
            else:
                early.remove(taken)
            continue
        meant = [it for it in standing if _takes_back(paid.payment, it.payment)] or standing
        if meant:
            standing.remove(meant[-1])
        else:
            early.append(paid)
    return Adjudication(tuple(standing))


def _takes_back(reversal: ClaimPayment, payment: ClaimPayment) -> bool:
    return reversal.charge == -payment.charge and reversal.paid == -payment.paid
