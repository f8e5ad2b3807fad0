"""Groups of claims that people or watchdogs look at: by state, by mark, by a deadline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

import msgspec
from sqlalchemy import ColumnElement, String, bindparam, literal, or_, type_coerce

from gateway.store import tables
from gateway.store.ages import Ages, count_ages
from gateway.store.claims import Claim
from gateway.store.scope import TenantScope
from gateway.store.statements import columns_of

_COLUMNS = columns_of(tables.claim, Claim)


class Narrowed(msgspec.Struct, frozen=True, kw_only=True):
    """Of a group those of one payer, with this charge or more (dollars), unchanged since the moment."""

    payer_id: str = ""
    least: Decimal = Decimal(0)
    unchanged_since: datetime | None = None


EVERY = Narrowed()


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group of claims that a person works through: in one of `states`, or with one of `marks`.

    Claims with the mark `without` are left out.
    """

    states: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    without: str = ""
    narrowed: Narrowed = EVERY


def list_group(
    scope: TenantScope, group: Group, *, after: str | None = None, limit: int = 100
) -> list[Claim]:
    """The claims of the group, oldest first, newer than the id `after`."""
    statement = scope.select(tables.claim, *_COLUMNS).where(*_belongs(group))
    if after is not None:
        statement = statement.where(tables.claim.c.id > after)
    return scope.rows(Claim, statement.order_by(tables.claim.c.id).limit(limit))


def count_group(scope: TenantScope, group: Group) -> Ages:
    """How many claims the group has, by how long ago they last changed."""
    return count_ages(scope, tables.claim, tables.claim.c.updated_at, *_belongs(group))


def count_by_mark(scope: TenantScope, marks: Sequence[str]) -> dict[str, int]:
    """How many claims bear each of the marks."""
    return {mark: count_group(scope, Group(marks=(mark,))).total for mark in marks}


def _belongs(group: Group) -> list[ColumnElement[bool]]:
    criteria: list[ColumnElement[bool]] = []
    if group.states:
        criteria.append(tables.claim.c.state.in_(group.states))
    if group.marks:
        criteria += [_is_marked(), or_(*map(_bears, group.marks))]
    if group.without:
        criteria.append(~_bears(group.without))
    return [*criteria, *_narrow(group.narrowed)]


def _narrow(wanted: Narrowed) -> Iterator[ColumnElement[bool]]:
    if wanted.payer_id:
        yield tables.claim.c.payer_id == wanted.payer_id
    if wanted.least:
        yield tables.claim.c.charge >= wanted.least
    if wanted.unchanged_since is not None:
        yield tables.claim.c.updated_at <= wanted.unchanged_since


def _is_marked() -> ColumnElement[bool]:
    """True where the claim has any mark; written out, so that the index of the marked claims is used."""
    nothing = bindparam("nothing", "", literal_execute=True, type_=String)
    return type_coerce(tables.claim.c.marks, String) != nothing


def _bears(mark: str) -> ColumnElement[bool]:
    """True where `mark` is one of the claim's words."""
    words = type_coerce(tables.claim.c.marks, String)
    return (literal(" ", String) + words + literal(" ", String)).contains(f" {mark} ", autoescape=True)


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """Claims of `payer_id` in one of `states` whose service began between the two days, in this frequency."""

    payer_id: str
    states: tuple[str, ...]
    frequencies: tuple[str, ...]
    served_after: date
    served_before: date


def list_undecided(scope: TenantScope, deadline: Deadline, *, timer: str, limit: int = 500) -> list[str]:
    """The ids of the claims near a deadline that no later claim of the same number replaces.

    Those that had a timer (a job) of the kind `timer` are left out.
    """
    claim, later, job = tables.claim, tables.claim.alias("later"), tables.job
    replaced = scope.select(later, later.c.id).where(
        later.c.control_fingerprint == claim.c.control_fingerprint, later.c.id > claim.c.id
    )
    timed = scope.select(job, job.c.id).where(job.c.kind == timer, job.c.once_key == claim.c.id)
    statement = scope.select(claim, claim.c.id).where(
        claim.c.state.in_(deadline.states),
        claim.c.payer_id == deadline.payer_id,
        claim.c.frequency.in_(deadline.frequencies),
        claim.c.service_from.between(deadline.served_after, deadline.served_before),
        ~replaced.exists(),
        ~timed.exists(),
    )
    return [row[0] for row in scope.tuples(statement.order_by(claim.c.id).limit(limit))]
