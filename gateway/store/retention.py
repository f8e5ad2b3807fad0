"""What is past its retention, taken out row by row: claims first, then what only they held on to.

A claim goes by its last change, everything else by its own day, and only once nothing that stays names it: a
remittance stays until all its claims are due. Of an event the body goes; number, ids and link stay, so that
the chain can still be proven.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, Table

from gateway.store import tables
from gateway.store.scope import TenantScope

GONE: Final = b""
"""The body of an event that was purged; a sealed one is never empty."""

PAGE: Final = 500
_event, _claim, _file = tables.event, tables.claim, tables.file


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows were deleted, and how many events lost their body."""

    claims: int = 0
    remittances: int = 0
    interchanges: int = 0
    files: int = 0
    others: int = 0
    events: int = 0

    def __add__(self, other: Purged) -> Purged:
        counts = {name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__}
        return Purged(**counts)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(msgspec.structs.astuple(self))


def purge_claims(scope: TenantScope, before: datetime) -> Purged:
    """Delete some claims that were last changed before then, with what is only theirs, until none is left."""
    found = scope.select(_claim, _claim.c.id).where(_claim.c.updated_at < before).order_by(_claim.c.id)
    ids = _read_ids(scope, found.limit(PAGE).with_for_update(skip_locked=True))
    if not ids:
        return Purged()
    theirs = (
        tables.interchange_claim,
        tables.file_claim,
        tables.acknowledgment,
        tables.payer_reference,
        tables.work_item,
        tables.webhook_delivery,
    )
    others = sum(_delete(scope, table, table.c.claim.in_(ids)) for table in theirs)
    payment = tables.remittance_claim
    scope.run(scope.update(payment).where(payment.c.claim.in_(ids)).values(claim=None))
    events = _blank(scope, _event.c.claim.in_(ids))
    return Purged(claims=_delete(scope, _claim, _claim.c.id.in_(ids)), others=others, events=events)


def purge_rest(scope: TenantScope, before: datetime, *, kept_types: Collection[str]) -> Purged:
    """Delete what is older than then and nothing names any more; events of `kept_types` keep their bodies."""
    remittances, payments = _purge_remittances(scope, before)
    ack, interchange = tables.acknowledgment, tables.interchange
    others = payments + _delete(scope, ack, ack.c.created_at < before, ack.c.claim.is_(None))
    naming = (tables.interchange_claim.c.interchange, ack.c.interchange)
    interchanges = _purge_unnamed(scope, interchange, before, naming)
    for table in (tables.webhook_delivery, tables.work_item, tables.inquiry):
        others += _delete(scope, table, table.c.created_at < before)
    others += _delete(scope, tables.job, tables.job.c.updated_at < before)
    old = (_event.c.at < before, _event.c.claim.is_(None), _event.c.type.not_in(kept_types))
    return Purged(
        remittances=remittances,
        interchanges=interchanges,
        files=_purge_files(scope, before),
        others=others,
        events=_blank(scope, *old),
    )


def list_digests(scope: TenantScope) -> set[str]:
    """The digests of all archived files that a row of the tenant names."""
    inquiry = tables.inquiry.c
    named = (tables.file.c.sha256, tables.interchange.c.sha256, inquiry.request_sha256, inquiry.answer_sha256)
    found = (scope.select(column.table, column).where(column.is_not(None)) for column in named)
    return {row[0] for statement in found for row in scope.tuples(statement)}


def count_orphans(scope: TenantScope) -> int:
    """How many events tell of a claim that is not there, though they were not purged with it."""
    present = scope.select(_claim, _claim.c.id)
    orphans = scope.select(_event, _event.c.sequence).where(
        _event.c.claim.is_not(None), _event.c.claim.not_in(present), _event.c.body != GONE
    )
    return len(scope.tuples(orphans))


def _purge_remittances(scope: TenantScope, before: datetime) -> tuple[int, int]:
    remittance, payment = tables.remittance, tables.remittance_claim
    held = scope.select(payment, payment.c.remittance).where(payment.c.claim.is_not(None))
    due = scope.select(remittance, remittance.c.id).where(
        remittance.c.created_at < before, remittance.c.id.not_in(held)
    )
    count, rows = 0, 0
    while ids := _read_ids(scope, due.limit(PAGE)):
        for table in (payment, tables.provider_adjustment):
            rows += _delete(scope, table, table.c.remittance.in_(ids))
        count += _delete(scope, remittance, remittance.c.id.in_(ids))
    return count, rows


def _purge_files(scope: TenantScope, before: datetime) -> int:
    """Files that nothing names; an answer goes before the file that it answers."""
    answer = _file.alias("answer")
    naming = (
        tables.file_claim.c.file,
        tables.acknowledgment.c.file,
        tables.remittance.c.file,
        tables.work_item.c.file,
        answer.c.original,
    )
    return _purge_unnamed(scope, _file, before, naming)


def _purge_unnamed(
    scope: TenantScope, table: Table, before: datetime, naming: Collection[ColumnElement[Any]]
) -> int:
    """Rows of `table` from before then whose id stands in none of the columns `naming`."""
    due = scope.select(table, table.c.id).where(table.c.created_at < before)
    for column in naming:
        due = due.where(table.c.id.not_in(scope.select(column.table, column).where(column.is_not(None))))
    count = 0
    while ids := _read_ids(scope, due.limit(PAGE)):
        count += _delete(scope, table, table.c.id.in_(ids))
    return count


def _read_ids(scope: TenantScope, statement: Select[Any]) -> list[str]:
    return [row[0] for row in scope.tuples(statement)]


def _delete(scope: TenantScope, table: Table, *criteria: ColumnElement[bool]) -> int:
    return scope.run(scope.delete(table).where(*criteria))


def _blank(scope: TenantScope, *criteria: ColumnElement[bool]) -> int:
    """Take the bodies of events away."""
    return scope.run(scope.update(_event).where(*criteria, _event.c.body != GONE).values(body=GONE))
