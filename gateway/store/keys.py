"""API keys: whose they are and what they may do. The key itself is never kept, only its digest.

The prefix is the public part of a key; it finds the row, and with it the tenant.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import bindparam, or_

from gateway.store import tables
from gateway.store.scope import SystemScope, TenantScope
from gateway.store.statements import Prepared, columns_of

ACTIVE = "active"
REVOKED = "revoked"

_key = tables.api_key


class ApiKey(msgspec.Struct, frozen=True):
    """One key. `digest` is what the secret part is compared with; `state` is active or revoked.

    `replaces` is the key that it takes over from, `made_by` the key or person that made it.
    """

    tenant: str
    id: str
    prefix: str
    digest: str
    label: str
    scopes: tuple[str, ...]
    state: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    replaces: str | None = None
    made_by: str | None = None


_COLUMNS = columns_of(_key, ApiKey)
_FIND = Prepared(
    lambda statements: statements.select(_key, *_COLUMNS).where(_key.c.prefix == bindparam("prefix"))
)


def add(
    scope: TenantScope,
    *,
    prefix: str,
    digest: str,
    label: str,
    scopes: tuple[str, ...],
    expires_at: datetime | None = None,
    replaces: str | None = None,
    made_by: str | None = None,
) -> ApiKey:
    """Keep a new key. Raises Conflict where the prefix is taken."""
    key = ApiKey(
        scope.tenant,
        scope.new_id("key"),
        prefix,
        digest,
        label,
        scopes,
        ACTIVE,
        scope.now(),
        expires_at,
        None,
        None,
        replaces,
        made_by,
    )
    scope.insert(_key, msgspec.structs.asdict(key))
    return key


def find(system: SystemScope, prefix: str) -> ApiKey | None:
    """The key with this prefix, whoever's it is, in whatever state; or None."""
    tenant = system.find_tenant(_key, _key.c.prefix == prefix)
    return None if tenant is None else system.of(tenant).one(ApiKey, _FIND, prefix=prefix)


def load(scope: TenantScope, key_id: str) -> ApiKey | None:
    """The key, in whatever state; or None."""
    return scope.one(ApiKey, scope.select(_key, *_COLUMNS).where(_key.c.id == key_id))


def list_all(scope: TenantScope) -> list[ApiKey]:
    """The tenant's keys, oldest first."""
    return scope.rows(ApiKey, scope.select(_key, *_COLUMNS).order_by(_key.c.id))


def record_use(scope: TenantScope, key_id: str) -> None:
    """Remember that the key was used now."""
    scope.run(scope.update(_key).where(_key.c.id == key_id).values(last_used_at=scope.now()))


def end_at(scope: TenantScope, key_id: str, moment: datetime) -> bool:
    """Let the key expire then, if it would not before; False where there is no active key of this id."""
    statement = scope.update(_key).where(_key.c.id == key_id, _key.c.state == ACTIVE)
    later = or_(_key.c.expires_at.is_(None), _key.c.expires_at > moment)
    scope.run(statement.where(later).values(expires_at=moment))
    state: str | None = scope.value(scope.select(_key, _key.c.state).where(_key.c.id == key_id))
    return state == ACTIVE


def revoke(scope: TenantScope, key_id: str) -> bool:
    """Make the key useless for good; False where there is no active key of this id."""
    statement = scope.update(_key).where(_key.c.id == key_id, _key.c.state == ACTIVE)
    return scope.run(statement.values(state=REVOKED, revoked_at=scope.now())) == 1
