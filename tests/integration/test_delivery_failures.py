"""Deliveries that fail: retried where safe, reconciled where nobody knows, held where a person must act."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.errors import Ambiguous, DeliveryError, Permanent, Transient
from gateway.store import jobs
from tests.exchange import TENANT, Exchange, make_claim

WHERE = ("folder", "Look at the partner.")


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    made = Exchange(tmp_path)
    await made.start()
    yield made
    await made.stop()


def fail(exchange: Exchange, monkeypatch: pytest.MonkeyPatch, *failures: DeliveryError) -> list[str]:
    """Let the real transport fail these times before it sends; every call is noted."""
    calls: list[str] = []
    left, real_send, real_resume = list(failures), exchange.transport.send, exchange.transport.resume

    async def send(*given: Any, **named: Any) -> Any:
        calls.append("send")
        if left:
            raise left.pop(0)
        return await real_send(*given, **named)

    async def resume(*given: Any, **named: Any) -> Any:
        calls.append("resume")
        return await real_resume(*given, **named)

    monkeypatch.setattr(exchange.transport, "send", send)
    monkeypatch.setattr(exchange.transport, "resume", resume)
    return calls


async def run_send_job(exchange: Exchange) -> None:
    """Take the send job and run it, waking it from its pauses between attempts."""
    import asyncio

    job = await exchange.take_job("send")
    running = asyncio.create_task(exchange.dispatch.run(TENANT, job))
    while not running.done():
        await asyncio.sleep(0.01)
        exchange.advance(minutes=1)
    await running


async def test_a_transient_failure_is_tried_again_at_once_after_asking_what_became_of_it(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = fail(exchange, monkeypatch, Transient("no answer", *WHERE))
    [claim] = [each.claim for each in await exchange.submit(make_claim())]
    await exchange.batching.run(TENANT, exchange.partner)
    await run_send_job(exchange)
    assert calls == ["send", "resume", "send"]
    assert (await exchange.fold(claim)).state == "sent"


async def test_a_partner_that_stays_away_is_told_down_and_its_job_waits(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(exchange, monkeypatch, *(Transient("no answer", *WHERE) for _ in range(3)))
    [claim] = [each.claim for each in await exchange.submit(make_claim())]
    await exchange.batching.run(TENANT, exchange.partner)
    await run_send_job(exchange)
    assert (await exchange.fold(claim)).state == "batched"
    [job] = await exchange.store.read(lambda scope: jobs.list_in_state(scope, "ready"), tenant=TENANT)
    assert (job.last_error, job.attempts) == ("Transient", 1)
    assert len(await exchange.feed("partner.down")) == 1
    exchange.advance(minutes=30)
    await exchange.worker.run_due()
    assert (await exchange.fold(claim)).state == "sent"
    assert len(await exchange.feed("partner.up")) == 1


async def test_an_uncertain_delivery_is_asked_about_and_not_sent_blindly(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = fail(exchange, monkeypatch, Ambiguous("no answer to the rename", *WHERE))
    [claim] = [each.claim for each in await exchange.submit(make_claim())]
    await exchange.batching.run(TENANT, exchange.partner)
    await run_send_job(exchange)
    assert calls == ["send"], "an uncertain delivery is not repeated in the same breath"
    exchange.advance(minutes=30)
    await run_send_job(exchange)
    assert calls[1] == "resume"
    assert (await exchange.fold(claim)).state == "sent"
    assert len(exchange.read_sent()) == 1


async def test_a_refusal_for_good_holds_the_claims_until_somebody_revives_the_job(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(exchange, monkeypatch, Permanent("the host key has changed", *WHERE))
    [claim] = [each.claim for each in await exchange.submit(make_claim())]
    await exchange.batching.run(TENANT, exchange.partner)
    await run_send_job(exchange)
    standing = await exchange.fold(claim)
    assert (standing.state, standing.marks) == ("batched", frozenset({"held"}))
    assert len(await exchange.feed("partner.down")) == 1
    [job] = await exchange.store.read(lambda scope: jobs.list_in_state(scope, "dead"), tenant=TENANT)
    await exchange.store.write(lambda scope: jobs.revive(scope, job.id), tenant=TENANT)
    await exchange.worker.run_due()
    standing = await exchange.fold(claim)
    assert (standing.state, standing.marks) == ("sent", frozenset())


async def test_a_delivery_that_is_never_certain_is_held_at_the_last_attempt(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def doubt(*given: Any, **named: Any) -> Any:
        raise Ambiguous("no answer", *WHERE)

    monkeypatch.setattr(exchange.transport, "send", doubt)
    monkeypatch.setattr(exchange.transport, "resume", doubt)
    [claim] = [each.claim for each in await exchange.submit(make_claim())]
    await exchange.batching.run(TENANT, exchange.partner)
    for _ in range(jobs.ATTEMPT_LIMIT):
        await run_send_job(exchange)
        exchange.advance(hours=1)
    assert (await exchange.fold(claim)).marks == frozenset({"held"})


async def test_a_job_whose_lease_was_lost_changes_nothing(exchange: Exchange) -> None:
    from gateway.store.errors import LostLease

    [claim] = [each.claim for each in await exchange.submit(make_claim())]
    await exchange.batching.run(TENANT, exchange.partner)
    paused = await exchange.take_job("send")
    exchange.advance(minutes=5)
    await exchange.store.write(jobs.reap, tenant=TENANT)
    current = await exchange.take_job("send")
    await exchange.dispatch.run(TENANT, current)
    story = await exchange.story(claim)
    with pytest.raises(LostLease):
        await exchange.dispatch.run(TENANT, paused)
    assert await exchange.story(claim) == story
    assert len(exchange.read_sent()) == 1


@pytest.mark.parametrize("step", ["send", "temp_uploaded"])
async def test_a_worker_that_paused_past_its_lease_sends_nothing_that_another_has_sent(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The partner has taken the other worker's file: only the fence can tell the first one to stop."""
    from gateway.store.errors import LostLease

    [claim] = [each.claim for each in await exchange.submit(make_claim())]
    await exchange.batching.run(TENANT, exchange.partner)
    real = exchange.transport.send

    async def let_another_finish() -> None:
        monkeypatch.setattr(exchange.transport, "send", real)
        exchange.advance(minutes=5)
        await exchange.worker.run_due()
        [sent] = exchange.outbox.glob("*.x12")
        sent.unlink()

    async def pause(name: str, content: bytes, *, progress: Any) -> Any:
        async def pause_and_go_on(told: str) -> None:
            if told == step:
                await let_another_finish()
            await progress(told)

        if step == "send":
            await let_another_finish()
        return await real(name, content, progress=pause_and_go_on)

    monkeypatch.setattr(exchange.transport, "send", pause)
    paused = await exchange.take_job("send")
    with pytest.raises(LostLease):
        await exchange.dispatch.run(TENANT, paused)
    assert exchange.read_sent() == []
    assert (await exchange.story(claim)).count("claim.sent") == 1


async def test_a_delivery_that_kills_every_sender_is_held_for_a_person(exchange: Exchange) -> None:
    from gateway.surrender import reap

    [claim] = [each.claim for each in await exchange.submit(make_claim())]
    await exchange.batching.run(TENANT, exchange.partner)
    for _ in range(jobs.ATTEMPT_LIMIT):
        await exchange.take_job("send")  # and the worker is gone, without a word
        exchange.advance(minutes=5)
        await exchange.store.write(reap, tenant=TENANT)
    assert (await exchange.fold(claim)).marks == frozenset({"held"})
    assert await exchange.story(claim) == ["claim.received", "claim.accepted", "claim.batched", "claim.held"]


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 10), (2, 20), (5, 160), (12, 900), (500, 900)])
def test_waits_double_up_to_a_quarter_of_an_hour(attempts: int, seconds: int) -> None:
    from gateway.dispatch import find_wait

    find: Callable[[int], timedelta] = find_wait
    assert find(attempts) == timedelta(seconds=seconds)
