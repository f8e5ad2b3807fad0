"""Batching: what goes together, what is left out, and how control numbers are taken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edi.files import check_file
from edi.findings import find
from gateway import batching, composition
from gateway.settings import Partner
from gateway.settings_parts import ControlNumberSettings, DelimiterSettings
from gateway.store import TenantScope, control_numbers, interchanges, jobs, webhooks
from tests.exchange import TENANT, Exchange, make_claim, write_999, write_batch_refusal


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    made = Exchange(tmp_path, max_claims=3)
    await made.start()
    yield made
    await made.stop()


async def test_more_claims_than_fit_make_several_interchanges(exchange: Exchange) -> None:
    await exchange.submit(*(make_claim(f"RB-{number}") for number in range(5)))
    await exchange.batching.run(TENANT, exchange.partner)
    await exchange.batching.run(TENANT, exchange.partner)
    sent = await exchange.list_interchanges()
    assert [(it.control_number, it.claim_count) for it in sent] == [(1, 3), (2, 2)]


async def test_claims_wait_until_they_are_old_enough_or_enough(exchange: Exchange) -> None:
    patient = msgspec.structs.replace(
        exchange.partner, batch=msgspec.structs.replace(exchange.partner.batch, max_age_seconds=300.0)
    )
    await exchange.submit(make_claim("RB-1"), make_claim("RB-2"))
    assert await exchange.batching.run(TENANT, patient) == 0
    await exchange.submit(make_claim("RB-3"))
    assert await exchange.batching.run(TENANT, patient) == 1
    await exchange.submit(make_claim("RB-4"))
    assert await exchange.batching.run(TENANT, patient) == 0
    exchange.advance(minutes=5)
    assert await exchange.batching.run(TENANT, patient) == 1


async def test_what_came_before_the_cut_off_leaves_at_it_and_the_rest_waits_for_the_next(
    exchange: Exchange,
) -> None:
    limits = msgspec.structs.replace(
        exchange.partner.batch, cut_offs=("07:00", "16:30"), time_zone="America/Chicago"
    )
    partner = msgspec.structs.replace(exchange.partner, batch=limits)
    await exchange.submit(make_claim("RB-1"))
    exchange.advance(hours=1)
    await exchange.submit(make_claim("RB-2"))
    assert await exchange.batching.run(TENANT, partner) == 1, "13:00 UTC is 07:00: both came by then"
    exchange.advance(minutes=1)
    await exchange.submit(make_claim("RB-3"))
    exchange.advance(hours=9)
    assert await exchange.batching.run(TENANT, partner) == 0, "16:01, long past any age"
    exchange.advance(minutes=30)
    await exchange.submit(make_claim("RB-4"))
    assert await exchange.batching.run(TENANT, partner) == 1
    counts = [it.claim_count for it in await exchange.list_interchanges()]
    assert counts == [2, 1], "RB-4 came at 16:31 and waits for the morning"


async def test_files_are_named_and_separated_as_the_partner_wants(exchange: Exchange) -> None:
    marks = DelimiterSettings(element="|", component=">", segment="'", line_end="")
    partner = msgspec.structs.replace(
        exchange.partner,
        file_name="CLINIC_{payer}_{date}{time}_{control_number}.{usage}.837",
        envelope=msgspec.structs.replace(exchange.partner.envelope, delimiters=marks),
        batch=msgspec.structs.replace(exchange.partner.batch, time_zone="America/Chicago"),
    )
    spoiled = make_claim("RB-2")
    spoiled["billing"]["organizationName"] = "LAKE|SIDE"
    [_clean, refused] = await exchange.submit(make_claim("RB-1"), spoiled)
    await exchange.batching.run(TENANT, partner)
    [sent] = await exchange.list_interchanges()
    assert (sent.name, sent.claim_count) == ("CLINIC_CWP02_20261124060000_000000001.T.837", 1)
    text = exchange.archive.get(sent.sha256).decode()
    assert (text[:4], text[105:107], text.count("\n")) == ("ISA|", "'G", 0)
    claim = await exchange.load(refused.claim)
    assert claim.state == "rejected"
    [told] = await exchange.feed("claim.rejected")
    assert b'"value.holds_delimiter"' in told.body and b'"/billing/organizationName"' in told.body


async def test_test_claims_and_real_ones_do_not_share_an_interchange(exchange: Exchange) -> None:
    real, test = make_claim("RB-1"), make_claim("RB-2")
    real["usageIndicator"] = "P"
    await exchange.submit(real, test)
    await exchange.batching.run(TENANT, exchange.partner)
    assert [it.usage for it in await exchange.list_interchanges()] == ["P", "T"]


async def test_control_numbers_go_on_after_a_restart_and_after_another_worker(exchange: Exchange) -> None:
    await exchange.send(make_claim("RB-1"))
    await exchange.store.write(
        lambda scope: control_numbers.take_many(scope, "payer", "interchange", 6), tenant=TENANT
    )
    await exchange.send(make_claim("RB-2"))
    numbers = [it.control_number for it in await exchange.list_interchanges()]
    assert numbers == [1, 8]
    [_, second] = exchange.read_sent()
    assert check_file(second).interchanges[0].header.control_number == "000000008"


async def test_no_control_number_is_used_up_by_a_batch_that_is_undone(exchange: Exchange) -> None:
    guess = composition.Numbers(41, 7)
    exchange.batching._next[TENANT, "payer"] = guess
    await exchange.send(make_claim("RB-1"))
    [interchange] = await exchange.list_interchanges()
    assert (interchange.control_number, interchange.group_control_number) == (1, 1)


async def test_after_the_largest_control_number_comes_one(exchange: Exchange) -> None:
    await exchange.store.write(
        lambda scope: control_numbers.set_last(scope, "payer", "interchange", control_numbers.LARGEST - 1),
        tenant=TENANT,
    )
    await exchange.send(make_claim("RB-1"))
    await exchange.send(make_claim("RB-2"))
    numbers = [it.control_number for it in await exchange.list_interchanges()]
    assert numbers == [control_numbers.LARGEST, 1]


def with_batch(exchange: Exchange, **limits: Any) -> Partner:
    batch = msgspec.structs.replace(exchange.partner.batch, max_claims=50, **limits)
    return msgspec.structs.replace(exchange.partner, batch=batch)


async def read_archived(exchange: Exchange) -> list[tuple[interchanges.Interchange, bytes]]:
    made = await exchange.list_interchanges()
    return [(it, exchange.archive.get(it.sha256)) for it in made]


def list_numbers(text: bytes) -> list[list[str]]:
    """The patient control numbers of each transaction set."""
    return [
        [document["claimInformation"]["patientControlNumber"] for document in report.documents]
        for report in check_file(text).sets
    ]


async def test_no_file_is_larger_than_the_partner_takes_and_no_claim_is_left_behind(
    exchange: Exchange,
) -> None:
    numbers = [f"RB-{number:02d}" for number in range(20)]
    await exchange.submit(*map(make_claim, numbers))
    assert await exchange.batching.run(TENANT, with_batch(exchange, max_bytes=3000)) > 2
    files = await read_archived(exchange)
    assert all(it.size == len(text) <= 3000 for it, text in files)
    assert [number for _, text in files for each in list_numbers(text) for number in each] == numbers
    assert [it.control_number for it, _ in files] == list(range(1, len(files) + 1))


async def test_a_claim_too_large_for_the_partner_is_told_and_the_others_go(exchange: Exchange) -> None:
    large = make_claim("RB-2")
    [line, *_] = large["claimInformation"]["serviceLines"]
    large["claimInformation"]["serviceLines"] = [
        {**line, "providerControlNumber": f"L{number}"} for number in range(50)
    ]
    charge = 50 * Decimal(line["professionalService"]["lineItemChargeAmount"])
    large["claimInformation"]["claimChargeAmount"] = str(charge)
    ids = [it.claim for it in await exchange.submit(make_claim("RB-1"), large, make_claim("RB-3"))]
    assert [(await exchange.load(claim)).state for claim in ids] == ["accepted"] * 3
    await exchange.batching.run(TENANT, with_batch(exchange, max_bytes=4000))
    assert [(await exchange.load(claim)).state for claim in ids] == ["batched", "rejected", "batched"]
    [told] = await exchange.feed("claim.rejected")
    assert b"claim.too_large_for_partner" in told.body and b"4000" in told.body


async def test_a_file_holds_as_many_sets_and_claims_of_a_set_as_the_partner_wants(
    exchange: Exchange,
) -> None:
    claims = [make_claim(f"RB-{number}") for number in range(5)]
    await exchange.submit(*claims)
    await exchange.batching.run(TENANT, with_batch(exchange, claims_per_set=2))
    [(made, text)] = await read_archived(exchange)
    assert list_numbers(text) == [["RB-0", "RB-1"], ["RB-2", "RB-3"], ["RB-4"]]
    assert made.claim_count == 5
    await exchange.submit(*(make_claim(f"RC-{number}") for number in range(3)))
    assert await exchange.batching.run(TENANT, with_batch(exchange, claims_per_set=1, max_sets=1)) == 3
    sets = [list_numbers(text) for _, text in (await read_archived(exchange))[1:]]
    assert sets == [[["RC-0"]], [["RC-1"]], [["RC-2"]]]


async def test_a_277ca_that_refuses_one_batch_of_several_moves_the_claims_of_that_set_only(
    exchange: Exchange,
) -> None:
    ids = [it.claim for it in await exchange.submit(make_claim("RB-1"), make_claim("RB-2"))]
    await exchange.batching.run(TENANT, with_batch(exchange, claims_per_set=1))
    await exchange.worker.run_due()
    [sent] = exchange.read_sent()
    references = [
        segment.element(3)
        for each in check_file(sent).sets
        for segment in each.segments
        if segment.id == "BHT"
    ]
    assert references == ["0000000010001", "0000000010002"]
    await exchange.answer(write_batch_refusal(references[1]))
    assert [(await exchange.load(claim)).state for claim in ids] == ["sent", "payer_rejected"]


async def test_a_range_of_control_numbers_is_kept_and_begins_again_at_its_first(exchange: Exchange) -> None:
    partner = with_numbers(exchange, first=5000, last=5999)
    for number in ("RB-1", "RB-2"):
        await exchange.submit(make_claim(number))
        await exchange.batching.run(TENANT, partner)
    await exchange.store.write(
        lambda scope: control_numbers.set_last(scope, "payer", "interchange", 5999), tenant=TENANT
    )
    await exchange.submit(make_claim("RB-3"))
    await exchange.batching.run(TENANT, partner)
    made = await exchange.list_interchanges()
    assert [it.control_number for it in made] == [5000, 5001, 5002], "5000 and 5001 are in use"
    assert [it.group_control_number for it in made] == [5000, 5001, 5002]


async def test_a_control_number_is_used_again_only_after_its_days(exchange: Exchange) -> None:
    partner = with_numbers(exchange, first=1, last=1000, reuse_days=30)
    made = []
    for number, days in (("RB-1", 0), ("RB-2", 29), ("RB-3", 2)):
        exchange.advance(days=days)
        await exchange.submit(make_claim(number))
        await exchange.store.write(lambda scope: preset(scope, 1000), tenant=TENANT)
        await exchange.batching.run(TENANT, partner)
        await exchange.worker.run_due()
        made = await exchange.list_interchanges()
    assert [it.control_number for it in made] == [1, 2, 1]
    newest = write_999(exchange.archive.get(made[2].sha256))
    await exchange.answer(newest)
    states = [it.state for it in await exchange.list_interchanges()]
    assert states == ["sent", "sent", "acknowledged"], "an answer means the newest bearer of the number"


async def test_claims_wait_and_a_person_is_told_where_every_number_is_in_use(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "SKIPS", 0)
    [waiting] = await exchange.submit(make_claim("RB-1"))
    for _ in range(2):
        assert await exchange.batching.run(TENANT, exchange.partner) == 0
    [item] = await exchange.list_items()
    assert (item.kind, item.reason, item.subject) == (
        "partner",
        "partner.control_numbers_exhausted",
        "payer",
    )
    monkeypatch.undo()
    await exchange.worker.run_due()
    assert (await exchange.load(waiting.claim)).state == "sent"


def with_numbers(exchange: Exchange, **numbers: int) -> Partner:
    envelope = msgspec.structs.replace(
        exchange.partner.envelope, control_numbers=ControlNumberSettings(**numbers)
    )
    return msgspec.structs.replace(exchange.partner, envelope=envelope)


def preset(scope: TenantScope, last: int) -> None:
    for kind in ("interchange", "group"):
        control_numbers.set_last(scope, "payer", kind, last)


async def test_a_partner_under_test_gets_test_files_only(exchange: Exchange) -> None:
    real = make_claim("RB-1")
    real["usageIndicator"] = "P"
    for usage in ("T", "P"):
        envelope = msgspec.structs.replace(exchange.partner.envelope, usage=usage)
        real["claimInformation"]["patientControlNumber"] = f"RB-{usage}"
        await exchange.submit(real)
        await exchange.batching.run(TENANT, msgspec.structs.replace(exchange.partner, envelope=envelope))
        _, text = (await read_archived(exchange))[-1]
        assert check_file(text).interchanges[0].header.usage == usage


async def test_a_claim_that_we_would_reject_is_left_out_with_its_finding_and_the_rest_goes(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = [each.claim for each in await exchange.submit(make_claim("RB-1"), make_claim("RB-2"))]
    real = composition._list_faults

    def find_fault(text: bytes, character_set: str) -> Any:
        return (find("guide.unknown", set="837", known="none"),) if b"RB-2" in text else real(text, "")

    monkeypatch.setattr(composition, "_list_faults", find_fault)
    await exchange.worker.run_due()
    assert [(await exchange.fold(claim)).state for claim in (one, two)] == ["sent", "rejected"]
    [event] = await exchange.feed("claim.rejected")
    assert [finding["code"] for finding in msgspec.json.decode(event.body)["findings"]] == ["guide.unknown"]
    assert b"RB-2" not in exchange.read_sent()[0]


async def test_claims_that_only_together_are_refused_are_held_for_a_person(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted = await exchange.submit(make_claim("RB-1"), make_claim("RB-2"))

    def find_fault(text: bytes, character_set: str) -> Any:
        together = b"RB-1" in text and b"RB-2" in text
        return (find("guide.unknown", set="837", known="none"),) if together else ()

    monkeypatch.setattr(composition, "_list_faults", find_fault)
    for _ in range(2):
        await exchange.worker.run_due()
    for each in submitted:
        standing = await exchange.fold(each.claim)
        assert (standing.state, standing.marks) == ("accepted", frozenset({"held"}))
    [item] = await exchange.list_items()
    assert (item.kind, set(item.candidates)) == ("batch", {each.claim for each in submitted})


async def test_held_claims_do_not_keep_later_ones_waiting(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    await exchange.submit(*(make_claim(f"RB-{number}") for number in range(3)))
    monkeypatch.setattr(
        composition,
        "_list_faults",
        lambda text, character_set: (
            (find("guide.unknown", set="837", known="none"),) if text.count(b"CLM*") > 2 else ()
        ),
    )
    await exchange.worker.run_due()
    assert len(await exchange.feed("claim.held")) == 3
    [later] = await exchange.submit(make_claim("RB-9"))
    await exchange.worker.run_due()
    assert (await exchange.fold(later.claim)).state == "sent"


async def test_a_claim_that_another_worker_took_is_not_batched_twice(exchange: Exchange) -> None:
    await exchange.submit(make_claim("RB-1"))
    [batch] = await exchange.store.write(
        lambda scope: list(batching.list_batches(scope, exchange.partner, "CWP02")), tenant=TENANT
    )
    await exchange.batching.run(TENANT, exchange.partner)
    assert await exchange.batching._send_off(TENANT, batch) == 0
    assert len(await exchange.list_interchanges()) == 1
    left = await exchange.store.read(lambda scope: jobs.count_by_state(scope), tenant=TENANT)
    assert left == {"ready": 1}


async def test_every_event_puts_its_delivery_into_the_outbox_with_it(exchange: Exchange) -> None:
    endpoint = await exchange.store.write(
        lambda scope: webhooks.add_endpoint(scope, url="https://example.com/", types=(), secret=b"s"),
        tenant=TENANT,
    )
    await exchange.send(make_claim("RB-1"))
    waiting = await exchange.store.read(
        lambda scope: webhooks.list_deliveries(scope, endpoint.id), tenant=TENANT
    )
    feed = await exchange.feed()
    assert {delivery.sequence for delivery in waiting} == {event.sequence for event in feed}
    assert len(feed) == 4
