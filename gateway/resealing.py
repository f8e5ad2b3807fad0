"""Rotation: new keys, values sealed anew by them, the proof that nothing needs the old ones, and their end.

    rotate_keys     new data keys for this month, all wrapped by the current wrapping key
    reseal_all      values that the ring or a superseded key sealed are sealed by their owner's keys
    count_needing   what still needs a key
    destroy_spent   keys that sealed nothing that is left are destroyed
    empty_periods   months that retention has emptied: what is left of them moves on, their keys are destroyed

Each step may be cut off and run again: a value is sealed anew in one transaction, and found by the key that
it names.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec

from gateway.archive import Archive
from gateway.clock import Clock
from gateway.data_keys import ARCHIVE, DataKey, KeyHolder, list_missing, name_period
from gateway.sealing import DATA, RING, KeyRing, write_header
from gateway.store import Store, SystemScope, data_keys
from gateway.store.audit import SYSTEM
from gateway.store.sealed_columns import SEALED, count_sealed, list_periods, reseal_some

SPENT_AFTER: Final = timedelta(hours=1)
"""Where other processes share the database, one may seal by a superseded key until it looks again."""


class Keeper(msgspec.Struct, frozen=True):
    """What rotation needs: the store, the archive, the keys and the time."""

    store: Store
    archive: Archive
    holder: KeyHolder
    ring: KeyRing
    clock: Clock

    async def list_owners(self) -> list[str]:
        """The installation, which owns the archive's keys, and every tenant."""
        return [SYSTEM, *await self.store.read(lambda system: system.tenants())]

    async def learn(self) -> list[DataKey]:
        """Read all keys anew."""
        await asyncio.to_thread(self.holder.refresh)
        return self.holder.known


async def prepare_keys(keeper: Keeper) -> int:
    """Make the keys of this month and the next that are missing, before anything asks for them; how many."""
    owners = await keeper.list_owners()
    await keeper.learn()
    missing = await asyncio.to_thread(list_missing, keeper.holder, owners, keeper.clock)
    if missing:
        await _keep(keeper, missing)
    return len(missing)


async def _keep(keeper: Keeper, keys: Sequence[DataKey], *, instead: datetime | None = None) -> None:
    """Keep new keys; those of the same months from before `instead` seal nothing any more."""

    def add(system: SystemScope) -> None:
        for key in keys:
            data_keys.add(system.of(key.tenant), key)
            if instead is not None:
                data_keys.supersede(system.of(key.tenant), key.period, instead)

    await keeper.store.write(add)
    await keeper.learn()


async def rotate_keys(keeper: Keeper) -> tuple[int, int]:
    """New data keys for this month and the next, and all others under the current wrapping key.

    How many were made, and how many wrapped anew.
    """
    now = keeper.clock.now()
    owners = await keeper.list_owners()
    rewrapped = await rewrap_keys(keeper)
    periods = {key.period for key in keeper.holder.known if key.period >= name_period(now)}
    made = [keeper.holder.make(owner, period, now) for owner in owners for period in sorted(periods)]
    await _keep(keeper, made, instead=now)
    return len(made), rewrapped


async def rewrap_keys(keeper: Keeper) -> int:
    """Wrap by the current wrapping key every data key that another one wraps; how many."""
    keys = await keeper.learn()
    old = [key for key in keys if key.kek != keeper.holder.wrapping.current]
    for key in old:
        fresh = await asyncio.to_thread(keeper.holder.rewrap, key)
        await keeper.store.write(partial(data_keys.rewrap, key=fresh), tenant=key.tenant)
    await keeper.learn()
    return len(old)


async def reseal_all(keeper: Keeper) -> int:
    """Seal anew whatever the ring or a superseded key sealed; how many values and files."""
    keys = await keeper.learn()
    superseded = [key for key in keys if key.superseded_at is not None]
    count = 0
    for owner in await keeper.list_owners():
        stale = list_headers(keeper.ring, superseded, owner)
        await _prepare_periods(keeper, owner, stale)
        count += await reseal_owner(keeper, owner, stale, original=True)
    return count + await reseal_archive(keeper, list_headers(keeper.ring, superseded, ARCHIVE))


