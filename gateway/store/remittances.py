"""Remittances (835): the payment, its claim payments and its provider adjustments.

A remittance is the same as one that is there already where payer id, trace number, amount, date and digest of
its content agree: it is kept once, in however many files it comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Row

from gateway.store import tables
from gateway.store.claims import fingerprint_control_number
from gateway.store.errors import NoSuchRow
from gateway.store.scope import TenantScope
from gateway.store.statements import columns_of

POSTED = "posted"
PART = "part"
UNBALANCED = "unbalanced"
PAYMENT = "payment"
REVERSAL = "reversal"
CORRECTION = "correction"

_remittance = tables.remittance
_payment = tables.remittance_claim
_provider = tables.provider_adjustment


class Remittance(msgspec.Struct, frozen=True):
    """A payment: `payer_id` TRN03, `trace_number` TRN02, `amount` BPR02, `method` BPR04, `date` BPR16.

    Where it is one part of a payment, `amount` is what it pays itself and `payment_amount` BPR02.
    """

    id: str
    file: str
    payer_id: str
    payer_name: str
    payee_npi: str
    trace_number: str
    method: str
    amount: Decimal
    date: date | None
    set_control_number: str
    state: str
    created_at: datetime
    payment_amount: Decimal | None = None


class ClaimPayment(msgspec.Struct, frozen=True):
    """What a remittance says of one claim (2100 CLP); `claim` is ours, where it was matched.

    `status` is CLP02, `kind` payment, reversal or correction; `body` is its JSON in clear (adjustments,
    services, payer control number).
    """

    id: str
    remittance: str
    position: int
    claim: str | None
    status: str
    kind: str
    charge: Decimal
    paid: Decimal
    adjusted: Decimal
    patient_responsibility: Decimal
    body: bytes


class ProviderAdjustment(msgspec.Struct, frozen=True):
    """One PLB adjustment: the payment is less by `amount`; `identifier` (PLB03-2) comes in clear."""

    id: str
    remittance: str
    position: int
    provider: str
    fiscal_period: date | None
    reason: str
    amount: Decimal
    identifier: str


class NewPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A claim payment as read. `body` is its JSON in clear."""

    patient_control_number: str
    payer_control_number: str
    status: str
    kind: str
    charge: Decimal
    paid: Decimal
    adjusted: Decimal
    patient_responsibility: Decimal
    body: bytes
    claim: str | None = None


class NewAdjustment(msgspec.Struct, frozen=True, kw_only=True):
    """A provider adjustment as read."""

    provider: str
    fiscal_period: date | None
    reason: str
    identifier: str
    amount: Decimal


class NewRemittance(msgspec.Struct, frozen=True, kw_only=True):
    """A remittance as read. `digest` is of its claim payments; `body` is its JSON in clear."""

    file: str
    payer_id: str
    payer_name: str
    payee_npi: str
    trace_number: str
    method: str
    amount: Decimal
    date: date | None
    digest: str
    set_control_number: str
    state: str
    body: bytes
    payment_amount: Decimal | None = None
    payments: tuple[NewPayment, ...] = ()
    provider_adjustments: tuple[NewAdjustment, ...] = ()


_COLUMNS = columns_of(_remittance, Remittance)
_PAYMENT_COLUMNS = columns_of(_payment, ClaimPayment)
_PROVIDER_COLUMNS = tuple(
    _provider.c.body if name == "identifier" else _provider.c[name]
    for name in ProviderAdjustment.__struct_fields__
)


def add(scope: TenantScope, new: NewRemittance) -> Remittance | None:
    """Keep a remittance with all that is in it; None, and nothing kept, where it is there already."""
    values: dict[str, object] = {
        name: getattr(new, name) for name in Remittance.__struct_fields__ if name not in ("id", "created_at")
    }
    values |= {"id": scope.new_id("rem"), "created_at": scope.now()}
    kept = msgspec.convert(values, Remittance)
    row = {**values, "identity": _identify(scope, new), "body": scope.seal(new.body, _context(kept.id))}
    if not scope.insert_unless_present(_remittance, row, ("identity",)):
        return None
    numbered = list(enumerate(new.payments, 1))
    scope.insert(_payment, *(_payment_row(scope, kept.id, place, it) for place, it in numbered))
    adjustments = enumerate(new.provider_adjustments, 1)
    scope.insert(_provider, *(_provider_row(scope, kept.id, place, it) for place, it in adjustments))
    return kept


