"""The whole pipeline in one process on a virtual clock, with a seeded schedule of faults.

    python -m tests.faults.virtual [--seeds N] [--first SEED] [--every STEP]

Intake, batching, dispatch, the scripted payer, inbound, lifecycle and events run for real, on SQLite and
folders; nothing waits, and every call of disk, database and mailbox may fail (`seams`). A seed gives the same
run again. While faults strike nothing wrong may ever be seen; once they have ended everything must finish.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import sys
import tempfile
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import msgspec
from sqlalchemy import NullPool, create_engine, text

from gateway import worker as worker_module
from gateway.app import Gateway, build_worker, make_hook_client, open_gateway
from gateway.ids import SequentialIds
from gateway.logs import LOGGER
from gateway.settings import (
    BatchSettings,
    EnvelopeIds,
    FolderTransport,
    Partner,
    Settings,
    Tenant,
    WorkerSettings,
)
from gateway.simulator.ledger import Ledger
from gateway.simulator.mailbox import INBOUND, OUTBOUND, Mailbox
from gateway.simulator.payer import ScriptedPayer
from gateway.simulator.scenarios import load_scenarios
from gateway.simulator.server import Uploads
from gateway.store import claims
from gateway.worker import Worker
from tests.faults.invariants import Finding, gather, judge
from tests.faults.load import SAMPLE, Promise, Target, keep_promise, make_claim
from tests.faults.seams import (
    SEAMS,
    Died,
    Schedule,
    die_on,
    fail_at_random,
    fail_nth,
    watching,
)

T = TypeVar("T")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TENANT, PARTNER = "clinic", "exchange"
LEASE = 3000.0
HEARTBEAT = 900.0
"""A sleep as long as this is the heartbeat of a lease: it never ends by itself."""
STEPS_TO_FINISH = 80
MARKERS = ("REV", "CO29", "PLB", "A7", "SPLIT")


class SteppingClock:
    """Time moves when somebody waits, or when the harness says so."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        if seconds >= HEARTBEAT:
            await asyncio.Event().wait()
        self.advance(timedelta(seconds=seconds))
        await asyncio.sleep(0)

    def advance(self, step: timedelta) -> None:
        self.time += step


@dataclass
class Posted:
    """What the checker asks of a load."""

    promises: list[Promise] = field(default_factory=list)


