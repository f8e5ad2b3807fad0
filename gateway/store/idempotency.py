"""Idempotency keys: the first answer to a key is the answer to every repetition of the request.

Best is to `begin` and `complete` in the transaction that stores what the request brings: then no crash leaves
a key in flight. The client's key may hold anything, so its fingerprint is kept, not the key.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement

from gateway.store import tables
from gateway.store.errors import NoSuchRow
from gateway.store.scope import TenantScope

_idempotency = tables.idempotency


class Entry(msgspec.Struct, frozen=True):
    """What is known of a key: the digest of the request's body, and the answer, None while in flight."""

    digest: str
    status: int | None
    response: bytes | None
    created_at: datetime


def begin(
    scope: TenantScope, route: str, key: str, digest: str, *, expired_before: datetime | None = None
) -> Entry | None:
    """Take the key for this request: None where it was free, else what is known of it.

    A key taken before the moment `expired_before` is free again.
    """
    fingerprint = _fingerprint(scope, key)
    if expired_before is not None:
        old = scope.delete(_idempotency).where(*_is(route, fingerprint))
        scope.run(old.where(_idempotency.c.created_at < expired_before))
    row = {"route": route, "key_fingerprint": fingerprint, "digest": digest, "created_at": scope.now()}
    if scope.insert_unless_present(_idempotency, row, ("route", "key_fingerprint")):
        return None
    return load(scope, route, key)


def load(scope: TenantScope, route: str, key: str) -> Entry | None:
    """What is known of the key, or None."""
    fingerprint, column = _fingerprint(scope, key), _idempotency.c
    columns = (column.digest, column.status, column.response, column.created_at)
    statement = scope.select(_idempotency, *columns).where(*_is(route, fingerprint))
    entry = scope.one(Entry, statement)
    if entry is None or entry.response is None:
        return entry
    return msgspec.structs.replace(entry, response=scope.open(entry.response, _context(route, fingerprint)))


def complete(scope: TenantScope, route: str, key: str, *, status: int, response: bytes) -> None:
    """Keep the answer, which comes in clear. Raises NoSuchRow where the key was not taken."""
    fingerprint = _fingerprint(scope, key)
    sealed = scope.seal(response, _context(route, fingerprint))
    statement = scope.update(_idempotency).where(*_is(route, fingerprint))
    if not scope.run(statement.values(status=status, response=sealed)):
        raise NoSuchRow("idempotency")


def abandon(scope: TenantScope, route: str, key: str) -> None:
    """Free a key that is in flight, where the request came to nothing."""
    statement = scope.delete(_idempotency).where(*_is(route, _fingerprint(scope, key)))
    scope.run(statement.where(_idempotency.c.status.is_(None)))


def purge(scope: TenantScope, before: datetime) -> int:
    """Delete the keys taken before the moment; how many."""
    return scope.run(scope.delete(_idempotency).where(_idempotency.c.created_at < before))


def _is(route: str, fingerprint: str) -> tuple[ColumnElement[bool], ...]:
    return (_idempotency.c.route == route, _idempotency.c.key_fingerprint == fingerprint)


def _fingerprint(scope: TenantScope, key: str) -> str:
    return scope.fingerprint(key, "idempotency_key")


def _context(route: str, fingerprint: str) -> str:
    return f"idempotency:{route}:{fingerprint}:response"
