"""What comes in and cannot be applied: the bytes are kept, a person hears of it, nothing else moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from adapters.errors import Transient
from gateway.reception import PROCESS, READ_ATTEMPTS
from gateway.store import acknowledgments, remittances
from gateway.surrender import reap
from tests.exchange import (
    TENANT,
    Exchange,
    make_claim,
    pay,
    write_277ca,
    write_835,
    write_999,
    write_ta1,
)

FULL = ("315.00", "215.00", [("CO", "45", "70.00"), ("PR", "3", "30.00")])


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    made = Exchange(tmp_path)
    await made.start()
    yield made
    await made.stop()


async def quarantined(exchange: Exchange, content: bytes) -> str:
    """Deliver `content`, prove that it is kept, told and not applied; the reason."""
    [claim] = await exchange.send(make_claim())
    before = await exchange.fold(claim)
    story = await exchange.story(claim)
    exchange.drop(content)
    for _ in range(2):  # a file without an end is left alone until it was seen unchanged
        await exchange.worker.run_due()
    [file] = await exchange.list_files()
    assert file.state == "quarantined"
    assert exchange.archive.get(file.sha256) == content
    assert [event.file for event in await exchange.feed("file.rejected")] == [file.id]
    [item] = await exchange.list_items()
    assert (item.kind, item.file, item.reason) == ("file", file.id, file.reason)
    assert (await exchange.fold(claim), await exchange.story(claim)) == (before, story)
    assert list(exchange.inbox.iterdir()) == []
    assert file.reason is not None
    return file.reason


async def test_an_empty_file_is_kept_and_refused(exchange: Exchange) -> None:
    assert await quarantined(exchange, b"") == "file.empty"


async def test_a_file_that_is_no_x12_is_kept_and_refused(exchange: Exchange) -> None:
    assert await quarantined(exchange, b"<html>503 Service Unavailable</html>") == "file.not_x12"


async def test_half_a_file_is_kept_and_none_of_it_applied(exchange: Exchange) -> None:
    whole = write_835(4, pay("RB-1", FULL))
    reason = await quarantined(exchange, whole[: len(whole) // 2])
    assert reason.endswith("missing_trailer") or reason.startswith("file.")


async def test_a_file_for_another_receiver_is_kept_and_refused(exchange: Exchange) -> None:
    strayed = write_835(4, pay("RB-1", FULL)).replace(b"ZZ*CLINIC         ", b"ZZ*OTHERCLINIC    ")
    assert await quarantined(exchange, strayed) == "file.other_receiver"


async def test_a_file_of_an_unknown_sender_is_kept_and_refused(exchange: Exchange) -> None:
    strayed = write_835(4, pay("RB-1", FULL)).replace(b"ZZ*PAYER          ", b"ZZ*STRANGER       ")
    assert await quarantined(exchange, strayed) == "file.unknown_sender"


async def test_an_837_from_a_partner_is_kept_and_refused(exchange: Exchange) -> None:
    other = Exchange(exchange.home / "other")
    await other.start()
    await other.send(make_claim())
    [text] = other.read_sent()
    await other.stop()
    swapped = text.replace(b"CLINIC         ", b"@").replace(b"PAYER          ", b"CLINIC         ")
    assert await quarantined(exchange, swapped.replace(b"@", b"PAYER          ")) == "file.unexpected_set"


async def test_the_same_bytes_again_are_a_duplicate_without_effect(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    remittance = write_835(4, pay("RB-1", FULL))
    await exchange.answer(remittance, remittance)
    again = await exchange.fold(claim)
    assert (again.payments, str(again.paid)) == (1, "215.00")
    states = [file.state for file in await exchange.list_files()]
    assert sorted(states) == ["duplicate", "processed"]


async def test_the_same_control_number_with_other_bytes_is_quarantined(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    await exchange.answer(write_835(4, pay("RB-1", FULL)))
    await exchange.answer(write_835(4, pay("RB-1", ("315.00", "315.00", [])), trace="EFT0000999"))
    assert (await exchange.fold(claim)).payments == 1
    newest, first = await exchange.list_files()
    assert (newest.state, newest.reason) == ("quarantined", "file.control_number_reused")
    assert first.state == "processed"


async def test_the_same_remittance_in_another_file_is_not_posted_twice(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    await exchange.answer(write_835(4, pay("RB-1", FULL), trace="EFT0000001"))
    await exchange.answer(write_835(5, pay("RB-1", FULL), trace="EFT0000001"))
    assert (await exchange.fold(claim)).payments == 1
    assert len(await exchange.feed("remittance.received")) == 1
    newest, _ = await exchange.list_files()
    assert (newest.state, newest.reason) == ("processed", "remittance.duplicate")


async def test_a_999_for_a_control_number_never_sent_moves_nothing(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    sent = exchange.read_sent()[0]
    await exchange.answer(write_999(sent, change=lambda document: document.update(groupControlNumber="777")))
    assert (await exchange.fold(claim)).state == "sent"
    [item] = await exchange.list_items()
    assert (item.kind, item.reason) == ("acknowledgment", "acknowledgment.unmatched")
    [event] = await exchange.feed("acknowledgment.unmatched")
    assert msgspec.json.decode(event.body)["acknowledgment"]["controlNumber"] == "777"


async def test_a_ta1_for_a_control_number_never_sent_moves_nothing(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    stray = write_ta1(exchange.read_sent()[0]).replace(b"TA1*000000001", b"TA1*000000777")
    await exchange.answer(stray)
    assert (await exchange.fold(claim)).state == "sent"
    [item] = await exchange.list_items()
    assert item.reason == "acknowledgment.unmatched"


async def test_an_answer_to_an_interchange_not_yet_begun_is_not_believed(exchange: Exchange) -> None:
    await exchange.submit(make_claim())
    await exchange.batching.run(TENANT, exchange.partner)
    [interchange] = await exchange.list_interchanges()
    written = exchange.archive.get(interchange.sha256)
    exchange.drop(write_999(written))
    await exchange.inbound.poll(TENANT, exchange.partner.name)
    job = await exchange.take_job("process")
    await exchange.processing.run(TENANT, job)
    assert [item.reason for item in await exchange.list_items()] == ["acknowledgment.unmatched"]
    await exchange.worker.run_due()
    assert len(exchange.read_sent()) == 1


async def test_a_277ca_for_an_unknown_claim_moves_nothing(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    stray = write_277ca(
        exchange.read_sent()[0],
        change=lambda it: msgspec.structs.replace(
            it, clearinghouse_trace="NOTOURS", patient_control_number="NOBODY"
        ),
    )
    await exchange.answer(stray)
    assert (await exchange.fold(claim)).state == "sent"
    [item] = await exchange.list_items()
    assert item.reason == "claim_status.unmatched"


async def test_an_835_for_an_unknown_claim_is_kept_for_a_person(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    await exchange.answer(write_835(4, pay("NOBODY", FULL)))
    assert (await exchange.fold(claim)).state == "sent"
    [item] = await exchange.list_items()
    assert (item.kind, item.reason) == ("remittance", "remittance.claim_unmatched")
    [event] = await exchange.feed("remittance.unmatched")
    assert msgspec.json.decode(event.body)["paid"] == "215.00"
    unmatched = await exchange.store.read(lambda scope: remittances.list_unmatched(scope), tenant=TENANT)
    assert len(unmatched) == 1


async def test_an_835_for_two_claims_that_both_could_be_meant_is_left_to_a_person(exchange: Exchange) -> None:
    first = make_claim()
    second = make_claim(claimFrequencyCode="7")
    second["claimInformation"]["claimSupplementalInformation"] = {"claimControlNumber": "P1"}
    one, two = await exchange.send(first, second)
    await exchange.answer(write_835(4, pay("RB-1", FULL)))
    [item] = await exchange.list_items()
    assert set(item.candidates) == {one, two}


async def test_an_unbalanced_835_is_kept_and_not_posted(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    await exchange.answer(write_835(4, pay("RB-1", ("315.00", "200.00", [("CO", "45", "70.00")]))))
    assert (await exchange.fold(claim)).state == "sent"
    [event] = await exchange.feed("remittance.unbalanced")
    story = msgspec.json.decode(event.body)
    assert "remittance.claim_unbalanced" in {finding["code"] for finding in story["findings"]}
    [item] = await exchange.list_items()
    assert item.kind == "remittance"


async def test_every_acknowledgment_is_kept_though_it_changes_nothing(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    sent = exchange.read_sent()[0]
    await exchange.answer(write_277ca(sent, 3), write_277ca(sent, 4))
    kept = await exchange.store.read(lambda scope: acknowledgments.list_of_claim(scope, claim), tenant=TENANT)
    assert [(each.kind, each.code, each.applied) for each in kept] == [
        ("277ca", "A2:20", True),
        ("277ca", "A2:20", False),
    ]


async def test_a_file_still_being_written_is_left_until_it_is_whole(exchange: Exchange) -> None:
    await exchange.send(make_claim())
    whole = write_999(exchange.read_sent()[0])
    exchange.drop(whole[:200], "late.x12")
    assert await exchange.inbound.poll(TENANT, exchange.partner.name) == 0
    exchange.drop(whole, "late.x12")
    assert await exchange.inbound.poll(TENANT, exchange.partner.name) == 1


async def test_a_file_above_the_limit_stays_and_is_told_once(exchange: Exchange) -> None:
    exchange.drop(b"x" * ((1 << 20) + 1), "huge.x12")
    for _ in range(3):
        await exchange.worker.run_due()
    assert (exchange.inbox / "huge.x12").exists()
    assert [item.reason for item in await exchange.list_items()] == ["file.too_large"]


async def test_a_file_that_no_attempt_can_apply_is_quarantined_and_its_neighbour_goes_on(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway import processing

    [claim] = await exchange.send(make_claim())
    sent = exchange.read_sent()[0]
    real = processing.apply_file

    def break_on_the_first(scope: object, job: object, file_id: str, *rest: object) -> None:
        if file_id == first.id:
            raise RuntimeError("a fault of ours")
        real(scope, job, file_id, *rest)  # type: ignore[arg-type]  # passed on as they came

    first = await exchange.inbound.reception.receive(TENANT, exchange.partner.name, "a", write_ta1(sent))
    monkeypatch.setattr(processing, "apply_file", break_on_the_first)
    for _ in range(6):
        await exchange.worker.run_due()
        exchange.advance(hours=1)
    await exchange.answer(write_999(sent))
    assert {file.id: file.state for file in await exchange.list_files()}[first.id] == "quarantined"
    assert (await exchange.fold(claim)).state == "acknowledged"


async def test_a_file_that_kills_every_reader_is_quarantined_for_a_person_and_its_neighbour_goes_on(
    exchange: Exchange,
) -> None:
    [claim] = await exchange.send(make_claim())
    sent = exchange.read_sent()[0]
    first = await exchange.inbound.reception.receive(TENANT, exchange.partner.name, "a", write_ta1(sent))
    for _ in range(READ_ATTEMPTS):
        await exchange.take_job(PROCESS)  # and the worker is gone, without a word
        exchange.advance(minutes=5)
        await exchange.store.write(reap, tenant=TENANT)
    await exchange.answer(write_999(sent))
    assert {file.id: file.state for file in await exchange.list_files()}[first.id] == "quarantined"
    assert [item.reason for item in await exchange.list_items()] == ["file.processing_failed"]
    assert (await exchange.fold(claim)).state == "acknowledged"


async def test_a_partner_that_cannot_be_reached_is_told_down_and_up_once(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> list[object]:
        raise Transient("no answer", "folder", "Look at the network.")

    with monkeypatch.context() as broken:
        broken.setattr(exchange.transport, "list", fail)
        for _ in range(3):
            await exchange.worker.run_due()
            exchange.advance(seconds=30)
    for _ in range(3):
        await exchange.worker.run_due()
    assert [event.type for event in await exchange.feed()] == ["partner.down", "partner.up"]