def _identify(scope: TenantScope, new: NewRemittance) -> str:
    parts = (new.payer_id, new.trace_number, f"{new.amount:.2f}", str(new.date), new.digest)
    return scope.fingerprint("\x1f".join(parts), "remittance")


def _payment_row(scope: TenantScope, remittance: str, position: int, new: NewPayment) -> dict[str, object]:
    payment_id = scope.new_id("pmt")
    copied = ("claim", "status", "kind", "charge", "paid", "adjusted", "patient_responsibility")
    return {
        **{name: getattr(new, name) for name in copied},
        "id": payment_id,
        "remittance": remittance,
        "position": position,
        "control_fingerprint": fingerprint_control_number(scope, new.patient_control_number),
        "payer_control_fingerprint": _fingerprint_payer_control_number(scope, new.payer_control_number),
        "body": scope.seal(new.body, _context(payment_id)),
    }


def _provider_row(
    scope: TenantScope, remittance: str, position: int, new: NewAdjustment
) -> dict[str, object]:
    adjustment_id = scope.new_id("plb")
    return {
        "id": adjustment_id,
        "remittance": remittance,
        "position": position,
        "provider": new.provider,
        "fiscal_period": new.fiscal_period,
        "reason": new.reason,
        "amount": new.amount,
        "body": scope.seal(new.identifier.encode("utf-8"), _context(adjustment_id)),
    }


def load(scope: TenantScope, remittance_id: str) -> Remittance | None:
    """The remittance, or None."""
    statement = scope.select(_remittance, *_COLUMNS).where(_remittance.c.id == remittance_id)
    return scope.one(Remittance, statement)


def read_body(scope: TenantScope, remittance_id: str) -> bytes:
    """The remittance's JSON in clear. Raises NoSuchRow."""
    statement = scope.select(_remittance, _remittance.c.body).where(_remittance.c.id == remittance_id)
    sealed = scope.value(statement)
    if sealed is None:
        raise NoSuchRow(remittance_id)
    return scope.open(sealed, _context(remittance_id))


def list_page(
    scope: TenantScope,
    *,
    payer_id: str | None = None,
    trace_number: str | None = None,
    paid_from: date | None = None,
    paid_to: date | None = None,
    before: str | None = None,
    limit: int = 100,
) -> list[Remittance]:
    """The tenant's remittances that all of it fits, newest first, older than the id `before`."""
    column = _remittance.c
    asked = (
        (payer_id, column.payer_id.__eq__),
        (trace_number, column.trace_number.__eq__),
        (paid_from, column.date.__ge__),
        (paid_to, column.date.__le__),
        (before, column.id.__lt__),
    )
    conditions = [compare(value) for value, compare in asked if value is not None]
    statement = scope.select(_remittance, *_COLUMNS).where(*conditions)
    return scope.rows(Remittance, statement.order_by(column.id.desc()).limit(limit))


def find_by_trace(scope: TenantScope, payer_id: str, trace_number: str) -> list[Remittance]:
    """The remittances of one payment of a payer (TRN03, TRN02), oldest first."""
    statement = scope.select(_remittance, *_COLUMNS).where(
        _remittance.c.payer_id == payer_id, _remittance.c.trace_number == trace_number
    )
    return scope.rows(Remittance, statement.order_by(_remittance.c.id))


def list_parts(scope: TenantScope, part: Remittance | NewRemittance) -> list[Remittance]:
    """The parts of one payment that are here: same payer, trace number, day and whole amount."""
    found = find_by_trace(scope, part.payer_id, part.trace_number)
    return [
        it
        for it in found
        if it.state in (PART, POSTED) and (it.payment_amount, it.date) == (part.payment_amount, part.date)
    ]


def complete(scope: TenantScope, ids: Sequence[str]) -> None:
    """All parts of a payment are here: each of them is posted like any other."""
    parts = scope.update(_remittance).where(_remittance.c.id.in_(ids), _remittance.c.state == PART)
    scope.run(parts.values(state=POSTED))


