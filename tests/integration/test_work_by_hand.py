"""Answers attached by hand post like an automatic match, once; what is held goes on when it is released."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from adapters.errors import Permanent
from edi.models import StatusCode
from gateway.hands import Hand, HandRefused, attach_item, call_worked, resolve_item
from gateway.release import Released, release_claim, release_partner
from gateway.store import acknowledgments, remittances, work_items
from gateway.store.errors import NoSuchRow
from gateway.store.work_items import WorkItem
from gateway.worklists import ListPage, load_worklists, read_page
from tests.exchange import TENANT, Exchange, make_claim, pay, write_277ca, write_835, write_999

FULL = ("315.00", "215.00", [("CO", "45", "70.00"), ("PR", "3", "30.00")])
ELSEWHEN = date(2019, 1, 5)
HAND = Hand("key_1", "the payer says so on the phone")


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    made = Exchange(tmp_path)
    await made.start()
    yield made
    await made.stop()


async def receive_stray_payment(exchange: Exchange) -> tuple[str, WorkItem]:
    """A sent claim, and a payment for another patient control number that nobody can match."""
    [claim] = await exchange.send(make_claim("RB-1"))
    await exchange.answer(write_835(4, pay("RB-TYPO", FULL)))
    [item] = await exchange.list_items()
    return claim, item


async def attach(exchange: Exchange, item: WorkItem, claim: str) -> WorkItem:
    return await exchange.store.write(lambda scope: attach_item(scope, item.id, claim, HAND), tenant=TENANT)


async def read_list(exchange: Exchange, name: str) -> ListPage:
    worklist = load_worklists()[name]
    return await exchange.store.read(
        lambda scope: read_page(scope, worklist, after=None, limit=10), tenant=TENANT
    )


async def test_a_payment_attached_by_hand_is_posted_like_any_other(exchange: Exchange) -> None:
    claim, item = await receive_stray_payment(exchange)
    settled = await attach(exchange, item, claim)
    assert (settled.state, settled.claim, settled.resolved_by) == ("resolved", claim, "key_1")
    standing = await exchange.fold(claim)
    assert (standing.state, standing.paid, standing.open) == ("paid", Decimal("215.00"), Decimal("0.00"))
    [paid] = await exchange.feed("claim.paid")
    story = msgspec.json.decode(paid.body)
    assert story["payment"]["adjustments"][0]["reason"] == "45"
    assert story["hand"] == {"key": "key_1", "workItem": item.id}
    [told] = await exchange.feed("work_item.resolved")
    assert msgspec.json.decode(told.body)["claim"] == claim
    assert HAND.note.encode() not in paid.body + told.body


async def test_attaching_twice_pays_once_and_to_another_claim_is_refused(exchange: Exchange) -> None:
    claim, item = await receive_stray_payment(exchange)
    [other] = await exchange.send(make_claim("RB-2"))
    await attach(exchange, item, claim)
    story = await exchange.story(claim)
    assert (await attach(exchange, item, claim)).claim == claim
    with pytest.raises(HandRefused) as refused:
        await attach(exchange, item, other)
    assert refused.value.finding.code == "work_item.settled_otherwise"
    assert await exchange.story(claim) == story
    assert (await exchange.fold(other)).state == "sent"


async def test_an_attached_payment_is_the_claims_own_in_the_remittance(exchange: Exchange) -> None:
    claim, item = await receive_stray_payment(exchange)
    await attach(exchange, item, claim)
    [payment] = await exchange.store.read(
        lambda scope: remittances.list_payments_of_claim(scope, claim), tenant=TENANT
    )
    assert payment.paid == Decimal("215.00")


async def test_a_claim_status_attached_by_hand_moves_its_claim(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    stray = write_277ca(
        exchange.read_sent()[0],
        statuses=(StatusCode("A7", "562", "85"),),
        change=lambda it: msgspec.structs.replace(
            it, clearinghouse_trace="NOBODY", patient_control_number="NOBODY"
        ),
    )
    await exchange.answer(stray)
    [item] = await exchange.list_items()
    await attach(exchange, item, claim)
    await attach(exchange, item, claim)
    assert (await exchange.fold(claim)).state == "payer_rejected"
    [kept] = await exchange.store.read(
        lambda scope: acknowledgments.list_of_claim(scope, claim), tenant=TENANT
    )
    assert (kept.kind, kept.applied) == ("277ca", True)


@pytest.mark.parametrize(
    ("claim", "code"), [("clm_nobody", "work_item.no_such_claim"), ("", "work_item.claim_not_sent")]
)
async def test_a_claim_that_never_went_out_or_is_not_there_gets_nothing(
    exchange: Exchange, claim: str, code: str
) -> None:
    _, item = await receive_stray_payment(exchange)
    [waiting] = await exchange.submit(make_claim("RB-9"))
    with pytest.raises(HandRefused) as refused:
        await attach(exchange, item, claim or waiting.claim)
    assert (refused.value.finding.code, refused.value.finding.pointer) == (code, "/claim")
    assert [left.id for left in await exchange.list_items()] == [item.id]


async def test_a_work_item_without_a_single_answer_is_only_resolved(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    await exchange.answer(b"no file at all")
    await exchange.worker.run_due()
    [item] = await exchange.list_items()
    with pytest.raises(HandRefused) as refused:
        await attach(exchange, item, claim)
    assert refused.value.finding.code == "work_item.not_attachable"
    for _ in range(2):
        settled = await exchange.store.write(lambda scope: resolve_item(scope, item.id, HAND), tenant=TENANT)
        assert (settled.state, settled.claim, settled.note) == ("resolved", None, HAND.note.encode())
    assert len(await exchange.feed("work_item.resolved")) == 1
    assert await exchange.list_items() == []


async def test_the_note_of_a_work_item_is_sealed_where_it_rests(exchange: Exchange) -> None:
    item = await exchange.store.write(
        lambda scope: work_items.add(scope, kind="file", reason="file.odd_name"), tenant=TENANT
    )
    await exchange.store.write(lambda scope: resolve_item(scope, item.id, HAND), tenant=TENANT)
    kept = b"".join(path.read_bytes() for path in exchange.home.glob("claimwire.db*"))
    assert item.id.encode() in kept
    assert HAND.note.encode() not in kept


async def test_denials_and_rejections_are_listed_with_their_reason_and_age(exchange: Exchange) -> None:
    denied, returned = await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    await exchange.answer(write_835(4, pay("RB-1", ("315.00", "0", [("CO", "29", "315.00")]), status="4")))
    exchange.advance(days=8)
    await exchange.answer(write_999(exchange.read_sent()[0], code="R"))
    exchange.advance(hours=2)
    denials, rejections = [await read_list(exchange, name) for name in ("denials", "rejections")]
    assert [entry.claim.id for entry in denials.claims] == [denied]
    assert [entry.claim.id for entry in rejections.claims] == [returned]
    assert denials.claims[0].reason is not None and denials.claims[0].reason.type == "claim.denied"
    assert (denials.ages.total, denials.ages.month, rejections.ages.day) == (1, 1, 1)
    assert denials.ages.oldest == denials.claims[0].claim.updated_at


async def test_a_list_is_read_page_by_page(exchange: Exchange) -> None:
    claims = await exchange.send(*(make_claim(f"RB-{number}") for number in range(5)))
    await exchange.answer(write_999(exchange.read_sent()[0], code="R"))
    worklist, seen, after = load_worklists()["rejections"], [], None
    while True:
        page = await exchange.store.read(
            lambda scope, after=after: read_page(scope, worklist, after=after, limit=2),  # type: ignore[misc]
            tenant=TENANT,
        )
        seen += [entry.claim.id for entry in page.claims]
        assert page.ages.total == 5
        if page.next is None:
            break
        after = page.next
    assert seen == sorted(claims)


async def test_a_worked_claim_leaves_the_lists_until_something_new_happens(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    await exchange.answer(write_835(4, pay("RB-1", ("315.00", "0", [("CO", "16", "315.00")]), status="4")))
    for _ in range(2):
        await exchange.store.write(lambda scope: call_worked(scope, claim, HAND), tenant=TENANT)
    assert (await read_list(exchange, "denials")).claims == []
    assert len(await exchange.feed("claim.worked")) == 1
    await exchange.fold(claim)
    taken_back = ("-315.00", "0", [("CO", "16", "-315.00")])
    again = ("315.00", "0", [("CO", "29", "315.00")])
    await exchange.answer(write_835(5, pay("RB-1", taken_back, status="22"), pay("RB-1", again, status="4")))
    assert [entry.claim.id for entry in (await read_list(exchange, "denials")).claims] == [claim]


async def hold(exchange: Exchange, monkeypatch: pytest.MonkeyPatch, *numbers: str) -> list[str]:
    """Claims whose interchange the partner refuses for good, once; then its door is open again."""

    async def refuse(*given: object, **named: object) -> None:
        raise Permanent("the host key has changed", "folder", "Look at the partner.")

    with monkeypatch.context() as patched:
        patched.setattr(exchange.transport, "send", refuse)
        return await exchange.send(*map(make_claim, numbers))


async def test_a_released_claim_takes_its_whole_interchange_along_once(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await hold(exchange, monkeypatch, "RB-1", "RB-2")
    assert {entry.claim.id for entry in (await read_list(exchange, "held")).claims} == {one, two}
    freed = await exchange.store.write(lambda scope: release_claim(scope, one, HAND), tenant=TENANT)
    assert freed == Released(claims=2, deliveries=1)
    with pytest.raises(HandRefused):
        await exchange.store.write(lambda scope: release_claim(scope, one, HAND), tenant=TENANT)
    await exchange.worker.run_due()
    assert [(await exchange.fold(claim)).state for claim in (one, two)] == ["sent", "sent"]
    assert len(exchange.read_sent()) == 1
    assert (await read_list(exchange, "held")).claims == []


async def test_a_partner_is_released_with_all_that_waits_for_it(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered = await hold(exchange, monkeypatch, "RB-1", "RB-2")
    [waiting] = [each.claim for each in await exchange.submit(make_claim("RB-3"))]
    await mark_held(exchange, waiting)
    await exchange.worker.run_due()
    assert (await exchange.fold(waiting)).marks == frozenset({"held"}), "a held claim is not batched"
    freed = await exchange.store.write(
        lambda scope: release_partner(scope, exchange.partner, HAND), tenant=TENANT
    )
    assert freed == Released(claims=3, deliveries=1)
    await exchange.worker.run_due()
    assert {(await exchange.fold(claim)).state for claim in (*delivered, waiting)} == {"sent"}
    again = await exchange.store.write(
        lambda scope: release_partner(scope, exchange.partner, HAND), tenant=TENANT
    )
    assert again == Released()


async def mark_held(exchange: Exchange, claim: str) -> None:
    """Hold a waiting claim as batching does where only together claims are refused."""
    from gateway.journal import Journal
    from gateway.store import claims
    from gateway.store.scope import TenantScope

    def mark(scope: TenantScope) -> None:
        row = claims.load(scope, claim, lock=True)
        assert row is not None
        journal = Journal(scope)
        journal.record(row, "claim.held")
        journal.close()

    await exchange.store.write(mark, tenant=TENANT)


async def test_nothing_of_another_tenant_is_attached_or_released(exchange: Exchange) -> None:
    claim, item = await receive_stray_payment(exchange)
    for wish in (
        lambda scope: attach_item(scope, item.id, claim, HAND),
        lambda scope: resolve_item(scope, item.id, HAND),
        lambda scope: release_claim(scope, claim, HAND),
        lambda scope: call_worked(scope, claim, HAND),
    ):
        with pytest.raises(NoSuchRow):
            await exchange.store.write(wish, tenant="stranger")
