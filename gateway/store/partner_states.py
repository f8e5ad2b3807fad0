"""Partners that do not answer: one row for each, shared by all workers, gone once it answers again."""

from __future__ import annotations

from datetime import datetime

import msgspec

from gateway.store import tables
from gateway.store.scope import TenantScope
from gateway.store.statements import columns_of

CONTEXT = "partner_wire"

_state = tables.partner_state


class PartnerState(msgspec.Struct, frozen=True):
    """A partner in trouble.

    `way` is what failed last (poll, send); `refused` says that the other end turned us away, and no try will
    do before somebody acts; `failures` in a row; nobody tries before `next_try_at`. `wire` is a fingerprint
    of the settings that failed.
    """

    partner: str
    way: str
    refused: bool
    failures: int
    next_try_at: datetime
    wire: str
    work_item: str | None = None


_COLUMNS = columns_of(_state, PartnerState)


def load(scope: TenantScope, partner: str, *, lock: bool = False) -> PartnerState | None:
    """How the partner stands, None where it answers. With `lock`, until the transaction ends."""
    statement = scope.select(_state, *_COLUMNS).where(_state.c.partner == partner)
    return scope.one(PartnerState, statement.with_for_update() if lock else statement)


def save(scope: TenantScope, state: PartnerState) -> None:
    """Keep how a partner stands."""
    row = msgspec.structs.asdict(state)
    changes = {name: value for name, value in row.items() if name != "partner"}
    scope.insert_or_update(_state, row, ("partner",), changes)


def remove(scope: TenantScope, partner: str) -> bool:
    """The partner answers; False where nothing was known against it."""
    return scope.run(scope.delete(_state).where(_state.c.partner == partner)) == 1


def take_try(scope: TenantScope, partner: str, until: datetime) -> bool:
    """Be the one who tries now: True for one caller only, until the moment `until`."""
    now = scope.lease_now()
    due = scope.update(_state).where(_state.c.partner == partner, _state.c.next_try_at <= now)
    return scope.run(due.values(next_try_at=until)) == 1


def allow_try(scope: TenantScope, partner: str) -> bool:
    """Let the next try be now, and its failure be the first; False where the partner is in no trouble."""
    changes = {"next_try_at": scope.lease_now(), "failures": 0, "refused": False}
    return scope.run(scope.update(_state).where(_state.c.partner == partner).values(**changes)) == 1


def fingerprint_wire(scope: TenantScope, wire: str) -> str:
    """The fingerprint of a way to a partner with its secrets, which are kept nowhere."""
    return scope.fingerprint(wire, CONTEXT)
