"""A machine whose clock was set back while the gateway was down: what waits is still due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.app import open_gateway
from gateway.clock import SteadyClock
from gateway.store import TenantScope, jobs
from tests.exchange import TENANT, make_claim, make_settings

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


async def open_at(home: Path, moment: datetime) -> tuple[jobs.Job | None, datetime]:
    """Open the gateway on a machine that says `moment`, queue a job where none waits, take what is due."""
    told: list[float] = []
    clock = SteadyClock(wall=lambda: moment, monotonic=lambda: 0.0, tell=told.append)
    gateway = await open_gateway(make_settings(home), clock=clock)
    store = gateway.services.store

    def take(scope: TenantScope) -> list[jobs.Job]:
        jobs.enqueue(scope, jobs.NewJob(kind="send", subject="int_1", once_key="int_1"))
        return jobs.take(scope, ("send",), lease=timedelta(0))

    try:
        if moment == NOON:
            await gateway.services.intake.submit(TENANT, make_claim())
        taken = await store.write(take, tenant=TENANT)
        await store.write(jobs.reap, tenant=TENANT)
        return (taken[0] if taken else None), clock.now()
    finally:
        await gateway.stop()


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(days=1)])
async def test_a_clock_set_back_before_the_start_delays_nothing(tmp_path: Path, step: timedelta) -> None:
    before, _ = await open_at(tmp_path, NOON)
    after, now = await open_at(tmp_path, NOON - step)
    assert before is not None and after is not None
    assert (before.subject, after.subject) == ("int_1", "int_1")
    assert now == NOON