class VirtualWorld:
    """A gateway, its payer and their clock in one folder; it looks to the checker like a real world."""

    tenants = (TENANT,)
    servers = ()
    extras = ()

    def __init__(self, root: Path, schedule: Schedule) -> None:
        self.home, self.partner = root / "home", root / "partner"
        self.clock, self.ids, self.schedule = SteppingClock(), SequentialIds(), schedule
        self.load = Posted()
        self.deaths = 0
        mailbox = Mailbox(self.mailbox(PARTNER, "").resolve())
        mailbox.create()
        self.settings = make_settings(self.home, mailbox.root)
        self._ledger = Ledger(self.partner / "payer.db")
        self._payer = ScriptedPayer(
            self._ledger, {PARTNER: mailbox}, Uploads(), self.partner / "taken", load_scenarios()
        )
        self._resources = contextlib.AsyncExitStack()
        self.gateway: Gateway
        self.worker: Worker

    @property
    def url(self) -> str:
        return self.settings.database_url

    def mailbox(self, partner: str, folder: str) -> Path:
        return self.partner / "senders" / partner / folder

    async def open(self) -> None:
        """Start the gateway, as after a death."""
        self.schedule.armed = False
        self.gateway = await open_gateway(
            self.settings, clock=self.clock, ids=self.ids, reach=die_on(self.schedule)
        )
        self._resources = contextlib.AsyncExitStack()
        client = await self._resources.enter_async_context(make_hook_client(self.settings))
        self.worker = build_worker(self.gateway.services, client, self._resources, die_on(self.schedule))

    async def close(self) -> None:
        """End the gateway."""
        self.schedule.armed = False
        await self._resources.aclose()
        await self.gateway.services.store.close()

    def end(self) -> None:
        """End the payer as well."""
        self._ledger.close()

    async def step(self, hours: float) -> None:
        """One turn of the gateway and one of the payer. A death of the gateway is followed by a new start."""
        try:
            await self._outlive(self.worker.run_due())
        except Died:
            self.deaths += 1
            armed = self.schedule.armed
            await self.close()
            self.clock.advance(timedelta(seconds=LEASE))
            await self.open()
            self.schedule.armed = armed
        except Exception as failure:
            self.schedule.trace.append(f"the turn ended with {type(failure).__name__}")
        self._payer.work(self.clock.now())
        self.clock.advance(timedelta(hours=hours))

    async def post(self, document: dict[str, Any]) -> None:
        """Post a claim as a client does: again until it is answered; its key tells what is there already."""
        number = document["claimInformation"]["patientControlNumber"]
        for _ in range(50):
            try:
                kept = await self._find(number)
                submit = self.gateway.services.intake.submit
                claim = kept or (await self._outlive(submit(TENANT, document))).claim
            except Died:
                self.deaths += 1
                await self.close()
                await self.open()
                self.schedule.armed = True
            except Exception as failure:
                self.schedule.trace.append(f"the post ended with {type(failure).__name__}")
            else:
                self.load.promises.append(keep_promise(TENANT, claim, document))
                return
        raise AssertionError(f"{number} cannot be posted")

    async def _outlive(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of the work. Raises Died as soon as the process dies, be it in another task."""
        working, death = asyncio.ensure_future(work), asyncio.ensure_future(self.schedule.death.wait())
        await asyncio.wait({working, death}, return_when=asyncio.FIRST_COMPLETED)
        if not self.schedule.death.is_set():
            death.cancel()
            return await working
        self.schedule.death.clear()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        raise Died

    async def _find(self, number: str) -> str | None:
        store = self.gateway.services.store
        found = await store.read(lambda scope: claims.find_by_control_number(scope, number), tenant=TENANT)
        return found[0].id if found else None

    async def judge(self, *, finished: bool) -> Finding:
        """What the checker says now."""
        armed, self.schedule.armed = self.schedule.armed, False
        try:
            services = self.gateway.services
            evidence = await gather(self, store=services.store, archive=services.archive)  # type: ignore[arg-type]  # it has what the checker asks for
            return judge(evidence, finished=finished)
        finally:
            self.schedule.armed = armed

    def is_over(self) -> bool:
        """True where every claim has come to its end and nobody has anything to do."""
        states = dict(self.peek("SELECT id, state FROM claim"))
        left = self.peek(
            "SELECT 1 FROM job WHERE state IN ('ready', 'running') AND kind IN ('send', 'process')"
        )
        waiting = list(self.mailbox(PARTNER, OUTBOUND).glob("[!.]*"))
        ended = all(states.get(promise.claim) == promise.end for promise in self.load.promises)
        return ended and not left and not waiting and self._payer.find_next_answer() is None

    # what the checker asks of a world

    def peek(self, sql: str, **values: object) -> list[Any]:
        return ask(self.home / "claimwire.db", sql, values)

    def list_answers(self) -> list[tuple[str, str, bytes]]:
        rows = ask(
            self.partner / "payer.db", "SELECT sender, name, content FROM answers WHERE state = 'written'", {}
        )
        return [(str(sender), str(name), bytes(content)) for sender, name, content in rows]

    def list_held(self) -> list[Path]:
        waiting = (path for path in self.mailbox(PARTNER, INBOUND).iterdir() if path.name[0] != ".")
        return [*(self.partner / "taken").rglob("*.x12"), *waiting]


def ask(place: Path, sql: str, values: dict[str, object]) -> list[Any]:
    """The rows of a query."""
    engine = create_engine(f"sqlite:///{place}", poolclass=NullPool)
    with engine.connect() as connection:
        return list(connection.execute(text(sql), values))


def make_settings(home: Path, mailbox: Path) -> Settings:
    """One tenant with one partner in a folder, batches of two claims, leases that no turn outlives."""
    ids = EnvelopeIds(
        sender="CLINIC", receiver="EXCHANGE", group_sender="CLINIC", group_receiver="EXCHANGE", usage="T"
    )
    partner = Partner(
        name=PARTNER,
        payers=("CWP01",),
        transport=FolderTransport(outbox_folder=mailbox / INBOUND, inbox_folder=mailbox / OUTBOUND),
        envelope=ids,
        batch=BatchSettings(max_claims=2, max_age_seconds=0),
    )
    return Settings(
        home=home,
        worker=WorkerSettings(lease_seconds=LEASE),
        tenants=(Tenant(name=TENANT, partners=(partner,)),),
    )


def make_claims(count: int) -> Iterator[dict[str, Any]]:
    """Claims that take every road."""
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    target = Target(TENANT, "", "CWP01")
    for place in range(count):
        yield make_claim(sample, f"V{place:03d}X-{MARKERS[place % len(MARKERS)]}", target)


class Ran(msgspec.Struct, frozen=True):
    """How a run went: what is wrong (nothing), how many faults and deaths it had, its trace."""

    breaches: tuple[str, ...]
    struck: int
    deaths: int
    trace: tuple[str, ...]
    counts: dict[str, int]


async def run(root: Path, schedule: Schedule, *, count: int, steps: int, seed: int = 0, look: int = 0) -> Ran:
    """Strike for `steps` turns (look at everything each `look` turns), then heal, and everything finishes."""
    world = VirtualWorld(root, schedule)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # tasks of a dead process
    chance = random.Random(seed)
    breaches: tuple[str, ...] = ()
    posts = list(make_claims(count))
    quiet = patch.object(LOGGER, "disabled", True)  # each fault would be told with its whole traceback
    with quiet, patch.object(worker_module, "CONCURRENT", 1), watching(schedule):
        random.seed(seed)  # the pauses between attempts are drawn from it
        await world.open()
        schedule.armed = True
        for step in range(steps):
            for document in posts[step::steps]:
                await world.post(document)
            await world.step(chance.choice((0.01, 0.5, 3, 30, 200)))
            if look and step % look == 0:
                breaches = breaches or (await world.judge(finished=False)).breaches
        schedule.armed = False
        left = STEPS_TO_FINISH
        while not world.is_over() and left:
            await world.step(24)
            left -= 1
        over = world.is_over()
        breaches = breaches or (await world.judge(finished=True)).breaches
        if not over:
            states = dict(world.peek("SELECT state, count(*) FROM claim GROUP BY state"))
            breaches = (*breaches, f"I9 not finished: {states}")
        await world.close()
    world.end()
    return Ran(breaches, schedule.struck, world.deaths, tuple(schedule.trace), dict(schedule.counts))


def run_schedule(schedule: Schedule, **choices: int) -> Ran:
    """One run in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="claimwire-virtual-") as folder:
        return asyncio.run(run(Path(folder), schedule, **choices))


