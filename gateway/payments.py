"""Payments and what the bank says of them: reassociation by trace number and amount (CAQH CORE 370).

The bank's line and the 835 tell of the same money; they are reassociated where the trace number of the
transfer's addenda (TRN02) is that of the 835 and the amounts agree. What differs is told, never evened out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from edi.findings import Finding, find
from gateway.events import PAYMENT_REASSOCIATED, Happening, publish
from gateway.store import payments
from gateway.store.payments import Deposit
from gateway.store.remittances import Remittance
from gateway.store.scope import TenantScope
from gateway.story import PaymentStory, write_dollars

ZERO: Final = Decimal("0.00")
CENT: Final = Decimal("0.01")
LARGEST: Final = Decimal("9999999999.99")
NO_PAYMENT, AWAITING, REASSOCIATED, VARIANCE = "no_payment", "awaiting", "reassociated", "variance"
NON: Final = "NON"
BANK, CTX = "bank", "ctx"


class Payment(msgspec.Struct, frozen=True):
    """The remittances that tell of one payment, oldest first, and the deposits of it."""

    remittances: tuple[Remittance, ...]
    deposits: tuple[Deposit, ...]

    @property
    def id(self) -> str:
        """That of its oldest remittance, as a payment."""
        return payments.name_payment(self.remittances[0].id)

    @property
    def amount(self) -> Decimal:
        """What the sets come to together (BPR02)."""
        return sum((remittance.amount for remittance in self.remittances), ZERO)

    @property
    def deposited(self) -> Decimal:
        """What came in."""
        return sum((deposit.amount for deposit in self.deposits), ZERO)

    @property
    def variance(self) -> Decimal:
        """What came in beyond what was told; nothing where nothing came in."""
        return self.deposited - self.amount if self.deposits else ZERO

    @property
    def state(self) -> str:
        """Whether bank and payer tell of the same money."""
        if not self.deposits:
            moves = any(remittance.method != NON for remittance in self.remittances)
            return AWAITING if moves else NO_PAYMENT
        return VARIANCE if self.variance else REASSOCIATED


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a bank statement, or a transfer with its addenda. `by` is the key that posts it."""

    amount: Decimal
    day: date
    trace_number: str = ""
    addenda: str = ""
    by: str = ""


class DepositRefused(Exception):
    """The line is none of this payment."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


def complete(scope: TenantScope, remittances: Sequence[Remittance]) -> Payment:
    """The payment that the remittances tell of, with its deposits."""
    return Payment(tuple(remittances), tuple(payments.list_deposits(scope, remittances)))


def post_deposit(scope: TenantScope, payment: Payment, line: Line) -> Payment:
    """The payment after a line of the bank; the same line again changes nothing. Raises DepositRefused."""
    refuse_other(payment, line)
    source = CTX if line.addenda else BANK
    same = [
        it
        for it in payment.deposits
        if (it.amount, it.deposited_on, it.source) == (line.amount, line.day, source)
    ]
    if same:
        return payment
    new = payments.NewDeposit(amount=line.amount, deposited_on=line.day, source=source, by=line.by)
    payments.add_deposit(scope, payment.remittances, new)
    after = complete(scope, payment.remittances)
    first = after.remittances[0].id
    publish(scope, Happening(type=PAYMENT_REASSOCIATED, story=tell(after), remittance=first))
    return after


def refuse_other(payment: Payment, line: Line) -> None:
    """Raises DepositRefused where the line cannot be of this payment."""
    if not ZERO < line.amount <= LARGEST or line.amount != line.amount.quantize(CENT):
        raise DepositRefused(find("payment.amount_bad", pointer="/amount"))
    if payment.state == NO_PAYMENT:
        raise DepositRefused(find("payment.moves_no_money"))
    trace, payer = read_addenda(line.addenda) if line.addenda else (line.trace_number, "")
    first = payment.remittances[0]
    if (line.addenda or line.trace_number) and trace.strip() != first.trace_number:
        pointer = "/addenda" if line.addenda else "/traceNumber"
        raise DepositRefused(find("payment.trace_differs", pointer=pointer))
    if payer and payer != first.payer_id:
        raise DepositRefused(find("payment.payer_differs", pointer="/addenda"))


def read_addenda(addenda: str) -> tuple[str, str]:
    """TRN02 and TRN03 of the addenda of a transfer (TRN*1*trace*payer\\); "" for what is no TRN."""
    parts = addenda.strip().rstrip("\\~").split("*")
    if len(parts) < 3 or parts[0] != "TRN":
        return "", ""
    return parts[2], parts[3] if len(parts) > 3 else ""


def tell(payment: Payment) -> PaymentStory:
    """What the event tells of it."""
    first = payment.remittances[0]
    return PaymentStory(
        payment=payment.id,
        remittances=tuple(remittance.id for remittance in payment.remittances),
        payer_id=first.payer_id,
        trace_number=first.trace_number,
        date=first.date.isoformat() if first.date else None,
        amount=write_dollars(payment.amount),
        deposited=write_dollars(payment.deposited),
        variance=write_dollars(payment.variance),
        state=payment.state,
    )