def list_incomplete(scope: TenantScope, before: datetime) -> list[Remittance]:
    """The parts that came before then and whose payment is not whole yet, oldest first."""
    statement = scope.select(_remittance, *_COLUMNS).where(
        _remittance.c.state == PART, _remittance.c.created_at < before
    )
    return scope.rows(Remittance, statement.order_by(_remittance.c.id))


def list_payments(scope: TenantScope, remittance_id: str) -> list[ClaimPayment]:
    """The claim payments of a remittance, in its order."""
    statement = scope.select(_payment, *_PAYMENT_COLUMNS).where(_payment.c.remittance == remittance_id)
    return _open(scope, scope.rows(ClaimPayment, statement.order_by(_payment.c.position)))


def find_payment(scope: TenantScope, remittance_id: str, position: int) -> ClaimPayment | None:
    """The claim payment at this place of the remittance, from 1; or None."""
    statement = scope.select(_payment, *_PAYMENT_COLUMNS).where(
        _payment.c.remittance == remittance_id, _payment.c.position == position
    )
    found = _open(scope, scope.rows(ClaimPayment, statement))
    return found[0] if found else None


def list_payments_of_claim(scope: TenantScope, claim_id: str) -> list[ClaimPayment]:
    """Every payment, reversal and correction of a claim, in the order they came."""
    statement = scope.select(_payment, *_PAYMENT_COLUMNS).where(_payment.c.claim == claim_id)
    ordered = statement.order_by(_payment.c.remittance, _payment.c.position)
    return _open(scope, scope.rows(ClaimPayment, ordered))


def find_payments(scope: TenantScope, payer_control_number: str) -> list[ClaimPayment]:
    """The claim payments that bear this payer control number (CLP07), in the order they came."""
    wanted = _fingerprint_payer_control_number(scope, payer_control_number)
    if wanted is None:
        return []
    column = _payment.c.payer_control_fingerprint
    statement = scope.select(_payment, *_PAYMENT_COLUMNS).where(column == wanted)
    return _open(scope, scope.rows(ClaimPayment, statement.order_by(_payment.c.id)))


def list_unmatched(scope: TenantScope, *, limit: int = 100) -> list[ClaimPayment]:
    """The claim payments of no known claim, oldest first."""
    statement = scope.select(_payment, *_PAYMENT_COLUMNS).where(_payment.c.claim.is_(None))
    return _open(scope, scope.rows(ClaimPayment, statement.order_by(_payment.c.id).limit(limit)))


def match(scope: TenantScope, payment_id: str, claim_id: str) -> bool:
    """Say whose payment it is, where nobody has said so yet; False otherwise."""
    statement = scope.update(_payment).where(_payment.c.id == payment_id, _payment.c.claim.is_(None))
    return scope.run(statement.values(claim=claim_id)) == 1


def list_provider_adjustments(scope: TenantScope, remittance_id: str) -> list[ProviderAdjustment]:
    """The provider adjustments of a remittance, in its order."""
    statement = scope.select(_provider, *_PROVIDER_COLUMNS).where(_provider.c.remittance == remittance_id)
    rows = scope.tuples(statement.order_by(_provider.c.position))
    return [_open_adjustment(scope, row) for row in rows]


def _open_adjustment(scope: TenantScope, row: Row[Any]) -> ProviderAdjustment:
    values = dict(zip(ProviderAdjustment.__struct_fields__, row, strict=True))
    identifier = scope.open(row.body, _context(row.id)).decode("utf-8")
    return msgspec.convert({**values, "identifier": identifier}, ProviderAdjustment)


def _fingerprint_payer_control_number(scope: TenantScope, number: str) -> str | None:
    return scope.fingerprint(number, "payer_control_number") if number else None


def _open(scope: TenantScope, payments: list[ClaimPayment]) -> list[ClaimPayment]:
    return [msgspec.structs.replace(it, body=scope.open(it.body, _context(it.id))) for it in payments]


def _context(row_id: str) -> str:
    return f"remittance:{row_id}:body"
