"""Webhook endpoints, and one delivery for each event that an endpoint wants.

Deliveries of one claim to one endpoint go in the order of their events: a later one waits until the earlier
one is delivered or given up. A delivery is held like a job, by a lease and a fence.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, String, bindparam, func

from gateway.store import tables
from gateway.store.errors import LostLease, NoSuchRow
from gateway.store.events import Event
from gateway.store.scope import SystemScope, TenantScope
from gateway.store.statements import Prepared, columns_of

TOPIC = "delivery"
ACTIVE = "active"
DISABLED = "disabled"
WAITING = "waiting"
RUNNING = "running"
DELIVERED = "delivered"
DEAD = "dead"
ANY_NUMBER = 1_000_000

_endpoint = tables.webhook_endpoint
_delivery = tables.webhook_delivery


class Endpoint(msgspec.Struct, frozen=True):
    """Where events go: `types` wanted (none for all), `failing_since` the first of the failures in a row."""

    id: str
    url: str
    types: tuple[str, ...]
    state: str
    failing_since: datetime | None
    created_at: datetime
    updated_at: datetime


class Delivery(msgspec.Struct, frozen=True):
    """One event on its way to one endpoint; `last_status` is the HTTP status of the last attempt."""

    id: str
    endpoint: str
    sequence: int
    claim: str | None
    state: str
    attempts: int
    due_at: datetime
    fence: int
    lease_until: datetime | None
    last_status: int | None
    created_at: datetime
    updated_at: datetime


_COLUMNS = columns_of(_endpoint, Endpoint)
_DELIVERY_COLUMNS = columns_of(_delivery, Delivery)
_LIST_ENDPOINTS = Prepared(
    lambda statements: statements.select(_endpoint, *_COLUMNS).order_by(_endpoint.c.id)
)


def add_endpoint(scope: TenantScope, *, url: str, types: tuple[str, ...], secret: bytes) -> Endpoint:
    """Keep a new endpoint; its secret comes in clear."""
    now = scope.now()
    endpoint = Endpoint(scope.new_id("whk"), url, types, ACTIVE, None, now, now)
    sealed = scope.seal(secret, _context(endpoint.id))
    scope.insert(_endpoint, {**msgspec.structs.asdict(endpoint), "secret": sealed})
    return endpoint


def load_endpoint(scope: TenantScope, endpoint_id: str) -> Endpoint | None:
    """The endpoint, or None."""
    return scope.one(Endpoint, scope.select(_endpoint, *_COLUMNS).where(_endpoint.c.id == endpoint_id))


def list_endpoints(scope: TenantScope) -> list[Endpoint]:
    """The tenant's endpoints, oldest first."""
    return scope.rows(Endpoint, _LIST_ENDPOINTS)


def change_endpoint(
    scope: TenantScope,
    endpoint_id: str,
    *,
    url: str | None = None,
    types: tuple[str, ...] | None = None,
    state: str | None = None,
) -> None:
    """Set what is given and leave the rest; to make it active forgets its failures. Raises NoSuchRow."""
    given = {"url": url, "types": types, "state": state}
    changes: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    if state == ACTIVE:
        changes["failing_since"] = None
    _change(scope, endpoint_id, **changes)


def delete_endpoint(scope: TenantScope, endpoint_id: str) -> bool:
    """Delete the endpoint and its deliveries; False where there is none."""
    scope.run(scope.delete(_delivery).where(_delivery.c.endpoint == endpoint_id))
    return scope.run(scope.delete(_endpoint).where(_endpoint.c.id == endpoint_id)) == 1


def rotate_secret(scope: TenantScope, endpoint_id: str, secret: bytes, *, previous_until: datetime) -> None:
    """Sign with `secret` from now on, and with the one before too until the moment. Raises NoSuchRow."""
    _change(
        scope,
        endpoint_id,
        previous_secret=_endpoint.c.secret,
        previous_until=previous_until,
        secret=scope.seal(secret, _context(endpoint_id)),
    )


def read_secrets(scope: TenantScope, endpoint_id: str) -> list[bytes]:
    """The secrets to sign with now, newest first, in clear. Raises NoSuchRow."""
    columns = (_endpoint.c.secret, _endpoint.c.previous_secret, _endpoint.c.previous_until)
    rows = scope.tuples(scope.select(_endpoint, *columns).where(_endpoint.c.id == endpoint_id))
    if not rows:
        raise NoSuchRow(endpoint_id)
    secret, previous, until = rows[0]
    valid = [secret] if previous is None or until <= scope.now() else [secret, previous]
    return [scope.open(sealed, _context(endpoint_id)) for sealed in valid]


