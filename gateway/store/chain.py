"""The chain of a tenant's events: each one carries a keyed digest of itself and of the link before it.

Who writes to the database without the keys cannot alter, insert, drop or reorder an event so that the chain
still closes. A link covers the digest of the body and not the body, so that a body can be purged and the
chain still be proven. Events from before there was a chain have none; the first one after them begins it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import bindparam

from gateway.sealing import SealBroken
from gateway.store import tables
from gateway.store.scope import TenantScope
from gateway.store.statements import Prepared, columns_of

BEGINNING: Final = ""
"""What stands for the link before the first one."""


class Link(msgspec.Struct, frozen=True):
    """One event as the chain sees it; `body` is sealed, or empty where it was purged."""

    sequence: int
    id: str
    type: str
    at: datetime
    claim: str | None
    file: str | None
    interchange: str | None
    remittance: str | None
    body: bytes
    body_digest: str | None
    chain: str | None


_COLUMNS = columns_of(tables.event, Link)
_READ = Prepared(
    lambda statements: statements.select(tables.event, tables.event.c.chain).where(
        tables.event.c.sequence == bindparam("sequence")
    )
)
_TOLD: Final = ("sequence", "id", "type", "claim", "file", "interchange", "remittance")


def read_link(scope: TenantScope, sequence: int) -> str:
    """The link of the event with this number; BEGINNING where it has none, or there is no such event."""
    return str(scope.value(_READ, sequence=sequence) or BEGINNING) if sequence else BEGINNING


def digest_body(scope: TenantScope, event_id: str, body: bytes) -> str:
    """The keyed digest of an event's body in clear; equal bodies of two events differ."""
    return scope.fingerprint(hashlib.sha256(body).hexdigest(), f"event body:{event_id}")


def make_link(scope: TenantScope, before: str, event: msgspec.Struct, at: datetime, body_digest: str) -> str:
    """The link of `event` (an Event or a Link) after the link `before`."""
    told = [before, at.isoformat(timespec="microseconds"), body_digest]
    told += [getattr(event, name) for name in _TOLD]
    return scope.fingerprint(msgspec.json.encode(told).decode(), "event chain")


def list_links(scope: TenantScope, cursor: int, *, limit: int) -> list[Link]:
    """The events with a number above `cursor`, in order."""
    statement = scope.select(tables.event, *_COLUMNS).where(tables.event.c.sequence > cursor)
    return scope.rows(Link, statement.order_by(tables.event.c.sequence).limit(limit))


def open_body(scope: TenantScope, link: Link) -> bytes:
    """The event's body in clear. Raises SealBroken."""
    return scope.open(link.body, f"event:{link.id}:body")


def find_fault(scope: TenantScope, before: str, link: Link) -> str:
    """What is wrong with an event after the link `before`, or ""."""
    if link.chain is None or link.body_digest is None:
        return "" if before == BEGINNING else "stands in the chain without a link"
    if make_link(scope, before, link, link.at, link.body_digest) != link.chain:
        return "is not what was appended there"
    if not link.body:
        return ""
    try:
        body = open_body(scope, link)
    except SealBroken:
        return "does not open"
    return "" if digest_body(scope, link.id, body) == link.body_digest else "tells something else than it did"
