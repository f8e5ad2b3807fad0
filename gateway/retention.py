"""Retention: what is older than the policy says is purged, and an event says that it was.

Six years is the default: 45 CFR 164.316(b)(2)(i) and 164.530(j). A state, a payer's contract or a suit may
ask for more; each tenant can have years of its own, and 0 keeps everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from gateway.archive import Archive
from gateway.data_keys import ARCHIVE
from gateway.events import KEPT_TYPES, RETENTION_PURGED, Happening, publish
from gateway.resealing import Keeper, empty_periods, prepare_keys
from gateway.settings import Settings
from gateway.store import Store, SystemScope, TenantScope, audit
from gateway.store.retention import Purged, list_digests, purge_claims, purge_rest
from gateway.story import RetentionStory

GRACE: Final = timedelta(days=1)
"""An archived file that was touched within it stays: its row may be on its way."""


class Rehearsed(Exception):
    """Undoes a purge that was only rehearsed."""

    def __init__(self, purged: Purged) -> None:
        super().__init__("a rehearsal")
        self.purged = purged


class Outcome(msgspec.Struct, frozen=True):
    """What was purged of a tenant, or would be: everything from before a day, or nothing where it is None."""

    tenant: str
    before: datetime | None
    purged: Purged


def find_limit(now: datetime, years: int) -> datetime:
    """The moment `years` before now; on 29 February the day before it where the year has none."""
    try:
        return now.replace(year=now.year - years)
    except ValueError:
        return now.replace(year=now.year - years, day=28)


async def purge_store(store: Store, settings: Settings, now: datetime, *, rehearse: bool) -> list[Outcome]:
    """Purge every tenant by its policy; with `rehearse`, count what would go and leave it."""
    outcomes = []
    for tenant in await store.read(lambda system: system.tenants()):
        years = settings.retention_years(tenant)
        before = find_limit(now, years) if years else None
        gone = await _purge_tenant(store, tenant, before, years, rehearse=rehearse) if before else Purged()
        outcomes.append(Outcome(tenant, before, gone))
    return outcomes


async def shred(keeper: Keeper, settings: Settings, now: datetime) -> int:
    """Destroy the data keys of the months that are past every retention; how many.

    What is left of such a month, since something that stays names it, moves to a key of today first.
    """
    await prepare_keys(keeper)
    longest, count = settings.retention.audit_years, 0
    for tenant in (owner for owner in await keeper.list_owners() if owner):
        years = settings.retention_years(tenant)
        count += await empty_periods(keeper, tenant, find_limit(now, years)) if years else 0
        longest = max(longest, years) if longest and years else 0
    return count + (await empty_periods(keeper, ARCHIVE, find_limit(now, longest)) if longest else 0)


async def purge_audit(store: Store, settings: Settings, now: datetime) -> int:
    """Delete the entries of every audit log that are older than it is kept for; how many."""
    years = settings.retention.audit_years
    if not years:
        return 0
    before = find_limit(now, years)
    logs = [audit.SYSTEM, *await store.read(lambda system: system.tenants())]
    return sum([await store.write(lambda scope: audit.purge(scope, before), tenant=log) for log in logs])


async def sweep_archive(store: Store, archive: Archive, now: datetime) -> int:
    """Delete the archived files that no row of any tenant names; how many."""
    settled = await asyncio.to_thread(archive.list_settled, now - GRACE)
    named = await store.read(_list_all_digests)
    unnamed = [digest for digest in settled if digest not in named]
    return sum([await asyncio.to_thread(archive.remove, digest, now - GRACE) for digest in unnamed])


def _list_all_digests(system: SystemScope) -> set[str]:
    return set().union(*(list_digests(system.of(tenant)) for tenant in system.tenants()))


async def _purge_tenant(store: Store, tenant: str, before: datetime, years: int, *, rehearse: bool) -> Purged:
    """Some claims in a transaction, so that nobody waits for long; a rehearsal is one that is undone."""

    def purge_some(scope: TenantScope) -> Purged:
        return _record(scope, purge_claims(scope, before), before, years)

    def purge_others(scope: TenantScope) -> Purged:
        return _record(scope, purge_rest(scope, before, kept_types=KEPT_TYPES), before, years)

    if rehearse:
        return await _rehearse(store, tenant, purge_some, purge_others)
    purged = Purged()
    while (some := await store.write(purge_some, tenant=tenant)).total:
        purged += some
    return purged + await store.write(purge_others, tenant=tenant)


async def _rehearse(store: Store, tenant: str, *steps: Callable[[TenantScope], Purged]) -> Purged:
    def purge_and_undo(scope: TenantScope) -> Purged:
        purged = Purged()
        for step in steps:
            while (some := step(scope)).total:
                purged += some
        raise Rehearsed(purged)

    try:
        return await store.write(purge_and_undo, tenant=tenant)
    except Rehearsed as rehearsed:
        return rehearsed.purged


def _record(scope: TenantScope, purged: Purged, before: datetime, years: int) -> Purged:
    """Append the event that says what was purged, in the same transaction."""
    if purged.total:
        told = RetentionStory(before=before.isoformat(), years=years, **msgspec.structs.asdict(purged))
        publish(scope, Happening(type=RETENTION_PURGED, story=told))
    return purged
