"""Data keys as rows, each wrapped. They are read past the store too: `gateway.store.key_reading`."""

from __future__ import annotations

from datetime import datetime

import msgspec

from gateway.data_keys import DataKey
from gateway.store import tables
from gateway.store.scope import TenantScope
from gateway.store.statements import columns_of

_key = tables.data_key


def add(scope: TenantScope, key: DataKey) -> None:
    """Keep a new key of this owner."""
    scope.insert(_key, msgspec.structs.asdict(key))


def list_all(scope: TenantScope) -> list[DataKey]:
    """The owner's keys, oldest first."""
    statement = scope.select(_key, *columns_of(_key, DataKey)).order_by(_key.c.period, _key.c.created_at)
    return scope.rows(DataKey, statement)


def rewrap(scope: TenantScope, key: DataKey) -> bool:
    """Keep the same key as another wrapping key wraps it; False where it was destroyed meanwhile."""
    changed = scope.update(_key).where(_key.c.id == key.id).values(kek=key.kek, wrapped=key.wrapped)
    return bool(scope.run(changed))


def supersede(scope: TenantScope, period: str, before: datetime) -> int:
    """Let the owner's keys of this month that were made before then seal nothing any more; how many."""
    old = (_key.c.period == period, _key.c.created_at < before, _key.c.superseded_at.is_(None))
    return scope.run(scope.update(_key).where(*old).values(superseded_at=scope.now()))


def retire_period(scope: TenantScope, period: str) -> int:
    """Let all of the owner's keys of this month seal nothing any more; how many."""
    old = (_key.c.period == period, _key.c.superseded_at.is_(None))
    return scope.run(scope.update(_key).where(*old).values(superseded_at=scope.now()))


def destroy(scope: TenantScope, key_id: str) -> bool:
    """Destroy a key of this owner: what it sealed opens no more. False where there is no such key."""
    scope.run(scope.update(_key).where(_key.c.id == key_id).values(wrapped=b""))
    return bool(scope.run(scope.delete(_key).where(_key.c.id == key_id)))