def plan(scope: TenantScope, events: Sequence[Event]) -> int:
    """Add a delivery of each event for each active endpoint that wants it; how many."""
    endpoints = [endpoint for endpoint in list_endpoints(scope) if endpoint.state == ACTIVE]
    rows = [
        _row(scope, endpoint, event) for event in events for endpoint in endpoints if _wants(endpoint, event)
    ]
    scope.insert(_delivery, *rows)
    if rows:
        scope.hint(TOPIC)
    return len(rows)


def plan_one(scope: TenantScope, endpoint: Endpoint, event: Event) -> str:
    """Add a delivery of the event for this endpoint, whatever types it wants; the delivery's id."""
    row = _row(scope, endpoint, event)
    scope.insert(_delivery, row)
    scope.hint(TOPIC)
    return str(row["id"])


def plan_again(scope: TenantScope, endpoint: Endpoint, events: Sequence[Event]) -> int:
    """Add a delivery of each event that the endpoint wants, though it may have had it before; how many."""
    rows = [_row(scope, endpoint, event) for event in events if _wants(endpoint, event)]
    scope.insert(_delivery, *rows)
    scope.hint(TOPIC)
    return len(rows)


def tenants_waiting(system: SystemScope) -> list[str]:
    """The tenants with a delivery that is due."""
    return system.tenants_with(_delivery, _delivery.c.state == WAITING, _delivery.c.due_at <= system.now())


def is_any_near(system: SystemScope, within: timedelta) -> bool:
    """True where a delivery is under way, or due before so long."""
    due = (_delivery.c.state == WAITING, _delivery.c.due_at <= system.now() + within)
    return bool(
        system.tenants_with(_delivery, _delivery.c.state == RUNNING) or system.tenants_with(_delivery, *due)
    )


def tenants_to_reap(system: SystemScope) -> list[str]:
    """The tenants with a delivery whose lease has ended."""
    ended = _delivery.c.lease_until <= system.lease_now()
    return system.tenants_with(_delivery, _delivery.c.state == RUNNING, ended)


def take(
    scope: TenantScope, *, lease: timedelta, limit: int = 1, per_endpoint: int = ANY_NUMBER
) -> list[Delivery]:
    """Take up to `limit` due deliveries, each the first open one of its endpoint and claim.

    No endpoint has more than `per_endpoint` under way, and those with the fewest come first: one that does
    not answer holds up its own deliveries only.
    """
    scope.lock("deliveries")
    running, chosen = _count_running(scope), list[str]()
    for endpoint in sorted(list_endpoints(scope), key=lambda it: running.get(it.id, 0)):
        free = min(limit - len(chosen), per_endpoint - running.get(endpoint.id, 0))
        if free > 0:
            chosen += _choose(scope, endpoint.id, free)
    if not chosen:
        return []
    statement = scope.update(_delivery).where(_delivery.c.id.in_(chosen), _delivery.c.state == WAITING)
    taken = statement.values(
        state=RUNNING,
        lease_until=scope.lease_now() + lease,
        fence=_delivery.c.fence + 1,
        attempts=_delivery.c.attempts + 1,
        updated_at=scope.now(),
    ).returning(*_DELIVERY_COLUMNS)
    return sorted(scope.rows(Delivery, taken), key=lambda it: (it.sequence, it.id))


def _count_running(scope: TenantScope) -> dict[str, int]:
    """How many deliveries of each endpoint are under way."""
    statement = scope.select(_delivery, _delivery.c.endpoint, func.count()).where(_is(RUNNING))
    return dict(scope.tuples(statement.group_by(_delivery.c.endpoint)))


def _is(state: str) -> ColumnElement[bool]:
    """True for deliveries in `state`; written out, so that the index of that state is used."""
    wanted = bindparam(f"state_{state}", state, literal_execute=True, type_=String)
    return _delivery.c.state == wanted


