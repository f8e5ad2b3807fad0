"""The worker's loops: they start, hold what they work on, and end when told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store import jobs
from tests.exchange import TENANT, Exchange, make_claim, write_999


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    made = Exchange(tmp_path)
    await made.start()
    yield made
    await made.stop()


async def wait_for_state(exchange: Exchange, claim: str, state: str) -> None:
    """Let the loops work, a minute of the clock at a time, until the claim is there."""
    async with asyncio.timeout(20):
        while (await exchange.load(claim)).state != state:
            exchange.advance(minutes=1)
            await asyncio.sleep(0.02)


async def test_the_loops_carry_a_claim_out_and_its_answer_in_and_end_when_told(exchange: Exchange) -> None:
    running = asyncio.create_task(exchange.worker.run())
    [submission] = await exchange.submit(make_claim())
    await wait_for_state(exchange, submission.claim, "sent")
    exchange.drop(write_999(exchange.read_sent()[0]))
    await wait_for_state(exchange, submission.claim, "acknowledged")
    exchange.worker.stop()
    await asyncio.wait_for(running, 5)


async def test_a_loop_that_fails_goes_on_at_its_next_turn(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failed = exchange.batching.run, asyncio.Event()

    async def fail_once(*given: object) -> int:
        if failed.is_set():
            return await real(*given)  # type: ignore[arg-type]  # passed on as they came
        failed.set()
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(exchange.batching, "run", fail_once)
    running = asyncio.create_task(exchange.worker.run())
    [submission] = await exchange.submit(make_claim())
    await wait_for_state(exchange, submission.claim, "sent")
    assert failed.is_set()
    exchange.worker.stop()
    await asyncio.wait_for(running, 5)


async def test_a_job_is_held_as_long_as_it_runs(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease is a minute and the delivery takes ten: nobody else may take the job meanwhile."""
    real, go_on = exchange.transport.send, asyncio.Event()

    async def dawdle(*given: object, **named: object) -> object:
        await go_on.wait()
        return await real(*given, **named)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(exchange.transport, "send", dawdle)
    [submission] = await exchange.submit(make_claim())
    await exchange.batching.run(TENANT, exchange.partner)
    working = asyncio.create_task(exchange.worker.run_due())
    for _ in range(60):
        await asyncio.sleep(0.02)
        exchange.advance(seconds=10)
        await exchange.store.write(jobs.reap, tenant=TENANT)
    left = await exchange.store.read(lambda scope: jobs.count_by_state(scope), tenant=TENANT)
    assert left == {"running": 1}
    go_on.set()
    await working
    assert (await exchange.fold(submission.claim)).state == "sent"


async def test_thirty_files_on_one_lane_do_not_wait_for_the_next_look(exchange: Exchange) -> None:
    """A lane runs one job at a time; when one ends the next begins, without a poll between."""
    await exchange.send(make_claim())
    sent = exchange.read_sent()[0]
    for number in range(10, 40):
        await exchange.inbound.reception.receive(TENANT, "payer", "a", write_999(sent, number))
    running = asyncio.create_task(exchange.worker.run())
    async with asyncio.timeout(20):
        while {file.state for file in await exchange.list_files()} != {"processed"}:
            await asyncio.sleep(0.02)
    exchange.worker.stop()
    await asyncio.wait_for(running, 5)
