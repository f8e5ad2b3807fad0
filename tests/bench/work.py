"""Jobs end to end on one PostgreSQL: queued, taken, done, each step durable; ours beside those of peers."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from gateway.store import Store, jobs, tenants
from tests.bench.contest import OURS, PEERS, REASON
from tests.bench.databases import Databases, write_driver_address
from tests.bench.recovery import open_bench_store
from tests.bench.served import TENANT, read_processor

RIVALS = ("procrastinate", "dbos")
AT_ONCE = 100
TAKEN = 50
KIND = "bench"


class Worked(NamedTuple):
    """How many jobs of a second, and milliseconds of processor time of one, the database included."""

    who: str
    jobs: int
    rate: float
    processor: float
    reason: str = ""


async def work(store: Store, count: int) -> None:
    """Enqueue by one and finish by one, so many at once; the taking is by fifty."""
    numbers, left, lease = iter(range(count)), count, timedelta(seconds=60)

    async def enqueue() -> None:
        for number in numbers:
            new = jobs.NewJob(kind=KIND, subject=f"job-{number}")
            await store.write(lambda scope, new=new: jobs.enqueue(scope, new), tenant=TENANT)

    async def finish(job: jobs.Job) -> None:
        nonlocal left
        await store.write(lambda scope: jobs.finish(scope, job), tenant=TENANT)
        left -= 1

    async def take() -> None:
        while left:
            mark = store.mark(jobs.TOPIC)
            held = await store.write(
                lambda scope: jobs.take(scope, (KIND,), lease=lease, limit=TAKEN), tenant=TENANT
            )
            await asyncio.gather(*map(finish, held))
            if not held:
                await store.wait(jobs.TOPIC, after=mark, seconds=1.0)

    await asyncio.gather(take(), *(enqueue() for _ in range(AT_ONCE)))


def measure_ours(databases: Databases, folder: Path, count: int) -> Worked:
    """Our own queue."""
    folder.mkdir(exist_ok=True)

    async def run() -> tuple[float, float]:
        store = await asyncio.to_thread(open_bench_store, databases.make("jobs-ours"), folder)
        await store.write(lambda system: tenants.create(system, TENANT, tenant_id=TENANT))
        await work(store, AT_ONCE)
        begun, processor = time.monotonic(), time.process_time()
        await work(store, count)
        told = time.monotonic() - begun, time.process_time() - processor
        await store.close()
        return told

    before = read_processor(databases.processes())
    seconds, spent = asyncio.run(run())
    spent += read_processor(databases.processes()) - before
    return Worked(OURS, count, count / seconds, 1000 * spent / count)


def measure_rivals(databases: Databases, environments: Path, count: int) -> Iterator[Worked]:
    """The peers, each in its own environment; one that is not there is told of."""
    for who in RIVALS:
        python, reason = environments / who / "bin" / "python", environments / who / REASON
        if not python.exists():
            told = reason.read_text().strip() if reason.exists() else "not installed: `make peers`"
            yield Worked(who, count, 0.0, 0.0, told)
            continue
        address = write_driver_address(databases.make(f"jobs-{who}"))
        before = read_processor(databases.processes())
        done = subprocess.run(
            [str(python), str(PEERS / who / "drive.py"), address, str(count)], capture_output=True, text=True
        )
        if done.returncode:
            yield Worked(who, count, 0.0, 0.0, f"failed: {done.stderr.strip().splitlines()[-1][:160]}")
            continue
        told = json.loads(done.stdout.splitlines()[-1])
        spent = told["processor"] + read_processor(databases.processes()) - before
        yield Worked(who, count, count / told["seconds"], 1000 * spent / count)
