"""The chain of events: what somebody without the keys does to the database is found, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from gateway.archive import Archive
from gateway.events import Happening, publish
from gateway.store import Means, Store, TenantScope, events
from gateway.story import ClaimStory
from gateway.upkeep import Chain, Verdict, check_events, check_head, verify_home
from tests.contract.rows import make_claim


def receive_claim(scope: TenantScope) -> str:
    """A claim with the event that says so."""
    claim = make_claim(scope)
    story = ClaimStory(claim=claim.id, patient_control_number="A1", payer_id=claim.payer_id, state="received")
    publish(scope, Happening(type="claim.received", story=story, claim=claim.id))
    return claim.id


async def verify(store: Store, means: Means, tmp_path: Path) -> Verdict:
    return await verify_home(store, Archive(tmp_path / "archive", means.sealer))


async def fill(store: Store, tenant: str) -> Chain:
    """Six events in four transactions, two of them with two; the proven chain."""
    for count in (1, 2, 2, 1):
        await store.write(
            lambda scope, times=count: [receive_claim(scope) for _ in range(times)], tenant=tenant
        )
    proven = await store.read(check_events, tenant=tenant)
    assert (proven.events, proven.unlinked, proven.faults) == (6, 0, ())
    return proven


def tamper(database: Engine, *statements: str) -> None:
    with database.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


DROP = "DELETE FROM event WHERE sequence {}"
RENUMBER = "UPDATE event SET sequence = {1} WHERE sequence = {0}"


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (
            ["UPDATE event SET type = 'claim.paid' WHERE sequence = 3"],
            ["event 3 is not what was appended there"],
        ),
        (["UPDATE event SET claim = 'clm_x' WHERE sequence = 6"], ["event 6 is not what was appended there"]),
        (
            ["UPDATE event SET body = (SELECT body FROM event WHERE sequence = 1) WHERE sequence = 2"],
            ["event 2 does not open"],
        ),
        (
            ["UPDATE event SET body_digest = chain WHERE sequence = 2"],
            ["event 2 is not what was appended there"],
        ),
        (
            [DROP.format("= 4")],
            ["the events from 4 to 4 are missing", "event 5 is not what was appended there"],
        ),
        (
            [
                DROP.format("= 4"),
                RENUMBER.format(5, 4),
                RENUMBER.format(6, 5),
                "UPDATE tenant SET event_sequence = 5",
            ],
            ["event 4 is not what was appended there", "event 5 is not what was appended there"],
        ),
        ([DROP.format("> 4")], ["the events from 5 to 6 are missing"]),
        (
            ["UPDATE event SET chain = NULL WHERE sequence < 3"],
            ["event 3 is not what was appended there"],
        ),
        (
            ["UPDATE event SET chain = NULL WHERE sequence = 5"],
            ["event 5 stands in the chain without a link", "event 6 is not what was appended there"],
        ),
    ],
)
async def test_what_is_altered_past_the_gateway_is_found(
    statements: list[str], told: list[str], store: Store, tenant: str, database: Engine
) -> None:
    await fill(store, tenant)
    tamper(database, *statements)
    found = await store.read(check_events, tenant=tenant)
    assert list(found.faults) == told


async def test_a_tail_cut_off_with_its_number_is_found_by_the_head_told_before(
    store: Store, tenant: str, database: Engine
) -> None:
    head = (await fill(store, tenant)).head
    await store.write(receive_claim, tenant=tenant)
    assert await check_head(store, tenant, 6, head) == ""
    tamper(database, DROP.format("> 4"), "UPDATE tenant SET event_sequence = 4")
    assert (await store.read(check_events, tenant=tenant)).faults == ()
    assert "event 6 is not the one" in await check_head(store, tenant, 6, head)


async def test_events_from_before_the_chain_are_counted_and_the_next_begins_it(
    store: Store, tenant: str, database: Engine
) -> None:
    await fill(store, tenant)
    tamper(database, "UPDATE event SET chain = NULL, body_digest = NULL")
    await store.write(receive_claim, tenant=tenant)
    found = await store.read(check_events, tenant=tenant)
    assert (found.events, found.unlinked, found.faults) == (7, 6, ())


async def test_two_tenants_have_chains_of_their_own(store: Store, tenant: str, foreigner: str) -> None:
    first, second = await fill(store, tenant), await fill(store, foreigner)
    assert first.head != second.head


async def test_a_claim_that_does_not_stand_where_its_events_say_is_found(
    store: Store, tenant: str, means: Means, database: Engine, tmp_path: Path
) -> None:
    ids = await store.write(lambda scope: [receive_claim(scope) for _ in range(3)], tenant=tenant)
    verdict = await verify(store, means, tmp_path)
    assert (verdict.events, verdict.claims, verdict.faults) == (3, 3, ())
    tamper(
        database,
        f"UPDATE claim SET state = 'paid', paid = 100 WHERE id = '{ids[1]}'",
        f"UPDATE claim SET marks = 'held' WHERE id = '{ids[2]}'",
    )
    assert (await verify(store, means, tmp_path)).faults == (
        f"{tenant}: claim {ids[2]} does not stand where its events say (marks)",
        f"{tenant}: claim {ids[1]} does not stand where its events say (state, paid)",
    )


async def test_an_event_that_does_not_open_spoils_its_own_claim_alone(
    store: Store, tenant: str, means: Means, database: Engine, tmp_path: Path
) -> None:
    ids = await store.write(lambda scope: [receive_claim(scope) for _ in range(3)], tenant=tenant)
    tamper(database, "UPDATE event SET body = (SELECT body FROM event WHERE sequence = 1) WHERE sequence = 2")
    assert (await verify(store, means, tmp_path)).faults == (
        f"{tenant}: event 2 does not open",
        f"{tenant}: claim {ids[1]} has an event that cannot be read",
    )


async def test_what_was_appended_reads_as_it_was(store: Store, tenant: str) -> None:
    await fill(store, tenant)
    kept = await store.read(lambda scope: events.list_after(scope, 0), tenant=tenant)
    assert [event.sequence for event in kept] == [1, 2, 3, 4, 5, 6]
