"""The audit log's chain: what somebody without the keys does to it is found, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, text

from gateway.audit import AuditLog, Proof, load_catalogue, prove
from gateway.clock import VirtualClock
from gateway.keys import Scope
from gateway.store import Store, audit
from gateway.store.audit import SYSTEM, NewEntry, Sought
from tests.contract.rows import make_entry

YEAR = timedelta(days=366)


def see(number: int, **changes: Any) -> NewEntry:
    return make_entry(f"clm_{number}", request=f"req_{number}", **changes)


async def fill(store: Store, tenant: str) -> Proof:
    """Six entries in three transactions, one with a reason; the proof."""
    for numbers in ((1, 2), (3,), (4, 5, 6)):
        entries = [see(it, reason="the ward is closed" if it == 3 else "") for it in numbers]
        await store.write(lambda scope, some=entries: audit.append(scope, some), tenant=tenant)
    proven = await store.read(prove, tenant=tenant)
    assert (proven.entries, proven.last, proven.faults) == (6, 6, ())
    return proven


def tamper(database: Engine, *statements: str) -> None:
    with database.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


DROP = "DELETE FROM audit_entry WHERE sequence {}"
MOVE = "UPDATE audit_entry SET sequence = {1} WHERE sequence = {0}"
CHANGED = "entry {} is not what was appended there"


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["UPDATE audit_entry SET principal = 'key_2' WHERE sequence = 2"], [CHANGED.format(2)]),
        (["UPDATE audit_entry SET outcome = 'missing' WHERE sequence = 6"], [CHANGED.format(6)]),
        (["UPDATE audit_entry SET subject = 'clm_9' WHERE sequence = 1"], [CHANGED.format(1)]),
        ([DROP.format("= 4")], ["the entries from 4 to 4 are missing", CHANGED.format(5)]),
        (
            [MOVE.format(4, 99), MOVE.format(5, 4), MOVE.format(99, 5)],
            [CHANGED.format(4), CHANGED.format(5), CHANGED.format(6)],
        ),
        ([DROP.format("> 4")], ["the entries from 5 to 6 are missing"]),
        (
            [DROP.format("> 4"), "UPDATE audit_head SET sequence = 4"],
            ["the log does not end where it says"],
        ),
        (
            [DROP.format("< 3"), "UPDATE audit_head SET base = 2"],
            [CHANGED.format(3), "no entry tells that those up to 2 were purged"],
        ),
        (
            [
                "UPDATE audit_head SET base = 2, "
                "base_chain = (SELECT chain FROM audit_entry WHERE sequence = 2)",
                DROP.format("< 3"),
            ],
            ["no entry tells that those up to 2 were purged"],
        ),
        (
            ["UPDATE audit_entry SET reason = NULL WHERE sequence = 3"],
            ["entry 3 has lost its reason, or got one"],
        ),
        (
            ["UPDATE audit_entry SET reason = (SELECT reason FROM audit_entry WHERE sequence = 3), "
             "reason_digest = (SELECT reason_digest FROM audit_entry WHERE sequence = 3) WHERE sequence = 4"],
            [CHANGED.format(4)],
        ),
    ],
)  # fmt: skip
async def test_what_is_altered_past_the_gateway_is_found(
    statements: list[str], told: list[str], store: Store, tenant: str, database: Engine
) -> None:
    await fill(store, tenant)
    tamper(database, *statements)
    assert list((await store.read(prove, tenant=tenant)).faults) == told


async def test_two_logs_have_chains_of_their_own_and_the_installation_has_one(
    store: Store, tenant: str, foreigner: str
) -> None:
    proofs = [await fill(store, log) for log in (tenant, foreigner, SYSTEM)]
    assert len({proof.head for proof in proofs}) == 3


async def test_an_entry_shows_what_was_recorded_and_its_reason(store: Store, tenant: str) -> None:
    await fill(store, tenant)
    entry = (await store.read(lambda scope: audit.list_after(scope, 2, limit=1), tenant=tenant))[0]
    assert (entry.sequence, entry.touched, entry.principal, entry.address) == (
        3,
        ("clm_3",),
        "key_1",
        "192.0.2.7",
    )
    assert (
        await store.read(lambda scope: audit.open_reason(scope, entry), tenant=tenant) == "the ward is closed"
    )


async def test_a_claim_is_found_alone_and_on_a_page_and_another_id_is_not(
    store: Store, tenant: str, foreigner: str
) -> None:
    await fill(store, tenant)
    page = see(7, subjects=("clm_2", "clm_3"), principal="key_2")
    await store.write(lambda scope: audit.append(scope, [page]), tenant=tenant)

    async def seek(log: str, **sought: str) -> list[int]:
        wanted = Sought(**sought)
        found = await store.read(lambda scope: audit.list_after(scope, 0, sought=wanted), tenant=log)
        return [entry.sequence for entry in found]

    assert await seek(tenant, subject="clm_2") == [2, 7]
    assert await seek(tenant, principal="key_2") == [7]
    assert await seek(tenant, action="claim.changed") == []
    assert await seek(tenant, subject="clm_%") == []
    assert await seek(foreigner, subject="clm_2") == []


async def test_old_entries_are_purged_from_the_front_and_the_chain_is_proven_on(
    store: Store, tenant: str, clock: VirtualClock
) -> None:
    await fill(store, tenant)
    clock.advance(7 * YEAR)
    await store.write(lambda scope: audit.append(scope, [see(7)]), tenant=tenant)
    before = clock.now() - timedelta(days=1)
    for gone in (6, 0):
        assert await store.write(lambda scope: audit.purge(scope, before), tenant=tenant) == gone
    proof = await store.read(prove, tenant=tenant)
    assert (proof.entries, proof.last, proof.faults) == (2, 8, ())
    clock.advance(7 * YEAR)
    assert (
        await store.write(lambda scope: audit.purge(scope, clock.now() - timedelta(days=1)), tenant=tenant)
        == 2
    )
    assert (await store.read(prove, tenant=tenant)).faults == ()


async def test_entries_recorded_at_once_share_commits_and_all_are_there(store: Store, tenant: str) -> None:
    log = AuditLog(store)
    await asyncio.gather(*(log.record(tenant, see(number)) for number in range(300)))
    proof = await store.read(prove, tenant=tenant)
    assert (proof.entries, proof.faults) == (300, ())


async def test_strangers_are_counted_in_one_entry_for_each_address_and_written_at_the_end(
    store: Store,
) -> None:
    log = AuditLog(store)
    for number in range(40):
        address = "192.0.2.1" if number % 2 else "192.0.2.2"
        stranger = see(0, subjects=(), outcome="stranger")
        log.count_stranger(msgspec.structs.replace(stranger, address=address))
    await log.close()
    found = await store.read(lambda scope: audit.list_after(scope, 0), tenant=SYSTEM)
    assert sorted((entry.address, entry.count) for entry in found) == [("192.0.2.1", 20), ("192.0.2.2", 20)]


def test_every_scope_means_an_action_of_the_catalogue() -> None:
    catalogue = load_catalogue()
    assert set(catalogue.scope) == {scope.value for scope in Scope}
    assert {action for action in catalogue.scope.values() if action} <= set(catalogue.action)