def run_seed(seed: int) -> Ran:
    """Random faults, looked at after every turn."""
    return run_schedule(fail_at_random(seed, 0.03), count=6, steps=20, seed=seed, look=1)


def list_single_faults(every: int = 1, offset: int = 0) -> Iterator[tuple[str, str, int]]:
    """Each call of each seam in turn (each `every`-th): seam, when it fails, which call."""
    calm = run_schedule(Schedule(lambda *_: None), count=2, steps=12)
    assert not calm.breaches, calm.breaches
    for seam, moments in SEAMS.items():
        for when in moments:
            for nth in range(1 + offset % every, calm.counts.get(seam, 0) + 1, every):
                yield seam, when, nth


def run_single_fault(seam: str, when: str, nth: int) -> Ran:
    """One call fails, once."""
    return run_schedule(fail_nth(seam, nth, when), count=2, steps=12)


class Tally(msgspec.Struct):
    """What many runs came to; `told` are the breaches, each with what gives the run again."""

    seeds: int = 0
    singles: int = 0
    struck: int = 0
    deaths: int = 0
    told: list[str] = []

    def add(self, name: str, ran: Ran) -> None:
        """Count one run."""
        self.struck, self.deaths = self.struck + ran.struck, self.deaths + ran.deaths
        self.told += [f"{name}: {breach}" for breach in ran.breaches]

    def __str__(self) -> str:
        return (
            f"virtual clock: {self.seeds} seeds and {self.singles} runs in which one call fails, "
            f"{self.struck} faults and {self.deaths} deaths in all, {len(self.told)} breaches"
        )


def run_all(seeds: Sequence[int], every: int) -> Tally:
    """Each seed, then each `every`-th call that may fail (0: none)."""
    tally = Tally()
    for seed in seeds:
        tally.seeds += 1
        tally.add(f"seed {seed}", run_seed(seed))
    for single in list_single_faults(every) if every else ():
        tally.singles += 1
        tally.add(" ".join(map(str, single)), run_single_fault(*single))
    return tally


def main() -> int:
    """Run seeds and single faults; 1 where an invariant broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.virtual")
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="of the single faults; 0: none")
    asked = parser.parse_args()
    tally = run_all(range(asked.first, asked.first + asked.seeds), asked.every)
    print(*tally.told, tally, sep="\n")
    return 1 if tally.told else 0


if __name__ == "__main__":
    sys.exit(main())
