"""Where sealed values stand, for what must walk over all of them: a rotation, and the proof that it is done.

Each column names the context of its values as a pattern over the row's own columns, as its query module
writes it; a test seals a row of every table and walks it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Column, ColumnElement, Table, and_, func, literal, or_

from gateway.data_keys import name_period
from gateway.store import tables
from gateway.store.scope import TenantScope

PAGE: Final = 200


class SealedColumn(msgspec.Struct, frozen=True):
    """A column of sealed values: how their context is made, and the column of the day that they are of."""

    table: Table
    column: str
    context: str
    moment: str = "created_at"

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.table.name}.{self.column}"

    @property
    def key(self) -> list[Column[Any]]:
        """What tells the rows of an owner apart."""
        return [column for column in self.table.primary_key if column.name != "tenant"]


SEALED: Final = (
    SealedColumn(tables.claim, "body", "claim:{id}:body"),
    SealedColumn(tables.event, "body", "event:{id}:body", "at"),
    SealedColumn(tables.file, "name", "file:{id}:name"),
    SealedColumn(tables.acknowledgment, "body", "acknowledgment:{id}:body"),
    SealedColumn(tables.remittance, "body", "remittance:{id}:body"),
    SealedColumn(tables.remittance_claim, "body", "remittance:{id}:body", ""),
    SealedColumn(tables.provider_adjustment, "body", "remittance:{id}:body", ""),
    SealedColumn(tables.idempotency, "response", "idempotency:{route}:{key_fingerprint}:response"),
    SealedColumn(tables.work_item, "body", "work_item:{id}:body"),
    SealedColumn(tables.work_item, "note", "work_item:{id}:note"),
    SealedColumn(tables.webhook_endpoint, "secret", "webhook_endpoint:{id}:secret"),
    SealedColumn(tables.webhook_endpoint, "previous_secret", "webhook_endpoint:{id}:secret"),
    SealedColumn(tables.person, "password", "person:{id}:password"),
    SealedColumn(tables.person, "totp", "person:{id}:totp"),
    SealedColumn(tables.emergency_access, "reason", "emergency_access:{id}:reason"),
    SealedColumn(tables.audit_entry, "reason", "audit:{sequence}:reason", "at"),
)
UNSEALED: Final = frozenset({"data_key.wrapped"})
"""Columns of bytes that are no sealed values."""


def count_sealed(scope: TenantScope, place: SealedColumn, headers: Collection[bytes]) -> int:
    """How many values of a column begin with one of these headers."""
    column = place.table.c[place.column]
    counted = scope.select(place.table, func.count()).where(_begins(column, headers))
    return int(scope.value(counted) or 0) if headers else 0


def list_periods(scope: TenantScope, place: SealedColumn, headers: Collection[bytes]) -> set[str]:
    """The months that the values with these headers are of."""
    if not headers or not place.moment:
        return set()
    column, moment = place.table.c[place.column], place.table.c[place.moment]
    found = scope.select(place.table, moment).where(_begins(column, headers)).distinct()
    return {name_period(row[0]) for row in scope.tuples(found)}


def reseal_some(
    scope: TenantScope, place: SealedColumn, headers: Collection[bytes], *, original: bool
) -> int:
    """Seal some values with these headers anew, until none is left; how many.

    By the key of their month where `original`, else by the one of today. Run twice, it finds nothing to do.
    """
    column = place.table.c[place.column]
    wanted = scope.select(place.table).where(_begins(column, headers)).limit(PAGE).with_for_update()
    rows = scope.tuples(wanted)
    for row in rows:
        _reseal(scope, place, row._mapping, original=original)
    return len(rows)


def _reseal(scope: TenantScope, place: SealedColumn, row: Any, *, original: bool) -> None:
    context = place.context.format_map(row)
    moment: datetime | None = row[place.moment] if original and place.moment else None
    clear = scope.open(row[place.column], context)
    sealed = scope.seal(clear, context, period=name_period(moment) if moment else "")
    itself = [column == row[column.name] for column in place.key]
    scope.run(scope.update(place.table).where(*itself).values({place.column: sealed}))


def _begins(column: Column[Any], headers: Iterable[bytes]) -> ColumnElement[bool]:
    tries = [
        and_(column.is_not(None), func.substr(column, 1, len(header), type_=column.type) == literal(header))
        for header in headers
    ]
    return or_(*tries)
