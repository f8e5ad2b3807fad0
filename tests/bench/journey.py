"""From POST to paid: so many claims through gateway processes and the scripted payer over SFTP, all real."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gateway.simulator.keys import load_or_create_key, public_line
from tests.bench.databases import Databases
from tests.bench.intake import WARM, Task, write_bodies
from tests.bench.served import ROOT, Home, Served, call, read_peak, read_processor, serve, with_path

SETTLED = ("paid", "partially_paid", "denied", "reversed")
LOOK_SECONDS, CLAIMS_A_LOOK = 1.0, 20_000.0
"""A look counts the claims: so many of them more make it as much rarer, since it takes the gateway's time."""
PATIENCE = 3600.0
SFTP = """kind = "sftp"
host = "127.0.0.1"
port = {port}
username = "bench"
key_file = "{key}"
host_key = "{host_key}"
outbox_folder = "inbound"
inbox_folder = "outbound"
done_folder = "done"
"""


class Journey(NamedTuple):
    """What came of it. Times in seconds; `megabytes` is the largest peak among the gateway's processes."""

    store: str
    workers: int
    claims: int
    taken: float
    settled: float
    processor: float
    megabytes: float

    @property
    def rate(self) -> float:
        """Claims of a second, from the first POST to the last payment."""
        return self.claims / self.settled


@contextlib.contextmanager
def run_payer(folder: Path) -> Iterator[str]:
    """The scripted payer in a process of its own; how the gateway reaches it."""
    folder.mkdir(parents=True)
    key, public = folder / "sender_key", folder / "sender_key.pub"
    public.write_text(public_line(load_or_create_key(key)))
    command = [sys.executable, "-m", "tests.bench.payer", str(folder / "payer"), str(public)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=with_path()
    )
    try:
        assert process.stdout is not None
        port, host_key = process.stdout.readline().rstrip().split(" ", 1)
        yield SFTP.format(port=port, key=key, host_key=host_key)
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=10)
        process.kill()
        process.wait()


@contextlib.contextmanager
def serve_all(home: Home, store: str, workers: int) -> Iterator[list[Served]]:
    """One process that does all on SQLite; on PostgreSQL one that answers and so many workers."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(serve(home, "all" if store == "sqlite" else "api"))
        others = workers if store != "sqlite" else 0
        yield [first, *(stack.enter_context(serve(home, "worker")) for _ in range(others))]


def run_journey(store: str, databases: Databases, folder: Path, claims: int, workers: int) -> Journey:
    """Post the claims and wait until each is settled. Raises RuntimeError where that does not come."""
    name = f"journey{workers}"
    with run_payer(folder / f"{name}-payer") as transport:
        home = Home(folder / name, databases.make(name), transport=transport)
        task = Task(write_bodies(folder / "journey-bodies", claims - WARM, seed=workers + 100), 32)
        with serve_all(home, store, workers) as served:
            family = [number for one in served for number in one.processes()]
            before = read_processor([*family, *databases.processes()])
            port, begun = served[0].port, time.monotonic()
            assert port is not None
            load = task.press(port, home.key)
            if set(load.statuses) != {"202"}:
                raise RuntimeError(f"not every claim was accepted: {load.statuses}")
            taken = time.monotonic() - begun
            wait_until_settled(port, home.key, claims, begun)
            settled = time.monotonic() - begun
            spent = read_processor([*family, *databases.processes()]) - before
            peak = read_peak(family)
    return Journey(store, workers, claims, taken, settled, 1000 * spent / claims, peak)


def wait_until_settled(port: int, key: str, claims: int, begun: float) -> None:
    """Until so many claims are settled. Raises RuntimeError when that takes too long."""
    counted: dict[str, int] = {}
    while time.monotonic() - begun < PATIENCE:
        text = call(port, "/metrics", key).decode()
        counted = {
            state: int(float(count))
            for state, count in re.findall(r'claimwire_claims{state="(\w+)"} (\S+)', text)
        }
        if sum(counted.get(state, 0) for state in SETTLED) >= claims:
            return
        time.sleep(max(LOOK_SECONDS, claims / CLAIMS_A_LOOK))
    raise RuntimeError(f"claims did not come to an end: {counted}")


def measure_idle(home: Home, store: str, databases: Databases, seconds: float) -> float:
    """Percent of a core that a gateway with nothing to do takes, its database server included."""
    with serve_all(home, store, 1) as served:
        time.sleep(3.0)
        family = [*(number for one in served for number in one.processes()), *databases.processes()]
        before, begun = read_processor(family), time.monotonic()
        time.sleep(seconds)
        return 100 * (read_processor(family) - before) / (time.monotonic() - begun)