def list_headers(ring: KeyRing, keys: Collection[DataKey], owner: str) -> list[bytes]:
    """What values begin with that the ring sealed, or one of these keys of the owner."""
    own = [write_header(DATA, key.id) for key in keys if key.tenant == owner]
    return [*(write_header(RING, key_id) for key_id in ring.keys), *own]


async def _prepare_periods(keeper: Keeper, owner: str, stale: Collection[bytes]) -> None:
    """A key of the owner for each month that the values are of, so that each month can end by itself."""
    periods: set[str] = set()
    for place in SEALED:
        look = partial(list_periods, place=place, headers=stale)
        periods |= await keeper.store.read(look, tenant=owner)
    have = {key.period for key in keeper.holder.known if key.tenant == owner and key.superseded_at is None}
    now, holder = keeper.clock.now(), keeper.holder
    missing = sorted(periods - have)
    if missing:
        await _keep(keeper, [await asyncio.to_thread(holder.make, owner, it, now) for it in missing])


async def reseal_owner(keeper: Keeper, owner: str, stale: Collection[bytes], *, original: bool) -> int:
    """Seal anew the owner's values with these headers, some in a transaction; how many."""
    count = 0
    for place in SEALED:
        seal = partial(reseal_some, place=place, headers=stale, original=original)
        while some := await keeper.store.write(seal, tenant=owner):
            count += some
    return count


async def reseal_archive(keeper: Keeper, stale: Collection[bytes]) -> int:
    """Seal anew every archived file with one of these headers; how many."""
    count = 0
    for digest in await asyncio.to_thread(lambda: list(keeper.archive.list_sealed(stale))):
        count += await asyncio.to_thread(keeper.archive.reseal, digest)
    return count


async def count_needing(keeper: Keeper, owner: str, stale: Collection[bytes]) -> Counter[str]:
    """By column, how many of the owner's values have one of these headers; the archive among its owner's."""
    found: Counter[str] = Counter()
    for place in SEALED:
        look = partial(count_sealed, place=place, headers=stale)
        found[place.name] = await keeper.store.read(look, tenant=owner)
    if owner == ARCHIVE:
        files = await asyncio.to_thread(lambda: sum(1 for _ in keeper.archive.list_sealed(stale)))
        found["archive"] = files
    return +found


async def destroy_spent(keeper: Keeper) -> tuple[int, list[str]]:
    """Destroy the superseded keys that sealed nothing that is left; how many, and why others stay."""
    now, count, faults = keeper.clock.now(), 0, []
    for key in list_superseded(await keeper.learn()):
        if keeper.store.shared and now - (key.superseded_at or now) < SPENT_AFTER:
            faults.append(f"{key.id} was superseded less than an hour ago: another process may still use it")
            continue
        needing = await count_needing(keeper, key.tenant, [write_header(DATA, key.id)])
        if needing:
            faults.append(f"{key.id} is needed by {needing.total()} values: {', '.join(needing)}")
            continue
        count += await _destroy(keeper, key)
    await keeper.learn()
    return count, faults


def list_superseded(keys: Collection[DataKey]) -> Iterator[DataKey]:
    """The keys that seal nothing any more."""
    return (key for key in keys if key.superseded_at is not None)


async def _destroy(keeper: Keeper, key: DataKey) -> bool:
    return await keeper.store.write(partial(data_keys.destroy, key_id=key.id), tenant=key.tenant)


async def empty_periods(keeper: Keeper, owner: str, before: datetime) -> int:
    """Destroy the owner's keys of all months that end before then; how many.

    What is left of these months, since something that stays still names it, is sealed by today's key first.
    """
    keys = [key for key in await keeper.learn() if key.tenant == owner and key.period < name_period(before)]
    if not keys:
        return 0
    for period in {key.period for key in keys}:
        await keeper.store.write(partial(data_keys.retire_period, period=period), tenant=owner)
    await keeper.learn()
    stale = [write_header(DATA, key.id) for key in keys]
    await reseal_owner(keeper, owner, stale, original=False)
    if owner == ARCHIVE:
        await reseal_archive(keeper, stale)
    if await count_needing(keeper, owner, stale):
        return 0
    destroyed = [await _destroy(keeper, key) for key in keys]
    await keeper.learn()
    return sum(destroyed)
