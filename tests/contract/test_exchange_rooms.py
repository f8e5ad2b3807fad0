"""Files, interchanges, control numbers, acknowledgments and remittances, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from gateway.store import (
    Store,
    TenantScope,
    acknowledgments,
    claims,
    control_numbers,
    files,
    interchanges,
    remittances,
    work_items,
)
from gateway.store.errors import Conflict, NoSuchRow
from tests.contract.rows import make_claim, make_file, make_interchange, make_payment, make_remittance


def take(kind: str = "isa", count: int = 1) -> Callable[[TenantScope], list[int]]:
    return lambda scope: control_numbers.take_many(scope, "north", kind, count)


async def test_control_numbers_count_from_one_for_each_partner_and_kind(
    store: Store, tenant: str, foreigner: str
) -> None:
    assert await store.write(take(count=3), tenant=tenant) == [1, 2, 3]
    assert await store.write(take(), tenant=tenant) == [4]
    assert await store.write(take("gs"), tenant=tenant) == [1]
    assert await store.write(lambda scope: control_numbers.take(scope, "south", "isa"), tenant=tenant) == 1
    assert await store.write(take(), tenant=foreigner) == [1]


async def test_a_number_is_not_used_up_by_what_was_undone(store: Store, tenant: str) -> None:
    def take_then_raise(scope: TenantScope) -> None:
        control_numbers.take(scope, "north", "isa")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.write(take_then_raise, tenant=tenant)
    assert await store.write(take(), tenant=tenant) == [1]


async def test_concurrent_takers_never_get_the_same_number(store: Store, tenant: str) -> None:
    taken = await asyncio.gather(*(store.write(take(count=3), tenant=tenant) for _ in range(40)))
    assert sorted(number for numbers in taken for number in numbers) == list(range(1, 121))


async def test_after_the_largest_number_comes_one(store: Store, tenant: str) -> None:
    def preset(scope: TenantScope) -> None:
        control_numbers.set_last(scope, "north", "isa", 999_999_998)

    await store.write(preset, tenant=tenant)
    assert await store.write(take(count=3), tenant=tenant) == [999_999_999, 1, 2]
    await store.write(preset, tenant=tenant)
    assert await store.write(take(), tenant=tenant) == [999_999_999]
    assert await store.write(take(), tenant=tenant) == [1]


async def test_a_range_of_numbers_is_walked_round_and_entered_at_its_first(store: Store, tenant: str) -> None:
    def take_three(scope: TenantScope) -> list[int]:
        return control_numbers.take_many(scope, "north", "isa", 3, control_numbers.Span(101, 105))

    assert await store.write(take(count=3), tenant=tenant) == [1, 2, 3]
    taken = [await store.write(take_three, tenant=tenant) for _ in range(3)]
    assert taken == [[101, 102, 103], [104, 105, 101], [102, 103, 104]]


async def test_a_number_is_borne_by_what_is_young_or_unsent(store: Store, tenant: str) -> None:
    made = await store.write(make_interchange, tenant=tenant)
    age = timedelta(days=1)

    def bears(scope: TenantScope, number: int, since: datetime) -> bool:
        return interchanges.bears_number(scope, made.partner, "control_number", number, since)

    def look(scope: TenantScope) -> list[bool]:
        return [
            bears(scope, made.control_number, made.created_at - age),
            bears(scope, made.control_number, made.created_at + age),
            bears(scope, made.control_number + 1, made.created_at - age),
        ]

    assert await store.read(look, tenant=tenant) == [True, True, False]
    await store.write(lambda scope: interchanges.record_receipt(scope, made.id, "{}"), tenant=tenant)
    assert await store.read(look, tenant=tenant) == [True, False, False]


@pytest.mark.parametrize("count", [0, -1, 1_000_000_000])
async def test_an_absurd_count_of_numbers_is_refused(store: Store, tenant: str, count: int) -> None:
    with pytest.raises(ValueError, match="range"):
        await store.write(take(count=count), tenant=tenant)


async def test_a_file_with_the_same_bytes_is_a_duplicate_of_the_first(
    store: Store, tenant: str, foreigner: str
) -> None:
    first = await store.write(make_file, tenant=tenant)
    again = await store.write(lambda scope: make_file(scope, name="other.name"), tenant=tenant)
    third = await store.write(make_file, tenant=tenant)
    assert (first.state, first.original) == (files.RECEIVED, None)
    assert (again.state, again.original) == (files.DUPLICATE, first.id)
    assert third.original == first.id
    for changes in ({"partner": "south"}, {"sha256": "00" * 32}, {"direction": files.OUTBOUND}):
        other = await store.write(lambda scope, it=changes: make_file(scope, **it), tenant=tenant)
        assert other.state == files.RECEIVED
    assert (await store.write(make_file, tenant=foreigner)).state == files.RECEIVED


async def test_a_file_that_comes_ten_times_at_once_is_received_once(store: Store, tenant: str) -> None:
    made = await asyncio.gather(*(store.write(make_file, tenant=tenant) for _ in range(10)))
    assert [file.state for file in made].count(files.RECEIVED) == 1


async def test_a_remote_name_may_be_anything_and_is_sealed(
    store: Store, tenant: str, database: Engine
) -> None:
    name = "../../MARKED-NAME\n\x00\udcff.835"
    file = await store.write(lambda scope: make_file(scope, name=name), tenant=tenant)
    assert await store.read(lambda scope: files.read_name(scope, file.id), tenant=tenant) == name
    with database.connect() as connection:
        assert "MARKED" not in repr(connection.execute(text("SELECT * FROM file")).all())


async def test_a_file_is_found_by_what_its_envelope_says(store: Store, tenant: str) -> None:
    file = await store.write(make_file, tenant=tenant)
    await store.write(
        lambda scope: files.record_envelope(
            scope, file.id, sender="NORTH", control_number="000000041", kinds=("999", "277")
        ),
        tenant=tenant,
    )
    await store.write(
        lambda scope: files.settle(scope, file.id, files.QUARANTINED, reason="envelope.repeated"),
        tenant=tenant,
    )

    def look(scope: TenantScope) -> tuple[list[files.File], list[files.File], list[files.File]]:
        found = files.find_by_control_number(scope, "NORTH", "000000041")
        return found, files.find_by_control_number(scope, "NORTH", "42"), files.list_page(scope, limit=5)

    (found,), none, page = await store.read(look, tenant=tenant)
    assert (found.state, found.reason, found.kinds) == ("quarantined", "envelope.repeated", ("999", "277"))
    assert found.processed_at is not None
    assert none == []
    assert page == [found]
    with pytest.raises(NoSuchRow):
        await store.write(lambda scope: files.settle(scope, "fil_none", "processed"), tenant=tenant)


async def test_an_interchange_keeps_where_each_claim_stands(store: Store, tenant: str) -> None:
    def send_two(scope: TenantScope) -> tuple[list[claims.Claim], interchanges.Interchange]:
        both = [make_claim(scope), make_claim(scope)]
        return both, make_interchange(scope, *both)

    (one, two), sent = await store.write(send_two, tenant=tenant)
    assert (sent.state, sent.claim_count, sent.attempts) == (interchanges.STORED, 2, 0)

    def look(scope: TenantScope) -> None:
        assert interchanges.load(scope, sent.id) == sent
        assert interchanges.find_by_control_number(scope, "north", 41) == [sent]
        assert interchanges.find_by_control_number(scope, "south", 41) == []
        assert interchanges.find_by_group_control_number(scope, "north", 7) == [sent]
        placed = interchanges.list_placements(scope, sent.id)
        assert [it.claim for it in placed] == [one.id, two.id]
        assert interchanges.list_placements(scope, sent.id, set_control_numbers=["0002"]) == placed[1:]
        assert interchanges.list_placements_of_claim(scope, two.id) == placed[1:]
        assert interchanges.find_by_trace(scope, "trace-1") == placed[:1]

    await store.read(look, tenant=tenant)


async def test_an_interchange_is_sent_once(store: Store, tenant: str) -> None:
    sent = await store.write(make_interchange, tenant=tenant)

    def walk(scope: TenantScope) -> list[object]:
        return [
            interchanges.record_attempt(scope, sent.id),
            interchanges.record_attempt(scope, sent.id),
            interchanges.move(scope, sent.id, "temp_uploaded", only_from=("stored",)),
            interchanges.move(scope, sent.id, "temp_uploaded", only_from=("stored",)),
            interchanges.record_receipt(scope, sent.id, "1234 bytes"),
            interchanges.record_receipt(scope, sent.id, "again"),
            interchanges.move(scope, sent.id, "stored", only_from=("stored", "temp_uploaded")),
        ]

    assert await store.write(walk, tenant=tenant) == [1, 2, True, False, True, False, False]
    (kept,) = await store.read(lambda scope: interchanges.list_in_state(scope, ["sent"]), tenant=tenant)
    assert (kept.receipt, kept.attempts) == ("1234 bytes", 2)
    assert kept.sent_at is not None


async def test_an_interchange_of_an_unknown_claim_is_refused(
    store: Store, tenant: str, foreigner: str
) -> None:
    claim = await store.write(make_claim, tenant=foreigner)
    with pytest.raises(Conflict):
        await store.write(lambda scope: make_interchange(scope, claim), tenant=tenant)
    assert await store.read(lambda scope: interchanges.list_in_state(scope, ["stored"]), tenant=tenant) == []


async def test_every_acknowledgment_is_kept(store: Store, tenant: str, database: Engine) -> None:
    def acknowledge(scope: TenantScope) -> tuple[str, list[acknowledgments.Acknowledgment]]:
        claim, file = make_claim(scope), make_file(scope)
        sent = make_interchange(scope, claim)
        kept = [
            acknowledgments.add(
                scope,
                kind=kind,
                file=file.id,
                code=code,
                applied=applied,
                claim=claim.id,
                interchange=sent.id,
                body=b'{"note":"MARKED-NAME"}',
            )
            for kind, code, applied in (("999", "A", True), ("277ca", "A1:19", True), ("999", "R", False))
        ]
        acknowledgments.add(scope, kind="ta1", file=file.id, code="R", applied=False, body=b"{}")
        assert acknowledgments.list_of_claim(scope, claim.id) == kept
        assert acknowledgments.list_of_interchange(scope, sent.id) == kept
        return file.id, kept

    file_id, kept = await store.write(acknowledge, tenant=tenant)
    of_file = await store.read(lambda scope: acknowledgments.list_of_file(scope, file_id), tenant=tenant)
    assert of_file[:3] == kept
    assert (of_file[3].kind, of_file[3].claim) == ("ta1", None)
    with database.connect() as connection:
        assert "MARKED" not in repr(connection.execute(text("SELECT * FROM acknowledgment")).all())


async def test_a_remittance_is_kept_once_with_all_that_is_in_it(store: Store, tenant: str) -> None:
    def receive(scope: TenantScope) -> remittances.Remittance:
        file = make_file(scope)
        kept = remittances.add(scope, make_remittance(file))
        assert kept is not None
        assert remittances.add(scope, make_remittance(file, state="other", body=b"{}")) is None
        return kept

    kept = await store.write(receive, tenant=tenant)

    def look(scope: TenantScope) -> None:
        assert remittances.list_page(scope) == [kept]
        assert remittances.load(scope, kept.id) == kept
        assert remittances.read_body(scope, kept.id) == b'{"remittance":1}'
        assert remittances.find_by_trace(scope, "1512345678", "EFT-77") == [kept]
        (payment,) = remittances.list_payments(scope, kept.id)
        assert (payment.position, payment.paid, payment.claim) == (1, Decimal("80.00"), None)
        assert payment.body == b'{"adjustments":[]}'
        assert remittances.find_payments(scope, "PCN-9") == [payment]
        assert remittances.find_payments(scope, "") == []
        assert remittances.list_unmatched(scope) == [payment]
        (adjustment,) = remittances.list_provider_adjustments(scope, kept.id)
        assert (adjustment.identifier, adjustment.amount) == ("PCN-8", Decimal("5.00"))
        assert adjustment.fiscal_period == date(2026, 12, 31)

    await store.read(look, tenant=tenant)


@pytest.mark.parametrize(
    "changes",
    [
        {"payer_id": "1999999999"},
        {"trace_number": "EFT-78"},
        {"amount": Decimal("75.01")},
        {"date": date(2026, 2, 21)},
        {"date": None},
        {"digest": "d2"},
    ],
)
async def test_a_remittance_that_differs_is_another(
    store: Store, tenant: str, changes: dict[str, object]
) -> None:
    def receive(scope: TenantScope) -> list[bool]:
        file = make_file(scope)
        turns = ({}, changes, changes)
        return [remittances.add(scope, make_remittance(file, **it)) is not None for it in turns]

    assert await store.write(receive, tenant=tenant) == [True, True, False]


async def test_a_payment_is_matched_once(store: Store, tenant: str) -> None:
    def receive(scope: TenantScope) -> tuple[claims.Claim, list[remittances.ClaimPayment]]:
        claim = make_claim(scope)
        matched = make_payment(claim=claim.id, kind=remittances.REVERSAL, paid=Decimal("-80.00"))
        kept = remittances.add(scope, make_remittance(make_file(scope), payments=(make_payment(), matched)))
        assert kept is not None
        return claim, remittances.list_payments(scope, kept.id)

    claim, (open_one, matched) = await store.write(receive, tenant=tenant)
    assert await store.write(lambda scope: remittances.match(scope, open_one.id, claim.id), tenant=tenant)
    assert not await store.write(lambda scope: remittances.match(scope, open_one.id, claim.id), tenant=tenant)
    of_claim = await store.read(
        lambda scope: remittances.list_payments_of_claim(scope, claim.id), tenant=tenant
    )
    assert [payment.id for payment in of_claim] == [open_one.id, matched.id]
    assert sum(payment.paid for payment in of_claim) == 0


async def test_a_work_item_is_open_until_it_is_resolved(store: Store, tenant: str, database: Engine) -> None:
    def add(scope: TenantScope) -> list[work_items.WorkItem]:
        file = make_file(scope)
        return [
            work_items.add(
                scope,
                kind=kind,
                reason="remittance.unmatched",
                file=file.id,
                candidates=("clm_1", "clm_2"),
                body=b'{"n":"MARKED-NAME"}',
            )
            for kind in ("remittance", "acknowledgment")
        ]

    one, two = await store.write(add, tenant=tenant)
    assert await store.read(work_items.list_open, tenant=tenant) == [one, two]
    kinds = await store.read(lambda scope: work_items.list_open(scope, kinds=["remittance"]), tenant=tenant)
    assert kinds == [one]
    assert await store.write(lambda scope: work_items.resolve(scope, one.id), tenant=tenant) is True
    assert await store.write(lambda scope: work_items.resolve(scope, one.id), tenant=tenant) is False
    assert await store.read(lambda scope: work_items.list_open(scope, after=one.id), tenant=tenant) == [two]
    resolved = await store.read(lambda scope: work_items.load(scope, one.id), tenant=tenant)
    assert resolved is not None
    assert (resolved.state, resolved.body) == ("resolved", one.body)
    with database.connect() as connection:
        assert "MARKED" not in repr(connection.execute(text("SELECT * FROM work_item")).all())
