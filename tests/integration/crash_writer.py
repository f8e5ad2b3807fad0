"""A process that writes through a store under load and says on standard output what is durable."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from gateway.clock import SystemClock
from gateway.ids import TimeIds
from gateway.sealing import Sealer, load_key_ring
from gateway.store import Means, Store, TenantScope, control_numbers, events, jobs, open_store
from tests.contract.rows import make_claim

CLIENTS = 16


def accept(scope: TenantScope) -> tuple[str, int, int]:
    """A claim, its event, its job and a control number: all of them or none."""
    claim = make_claim(scope)
    number = control_numbers.take(scope, "north", "isa")
    jobs.enqueue(scope, jobs.NewJob(kind="batch", subject=claim.id))
    (event,) = events.append(
        scope, events.NewEvent(type="claim.received", claim=claim.id, body=str(number).encode())
    )
    return claim.id, event.sequence, number


def serve(scope: TenantScope) -> list[str]:
    """Take jobs and finish them, each in one transaction."""
    held = jobs.take(scope, ("batch",), lease=timedelta(seconds=30), limit=3)
    for job in held:
        jobs.finish(scope, job)
    return [job.subject for job in held]


async def run_client(store: Store, tenant: str) -> None:
    while True:
        claim_id, sequence, number = await store.write(accept, tenant=tenant)
        print("claim", claim_id, sequence, number, flush=True)
        for subject in await store.write(serve, tenant=tenant):
            print("served", subject, flush=True)


async def run(url: str, home: Path, tenant: str) -> None:
    clock = SystemClock()
    store = open_store(url, Means(clock, TimeIds(clock), Sealer(load_key_ring(home))))
    print("open", flush=True)
    await asyncio.gather(*(run_client(store, tenant) for _ in range(CLIENTS)))


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
