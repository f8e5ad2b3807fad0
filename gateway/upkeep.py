"""Upkeep: is everything that is kept still whole?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import msgspec

from gateway.archive import Archive, ArchiveDamaged, NotArchived
from gateway.store import Store, TenantScope, events, files

PAGE = 500


class Verdict(msgspec.Struct, frozen=True):
    """What was read, and what is wrong with it; `faults` name ids only."""

    events: int
    files: int
    faults: tuple[str, ...]


async def verify_home(store: Store, archive: Archive) -> Verdict:
    """Read every event of every tenant and every archived file that a row names."""
    tenants = await store.read(lambda system: system.tenants())
    counted, seen, faults = 0, 0, []
    for tenant in tenants:
        count, found = await store.read(check_events, tenant=tenant)
        counted += count
        faults += [f"{tenant}: {fault}" for fault in found]
        kept = await store.read(list_digests, tenant=tenant)
        seen += len(kept)
        for file_id, digest in kept:
            fault = await asyncio.to_thread(check_archived, archive.get, digest)
            faults += [f"{tenant}: file {file_id} {fault}"] if fault else []
    return Verdict(counted, seen, tuple(faults))


def check_events(scope: TenantScope) -> tuple[int, list[str]]:
    """The number of the tenant's events, and each gap in their sequence."""
    expected, faults = 1, []
    for event in walk_events(scope):
        if event.sequence != expected:
            faults.append(f"the events from {expected} to {event.sequence - 1} are missing")
        expected = event.sequence + 1
    return expected - 1, faults


def walk_events(scope: TenantScope) -> Iterator[events.Event]:
    """Every event of the tenant in order, opened."""
    after = 0
    while page := events.list_after(scope, after, limit=PAGE):
        yield from page
        after = page[-1].sequence


def list_digests(scope: TenantScope) -> list[tuple[str, str]]:
    """Id and digest of every file of the tenant."""
    found: list[tuple[str, str]] = []
    after: str | None = None
    while page := files.list_page(scope, limit=PAGE, before=after):
        found += [(file.id, file.sha256) for file in page]
        after = page[-1].id
    return found


def check_archived(get: Callable[[str], bytes], digest: str) -> str:
    """What is wrong with an archived file, or ""."""
    try:
        get(digest)
    except NotArchived:
        return "is not in the archive"
    except ArchiveDamaged:
        return "does not open, or is not what was archived"
    return ""