def _choose(scope: TenantScope, endpoint_id: str, limit: int) -> list[str]:
    """The oldest due deliveries of an endpoint, none behind an open one of its claim."""
    earlier = _delivery.alias("earlier")
    blocked = scope.select(earlier, earlier.c.id).where(
        earlier.c.endpoint == _delivery.c.endpoint,
        earlier.c.claim == _delivery.c.claim,
        earlier.c.sequence < _delivery.c.sequence,
        earlier.c.state.in_((WAITING, RUNNING)),
    )
    due = scope.select(_delivery, _delivery.c.id).where(
        _delivery.c.endpoint == endpoint_id,
        _is(WAITING),
        _delivery.c.due_at <= scope.now(),
        ~blocked.exists(),
    )
    ordered = due.order_by(_delivery.c.due_at, _delivery.c.sequence).limit(limit)
    return [row[0] for row in scope.tuples(ordered.with_for_update(of=_delivery, skip_locked=True))]


def record_delivered(scope: TenantScope, delivery: Delivery, status: int) -> None:
    """The endpoint has it. Raises LostLease."""
    _settle(scope, delivery, state=DELIVERED, lease_until=None, last_status=status)
    _change(scope, delivery.endpoint, failing_since=None)
    scope.hint(TOPIC)


def retry_later(scope: TenantScope, delivery: Delivery, due_at: datetime, status: int | None) -> None:
    """The attempt failed; another is due at the moment. Raises LostLease."""
    _settle(scope, delivery, state=WAITING, lease_until=None, due_at=due_at, last_status=status)
    _record_failure(scope, delivery.endpoint)


def give_up(scope: TenantScope, delivery: Delivery, status: int | None) -> None:
    """No further attempt is made; later deliveries of the claim may go. Raises LostLease."""
    _settle(scope, delivery, state=DEAD, lease_until=None, last_status=status)
    _record_failure(scope, delivery.endpoint)
    scope.hint(TOPIC)


def reap(scope: TenantScope) -> int:
    """Give back every delivery whose lease has ended; how many. Any worker may call it."""
    ended = scope.update(_delivery).where(
        _delivery.c.state == RUNNING, _delivery.c.lease_until <= scope.lease_now()
    )
    given_back = scope.run(ended.values(state=WAITING, lease_until=None, updated_at=scope.now()))
    if given_back:
        scope.hint(TOPIC)
    return given_back


def list_deliveries(
    scope: TenantScope, endpoint_id: str, *, before: str | None = None, limit: int = 100
) -> list[Delivery]:
    """The deliveries of an endpoint, newest first, older than the id `before`."""
    statement = scope.select(_delivery, *_DELIVERY_COLUMNS).where(_delivery.c.endpoint == endpoint_id)
    if before is not None:
        statement = statement.where(_delivery.c.id < before)
    return scope.rows(Delivery, statement.order_by(_delivery.c.id.desc()).limit(limit))


def count_by_state(scope: TenantScope) -> dict[str, int]:
    """How many deliveries stand in each state."""
    counted = func.count().label("deliveries")
    statement = scope.select(_delivery, _delivery.c.state, counted).group_by(_delivery.c.state)
    return {row.state: row.deliveries for row in scope.tuples(statement)}


def _wants(endpoint: Endpoint, event: Event) -> bool:
    return not endpoint.types or event.type in endpoint.types


def _row(scope: TenantScope, endpoint: Endpoint, event: Event) -> dict[str, object]:
    now = scope.now()
    delivery = Delivery(
        scope.new_id("dlv"),
        endpoint.id,
        event.sequence,
        event.claim,
        WAITING,
        0,
        now,
        0,
        None,
        None,
        now,
        now,
    )
    return msgspec.structs.asdict(delivery)


def _record_failure(scope: TenantScope, endpoint_id: str) -> None:
    """Remember the first of the failures in a row."""
    statement = scope.update(_endpoint).where(
        _endpoint.c.id == endpoint_id, _endpoint.c.failing_since.is_(None)
    )
    scope.run(statement.values(failing_since=scope.now()))


def _settle(scope: TenantScope, delivery: Delivery, **changes: object) -> None:
    held = scope.update(_delivery).where(
        _delivery.c.id == delivery.id, _delivery.c.fence == delivery.fence, _delivery.c.state == RUNNING
    )
    if scope.run(held.values(**changes, updated_at=scope.now())) != 1:
        raise LostLease(delivery.id)


def _change(scope: TenantScope, endpoint_id: str, **changes: object) -> None:
    statement = scope.update(_endpoint).where(_endpoint.c.id == endpoint_id)
    if not scope.run(statement.values(**changes, updated_at=scope.now())):
        raise NoSuchRow(endpoint_id)


def _context(endpoint_id: str) -> str:
    return f"webhook_endpoint:{endpoint_id}:secret"
