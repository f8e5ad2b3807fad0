"""The audit log: who saw or changed which claim, when, from where. Source: 45 CFR 164.312(b).

    await services.audit.record(tenant, NewEntry(action="key.made", principal_kind="user", principal=user,
                                                 subjects=(key.id,), address=..., request=...))

`record` returns once the entry is durable. Entries of a tenant wait for each other: while one group is on its
way to the disk, the next gathers. Within a transaction of your own use `gateway.store.audit.append(scope,
[...])` instead, last. Refused strangers are counted and written every few seconds, so that nobody can make us
write without a key (docs/why: the audit log).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tomllib
from collections import defaultdict, deque
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import msgspec

from gateway.ids import is_id
from gateway.logs import log_event
from gateway.store import Store, TenantScope, audit
from gateway.store.audit import SYSTEM, NewEntry, find_fault, load_head, name_base, walk
from gateway.store.errors import StoreBroken, StoreError, StoreUnavailable

TOGETHER: Final = 128
STRANGER_SECONDS: Final = 5.0
"""How long the count of refused strangers may wait for the disk."""
MOST_STRANGERS: Final = 1000
"""Addresses and routes that are told apart within that time; the rest stands in one entry."""
MANY: Final = "many"
KEY: Final = "key"
USER: Final = "user"
CERTIFICATE: Final = "certificate"
OPERATOR: Final = "operator"
NOBODY: Final = "nobody"
BEGUN: Final = "begun"


class Action(msgspec.Struct, frozen=True):
    """What an action is: somebody was shown something, changed something, or may do something now."""

    effect: Literal["seen", "changed", "access"]
    meaning: str


class Catalogue(msgspec.Struct, frozen=True):
    """The actions, what a route's scope means as one ("": nothing of a patient), kinds by prefix of an id."""

    action: dict[str, Action]
    scope: dict[str, str]
    kind: dict[str, str]

    def name_kind(self, subjects: Sequence[str]) -> str:
        """The kind of what these ids are of."""
        return self.kind.get(subjects[0].partition("_")[0], "") if subjects else ""


@cache
def load_catalogue() -> Catalogue:
    """The catalogue of `schemas/audit.toml`."""
    text = files("schemas").joinpath("audit.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Catalogue)


def choose_ids(texts: Sequence[str]) -> tuple[str, ...]:
    """Those that have the shape of our ids, each once: an address may hold anything."""
    return tuple(dict.fromkeys(text for text in texts if is_id(text)))


class _Waiting(msgspec.Struct, frozen=True, eq=False):
    entry: NewEntry
    written: asyncio.Future[None]

    def settle(self, failure: BaseException | None) -> None:
        """Answer, unless nobody waits any more."""
        if self.written.done():
            return
        if failure is None:
            self.written.set_result(None)
        else:
            self.written.set_exception(failure)


class AuditLog:
    """Writes entries in groups."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: defaultdict[str, deque[_Waiting]] = defaultdict(deque)
        self._writing: dict[str, asyncio.Task[None]] = {}
        self._strangers: dict[tuple[str, str, str], NewEntry] = {}
        self._counting: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    async def record(self, tenant: str, entry: NewEntry) -> None:
        """Write an entry of the tenant; it is durable once awaited. Raises StoreUnavailable, StoreBroken."""
        waiting = _Waiting(entry, asyncio.get_running_loop().create_future())
        self._waiting[tenant].append(waiting)
        if tenant not in self._writing:
            self._writing[tenant] = asyncio.create_task(self._write(tenant))
        await waiting.written

    def count_stranger(self, entry: NewEntry) -> None:
        """Note an attempt of somebody unknown; it is durable after `STRANGER_SECONDS` at the latest."""
        place = (entry.route, entry.address, entry.outcome)
        if place not in self._strangers and len(self._strangers) >= MOST_STRANGERS:
            place = (MANY, MANY, entry.outcome)
            entry = msgspec.structs.replace(entry, route=MANY, address=MANY, request="")
        known = self._strangers.get(place)
        self._strangers[place] = msgspec.structs.replace(known, count=known.count + 1) if known else entry
        if self._counting is None:
            self._counting = asyncio.create_task(self._write_strangers())

    async def close(self) -> None:
        """Write what waits."""
        self._closing.set()
        if self._counting is not None:
            await self._counting
        await asyncio.gather(*self._writing.values(), return_exceptions=True)

    async def _write(self, tenant: str) -> None:
        queue = self._waiting[tenant]
        try:
            while queue:
                group = [queue.popleft() for _ in range(min(TOGETHER, len(queue)))]
                failure = await self._append(tenant, [waiting.entry for waiting in group])
                for waiting in group:
                    waiting.settle(failure)
        finally:
            del self._writing[tenant], self._waiting[tenant]
            for waiting in queue:  # the task was cancelled: its loop is being closed
                waiting.written.cancel()

    async def _append(self, tenant: str, entries: Sequence[NewEntry]) -> Exception | None:
        """Write a group; what went wrong, or None."""
        try:
            await self._store.write(lambda scope: audit.append(scope, entries), tenant=tenant)
        except (StoreUnavailable, StoreBroken) as failure:
            return failure
        except Exception as failure:
            log_event("audit.failed", level=logging.ERROR, error=failure, tenant=tenant or None)
            return StoreUnavailable("the audit log cannot be written")
        return None

    async def _write_strangers(self) -> None:
        """Let the count gather for a while, then write it."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), STRANGER_SECONDS)
        counted, self._strangers, self._counting = list(self._strangers.values()), {}, None
        failure = await self._append(SYSTEM, counted)
        if isinstance(failure, StoreError):
            log_event("audit.unwritten", level=logging.ERROR, error=failure, count=len(counted))


class Proof(msgspec.Struct, frozen=True):
    """What was read of one log: how many entries, the number and link that it ends in, and its faults."""

    entries: int
    last: int
    head: str
    faults: tuple[str, ...]


def prove(scope: TenantScope) -> Proof:
    """Prove the tenant's log: no entry altered, inserted, removed or moved since it was written."""
    head = load_head(scope)
    expected, link, faults, count = head.base + 1, head.base_chain, [], 0
    purged = set()
    for entry in walk(scope):
        if entry.sequence != expected:
            faults.append(_tell_gap(expected, entry.sequence - 1))
        fault = find_fault(scope, link, entry)
        faults += [f"entry {entry.sequence} {fault}"] if fault else []
        purged |= {entry.subject} if entry.action == audit.PURGED else set()
        expected, link, count = entry.sequence + 1, entry.chain, count + 1
    if head.sequence >= expected:
        faults.append(_tell_gap(expected, head.sequence))
    elif (head.sequence, head.chain) != (expected - 1, link):
        faults.append("the log does not end where it says")
    if head.base and name_base(head.base, head.base_chain) not in purged:
        faults.append(f"no entry tells that those up to {head.base} were purged")
    return Proof(count, expected - 1, link, tuple(faults))


def _tell_gap(first: int, last: int) -> str:
    return f"the entries from {first} to {last} are missing"
