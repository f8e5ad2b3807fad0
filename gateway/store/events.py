"""Events: the story of a tenant's claims, numbered without a gap in the order of their commits.

The number is taken by updating the tenant's row, which stays locked until the transaction ends: no reader can
see event 8 before event 7. Append last in a transaction, so that the lock is short.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import bindparam, func

from gateway.store import chain, tables
from gateway.store.errors import NoSuchRow
from gateway.store.scope import TenantScope
from gateway.store.statements import Prepared, columns_of

TOPIC = "event"


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, to which rows. `body` is JSON in clear; `append` seals it."""

    type: str
    body: bytes
    claim: str | None = None
    file: str | None = None
    interchange: str | None = None
    remittance: str | None = None


class Event(msgspec.Struct, frozen=True):
    """One event as kept; `sequence` counts from 1 within the tenant."""

    sequence: int
    id: str
    type: str
    at: datetime
    claim: str | None
    file: str | None
    interchange: str | None
    remittance: str | None
    body: bytes


_COLUMNS = columns_of(tables.event, Event)
_LAST = tables.tenant.c.event_sequence
_TAKE_SEQUENCE = Prepared(
    lambda statements: (
        statements.update(tables.tenant).values(event_sequence=_LAST + bindparam("count")).returning(_LAST)
    )
)


def find_last_moment(scope: TenantScope) -> datetime | None:
    """When the tenant's last event was, or None where it has none."""
    statement = scope.select(tables.event, tables.event.c.at).order_by(tables.event.c.sequence.desc())
    moment: datetime | None = scope.value(statement.limit(1))
    return moment


def append(scope: TenantScope, *new: NewEvent) -> list[Event]:
    """Append events in their order, with the tenant's next numbers. Raises NoSuchRow without the tenant."""
    if not new:
        return []
    last, now = _take_sequence(scope, len(new)), scope.now()
    first = last - len(new) + 1
    events = [
        Event(
            sequence,
            scope.new_id("evt"),
            it.type,
            now,
            it.claim,
            it.file,
            it.interchange,
            it.remittance,
            it.body,
        )
        for sequence, it in enumerate(new, first)
    ]
    scope.insert(tables.event, *_seal_all(scope, events))
    scope.hint(TOPIC)
    return events


def _take_sequence(scope: TenantScope, count: int) -> int:
    last = scope.value(_TAKE_SEQUENCE, count=count)
    if last is None:
        raise NoSuchRow(scope.tenant)
    return int(last)


def list_after(
    scope: TenantScope, cursor: int, *, limit: int = 100, types: Sequence[str] = ()
) -> list[Event]:
    """The events with a number above `cursor`, in order; of `types` only, where given."""
    statement = scope.select(tables.event, *_COLUMNS).where(tables.event.c.sequence > cursor)
    if types:
        statement = statement.where(tables.event.c.type.in_(types))
    return _open(scope, scope.rows(Event, statement.order_by(tables.event.c.sequence).limit(limit)))


def list_of_claim(scope: TenantScope, claim_id: str) -> list[Event]:
    """The claim's own events, in order."""
    statement = scope.select(tables.event, *_COLUMNS).where(tables.event.c.claim == claim_id)
    return _open(scope, scope.rows(Event, statement.order_by(tables.event.c.sequence)))


def list_of_claims(scope: TenantScope, claim_ids: Collection[str]) -> dict[str, list[Event]]:
    """The events of each of the claims (at most some hundred), in order."""
    found: dict[str, list[Event]] = {claim_id: [] for claim_id in claim_ids}
    statement = scope.select(tables.event, *_COLUMNS).where(tables.event.c.claim.in_(claim_ids))
    for event in _open(scope, scope.rows(Event, statement.order_by(tables.event.c.sequence))):
        found[event.claim or ""].append(event)
    return found


def find_latest(scope: TenantScope, claim_ids: Collection[str], types: Collection[str]) -> dict[str, Event]:
    """The newest event of one of `types` of each of the claims that has one, by the claim's id."""
    newest = (
        scope.select(tables.event, func.max(tables.event.c.sequence))
        .where(tables.event.c.claim.in_(claim_ids), tables.event.c.type.in_(types))
        .group_by(tables.event.c.claim)
    )
    statement = scope.select(tables.event, *_COLUMNS).where(tables.event.c.sequence.in_(newest))
    return {event.claim: event for event in _open(scope, scope.rows(Event, statement)) if event.claim}


def load(scope: TenantScope, sequence: int) -> Event | None:
    """The event with this number, or None."""
    statement = scope.select(tables.event, *_COLUMNS).where(tables.event.c.sequence == sequence)
    found = _open(scope, scope.rows(Event, statement))
    return found[0] if found else None


def last_sequence(scope: TenantScope) -> int:
    """The number of the newest event, 0 before the first."""
    return int(scope.value(scope.select(tables.tenant, tables.tenant.c.event_sequence)) or 0)


def _seal_all(scope: TenantScope, events: Sequence[Event]) -> Iterator[dict[str, object]]:
    """The rows of new events, each linked to the one before it."""
    before = chain.read_link(scope, events[0].sequence - 1)
    for event in events:
        digest = chain.digest_body(scope, event.id, event.body)
        before = chain.make_link(scope, before, event, event.at, digest)
        sealed = scope.seal(event.body, _context(event.id))
        yield {**msgspec.structs.asdict(event), "body": sealed, "body_digest": digest, "chain": before}


def _open(scope: TenantScope, events: list[Event]) -> list[Event]:
    return [msgspec.structs.replace(it, body=_open_body(scope, it)) for it in events]


def _open_body(scope: TenantScope, event: Event) -> bytes:
    """The body in clear; an empty document where retention took it away."""
    return scope.open(event.body, _context(event.id)) if event.body else b"{}"


def _context(event_id: str) -> str:
    return f"event:{event_id}:body"
