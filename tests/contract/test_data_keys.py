"""Data keys on both databases: made, rotated, values sealed anew through a cut, proven spent, destroyed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, LargeBinary, text

from gateway.archive import Archive, ArchiveDamaged
from gateway.clock import VirtualClock
from gateway.data_keys import ARCHIVE, KeyHolder, RingKeys, name_period
from gateway.ids import TimeIds
from gateway.resealing import (
    Keeper,
    count_needing,
    destroy_spent,
    empty_periods,
    list_headers,
    prepare_keys,
    reseal_all,
    rotate_keys,
)
from gateway.sealing import (
    DATA,
    KeyRing,
    SealBroken,
    Sealer,
    read_key_ring,
    write_header,
    write_key_ring,
)
from gateway.store import (
    Means,
    Store,
    TenantScope,
    audit,
    claims,
    data_keys,
    idempotency,
    people,
    tables,
    webhooks,
    work_items,
)
from gateway.store.key_reading import read_data_keys
from gateway.store.sealed_columns import SEALED, UNSEALED, reseal_some
from tests.contract.rows import make_claim, make_entry
from tests.contract.test_tenants_are_apart import furnish

BODY = b'{"patient":"MARKED-NAME"}'
TWO_HOURS = timedelta(hours=2)


class CountingKeys(RingKeys):
    """A key ring that counts how often it is asked."""

    def __init__(self, ring: KeyRing) -> None:
        super().__init__(ring)
        self.asked = 0

    def unwrap(self, wrapped: bytes, kek: str, context: str) -> bytes:
        self.asked += 1
        return super().unwrap(wrapped, kek, context)


@pytest.fixture
def ring() -> KeyRing:
    return read_key_ring(write_key_ring())


@pytest.fixture
def holder(ring: KeyRing, url: str, clock: VirtualClock) -> KeyHolder:
    return KeyHolder(CountingKeys(ring), partial(read_data_keys, url), clock.now)


@pytest.fixture
def means(clock: VirtualClock, ring: KeyRing, holder: KeyHolder) -> Means:
    return Means(clock, TimeIds(clock), Sealer(ring, holder))


@pytest.fixture
def keeper(
    store: Store, means: Means, holder: KeyHolder, ring: KeyRing, clock: VirtualClock, tmp_path: Path
) -> Keeper:
    return Keeper(store, Archive(tmp_path / "archive", means.sealer), holder, ring, clock)


async def read_headers(keeper: Keeper, tenant: str) -> dict[str, set[bytes]]:
    """By column, the headers of all sealed values of a tenant."""

    def read(scope: TenantScope) -> dict[str, set[bytes]]:
        return {
            place.name: {
                bytes(row[0])[: 2 + row[0][1]]
                for row in scope.tuples(scope.select(place.table, place.table.c[place.column]))
                if row[0]
            }
            for place in SEALED
        }

    return await keeper.store.read(read, tenant=tenant)


def open_all(scope: TenantScope) -> int:
    """Open every sealed value of a tenant; how many. Raises SealBroken."""
    count = 0
    for place in SEALED:
        for row in scope.tuples(scope.select(place.table)):
            if row._mapping[place.column]:
                scope.open(row._mapping[place.column], place.context.format_map(row._mapping))
                count += 1
    return count


def fill(scope: TenantScope) -> None:
    """A row in every table, with every sealed column filled."""
    its = furnish(scope)
    data_keys.destroy(scope, "d1")
    people.set_password(scope, its.person.id, "hash", must_change=False, until=None)
    people.set_totp(scope, its.person.id, "secret")
    audit.append(scope, [make_entry("clm_1", reason="a reason")])
    webhooks.rotate_secret(scope, its.endpoint.id, b"new", previous_until=scope.now())
    work_items.resolve(scope, its.item.id, by="key_1", note="a note")
    idempotency.complete(scope, "r", "k", status=200, response=b"{}")


def test_every_column_of_bytes_is_known_to_be_sealed_or_not() -> None:
    bytes_columns = {
        f"{table.name}.{column.name}"
        for table in tables.metadata.tables.values()
        for column in table.c
        if isinstance(column.type, LargeBinary)
    }
    assert {place.name for place in SEALED} | UNSEALED == bytes_columns


async def test_values_of_the_ring_open_still_and_move_to_the_keys_of_their_owner_and_month(
    keeper: Keeper, tenant: str, clock: VirtualClock, ring: KeyRing
) -> None:
    await keeper.store.write(fill, tenant=tenant)
    digest = keeper.archive.put(b"ISA*of the ring~")
    assert all(
        header[0] == 1 for headers in (await read_headers(keeper, tenant)).values() for header in headers
    )
    month = name_period(clock.now())
    clock.advance(timedelta(days=70))
    assert await prepare_keys(keeper) == 4
    assert await prepare_keys(keeper) == 0
    assert await keeper.store.read(open_all, tenant=tenant) >= len(SEALED)
    await reseal_all(keeper)
    headers = await read_headers(keeper, tenant)
    assert all(found for found in headers.values())
    assert {header[0] for found in headers.values() for header in found} == {DATA}
    [claim_header] = headers["claim.body"]
    [key] = [key for key in keeper.holder.known if write_header(DATA, key.id) == claim_header]
    assert (key.tenant, key.period) == (tenant, month)
    assert keeper.archive.get(digest) == b"ISA*of the ring~"
    for owner in await keeper.list_owners():
        assert not await count_needing(keeper, owner, list_headers(ring, [], owner))
    assert await keeper.store.read(open_all, tenant=tenant) >= len(SEALED)


async def test_two_tenants_seal_with_keys_of_their_own(keeper: Keeper, tenant: str, foreigner: str) -> None:
    await prepare_keys(keeper)
    for owner in (tenant, foreigner):
        await keeper.store.write(make_claim, tenant=owner)
    ours, theirs = await read_headers(keeper, tenant), await read_headers(keeper, foreigner)
    assert ours["claim.body"] and ours["claim.body"].isdisjoint(theirs["claim.body"])


async def test_a_rotation_cut_off_in_the_middle_is_finished_by_the_next_run_and_the_old_key_ends(
    keeper: Keeper, tenant: str, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare_keys(keeper)
    made = [await keeper.store.write(make_claim, tenant=tenant) for _ in range(7)]
    digest = keeper.archive.put(b"ISA*archived~")
    old = {key.id for key in keeper.holder.known}
    clock.advance(timedelta(minutes=1))
    assert (await rotate_keys(keeper))[0] == len(old)
    await keeper.store.write(make_claim, tenant=tenant)
    monkeypatch.setattr("gateway.store.sealed_columns.PAGE", 2)
    turns: list[int] = []

    def die(scope: TenantScope, **given: Any) -> int:
        turns.append(1)
        if len(turns) == 3:
            raise KeyboardInterrupt
        return reseal_some(scope, **given)

    monkeypatch.setattr("gateway.resealing.reseal_some", die)
    with pytest.raises(KeyboardInterrupt):
        await reseal_all(keeper)
    monkeypatch.undo()
    assert (await destroy_spent(keeper))[1]
    assert await reseal_all(keeper) > 0
    assert await reseal_all(keeper) == 0
    clock.advance(TWO_HOURS)
    _, faults = await destroy_spent(keeper)
    assert (faults, {key.id for key in keeper.holder.known} & old) == ([], set())
    opened = await keeper.store.read(
        lambda scope: claims.read_bodies(scope, [claim.id for claim in made]), tenant=tenant
    )
    assert len(opened) == 7
    assert keeper.archive.get(digest) == b"ISA*archived~"


async def test_a_key_superseded_just_now_is_not_destroyed_where_other_processes_may_use_it(
    keeper: Keeper, tenant: str, clock: VirtualClock
) -> None:
    await prepare_keys(keeper)
    clock.advance(timedelta(minutes=1))
    await rotate_keys(keeper)
    destroyed, faults = await destroy_spent(keeper)
    assert (destroyed == 0 and len(faults) == 4) if keeper.store.shared else (destroyed == 4 and not faults)


async def test_a_new_line_of_the_ring_wraps_all_keys_and_the_old_line_is_needed_no_more(
    keeper: Keeper, tenant: str, url: str, clock: VirtualClock
) -> None:
    await prepare_keys(keeper)
    claim = await keeper.store.write(make_claim, tenant=tenant)
    fresh = KeyRing({**keeper.ring.keys, "k2": b"2" * 32}, "k2", keeper.ring.fingerprint)
    holder = KeyHolder(RingKeys(fresh), partial(read_data_keys, url), clock.now)
    both = msgspec.structs.replace(keeper, holder=holder, ring=fresh)
    made, rewrapped = await rotate_keys(both)
    assert (made, rewrapped) == (4, 4)
    assert {key.kek for key in both.holder.known} == {"k2"}
    alone = KeyRing({"k2": b"2" * 32}, "k2", fresh.fingerprint)
    sealer = Sealer(alone, KeyHolder(RingKeys(alone), partial(read_data_keys, url), clock.now))
    sealed = await keeper.store.read(lambda scope: read_raw(scope, claim.id), tenant=tenant)
    assert sealer.open(sealed, f"{tenant}:claim:{claim.id}:body") == BODY


def read_raw(scope: TenantScope, claim: str) -> bytes:
    statement = scope.select(tables.claim, tables.claim.c.body).where(tables.claim.c.id == claim)
    return bytes(scope.value(statement))


async def test_sealing_asks_the_wrapping_keys_once_for_each_key(
    keeper: Keeper, tenant: str, holder: KeyHolder
) -> None:
    await prepare_keys(keeper)
    for _ in range(20):
        await keeper.store.write(make_claim, tenant=tenant)
    wrapping = holder.wrapping
    assert isinstance(wrapping, CountingKeys)
    assert wrapping.asked == 1


async def test_a_copy_of_the_database_opens_no_more_of_a_month_that_was_emptied(
    keeper: Keeper, tenant: str, database: Engine, clock: VirtualClock
) -> None:
    await prepare_keys(keeper)
    purged, kept = [await keeper.store.write(make_claim, tenant=tenant) for _ in range(2)]
    digest = keeper.archive.put(b"ISA*old~")
    copied = await keeper.store.read(lambda scope: read_raw(scope, purged.id), tenant=tenant)
    copied_file = next((keeper.archive._vault.read(name) for name, _ in keeper.archive._vault.list_all()))
    clock.advance(timedelta(days=400))
    await prepare_keys(keeper)
    with database.begin() as connection:
        connection.execute(text("DELETE FROM claim WHERE id = :id"), {"id": purged.id})
    for owner in (tenant, ARCHIVE):
        assert await empty_periods(keeper, owner, clock.now() - timedelta(days=100)) == 2
    bodies = await keeper.store.read(lambda scope: claims.read_body(scope, kept.id), tenant=tenant)
    assert bodies == BODY
    assert keeper.archive.get(digest) == b"ISA*old~"
    with pytest.raises(SealBroken, match="destroyed"):
        keeper.archive._sealer.open(copied, f"{tenant}:claim:{purged.id}:body")
    keeper.archive._vault.write(f"{digest[:2]}/{digest[2:]}.zst.sealed", copied_file)
    with pytest.raises(ArchiveDamaged):
        keeper.archive.get(digest)


async def test_a_wrapped_key_in_another_tenant_s_row_does_not_open(
    keeper: Keeper, tenant: str, foreigner: str
) -> None:
    await prepare_keys(keeper)
    moved = [
        msgspec.structs.replace(key, tenant=foreigner) for key in keeper.holder.known if key.tenant == tenant
    ]
    keeper.holder.learn(moved)
    with pytest.raises(SealBroken):
        keeper.holder.find(moved[0].id)
