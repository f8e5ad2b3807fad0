"""Upkeep: is everything that is kept still whole?

Events: numbered without a gap, linked in the tenant's chain, each telling what it told. Claims: each stands
where the fold over its events says. Archive: every file that a row names opens and is what was archived.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

import msgspec

from gateway.archive import Archive, ArchiveDamaged, NotArchived
from gateway.events import RETENTION_PURGED, fold_story, read_standing
from gateway.lifecycle import Standing
from gateway.sealing import SealBroken
from gateway.store import Store, TenantScope, chain, claims, events, files, inquiries, retention
from gateway.store.claims import Claim
from gateway.story import read_purged

PAGE = 500


class Chain(msgspec.Struct, frozen=True):
    """What was read of a tenant's events: how many, those from before the chain, the last link, faults."""

    events: int
    unlinked: int
    head: str
    faults: tuple[str, ...]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, and what is wrong with it; `faults` name ids only. `chains` are by tenant."""

    events: int
    claims: int
    files: int
    faults: tuple[str, ...]
    chains: dict[str, Chain]


async def verify_home(store: Store, archive: Archive) -> Verdict:
    """Read every event and claim of every tenant and every archived file that a row names."""
    chains, faults, claim_count, file_count = {}, [], 0, 0
    for tenant in await store.read(lambda system: system.tenants()):
        found, (stood, strayed), kept = await store.read(read_tenant, tenant=tenant)
        chains[tenant], claim_count, file_count = found, claim_count + stood, file_count + len(kept)
        damaged = [
            f"file {file_id} {fault}"
            for file_id, digest in kept
            if (fault := await asyncio.to_thread(check_archived, archive.get, digest))
        ]
        faults += [f"{tenant}: {fault}" for fault in (*found.faults, *strayed, *damaged)]
    return Verdict(
        events=sum(it.events for it in chains.values()),
        claims=claim_count,
        files=file_count,
        faults=tuple(faults),
        chains=chains,
    )


def read_tenant(scope: TenantScope) -> tuple[Chain, tuple[int, list[str]], list[tuple[str, str]]]:
    """Events, claims and files of a tenant on one view: its chain, its claims' faults, its digests."""
    return check_events(scope), check_claims(scope), list_digests(scope)


def check_events(scope: TenantScope) -> Chain:
    """Prove the tenant's chain: every event in its place and telling what it told."""
    expected, unlinked, head, faults = 1, 0, chain.BEGINNING, []
    gone = purged = 0
    for link in walk_links(scope):
        if link.sequence != expected:
            faults.append(tell_gap(expected, link.sequence - 1))
        fault = chain.find_fault(scope, head, link)
        faults += [f"event {link.sequence} {fault}"] if fault else []
        unlinked += link.chain is None
        gone += not link.body
        purged += read_purged_count(scope, link)
        expected, head = link.sequence + 1, link.chain or head
    last = events.last_sequence(scope)
    if last >= expected:
        faults.append(tell_gap(expected, last))
    if gone != purged:
        faults.append(f"{gone} events have no body, and purges tell of {purged}")
    return Chain(expected - 1, unlinked, head, tuple(faults))


def read_purged_count(scope: TenantScope, link: chain.Link) -> int:
    """How many events a purge took the bodies of, where the event tells of one that can be read."""
    if link.type != RETENTION_PURGED:
        return 0
    try:
        return read_purged(chain.open_body(scope, link))
    except (SealBroken, msgspec.DecodeError):
        return 0  # the chain says so


async def check_head(store: Store, tenant: str, sequence: int, link: str) -> str:
    """What is wrong with the event that an earlier verdict called the last, or ""."""
    kept = await store.read(lambda scope: chain.read_link(scope, sequence), tenant=tenant)
    return "" if kept == link else f"{tenant}: event {sequence} is not the one that the chain ended in"


def tell_gap(first: int, last: int) -> str:
    """That events are missing."""
    return f"the events from {first} to {last} are missing"


def walk_links(scope: TenantScope) -> Iterator[chain.Link]:
    """Every event of the tenant in order."""
    after = 0
    while page := chain.list_links(scope, after, limit=PAGE):
        yield from page
        after = page[-1].sequence


def check_claims(scope: TenantScope) -> tuple[int, list[str]]:
    """How many claims there are, and each that does not stand where its events say."""
    count, faults, before = 0, [], None
    while page := claims.list_page(scope, limit=PAGE, before=before):
        faults += [f"claim {claim.id} {fault}" for claim, fault in check_page(scope, page) if fault]
        count, before = count + len(page), page[-1].id
    orphans = retention.count_orphans(scope)
    return count, [*faults, *([f"{orphans} events tell of claims that are not there"] if orphans else [])]


def check_page(scope: TenantScope, page: Sequence[Claim]) -> list[tuple[Claim, str]]:
    """What is wrong with each of the claims, or ""."""
    try:
        stories = events.list_of_claims(scope, [claim.id for claim in page])
        return [(claim, compare(claim, fold_story(stories[claim.id], claim))) for claim in page]
    except (SealBroken, msgspec.DecodeError):  # one event of one of them: look at each by itself
        return [(claim, check_claim(scope, claim)) for claim in page]


def check_claim(scope: TenantScope, claim: Claim) -> str:
    """What is wrong with one claim, or ""."""
    try:
        return compare(claim, read_standing(scope, claim))
    except (SealBroken, msgspec.DecodeError):
        return "has an event that cannot be read"


def compare(claim: Claim, standing: Standing) -> str:
    """In which columns the claim's row differs from the fold over its events, or ""."""
    names = ("state", "paid", "adjusted", "patient", "open")
    differing = [name for name in names if getattr(claim, name) != getattr(standing, name)]
    differing += ["marks"] if frozenset(claim.marks) != standing.marks else []
    return f"does not stand where its events say ({', '.join(differing)})" if differing else ""


def list_digests(scope: TenantScope) -> list[tuple[str, str]]:
    """Id and digest of every file of the tenant, and of what it asked and was answered in real time."""
    found: list[tuple[str, str]] = []
    after: str | None = None
    while page := files.list_page(scope, limit=PAGE, before=after):
        found += [(file.id, file.sha256) for file in page]
        after = page[-1].id
    after = None
    while asked := inquiries.list_page(scope, limit=PAGE, before=after):
        both = ((it.id, digest) for it in asked for digest in (it.request_sha256, it.answer_sha256))
        found += [(inquiry, digest) for inquiry, digest in both if digest is not None]
        after = asked[-1].id
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
