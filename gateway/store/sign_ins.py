"""Failed sign-ins by account and place, both as fingerprints: from where, or in which step, they failed."""

from __future__ import annotations

from datetime import datetime

import msgspec

from gateway.store import tables
from gateway.store.scope import TenantScope
from gateway.store.statements import columns_of

ACCOUNT, PLACE = "sign_in_account", "sign_in_place"
_attempt = tables.sign_in_attempt


class Attempts(msgspec.Struct, frozen=True):
    """So many sign-ins failed since one went well, the last of them then."""

    failures: int
    last_at: datetime


_COLUMNS = columns_of(_attempt, Attempts)


def read(scope: TenantScope, login: str, place: str) -> Attempts | None:
    """What failed for this login at this place."""
    account, where = _name(scope, login, place)
    statement = scope.select(_attempt, *_COLUMNS).where(_attempt.c.account == account)
    return scope.one(Attempts, statement.where(_attempt.c.place == where))


def count(scope: TenantScope, login: str, place: str, *, forget_before: datetime) -> int:
    """Count a sign-in that failed, and those since then with it; what failed before is forgotten."""
    account, where = _name(scope, login, place)
    key = (_attempt.c.account == account, _attempt.c.place == where)
    scope.run(scope.update(_attempt).where(*key, _attempt.c.last_at < forget_before).values(failures=0))
    row = {"account": account, "place": where, "failures": 1, "last_at": scope.now()}
    changes = {"failures": _attempt.c.failures + 1, "last_at": scope.now()}
    kept = scope.insert_or_update(_attempt, row, ("account", "place"), changes)
    failures: int = kept.failures
    return failures


def forgive(scope: TenantScope, login: str, place: str) -> None:
    """Nothing counts against the login at this place any more."""
    account, where = _name(scope, login, place)
    scope.run(scope.delete(_attempt).where(_attempt.c.account == account, _attempt.c.place == where))


def forget(scope: TenantScope, login: str) -> None:
    """Nothing counts against the login any more, wherever it was."""
    account = scope.fingerprint(login, ACCOUNT)
    scope.run(scope.delete(_attempt).where(_attempt.c.account == account))


def purge(scope: TenantScope, before: datetime) -> int:
    """Delete what was last tried before then; how many rows."""
    return scope.run(scope.delete(_attempt).where(_attempt.c.last_at < before))


def _name(scope: TenantScope, login: str, place: str) -> tuple[str, str]:
    return scope.fingerprint(login, ACCOUNT), scope.fingerprint(place, PLACE)
