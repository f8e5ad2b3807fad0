"""Work lists: what people must look at, oldest first, with the reason (`schemas/worklists.toml`)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from gateway.store import claim_groups, events, work_items
from gateway.store.ages import Ages
from gateway.store.claim_groups import EVERY, Group, Narrowed
from gateway.store.claims import Claim
from gateway.store.events import Event
from gateway.store.scope import TenantScope
from gateway.store.work_items import WorkItem

WORKED = "worked"


class Worklist(msgspec.Struct, frozen=True):
    """One list: of claims by state or mark, or of work items by kind."""

    meaning: str
    states: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    items: tuple[str, ...] = ()

    @property
    def group(self) -> Group:
        """The claims on the list."""
        return Group(states=self.states, marks=self.marks, without=WORKED)


class ClaimEntry(msgspec.Struct, frozen=True):
    """A claim on a list and the event that put it there."""

    claim: Claim
    reason: Event | None


class ListPage(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a list: its entries, how many there are in all by age, and where to go on."""

    ages: Ages
    claims: list[ClaimEntry]
    items: list[WorkItem]
    next: str | None


@cache
def load_worklists() -> dict[str, Worklist]:
    """Every list by its name; raises msgspec.ValidationError where the table is wrong."""
    text = (files("schemas") / "worklists.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Worklist])


def read_page(
    scope: TenantScope,
    worklist: Worklist,
    narrowed: Narrowed = EVERY,
    *,
    after: str | None,
    limit: int,
) -> ListPage:
    """The entries of the list newer than the id `after`, oldest first; of claims those that are asked for."""
    if worklist.items:
        items = work_items.list_open(scope, kinds=worklist.items, after=after, limit=limit + 1)
        more = items[limit - 1].id if len(items) > limit else None
        ages = work_items.count_open(scope, worklist.items)
        return ListPage(ages=ages, claims=[], items=items[:limit], next=more)
    group = msgspec.structs.replace(worklist.group, narrowed=narrowed)
    rows = claim_groups.list_group(scope, group, after=after, limit=limit + 1)
    more = rows[limit - 1].id if len(rows) > limit else None
    page = rows[:limit]
    reasons = events.find_latest(scope, [row.id for row in page], worklist.events)
    return ListPage(
        ages=claim_groups.count_group(scope, group),
        claims=[ClaimEntry(row, reasons.get(row.id)) for row in page],
        items=[],
        next=more,
    )


def count_list(scope: TenantScope, worklist: Worklist) -> Ages:
    """How many entries the list has, by age."""
    if worklist.items:
        return work_items.count_open(scope, worklist.items)
    return claim_groups.count_group(scope, worklist.group)
