"""Sessions of people. The text that a browser holds is never kept, only its digest."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import bindparam

from gateway.store import tables
from gateway.store.scope import SystemScope, TenantScope
from gateway.store.statements import Prepared, columns_of

_session = tables.session


class Session(msgspec.Struct, frozen=True):
    """One session: how far its sign-in has come (`step`), by what (`method`), from where, and its times."""

    tenant: str
    id: str
    person: str
    step: str
    method: str
    address: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    ended_at: datetime | None


_COLUMNS = columns_of(_session, Session)
_FIND = Prepared(
    lambda statements: statements.select(_session, *_COLUMNS).where(_session.c.digest == bindparam("digest"))
)


def add(
    scope: TenantScope, *, digest: str, person: str, step: str, method: str, address: str, ends_at: datetime
) -> Session:
    """Begin a session."""
    now = scope.now()
    session = Session(
        scope.tenant, scope.new_id("ses"), person, step, method, address, now, now, ends_at, None
    )
    scope.insert(_session, {**msgspec.structs.asdict(session), "digest": digest})
    return session


def find(system: SystemScope, digest: str) -> Session | None:
    """The session of this digest, whoever's it is, ended or not; or None."""
    tenant = system.find_tenant(_session, _session.c.digest == digest)
    return None if tenant is None else system.of(tenant).one(Session, _FIND, digest=digest)


def load(scope: TenantScope, session_id: str) -> Session | None:
    """The session, or None."""
    return scope.one(Session, scope.select(_session, *_COLUMNS).where(_session.c.id == session_id))


def list_open(scope: TenantScope, *, seen_after: datetime, person: str = "") -> list[Session]:
    """The sessions that may still be used, oldest first; of one person where named."""
    statement = scope.select(_session, *_COLUMNS).where(
        _session.c.ended_at.is_(None),
        _session.c.ends_at > scope.now(),
        _session.c.seen_at > seen_after,
    )
    if person:
        statement = statement.where(_session.c.person == person)
    return scope.rows(Session, statement.order_by(_session.c.id))


def record_use(scope: TenantScope, session_id: str) -> None:
    """Remember that the session was used now."""
    scope.run(scope.update(_session).where(_session.c.id == session_id).values(seen_at=scope.now()))


def renew(scope: TenantScope, session_id: str, *, digest: str, step: str) -> bool:
    """Give an open session another text and step, so that the text before opens nothing; False without it."""
    statement = scope.update(_session).where(_session.c.id == session_id, _session.c.ended_at.is_(None))
    return scope.run(statement.values(digest=digest, step=step, seen_at=scope.now())) == 1


def end(scope: TenantScope, session_id: str) -> bool:
    """End a session; False where no open one has this id."""
    statement = scope.update(_session).where(_session.c.id == session_id, _session.c.ended_at.is_(None))
    return scope.run(statement.values(ended_at=scope.now())) == 1


def end_all(scope: TenantScope, person_id: str, *, but: str = "") -> int:
    """End all sessions of a person, but one where named; how many."""
    statement = scope.update(_session).where(
        _session.c.person == person_id, _session.c.ended_at.is_(None), _session.c.id != but
    )
    return scope.run(statement.values(ended_at=scope.now()))


def purge(scope: TenantScope, before: datetime) -> int:
    """Delete sessions that were over before then; how many."""
    return scope.run(scope.delete(_session).where(_session.c.ends_at < before))
