"""Durable intake over HTTP beside the ceilings of this machine, all in one run.

Every claim is another one, is checked in full, and is answered 202 after its commit. Each round runs the
echo, the gateway and the bare inserts one after the other; the best round of each counts, since other work on
the machine only ever slows one down. Processor time is told beside, since that does not depend on it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from tests.bench.ceilings import insert_bare, read_rows
from tests.bench.databases import NAMES, POSTGRESQL, SQLITE, Databases, open_databases
from tests.bench.load import Load
from tests.bench.professional import make_claims
from tests.bench.served import Home, read_peak, read_processor, serve
from tests.bench.targets import Target

PATH = "/v1/claims"
WARM = 300
CLAIMS_A_SECOND = {SQLITE: 2500.0, POSTGRESQL: 1500.0}
SLOWEST_MS = 50.0
RATIO = 0.5
ECHO, GATEWAY, INSERTS = "echo", "gateway", "inserts"
TITLES = {ECHO: "bare aiohttp and uvloop: echo", GATEWAY: "**gateway**", INSERTS: "bare inserts, 32 a commit"}


class Measure(NamedTuple):
    """One row of the table. `processor` is milliseconds of a claim, of the server and its database."""

    what: str
    store: str
    rate: float
    processor: float
    p50: float | None = None
    p99: float | None = None
    megabytes: float | None = None


class Task(NamedTuple):
    """The claims to post (a file with one on each line), and how."""

    bodies: Path
    clients: int

    def press(self, port: int, key: str = "") -> Load:
        """Post every claim, from a process of its own."""
        command = [sys.executable, "-m", "tests.bench.load", str(port), PATH, str(self.bodies)]
        command += ["--clients", str(self.clients), "--warm", str(WARM), "--key", key]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        return Load(**json.loads(done.stdout))


def write_bodies(path: Path, count: int, seed: int) -> Path:
    """A file of so many claims, after those that warm the server up."""
    path.write_bytes(b"\n".join(map(msgspec.json.encode, make_claims(count + WARM, seed))))
    return path


def measure_echo(task: Task, store: str) -> Measure:
    """The bare server."""
    command = [sys.executable, "-m", "tests.bench.ceilings", ECHO]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        port, before = int(process.stdout.readline()), read_processor([process.pid])
        load = task.press(port)
        return _tell(ECHO, store, load, read_processor([process.pid]) - before)
    finally:
        process.kill()
        process.wait()


def measure_gateway(task: Task, store: str, home: Home, databases: Databases) -> Measure:
    """The gateway. Raises RuntimeError where it does not accept every claim."""
    with serve(home) as served:
        assert served.port is not None
        before = read_processor([*served.processes(), *databases.processes()])
        load = task.press(served.port, home.key)
        spent = read_processor([*served.processes(), *databases.processes()]) - before
        peak = read_peak(served.processes())
    if set(load.statuses) != {"202"}:
        raise RuntimeError(f"not every claim was accepted: {load.statuses}")
    return _tell(GATEWAY, store, load, spent)._replace(megabytes=peak)


def measure_inserts(source: str, target: str, store: str, databases: Databases) -> Measure:
    """The rows of the gateway at `source`, put once more into the empty database at `target`."""
    rows = read_rows(source)
    before = read_processor(databases.processes())
    inserted = insert_bare(target, rows)
    spent = inserted.processor + read_processor(databases.processes()) - before
    return Measure(INSERTS, store, inserted.rate, 1000 * spent / inserted.claims)


def _tell(what: str, store: str, load: Load, spent: float) -> Measure:
    processor = 1000 * spent / (sum(load.statuses.values()) + WARM)
    return Measure(what, store, load.rate, processor, load.milliseconds["p50"], load.milliseconds["p99"])


def run_rounds(store: str, claims: int, clients: int, rounds: int) -> Iterator[Measure]:
    """Echo, gateway and bare inserts, one after the other, so many times."""
    with tempfile.TemporaryDirectory() as name, open_databases(store, Path(name)) as databases:
        for number in range(rounds):
            task = Task(write_bodies(Path(name) / "bodies", claims, seed=number), clients)
            home = Home(Path(name) / f"home{number}", databases.make(f"home{number}"))
            yield measure_echo(task, store)
            yield measure_gateway(task, store, home, databases)
            yield measure_inserts(home.url, databases.make(f"bare{number}"), store, databases)


def choose_best(measures: Sequence[Measure]) -> list[Measure]:
    """The quickest round of each kind."""
    kinds = dict.fromkeys((it.what, it.store) for it in measures)
    return [
        max((it for it in measures if (it.what, it.store) == kind), key=lambda it: it.rate) for kind in kinds
    ]


def list_targets(measures: Sequence[Measure]) -> Iterator[Target]:
    """What is wanted of each store, and what was reached."""
    for store in dict.fromkeys(it.store for it in measures):
        of_store = {it.what: it for it in measures if it.store == store}
        ours, title = of_store[GATEWAY], f"durable intake, {NAMES[store]}"
        lower = min(of_store[ECHO], of_store[INSERTS], key=lambda it: it.rate)
        wanted, ratio = CLAIMS_A_SECOND[store], ours.rate / lower.rate
        yield Target(title, f"≥ {wanted:,.0f} claims/s", ours.rate, ours.rate >= wanted, "claims/s")
        yield Target(
            f"{title}: of the lower ceiling ({lower.what})", f"≥ {RATIO}", ratio, ratio >= RATIO, "of it"
        )
        slowest = ours.p99 or 0.0
        yield Target(f"{title}: p99", f"< {SLOWEST_MS:.0f} ms", slowest, slowest < SLOWEST_MS, "ms")


def write_cells(measure: Measure) -> list[str]:
    """Its figures as text."""
    given = (measure.p50, measure.p99)
    waits = [f"{wait:.1f}" if wait is not None else "" for wait in given]
    memory = f"{measure.megabytes:.0f}" if measure.megabytes is not None else ""
    return [f"{measure.rate:,.0f}", *waits, f"{measure.processor:.2f}", memory]
