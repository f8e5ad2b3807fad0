"""Payments: one check or transfer, by payer, trace number and day, in however many 835 sets it comes.

A payment is no row: it is the remittances that tell of it, and its id is made of that of the oldest one. What
the bank says of it are deposits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

import msgspec
from sqlalchemy import func

from gateway.store import tables
from gateway.store.remittances import Remittance
from gateway.store.scope import TenantScope
from gateway.store.statements import columns_of

_remittance = tables.remittance
_deposit = tables.bank_deposit
_COLUMNS = columns_of(_remittance, Remittance)
PREFIX: Final = "pay_"
REMITTANCE_PREFIX: Final = "rem_"


class Deposit(msgspec.Struct, frozen=True):
    """A deposit line of a bank for a payment: `source` is bank or ctx, `by` the key that posted it."""

    id: str
    payer_id: str
    trace_number: str
    paid_on: date | None
    amount: Decimal
    deposited_on: date
    source: str
    by: str
    created_at: datetime


class NewDeposit(msgspec.Struct, frozen=True, kw_only=True):
    """A deposit line as it is posted."""

    amount: Decimal
    deposited_on: date
    source: str
    by: str


_DEPOSIT_COLUMNS = columns_of(_deposit, Deposit)


def name_payment(oldest: str) -> str:
    """The id of the payment whose oldest remittance this is."""
    return PREFIX + oldest.removeprefix(REMITTANCE_PREFIX)


def list_page(
    scope: TenantScope, *, payer_id: str = "", before: str | None = None, limit: int = 100
) -> list[list[Remittance]]:
    """Payments as the remittances that tell of each, newest payment first, older than the id `before`."""
    oldest = func.min(_remittance.c.id)
    key = (_remittance.c.payer_id, _remittance.c.trace_number, _remittance.c.date)
    statement = scope.select(_remittance, oldest).group_by(*key)
    if payer_id:
        statement = statement.where(_remittance.c.payer_id == payer_id)
    if before is not None:
        statement = statement.having(oldest < REMITTANCE_PREFIX + before.removeprefix(PREFIX))
    first = [row[0] for row in scope.tuples(statement.order_by(oldest.desc()).limit(limit))]
    return [found for it in first if (found := load(scope, name_payment(it)))]


def load(scope: TenantScope, payment_id: str) -> list[Remittance]:
    """The remittances of the payment with this id, oldest first; none where there is no such payment."""
    first_id = REMITTANCE_PREFIX + payment_id.removeprefix(PREFIX)
    statement = scope.select(_remittance, *_COLUMNS).where(_remittance.c.id == first_id)
    first = scope.one(Remittance, statement)
    if first is None or not payment_id.startswith(PREFIX):
        return []
    found = find(scope, first.payer_id, first.trace_number, first.date)
    return found if found[0].id == first_id else []


def find(scope: TenantScope, payer_id: str, trace_number: str, paid_on: date | None) -> list[Remittance]:
    """The remittances of a payment (TRN03, TRN02, BPR16), oldest first."""
    day = _remittance.c.date
    statement = scope.select(_remittance, *_COLUMNS).where(
        _remittance.c.payer_id == payer_id,
        _remittance.c.trace_number == trace_number,
        day.is_(None) if paid_on is None else day == paid_on,
    )
    return scope.rows(Remittance, statement.order_by(_remittance.c.id))


def add_deposit(scope: TenantScope, payment: Sequence[Remittance], new: NewDeposit) -> Deposit:
    """Keep a deposit line of the payment that these remittances tell of."""
    first = payment[0]
    deposit = Deposit(
        scope.new_id("dep"),
        first.payer_id,
        first.trace_number,
        first.date,
        new.amount,
        new.deposited_on,
        new.source,
        new.by,
        scope.now(),
    )
    scope.insert(_deposit, msgspec.structs.asdict(deposit))
    return deposit


def list_deposits(scope: TenantScope, payment: Sequence[Remittance]) -> list[Deposit]:
    """The deposit lines of a payment, oldest first."""
    first = payment[0]
    day = _deposit.c.paid_on
    statement = scope.select(_deposit, *_DEPOSIT_COLUMNS).where(
        _deposit.c.payer_id == first.payer_id,
        _deposit.c.trace_number == first.trace_number,
        day.is_(None) if first.date is None else day == first.date,
    )
    return scope.rows(Deposit, statement.order_by(_deposit.c.id))
