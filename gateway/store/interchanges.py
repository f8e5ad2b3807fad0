"""Interchanges that we send: their bytes' digest, control numbers, state, and the claims in them.

States: stored -> temp_uploaded -> sent -> acknowledged | rejected. The name is ours and holds no value of a
claim.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import bindparam, or_

from gateway.store import tables
from gateway.store.errors import NoSuchRow
from gateway.store.scope import TenantScope
from gateway.store.statements import Prepared, columns_of

STORED = "stored"
TEMP_UPLOADED = "temp_uploaded"
SENT = "sent"
ACKNOWLEDGED = "acknowledged"
REJECTED = "rejected"

_interchange = tables.interchange
_placed = tables.interchange_claim

LOOKED_UP_AT_ONCE = 500


class Interchange(msgspec.Struct, frozen=True):
    """One interchange to a partner. `sha256` finds its bytes in the archive; `size` is in bytes."""

    id: str
    partner: str
    payer_id: str | None
    control_number: int
    group_control_number: int
    usage: str
    state: str
    name: str
    sha256: str
    size: int
    claim_count: int
    attempts: int
    receipt: str | None
    created_at: datetime
    sent_at: datetime | None
    updated_at: datetime


class Placement(msgspec.Struct, frozen=True):
    """Where a claim stands: GS06, ST02, its position in the set from 1, and the trace it bears (REF D9)."""

    interchange: str
    claim: str
    group_control_number: int
    set_control_number: str
    position: int
    trace: str


class NewInterchange(msgspec.Struct, frozen=True, kw_only=True):
    """An interchange that was written, checked and archived. `placements` name it by its `id`."""

    id: str
    partner: str
    control_number: int
    group_control_number: int
    usage: str
    name: str
    sha256: str
    size: int
    placements: tuple[Placement, ...]
    payer_id: str | None = None


_COLUMNS = columns_of(_interchange, Interchange)
_PLACED_COLUMNS = columns_of(_placed, Placement)

_FIND_TRACED = Prepared(
    lambda statements: (
        statements.select((_placed, _interchange), _placed.c.claim)
        .where(
            _placed.c.trace == bindparam("trace"),
            _interchange.c.id == _placed.c.interchange,
            _interchange.c.partner == bindparam("partner"),
        )
        .order_by(_placed.c.interchange.desc())
        .limit(1)
    )
)


def add(scope: TenantScope, new: NewInterchange) -> Interchange:
    """Store an interchange and where its claims stand in it. Raises Conflict for an unknown claim."""
    now = scope.now()
    interchange = Interchange(
        new.id,
        new.partner,
        new.payer_id,
        new.control_number,
        new.group_control_number,
        new.usage,
        STORED,
        new.name,
        new.sha256,
        new.size,
        claim_count=len(new.placements),
        attempts=0,
        receipt=None,
        created_at=now,
        sent_at=None,
        updated_at=now,
    )
    scope.insert(_interchange, msgspec.structs.asdict(interchange))
    scope.insert(_placed, *map(msgspec.structs.asdict, new.placements))
    return interchange


def load(scope: TenantScope, interchange_id: str, *, lock: bool = False) -> Interchange | None:
    """The interchange, or None. With `lock`, no other transaction changes it until this one ends."""
    statement = scope.select(_interchange, *_COLUMNS).where(_interchange.c.id == interchange_id)
    return scope.one(Interchange, statement.with_for_update() if lock else statement)


def find_by_control_number(scope: TenantScope, partner: str, control_number: int) -> list[Interchange]:
    """Those to this partner with this ISA13, newest first: what a TA1 speaks of."""
    return _find(scope, partner, "control_number", control_number)


def find_by_group_control_number(scope: TenantScope, partner: str, number: int) -> list[Interchange]:
    """Those to this partner with this GS06, newest first: what a 999 speaks of (AK102)."""
    return _find(scope, partner, "group_control_number", number)


def bears_number(scope: TenantScope, partner: str, column: str, number: int, since: datetime) -> bool:
    """True where an interchange to the partner has this number and was made since then or is not sent yet."""
    busy = or_(_interchange.c.created_at >= since, _interchange.c.state.in_((STORED, TEMP_UPLOADED)))
    statement = scope.select(_interchange, _interchange.c.id).where(
        _interchange.c.partner == partner, _interchange.c[column] == number, busy
    )
    return scope.value(statement.limit(1)) is not None


def _find(scope: TenantScope, partner: str, column: str, number: int) -> list[Interchange]:
    statement = scope.select(_interchange, *_COLUMNS).where(
        _interchange.c.partner == partner, _interchange.c[column] == number
    )
    return scope.rows(Interchange, statement.order_by(_interchange.c.id.desc()))


def find_last_sent(scope: TenantScope, partner: str) -> datetime | None:
    """When the newest interchange that was sent to the partner left, or None."""
    statement = scope.select(_interchange, _interchange.c.sent_at).where(
        _interchange.c.partner == partner, _interchange.c.sent_at.is_not(None)
    )
    moment: datetime | None = scope.value(statement.order_by(_interchange.c.id.desc()).limit(1))
    return moment


def list_in_state(scope: TenantScope, states: Sequence[str], *, limit: int = 100) -> list[Interchange]:
    """The interchanges in these states, oldest first."""
    statement = scope.select(_interchange, *_COLUMNS).where(_interchange.c.state.in_(states))
    return scope.rows(Interchange, statement.order_by(_interchange.c.id).limit(limit))


def list_dead(scope: TenantScope, partner: str, kind: str) -> list[str]:
    """The ids of the interchanges to the partner whose job of this kind (their delivery) is dead."""
    job = tables.job
    statement = scope.select((_interchange, job), _interchange.c.id).where(
        _interchange.c.partner == partner,
        job.c.subject == _interchange.c.id,
        job.c.kind == kind,
        job.c.state == "dead",
    )
    return [row[0] for row in scope.tuples(statement.order_by(_interchange.c.id))]


def take_unwatched(scope: TenantScope, partner: str, *, limit: int = 100) -> list[Interchange]:
    """The oldest sent interchanges to the partner whose answers nobody waits for yet; now somebody does."""
    unwatched = scope.select(_interchange, _interchange.c.id).where(
        _interchange.c.partner == partner,
        _interchange.c.watched_at.is_(None),
        _interchange.c.sent_at.is_not(None),
    )
    ordered = unwatched.order_by(_interchange.c.id).limit(limit).with_for_update(skip_locked=True)
    chosen = [row[0] for row in scope.tuples(ordered)]
    if not chosen:
        return []
    statement = scope.update(_interchange).where(_interchange.c.id.in_(chosen))
    return scope.rows(Interchange, statement.values(watched_at=scope.now()).returning(*_COLUMNS))


def move(scope: TenantScope, interchange_id: str, state: str, *, only_from: Sequence[str]) -> bool:
    """Set the state where it is one of `only_from`; False where it is another, which then stays."""
    statement = scope.update(_interchange).where(
        _interchange.c.id == interchange_id, _interchange.c.state.in_(only_from)
    )
    return scope.run(statement.values(state=state, updated_at=scope.now())) == 1


def record_attempt(scope: TenantScope, interchange_id: str) -> int:
    """Count one more attempt to send; how many there are now. Raises NoSuchRow."""
    counted = _interchange.c.attempts
    statement = scope.update(_interchange).where(_interchange.c.id == interchange_id)
    changed = statement.values(attempts=counted + 1, updated_at=scope.now()).returning(counted)
    attempts = scope.value(changed)
    if attempts is None:
        raise NoSuchRow(interchange_id)
    return int(attempts)


def record_receipt(scope: TenantScope, interchange_id: str, receipt: str) -> bool:
    """Keep the receipt and call it sent, once; False where it was sent before."""
    statement = scope.update(_interchange).where(
        _interchange.c.id == interchange_id, _interchange.c.state.in_((STORED, TEMP_UPLOADED))
    )
    now = scope.now()
    return scope.run(statement.values(state=SENT, receipt=receipt, sent_at=now, updated_at=now)) == 1


def list_placements(
    scope: TenantScope, interchange_id: str, *, set_control_numbers: Collection[str] = ()
) -> list[Placement]:
    """The claims of an interchange in order; those of these sets (ST02) only, where given."""
    statement = scope.select(_placed, *_PLACED_COLUMNS).where(_placed.c.interchange == interchange_id)
    if set_control_numbers:
        statement = statement.where(_placed.c.set_control_number.in_(set_control_numbers))
    ordered = statement.order_by(_placed.c.set_control_number, _placed.c.position)
    return scope.rows(Placement, ordered)


def list_placements_of_claim(scope: TenantScope, claim_id: str) -> list[Placement]:
    """Every interchange that holds the claim, newest first."""
    statement = scope.select(_placed, *_PLACED_COLUMNS).where(_placed.c.claim == claim_id)
    return scope.rows(Placement, statement.order_by(_placed.c.interchange.desc()))


def find_traced(scope: TenantScope, partner: str, trace: str) -> str | None:
    """The claim that bears this trace in the newest interchange to the partner, or None."""
    found: str | None = scope.value(_FIND_TRACED, trace=trace, partner=partner)
    return found


def find_all_traced(scope: TenantScope, partner: str, traces: Collection[str]) -> dict[str, str]:
    """The claim that bears each of these traces, as `find_traced` finds it, all looked up at once."""
    found: dict[str, str] = {}
    wanted = sorted(traces)
    for at in range(0, len(wanted), LOOKED_UP_AT_ONCE):
        statement = scope.select((_placed, _interchange), _placed.c.trace, _placed.c.claim).where(
            _placed.c.trace.in_(wanted[at : at + LOOKED_UP_AT_ONCE]),
            _interchange.c.id == _placed.c.interchange,
            _interchange.c.partner == partner,
        )
        found |= dict(scope.tuples(statement.order_by(_placed.c.interchange)))
    return found


def find_by_trace(scope: TenantScope, trace: str) -> list[Placement]:
    """The placements that bear this trace, newest first: what a 277CA names (REF D9)."""
    statement = scope.select(_placed, *_PLACED_COLUMNS).where(_placed.c.trace == trace)
    return scope.rows(Placement, statement.order_by(_placed.c.interchange.desc()))
