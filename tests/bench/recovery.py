"""Recovery: one of four workers on one PostgreSQL is killed; how long until others have done what it held.

    python -m tests.bench.recovery URL FOLDER NAME      a worker: it takes jobs, and each takes a while

The workers use the store's own jobs, leases and fences; none of them knows of the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import psycopg

from gateway.clock import SystemClock
from gateway.ids import TimeIds
from gateway.sealing import Sealer, load_key_ring
from gateway.store import Means, Store, TenantScope, jobs, open_store, tenants
from tests.bench.databases import Databases, write_driver_address
from tests.bench.served import ROOT, TENANT, with_path

WORKERS = 4
HELD = 8
WORK_SECONDS = 0.05
LEASE_SECONDS = 5.0
POLL_SECONDS = 0.5
JOBS = 3000
KIND = "bench"


class Recovery(NamedTuple):
    """Seconds from the kill to the end of the last job that the dead worker held, and how many it held."""

    lease: float
    held: int
    seconds: float
    done_twice: int


def open_bench_store(url: str, folder: Path) -> Store:
    """The store, with the key ring of a folder."""
    clock = SystemClock()
    return open_store(url, Means(clock, TimeIds(clock), Sealer(load_key_ring(folder))))


async def work(url: str, folder: Path, name: str) -> None:
    """Take, do, finish, for ever; a file tells what it took last."""
    store = await asyncio.to_thread(open_bench_store, url, folder)
    lease = timedelta(seconds=LEASE_SECONDS)
    print("ready", flush=True)
    while True:
        mark = store.mark(jobs.TOPIC)
        for tenant in await store.read(jobs.tenants_to_reap):
            await store.write(jobs.reap, tenant=tenant)
        held = await store.write(
            lambda scope: jobs.take(scope, (KIND,), lease=lease, limit=HELD), tenant=TENANT
        )
        (folder / name).write_text(" ".join(job.id for job in held))
        for job in held:
            await asyncio.sleep(WORK_SECONDS)
            await store.write(lambda scope, job=job: jobs.finish(scope, job), tenant=TENANT)
        if not held:
            await store.wait(jobs.TOPIC, after=mark, seconds=POLL_SECONDS)


async def enqueue(url: str, folder: Path) -> None:
    """A tenant with jobs enough for the time of the test."""
    store = await asyncio.to_thread(open_bench_store, url, folder)
    await store.write(lambda system: tenants.create(system, TENANT, tenant_id=TENANT))

    def add(scope: TenantScope) -> None:
        for number in range(JOBS):
            jobs.enqueue(scope, jobs.NewJob(kind=KIND, subject=f"job-{number}"))

    await store.write(add, tenant=TENANT)
    await store.close()


@contextlib.contextmanager
def run_worker(url: str, folder: Path, name: str) -> Iterator[subprocess.Popen[str]]:
    """A worker in a process of its own, ready."""
    command = [sys.executable, "-m", "tests.bench.recovery", url, str(folder), name]
    process = subprocess.Popen(command, cwd=ROOT, env=with_path(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()


def measure_recovery(databases: Databases, folder: Path) -> Recovery:
    """Kill one of four while all are at work."""
    url = databases.make("recovery")
    folder.mkdir(exist_ok=True)
    asyncio.run(enqueue(url, folder))
    with contextlib.ExitStack() as stack:
        names = [f"worker-{number}" for number in range(WORKERS)]
        workers = [stack.enter_context(run_worker(url, folder, name)) for name in names]
        database = stack.enter_context(psycopg.connect(write_driver_address(url), autocommit=True))
        time.sleep(2.0)
        held = kill_at_work(workers[0], folder / names[0], database)
        killed = time.monotonic()
        wait_until_done(database, held)
        seconds = time.monotonic() - killed
        twice = database.execute("SELECT count(*) FROM job WHERE attempts > 2").fetchone()
    assert twice is not None
    return Recovery(LEASE_SECONDS, len(held), seconds, int(twice[0]))


def kill_at_work(worker: subprocess.Popen[str], taken: Path, database: psycopg.Connection) -> list[str]:
    """Kill the worker when it has begun with what it took; the jobs that it still held."""
    before = taken.read_text()
    while (text := taken.read_text()) in (before, ""):
        time.sleep(0.01)
    worker.kill()
    worker.wait()
    running = "SELECT id FROM job WHERE state = 'running' AND id = ANY(%s)"
    return [row[0] for row in database.execute(running, (text.split(),))]


def wait_until_done(database: psycopg.Connection, held: list[str]) -> None:
    """Until each of the jobs is done. Raises TimeoutError."""
    deadline = time.monotonic() + 120
    left = "SELECT count(*) FROM job WHERE id = ANY(%s) AND state <> 'done'"
    while time.monotonic() < deadline:
        row = database.execute(left, (held,)).fetchone()
        if row is not None and not row[0]:
            return
        time.sleep(0.02)
    raise TimeoutError("the jobs of the dead worker were not done")


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
