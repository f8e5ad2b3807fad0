"""Jobs: work that waits for a worker, held by a lease and fenced by a number.

A worker takes a job for the time of a lease and gets a fence. Everything it does later names that fence;
where the lease has ended and another worker has taken the job, the fence no longer fits, `LostLease` is
raised and the whole operation is undone. A lane (one for each partner) runs one job at a time.

`subject` holds ids, never a value of a document; `last_error` the kind of an error, never its text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec
from sqlalchemy import ColumnElement, Update, bindparam, func

from gateway.store import tables
from gateway.store.errors import LostLease
from gateway.store.scope import SystemScope, TenantScope
from gateway.store.statements import Prepared, columns_of

TOPIC = "job"
ATTEMPT_LIMIT = 12
LEASE_ENDED = "lease_ended"

_job = tables.job


class Job(msgspec.Struct, frozen=True):
    """One job. `attempts` counts how often it was taken; at `attempt_limit` a failure makes it dead."""

    id: str
    kind: str
    lane: str | None
    subject: str
    state: str
    due_at: datetime
    attempts: int
    attempt_limit: int
    fence: int
    lease_until: datetime | None
    last_error: str | None
    created_at: datetime
    updated_at: datetime


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """Work to do: `due_at` None means now; a second job of one kind and `once_key` is impossible."""

    kind: str
    subject: str
    lane: str | None = None
    due_at: datetime | None = None
    once_key: str | None = None
    attempt_limit: int = ATTEMPT_LIMIT


_COLUMNS = columns_of(_job, Job)


def enqueue(scope: TenantScope, new: NewJob) -> bool:
    """Add a job; False where one of the same kind and `once_key` was ever added."""
    row = _row(scope, new)
    scope.hint(TOPIC)
    if new.once_key is None:
        scope.insert(_job, row)
        return True
    return scope.insert_unless_present(_job, row, ("kind", "once_key"))


def enqueue_unless_waiting(scope: TenantScope, new: NewJob) -> bool:
    """Add a job unless one of its kind and subject waits for a time still to come; True if added.

    One already due does not count: a worker may have taken it in a view that lacks the rows of this
    transaction.
    """
    waiting = scope.select(_job, _job.c.id).where(
        _job.c.kind == new.kind,
        _job.c.subject == new.subject,
        _job.c.state == "ready",
        _job.c.due_at > scope.now(),
    )
    if scope.value(waiting.limit(1).with_for_update(read=True)) is not None:
        return False
    return enqueue(scope, new)


def tenants_waiting(system: SystemScope, kinds: Sequence[str]) -> list[str]:
    """The tenants with a due job of one of `kinds`: serve them in turn, so that each has its share."""
    return system.tenants_with(_job, *_is_due(system.now(), kinds))


def is_any_near(system: SystemScope, within: timedelta) -> bool:
    """True where a job is under way, or due before so long: the queue is worth a look soon."""
    due = (_job.c.state == "ready", _job.c.due_at <= system.now() + within)
    return bool(system.tenants_with(_job, _job.c.state == "running") or system.tenants_with(_job, *due))


def tenants_to_reap(system: SystemScope) -> list[str]:
    """The tenants with a running job whose lease has ended."""
    return system.tenants_with(_job, _job.c.state == "running", _job.c.lease_until <= system.lease_now())


def take(scope: TenantScope, kinds: Sequence[str], *, lease: timedelta, limit: int = 1) -> list[Job]:
    """Take up to `limit` due jobs, oldest first: one of a lane at most, none of a lane at work.

    The caller holds them for `lease`; each has a new fence.
    """
    scope.lock("job lanes")
    chosen = _choose(scope, kinds, limit)
    if not chosen:
        return []
    statement = scope.update(_job).where(_job.c.id.in_(chosen), _job.c.state == "ready")
    taken = statement.values(
        state="running",
        lease_until=scope.lease_now() + lease,
        fence=_job.c.fence + 1,
        attempts=_job.c.attempts + 1,
        updated_at=scope.now(),
    ).returning(*_COLUMNS)
    return sorted(scope.rows(Job, taken), key=lambda job: (job.due_at, job.id))


def _choose(scope: TenantScope, kinds: Sequence[str], limit: int) -> list[str]:
    """The ids of the jobs to take: the first due of each free lane, and any due without a lane."""
    running = scope.select(_job, _job.c.lane).where(_job.c.state == "running", _job.c.lane.is_not(None))
    busy = {row[0] for row in scope.tuples(running)}
    due = scope.select(_job, _job.c.id, _job.c.lane).where(*_is_due(scope.now(), kinds))
    if busy:
        due = due.where(_job.c.lane.is_(None) | _job.c.lane.not_in(busy))
    ordered = due.order_by(_job.c.due_at, _job.c.id).limit(limit).with_for_update(skip_locked=True)
    chosen: list[str] = []
    for job_id, lane in scope.tuples(ordered):
        if lane is None or lane not in busy:
            chosen.append(job_id)
            busy.add(lane)
    return chosen


def renew(scope: TenantScope, job: Job, *, lease: timedelta) -> None:
    """Hold the job for `lease` from now. Raises LostLease."""
    _settle(scope, job, lease_until=scope.lease_now() + lease)


def require(scope: TenantScope, job: Job) -> None:
    """Nothing, while the job is ours. Raises LostLease, which undoes the transaction that asks."""
    _settle(scope, job)


def finish(scope: TenantScope, job: Job) -> None:
    """The job is done; in the transaction of what it did. Raises LostLease, which undoes all of that."""
    _settle(scope, job, state="done", lease_until=None)


def retry_later(scope: TenantScope, job: Job, due_at: datetime, error: str) -> None:
    """Give the job back, to be taken again at `due_at`; at its attempt limit it is dead. Raises LostLease."""
    if job.attempts >= job.attempt_limit:
        bury(scope, job, error)
        return
    _settle(scope, job, state="ready", lease_until=None, due_at=due_at, last_error=error)
    scope.hint(TOPIC)


def postpone(scope: TenantScope, job: Job, due_at: datetime) -> None:
    """Give the job back: there was nothing to do yet, and this take does not count. Raises LostLease."""
    _settle(scope, job, state="ready", lease_until=None, due_at=due_at, attempts=job.attempts - 1)
    scope.hint(TOPIC)


def bury(scope: TenantScope, job: Job, error: str) -> None:
    """The job is dead: no worker takes it again, a person must look. Raises LostLease."""
    _settle(scope, job, state="dead", lease_until=None, last_error=error)


def revive(scope: TenantScope, job_id: str) -> bool:
    """Make a dead job ready again, with all its attempts; False where it is not dead."""
    statement = scope.update(_job).where(_job.c.id == job_id, _job.c.state == "dead")
    changes = {"state": "ready", "attempts": 0, "due_at": scope.now(), "updated_at": scope.now()}
    scope.hint(TOPIC)
    return scope.run(statement.values(**changes)) == 1


def hasten(scope: TenantScope, kind: str, lane: str) -> int:
    """What waits in the lane is due now; how many jobs were to wait longer."""
    waiting = scope.update(_job).where(_job.c.kind == kind, _job.c.lane == lane, _job.c.state == "ready")
    scope.hint(TOPIC)
    return scope.run(waiting.where(_job.c.due_at > scope.now()).values(due_at=scope.now()))


def reap(scope: TenantScope) -> int:
    """Give back each job whose lease has ended, in its old place, or bury it at its limit; how many."""
    buried = len(bury_spent(scope))
    given_back = scope.run(_has_ended(scope).values(state="ready", **_ended(scope)))
    if given_back:
        scope.hint(TOPIC)
    return buried + given_back


def bury_spent(scope: TenantScope) -> list[Job]:
    """Bury the jobs whose lease has ended at their attempt limit, and say which: their workers died."""
    spent = _has_ended(scope).where(_job.c.attempts >= _job.c.attempt_limit)
    return scope.rows(Job, spent.values(state="dead", **_ended(scope)).returning(*_COLUMNS))


def _has_ended(scope: TenantScope) -> Update:
    return scope.update(_job).where(_job.c.state == "running", _job.c.lease_until <= scope.lease_now())


def _ended(scope: TenantScope) -> dict[str, object]:
    return {"lease_until": None, "last_error": LEASE_ENDED, "updated_at": scope.now()}


def load(scope: TenantScope, job_id: str) -> Job | None:
    """The job, or None."""
    return scope.one(Job, scope.select(_job, *_COLUMNS).where(_job.c.id == job_id))


def find_dead(scope: TenantScope, kind: str, subject: str) -> Job | None:
    """The dead job of this kind about `subject`, or None."""
    statement = scope.select(_job, *_COLUMNS).where(
        _job.c.kind == kind, _job.c.subject == subject, _job.c.state == "dead"
    )
    return scope.one(Job, statement)


def list_in_state(scope: TenantScope, state: str, *, limit: int = 100) -> list[Job]:
    """The jobs in `state`, oldest first."""
    statement = scope.select(_job, *_COLUMNS).where(_job.c.state == state)
    return scope.rows(Job, statement.order_by(_job.c.id).limit(limit))


def count_by_state(scope: TenantScope) -> dict[str, int]:
    """How many jobs stand in each state."""
    statement = scope.select(_job, _job.c.state, func.count().label("jobs")).group_by(_job.c.state)
    return {row.state: row.jobs for row in scope.tuples(statement)}


def next_due(scope: TenantScope, kinds: Sequence[str]) -> datetime | None:
    """When the next waiting job of `kinds` is due, or None where none waits."""
    statement = scope.select(_job, _job.c.due_at).where(_job.c.state == "ready", _job.c.kind.in_(kinds))
    due: datetime | None = scope.value(statement.order_by(_job.c.due_at).limit(1))
    return due


def find_last_change(scope: TenantScope) -> datetime | None:
    """When a job that is still to be done was last changed, or None where none is."""
    open_ = scope.select(_job, func.max(_job.c.updated_at)).where(_job.c.state.in_(("ready", "running")))
    moment: datetime | None = scope.value(open_)
    return moment


def purge_done(scope: TenantScope, before: datetime) -> int:
    """Delete the jobs done before the moment; those with a `once_key` stay: they keep it taken."""
    gone = scope.delete(_job).where(_job.c.state == "done", _job.c.updated_at < before)
    return scope.run(gone.where(_job.c.once_key.is_(None)))


def _settle(scope: TenantScope, job: Job, **changes: object) -> None:
    """Change a job that we hold. Raises LostLease where its fence is another's."""
    new = {f"new_{name}": value for name, value in changes.items()}
    statement = _prepare_settling(tuple(sorted(changes)))
    met = scope.run(statement, held=job.id, held_fence=job.fence, new_updated_at=scope.now(), **new)
    if met != 1:
        raise LostLease(job.id)


@lru_cache(maxsize=32)
def _prepare_settling(names: tuple[str, ...]) -> Prepared:
    """The update of the columns `names` of a job that is held under a fence."""
    changes = {name: bindparam(f"new_{name}", type_=_job.c[name].type) for name in (*names, "updated_at")}
    held = (_job.c.id == bindparam("held"), _job.c.fence == bindparam("held_fence"))
    running = _job.c.state == "running"
    return Prepared(lambda statements: statements.update(_job).where(*held, running).values(changes))


def _row(scope: TenantScope, new: NewJob) -> dict[str, object]:
    now = scope.now()
    return {
        "id": scope.new_id("job"),
        "kind": new.kind,
        "lane": new.lane,
        "subject": new.subject,
        "once_key": new.once_key,
        "state": "ready",
        "due_at": new.due_at or now,
        "attempts": 0,
        "attempt_limit": new.attempt_limit,
        "fence": 0,
        "lease_until": None,
        "last_error": None,
        "created_at": now,
        "updated_at": now,
    }


def _is_due(now: datetime, kinds: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    return (_job.c.state == "ready", _job.c.due_at <= now, _job.c.kind.in_(kinds))
