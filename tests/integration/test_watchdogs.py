"""What should have come and has not is told once, also after downtime, and no longer once it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway.hands import Hand, call_worked
from gateway.settings import PayerWatch, Settings, WatchSettings
from gateway.store import claim_groups, work_items
from gateway.store.work_items import WorkItem
from gateway.watches import load_watches
from gateway.worklists import load_worklists, read_page
from tests.exchange import TENANT, Exchange, make_claim, pay, write_277ca, write_835, write_999, write_ta1

FULL = ("315.00", "215.00", [("CO", "45", "70.00"), ("PR", "3", "30.00")])
NO_999, NO_277CA, NO_835 = "no_functional_acknowledgment", "no_claim_acknowledgment", "no_remittance"


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    made = Exchange(tmp_path)
    await made.start()
    yield made
    await made.stop()


def watch(exchange: Exchange, **settings: float) -> None:
    """Give the partner these patiences."""
    change_partner(exchange, watch=WatchSettings(**settings))


def change_partner(exchange: Exchange, **changes: object) -> None:
    partner = msgspec.structs.replace(exchange.partner, **changes)
    tenant = msgspec.structs.replace(exchange.settings.tenants[0], partners=(partner,))
    exchange.settings = msgspec.structs.replace(exchange.settings, tenants=(tenant,))
    exchange.worker._tenants = exchange.settings.tenants


async def look(exchange: Exchange, **step: float) -> None:
    """Let time pass and the gateway look around; twice, since a timer set in one turn rings in the next."""
    exchange.advance(**step)
    partner = exchange.partner
    await exchange.worker.run_due()
    await exchange.watchdogs.look(TENANT, partner)
    await exchange.worker.run_due()


async def reasons(exchange: Exchange, claim: str) -> list[str]:
    """What the feed said the claim is overdue for, in order."""
    told = [msgspec.json.decode(event.body) for event in await exchange.feed("claim.overdue")]
    return [story["overdue"]["reason"] for story in told if story["claim"] == claim]


async def list_overdue(exchange: Exchange) -> list[str]:
    page = await exchange.store.read(
        lambda scope: read_page(scope, load_worklists()["overdue"], after=None, limit=10), tenant=TENANT
    )
    return [entry.claim.id for entry in page.claims]


async def list_silences(exchange: Exchange) -> list[WorkItem]:
    return [item for item in await exchange.list_items() if item.reason == "partner.silent"]


async def test_a_claim_without_any_answer_is_overdue_for_each_in_its_time(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    await look(exchange, hours=23)
    assert await reasons(exchange, claim) == []
    await look(exchange, hours=2)
    assert await reasons(exchange, claim) == [NO_999]
    await look(exchange, days=3)
    assert await reasons(exchange, claim) == [NO_999, NO_277CA]
    await look(exchange, days=45)
    assert await reasons(exchange, claim) == [NO_999, NO_277CA, NO_835]
    await look(exchange, days=300)
    assert await reasons(exchange, claim) == [NO_999, NO_277CA, NO_835], "each is told once"
    assert await list_overdue(exchange) == [claim]
    assert (await exchange.fold(claim)).marks == frozenset({"overdue", NO_999, NO_277CA, NO_835})


async def test_the_answer_clears_the_mark_and_only_its_own(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    sent = exchange.read_sent()[0]
    await look(exchange, days=4)
    await exchange.answer(write_999(sent))
    assert (await exchange.fold(claim)).marks == frozenset({"overdue", NO_277CA})
    await exchange.answer(write_277ca(sent))
    assert (await exchange.fold(claim)).marks == frozenset()
    assert await list_overdue(exchange) == []
    await look(exchange, days=45)
    await exchange.answer(write_ta1(sent, 9))
    assert (await exchange.fold(claim)).marks == frozenset({"overdue", NO_835}), "a late TA1 is no payment"
    await exchange.answer(write_835(10, pay("RB-1", FULL)))
    assert ((await exchange.fold(claim)).state, (await exchange.fold(claim)).marks) == ("paid", frozenset())


async def test_an_answered_claim_is_never_overdue(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    sent = exchange.read_sent()[0]
    await exchange.answer(write_999(sent), write_277ca(sent), write_835(4, pay("RB-1", FULL)))
    await look(exchange, days=400)
    assert await reasons(exchange, claim) == []


async def test_only_the_claims_without_an_answer_are_overdue(exchange: Exchange) -> None:
    answered, forgotten = await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    await exchange.answer(write_835(4, pay("RB-1", FULL)))
    await look(exchange, days=50)
    assert await list_overdue(exchange) == [forgotten]
    assert await reasons(exchange, answered) == []


async def test_what_waited_in_the_mailbox_through_a_downtime_is_not_missing(tmp_path: Path) -> None:
    before = Exchange(tmp_path)
    await before.start()
    [claim] = await before.send(make_claim())
    await look(before, minutes=1)
    before.drop(write_999(before.read_sent()[0]))
    await before.stop()
    after = Exchange(tmp_path)
    after.advance(hours=30)
    await look(after)
    await look(after, minutes=2)
    assert await reasons(after, claim) == []
    await after.stop()


async def test_a_downtime_delays_a_timer_and_loses_none(tmp_path: Path) -> None:
    before = Exchange(tmp_path)
    await before.start()
    [claim] = await before.send(make_claim())
    await before.stop()
    for days in (10, 10):
        after = Exchange(tmp_path)
        after.advance(days=days)
        await look(after)
        assert await reasons(after, claim) == [NO_999, NO_277CA]
        await after.stop()


async def test_a_timer_waits_while_the_mailbox_cannot_be_looked_into_but_not_for_ever(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    [claim] = await exchange.send(make_claim())
    await look(exchange)
    monkeypatch.setattr(exchange.watchdogs, "_has_looked", lambda tenant, partner: False)
    monkeypatch.setattr(exchange.watchdogs, "_began", exchange.clock.now())
    exchange.advance(hours=25)
    monkeypatch.setattr(exchange.watchdogs, "_began", exchange.clock.now())
    await look(exchange)
    assert await reasons(exchange, claim) == []
    await look(exchange, hours=2)
    assert await reasons(exchange, claim) == [NO_999]


async def test_a_payer_may_have_patiences_of_its_own_and_zero_is_none(exchange: Exchange) -> None:
    patience = PayerWatch(functional_ack_hours=1, claim_ack_days=0)
    change_partner(exchange, payer_watch={"CWP02": patience})
    [claim] = await exchange.send(make_claim())
    await look(exchange)
    await look(exchange, hours=2)
    assert await reasons(exchange, claim) == [NO_999]
    await look(exchange, days=20)
    assert await reasons(exchange, claim) == [NO_999]


async def test_a_partner_is_silent_until_any_file_comes(exchange: Exchange) -> None:
    await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    await look(exchange)
    await look(exchange, hours=73)
    [item] = await list_silences(exchange)
    assert (item.kind, item.subject) == ("partner", "payer")
    assert len(await exchange.feed("partner.silent")) == 1
    await exchange.send(make_claim("RB-3"))
    await look(exchange)
    await look(exchange, hours=80)
    assert len(await exchange.feed("partner.silent")) == 1, "it is told once while it lasts"
    await exchange.answer(write_ta1(exchange.read_sent()[0]))
    await look(exchange)
    assert await list_silences(exchange) == []
    settled = await exchange.store.read(lambda scope: work_items.load(scope, item.id), tenant=TENANT)
    assert settled is not None and settled.resolved_by == "watchdog"


async def test_a_partner_that_answers_is_not_silent(exchange: Exchange) -> None:
    await exchange.send(make_claim())
    await look(exchange, hours=1)
    await exchange.answer(write_ta1(exchange.read_sent()[0]))
    await look(exchange, hours=100)
    assert await list_silences(exchange) == []


async def test_skipped_control_numbers_are_told_once_and_only_where_they_are_watched(
    exchange: Exchange,
) -> None:
    await exchange.send(make_claim())
    sent = exchange.read_sent()[0]
    await exchange.answer(write_ta1(sent, 11), write_999(sent, 14))
    await look(exchange, hours=5)
    assert await exchange.feed("partner.gap") == []
    watch(exchange, gap_hours=4)
    for _ in range(2):
        await look(exchange, hours=1)
    [event] = await exchange.feed("partner.gap")
    assert msgspec.json.decode(event.body)["reason"] == "000000012-000000013"


async def test_a_skipped_control_number_may_still_come_in_time(exchange: Exchange) -> None:
    watch(exchange, gap_hours=4)
    await exchange.send(make_claim())
    sent = exchange.read_sent()[0]
    await exchange.answer(write_ta1(sent, 11), write_999(sent, 13))
    await look(exchange, hours=3)
    await exchange.answer(write_277ca(sent, 12))
    await look(exchange, hours=30)
    assert await exchange.feed("partner.gap") == []


async def test_a_claim_near_its_filing_limit_is_told_with_the_day(exchange: Exchange) -> None:
    change_partner(exchange, watch=WatchSettings(functional_ack_hours=0, claim_ack_days=0, filing_days=90))
    [claim] = await exchange.send(make_claim())  # served on 2026-10-07; it is 2026-11-24
    await exchange.answer(write_999(exchange.read_sent()[0], code="R"))
    await look(exchange, days=10)
    assert await reasons(exchange, claim) == []
    await look(exchange, days=10)
    await look(exchange, days=1)
    [event] = await exchange.feed("claim.overdue")
    told = msgspec.json.decode(event.body)["overdue"]
    assert (told["reason"], told["since"], told["due"]) == ("timely_filing", "2026-10-07", "2027-01-05")
    assert await list_overdue(exchange) == [claim]
    await exchange.store.write(lambda scope: call_worked(scope, claim, Hand("key_1")), tenant=TENANT)
    assert await list_overdue(exchange) == []


async def test_a_claim_that_was_taken_in_or_sent_again_needs_no_filing(exchange: Exchange) -> None:
    change_partner(exchange, watch=WatchSettings(functional_ack_hours=0, claim_ack_days=0, filing_days=90))
    taken, refused = await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    sent = exchange.read_sent()[0]
    await exchange.answer(write_277ca(sent))
    await exchange.send(make_claim("RB-3"))
    await exchange.answer(write_999(exchange.read_sent()[1], 5, code="R"))
    [again] = await exchange.send(make_claim("RB-3"))
    await exchange.answer(write_277ca(exchange.read_sent()[2], 6))
    await look(exchange, days=30)
    assert await exchange.feed("claim.overdue") == []
    assert len({taken, refused, again}) == 3


def test_every_watch_names_states_marks_settings_and_timers_that_there_are() -> None:
    from gateway.lifecycle import load_lifecycle

    watches, lifecycle = load_watches(), load_lifecycle()
    for each in (*watches.claims.values(), watches.filing):
        assert set(each.states) <= set(lifecycle.state)
        assert each.reason in lifecycle.overdue.reasons
    assert all(wait.setting in WatchSettings.__struct_fields__ for _, wait in watches.timed())
    assert {each.reason for each in (*watches.claims.values(), watches.filing)} == (lifecycle.overdue.reasons)


def test_the_settings_give_each_payer_its_patience(tmp_path: Path) -> None:
    file = tmp_path / "claimwire.toml"
    file.write_text(
        "[tenants.clinic.partners.exchange]\npayers = ['60054', 'OTHER']\n"
        "transport = {kind = 'folder', outbox_folder = 'o', inbox_folder = 'i'}\n"
        "envelope = {sender = 'A', receiver = 'B', group_sender = 'A', group_receiver = 'B'}\n"
        "watch = {claim_ack_days = 5}\n"
        "[tenants.clinic.partners.exchange.payer_watch.60054]\nremittance_days = 14\n"
    )
    partner = Settings.load(file, {"CLAIMWIRE_HOME": str(tmp_path)}).find_partner("clinic", "exchange")
    assert partner.watch_for("60054") == WatchSettings(claim_ack_days=5, remittance_days=14)
    assert partner.watch_for("OTHER") == WatchSettings(claim_ack_days=5)


async def test_the_marks_are_words_of_their_own(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    await look(exchange, hours=25)
    for mark, found in ((NO_999, [claim]), ("no", []), ("acknowledgment", []), ("%", []), ("_", [])):
        group = claim_groups.Group(marks=(mark,))
        listed = await exchange.store.read(
            lambda scope, group=group: claim_groups.list_group(scope, group),  # type: ignore[misc]
            tenant=TENANT,
        )
        assert [row.id for row in listed] == found, mark
