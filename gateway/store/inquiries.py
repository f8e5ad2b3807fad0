"""Inquiries in real time: what was asked of whom, under which numbers, and what became of it.

States: asked -> answered | rejected | refused | failed | unanswered. What was asked and answered stands in
the archive, under digests. An inquiry that is asked still is due again at `due_at`, under its own message id.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Select

from gateway.store import tables
from gateway.store.errors import NoSuchRow
from gateway.store.scope import SystemScope, TenantScope
from gateway.store.statements import columns_of

ASKED = "asked"
ANSWERED = "answered"
REJECTED = "rejected"
REFUSED = "refused"
FAILED = "failed"
UNANSWERED = "unanswered"

_inquiry = tables.inquiry


class Inquiry(msgspec.Struct, frozen=True):
    """One inquiry. `kind` is eligibility or claim_status; `message_id` the wire's id of it, a UUID.

    `trace` is the reference that the answer gives back (BHT03, TRN02), `control_number` ISA13, `fingerprint`
    the keyed digest of what was asked; `reason` a finding's code.
    """

    id: str
    kind: str
    partner: str
    payer_id: str
    message_id: str
    trace: str
    fingerprint: str
    state: str
    request_sha256: str
    control_number: int
    reason: str | None
    answer_sha256: str | None
    attempts: int
    due_at: datetime
    answered_at: datetime | None
    created_at: datetime
    updated_at: datetime


class NewInquiry(msgspec.Struct, frozen=True, kw_only=True):
    """An inquiry about to be sent; it is due again after `wait` unless it is settled before."""

    id: str
    kind: str
    partner: str
    payer_id: str
    message_id: str
    trace: str
    fingerprint: str
    request_sha256: str
    control_number: int
    wait: timedelta


_COLUMNS = columns_of(_inquiry, Inquiry)


def add(scope: TenantScope, new: NewInquiry) -> Inquiry:
    """Record an inquiry before it is sent, its first attempt counted."""
    now, given = scope.now(), msgspec.structs.asdict(new)
    inquiry = Inquiry(
        due_at=now + given.pop("wait"),
        **given,
        state=ASKED,
        reason=None,
        answer_sha256=None,
        attempts=1,
        answered_at=None,
        created_at=now,
        updated_at=now,
    )
    scope.insert(_inquiry, msgspec.structs.asdict(inquiry))
    return inquiry


def load(scope: TenantScope, inquiry_id: str, *, lock: bool = False) -> Inquiry | None:
    """The inquiry, or None. With `lock`, no other transaction changes it until this one ends."""
    statement = _select(scope).where(_inquiry.c.id == inquiry_id)
    return scope.one(Inquiry, statement.with_for_update() if lock else statement)


def list_page(scope: TenantScope, *, before: str | None = None, limit: int = 100) -> list[Inquiry]:
    """The tenant's inquiries, newest first, older than the id `before`."""
    statement = _select(scope)
    if before is not None:
        statement = statement.where(_inquiry.c.id < before)
    return scope.rows(Inquiry, statement.order_by(_inquiry.c.id.desc()).limit(limit))


def find_fresh(scope: TenantScope, kind: str, fingerprint: str, since: datetime) -> Inquiry | None:
    """The newest answered inquiry of the same content whose answer came since then, or None."""
    statement = _select(scope).where(
        _inquiry.c.fingerprint == fingerprint,
        _inquiry.c.kind == kind,
        _inquiry.c.state == ANSWERED,
        _inquiry.c.answered_at >= since,
    )
    return scope.one(Inquiry, statement.order_by(_inquiry.c.id.desc()).limit(1))


def find_by_trace(scope: TenantScope, partner: str, kind: str, trace: str) -> Inquiry | None:
    """The newest inquiry of the partner with this reference of ours, or None."""
    statement = _select(scope).where(
        _inquiry.c.trace == trace, _inquiry.c.partner == partner, _inquiry.c.kind == kind
    )
    return scope.one(Inquiry, statement.order_by(_inquiry.c.id.desc()).limit(1))


def answer_late(scope: TenantScope, inquiry_id: str, answer_sha256: str) -> bool:
    """Keep an answer that came another way, also after all was given up; False where one was kept before."""
    now = scope.now()
    changes = {"state": ANSWERED, "reason": None, "answer_sha256": answer_sha256, "answered_at": now}
    statement = scope.update(_inquiry).where(_inquiry.c.id == inquiry_id, _inquiry.c.answer_sha256.is_(None))
    return scope.run(statement.values(**changes, updated_at=now)) == 1


def tenants_due(system: SystemScope) -> list[str]:
    """The tenants with an inquiry that is due again."""
    due = (_inquiry.c.state == ASKED, _inquiry.c.due_at <= system.now())
    return system.tenants_with(_inquiry, *due)


def take_due(scope: TenantScope, again_at: datetime, *, limit: int) -> list[Inquiry]:
    """Up to `limit` inquiries that are due again, oldest first, their next attempt counted; due at `again_at`
    then, so that no other process takes them meanwhile.
    """
    due = scope.select(_inquiry, _inquiry.c.id).where(
        _inquiry.c.state == ASKED, _inquiry.c.due_at <= scope.now()
    )
    chosen = due.order_by(_inquiry.c.due_at).limit(limit).with_for_update(skip_locked=True)
    ids = [row[0] for row in scope.tuples(chosen)]
    if not ids:
        return []
    changes = {"due_at": again_at, "attempts": _inquiry.c.attempts + 1, "updated_at": scope.now()}
    scope.run(scope.update(_inquiry).where(_inquiry.c.id.in_(ids)).values(**changes))
    return scope.rows(Inquiry, _select(scope).where(_inquiry.c.id.in_(ids)).order_by(_inquiry.c.id))


def settle(
    scope: TenantScope,
    inquiry_id: str,
    state: str,
    *,
    reason: str | None = None,
    answer_sha256: str | None = None,
) -> bool:
    """Say what became of an inquiry; False where somebody said so before. Raises NoSuchRow."""
    now = scope.now()
    changes = {"state": state, "reason": reason, "answer_sha256": answer_sha256, "updated_at": now}
    if answer_sha256 is not None:
        changes["answered_at"] = now
    open_ = scope.update(_inquiry).where(_inquiry.c.id == inquiry_id, _inquiry.c.state == ASKED)
    if scope.run(open_.values(**changes)):
        return True
    if load(scope, inquiry_id) is None:
        raise NoSuchRow(inquiry_id)
    return False


def _select(scope: TenantScope) -> Select[Any]:
    return scope.select(_inquiry, *_COLUMNS)
