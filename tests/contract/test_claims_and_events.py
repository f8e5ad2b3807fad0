"""Claims and events, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from gateway.clock import VirtualClock
from gateway.store import Means, Store, TenantScope, claims, events, open_store
from gateway.store.claim_search import ClaimSearch, search
from gateway.store.errors import NoSuchRow, StoreError
from tests.contract.rows import make_claim


def tell(scope: TenantScope, type_: str = "claim.received", claim: str | None = None) -> events.Event:
    (event,) = events.append(scope, events.NewEvent(type=type_, claim=claim, body=b'{"who":"MARKED-NAME"}'))
    return event


async def test_a_claim_is_kept_as_it_came(store: Store, tenant: str, clock: VirtualClock) -> None:
    claim = await store.write(make_claim, tenant=tenant)
    assert (claim.charge, claim.open, claim.paid) == (Decimal("120.50"), Decimal("120.50"), Decimal("0.00"))
    assert claim.created_at == clock.now()
    kept = await store.read(lambda scope: claims.load(scope, claim.id), tenant=tenant)
    assert kept == claim
    body = await store.read(lambda scope: claims.read_body(scope, claim.id), tenant=tenant)
    assert body == b'{"patient":"MARKED-NAME"}'
    bodies = await store.read(lambda scope: claims.read_bodies(scope, [claim.id, "clm_none"]), tenant=tenant)
    assert bodies == {claim.id: body}


async def test_a_claim_is_found_by_its_control_number_newest_first(store: Store, tenant: str) -> None:
    first = await store.write(make_claim, tenant=tenant)
    second = await store.write(make_claim, tenant=tenant)
    await store.write(lambda scope: make_claim(scope, patient_control_number="ACCT-2"), tenant=tenant)
    found = await store.read(lambda scope: claims.find_by_control_number(scope, "ACCT-1"), tenant=tenant)
    assert found == [second, first]


@pytest.mark.parametrize(
    ("changes", "equal"),
    [
        ({}, True),
        ({"body": b"{}", "claim_type": "institutional"}, True),
        ({"charge": Decimal("120.51")}, False),
        ({"patient_control_number": "ACCT-2"}, False),
        ({"billing_npi": "1888888880"}, False),
        ({"payer_id": "PAYER2"}, False),
        ({"frequency": "7"}, False),
        ({"service_from": None}, False),
    ],
)
async def test_equal_claims_are_duplicates_and_others_are_not(
    store: Store, tenant: str, changes: dict[str, object], equal: bool
) -> None:
    claim = await store.write(make_claim, tenant=tenant)
    other = await store.write(lambda scope: make_claim(scope, **changes), tenant=tenant)
    found = await store.write(
        lambda scope: claims.find_equal(scope, [claim.duplicate_fingerprint]), tenant=tenant
    )
    assert [it.id for it in found] == ([other.id, claim.id] if equal else [claim.id])


async def test_claims_are_listed_page_by_page(store: Store, tenant: str) -> None:
    made = [await store.write(make_claim, tenant=tenant) for _ in range(5)]
    await store.write(lambda scope: claims.move(scope, [made[1].id], "sent"), tenant=tenant)

    def list_twice(scope: TenantScope) -> list[list[str]]:
        received = ClaimSearch(states=("received",), limit=2)
        first = search(scope, received)
        then = search(scope, msgspec.structs.replace(received, before=first[-1].id))
        sent = search(scope, ClaimSearch(states=("sent",), payer_id="PAYER1"))
        return [[claim.id for claim in page] for page in (first, then, sent)]

    ids = [claim.id for claim in made]
    assert await store.read(list_twice, tenant=tenant) == [[ids[4], ids[3]], [ids[2], ids[0]], [ids[1]]]


async def test_what_is_given_is_changed_and_the_rest_stays(
    store: Store, tenant: str, clock: VirtualClock
) -> None:
    claim = await store.write(make_claim, tenant=tenant)
    clock.advance(timedelta(hours=1))
    await store.write(
        lambda scope: claims.change(
            scope,
            claim.id,
            state="paid",
            marks=("overdue", "held"),
            paid=Decimal("100.00"),
            adjusted=Decimal("20.50"),
            open=Decimal("0.00"),
        ),
        tenant=tenant,
    )
    kept = await store.read(lambda scope: claims.load(scope, claim.id), tenant=tenant)
    assert kept is not None
    assert (kept.state, kept.marks, kept.payer_id) == ("paid", ("overdue", "held"), "PAYER1")
    assert kept.charge == kept.paid + kept.adjusted + kept.patient + kept.open
    assert kept.updated_at == claim.updated_at + timedelta(hours=1)


async def test_to_change_or_read_what_is_not_there_raises(store: Store, tenant: str) -> None:
    with pytest.raises(NoSuchRow):
        await store.write(lambda scope: claims.change(scope, "clm_none", state="paid"), tenant=tenant)
    with pytest.raises(NoSuchRow):
        await store.read(lambda scope: claims.read_body(scope, "clm_none"), tenant=tenant)


@pytest.mark.parametrize("charge", [120.5, Decimal("120.505")])
async def test_no_float_and_no_part_of_a_cent_is_stored(
    store: Store, tenant: str, charge: float | Decimal
) -> None:
    with pytest.raises((TypeError, ValueError, StoreError)):
        await store.write(lambda scope: make_claim(scope, charge=charge), tenant=tenant)
    assert await store.read(claims.list_page, tenant=tenant) == []


async def test_money_is_summed_by_state(store: Store, tenant: str) -> None:
    for charge in ("0.10", "0.20", "999999999.99"):
        await store.write(
            lambda scope, charge=charge: make_claim(scope, charge=Decimal(charge)), tenant=tenant
        )
    sums = await store.read(claims.sum_money, tenant=tenant)
    zero = Decimal("0.00")
    total = Decimal("1000000000.29")
    assert sums == {"received": claims.Totals(3, total, zero, zero, zero, total)}


async def test_claims_to_batch_are_taken_oldest_first_for_their_payer(store: Store, tenant: str) -> None:
    made = [await store.write(make_claim, tenant=tenant) for _ in range(3)]
    await store.write(lambda scope: make_claim(scope, payer_id="PAYER2"), tenant=tenant)
    payers = await store.read(lambda scope: claims.list_payers_in(scope, "received"), tenant=tenant)
    assert payers == ["PAYER1", "PAYER2"]
    taken = await store.write(
        lambda scope: claims.take_in_state(scope, "received", "PAYER1", 2), tenant=tenant
    )
    assert taken == made[:2]


async def test_events_are_numbered_from_one_without_a_gap(store: Store, tenant: str, foreigner: str) -> None:
    async def fail() -> None:
        def run(scope: TenantScope) -> None:
            tell(scope)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await store.write(run, tenant=tenant)

    writes = [store.write(tell, tenant=tenant if turn % 2 else foreigner) for turn in range(80)]
    await asyncio.gather(*writes, *(fail() for _ in range(10)))
    for one in (tenant, foreigner):
        listed = await store.read(lambda scope: events.list_after(scope, 0, limit=1000), tenant=one)
        assert [event.sequence for event in listed] == list(range(1, 41))
        assert await store.read(events.last_sequence, tenant=one) == 40


async def test_events_come_back_as_they_were_told(store: Store, tenant: str) -> None:
    claim = await store.write(make_claim, tenant=tenant)
    told = [
        await store.write(lambda scope, it=it: tell(scope, it, claim.id), tenant=tenant)
        for it in ("claim.received", "claim.accepted", "claim.sent")
    ]
    await store.write(tell, tenant=tenant)

    def look(scope: TenantScope) -> tuple[list[events.Event], ...]:
        after = events.list_after(scope, 1, limit=2)
        typed = events.list_after(scope, 0, types=("claim.sent",))
        return events.list_of_claim(scope, claim.id), after, typed

    of_claim, after, typed = await store.read(look, tenant=tenant)
    assert of_claim == told
    assert after == told[1:]
    assert typed == told[2:]
    assert await store.read(lambda scope: events.load(scope, 2), tenant=tenant) == told[1]
    assert await store.read(lambda scope: events.load(scope, 99), tenant=tenant) is None


async def test_several_events_of_one_operation_follow_each_other(store: Store, tenant: str) -> None:
    def tell_three(scope: TenantScope) -> list[events.Event]:
        return events.append(scope, *(events.NewEvent(type=f"t{n}", body=b"") for n in range(3)))

    together = await asyncio.gather(*(store.write(tell_three, tenant=tenant) for _ in range(10)))
    for told in together:
        first = told[0].sequence
        assert [event.sequence for event in told] == [first, first + 1, first + 2]
        assert [event.type for event in told] == ["t0", "t1", "t2"]
    assert await store.write(lambda scope: events.append(scope), tenant=tenant) == []


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_reader_never_sees_a_later_event_before_an_earlier_one(
    url: str, store: Store, means: Means, tenant: str
) -> None:
    other = open_store(url, means)
    seen: list[int] = []

    async def follow() -> None:
        while len(seen) < 60:
            cursor = seen[-1] if seen else 0
            found = await store.read(
                lambda scope, cursor=cursor: events.list_after(scope, cursor), tenant=tenant
            )
            seen.extend(event.sequence for event in found)

    writes = (mine.write(tell, tenant=tenant) for mine in (store, other) for _ in range(30))
    await asyncio.gather(follow(), *writes)
    assert seen == list(range(1, 61))
    await other.close()


async def test_more_claims_than_one_statement_holds_are_found_moved_and_settled(
    store: Store, tenant: str
) -> None:
    """A remittance may name tens of thousands of claims; both databases limit a statement's parameters."""
    numbers = [f"ACCT-{number}" for number in range(claims.LOOKED_UP_AT_ONCE + 3)]

    def fill(scope: TenantScope) -> list[str]:
        return [make_claim(scope, patient_control_number=number).id for number in numbers]

    ids = await store.write(fill, tenant=tenant)
    found = await store.read(
        lambda scope: claims.find_by_control_numbers(scope, [*numbers, "ACCT-NONE"]), tenant=tenant
    )
    assert [claim.id for number in numbers for claim in found[number]] == ids
    assert found["ACCT-NONE"] == []
    assert await store.write(lambda scope: claims.move(scope, ids, "sent"), tenant=tenant) == len(ids)
    loaded = await store.read(lambda scope: claims.load_many(scope, ids), tenant=tenant)
    assert [claim.id for claim in loaded] == ids
    assert {claim.state for claim in loaded} == {"sent"}
    assert set(await store.read(lambda scope: claims.read_bodies(scope, ids), tenant=tenant)) == set(ids)


async def test_a_claims_whole_standing_is_settled_at_once(store: Store, tenant: str) -> None:
    claim = await store.write(make_claim, tenant=tenant)
    standing = {
        "state": "paid",
        "marks": ("overdue",),
        "paid": Decimal("100.00"),
        "adjusted": Decimal("20.00"),
        "patient": Decimal("0.50"),
        "open": Decimal("0.00"),
    }
    await store.write(lambda scope: claims.settle(scope, claim.id, **standing), tenant=tenant)  # type: ignore[arg-type]  # one table for both
    settled = await store.read(lambda scope: claims.load(scope, claim.id), tenant=tenant)
    assert settled is not None
    assert {name: getattr(settled, name) for name in standing} == standing
    with pytest.raises(NoSuchRow):
        await store.write(lambda scope: claims.settle(scope, "clm_none", **standing), tenant=tenant)  # type: ignore[arg-type]  # one table for both
