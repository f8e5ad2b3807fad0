"""Access in an emergency: who asked for which scopes beyond the role, why, until when, how often it served.

The rows belong to the tenant whose documents are opened; `home` is the tenant of the person.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select

from gateway.store import tables
from gateway.store.scope import TenantScope
from gateway.store.statements import columns_of

_access = tables.emergency_access


class Emergency(msgspec.Struct, frozen=True):
    """One access, from `created_at` until `ends_at` or, where that comes first, `ended_at`."""

    tenant: str
    id: str
    person: str
    home: str
    scopes: tuple[str, ...]
    reason: bytes
    created_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    uses: int
    last_used_at: datetime | None


_COLUMNS = columns_of(_access, Emergency)


def add(
    scope: TenantScope, *, person: str, home: str, scopes: tuple[str, ...], reason: bytes, ends_at: datetime
) -> Emergency:
    """Begin an access; its reason comes in clear."""
    access = Emergency(
        scope.tenant, scope.new_id("brk"), person, home, scopes, reason, scope.now(), ends_at, None, 0, None
    )
    scope.insert(
        _access, {**msgspec.structs.asdict(access), "reason": scope.seal(reason, _context(access.id))}
    )
    return access


def load(scope: TenantScope, access_id: str) -> Emergency | None:
    """The access, live or not; or None."""
    found = _read(scope, scope.select(_access, *_COLUMNS).where(_access.c.id == access_id))
    return found[0] if found else None


def list_live(scope: TenantScope, person: str) -> list[Emergency]:
    """The accesses of a person that are open now."""
    now = scope.now()
    statement = scope.select(_access, *_COLUMNS).where(
        _access.c.person == person, _access.c.ends_at > now, _access.c.ended_at.is_(None)
    )
    return _read(scope, statement.order_by(_access.c.id))


def list_page(scope: TenantScope, *, person: str = "", before: str = "", limit: int = 100) -> list[Emergency]:
    """The accesses, newest first, older than the id `before`; of one person where named."""
    statement = scope.select(_access, *_COLUMNS)
    if person:
        statement = statement.where(_access.c.person == person)
    if before:
        statement = statement.where(_access.c.id < before)
    return _read(scope, statement.order_by(_access.c.id.desc()).limit(limit))


def record_use(scope: TenantScope, access_id: str) -> None:
    """Count one use."""
    statement = scope.update(_access).where(_access.c.id == access_id)
    scope.run(statement.values(uses=_access.c.uses + 1, last_used_at=scope.now()))


def end(scope: TenantScope, access_id: str) -> bool:
    """End an access before its time; False where no open one has this id."""
    statement = scope.update(_access).where(_access.c.id == access_id, _access.c.ended_at.is_(None))
    return scope.run(statement.where(_access.c.ends_at > scope.now()).values(ended_at=scope.now())) == 1


def _read(scope: TenantScope, statement: Select[Any]) -> list[Emergency]:
    found = scope.rows(Emergency, statement)
    return [msgspec.structs.replace(it, reason=scope.open(it.reason, _context(it.id))) for it in found]


def _context(access_id: str) -> str:
    return f"emergency_access:{access_id}:reason"
