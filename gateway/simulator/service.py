"""The simulator as one thing to start and stop: the SFTP server and the scripted payer behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gateway.clock import SystemClock, VirtualClock
from gateway.simulator.doors import SLOW_SECONDS, RealTimeDoors
from gateway.simulator.keys import load_or_create_key, public_line
from gateway.simulator.ledger import Ledger
from gateway.simulator.payer import ScriptedPayer
from gateway.simulator.scenarios import load_scenarios
from gateway.simulator.server import SenderAccount, SftpServer

SHORTEST_SKIP = timedelta(minutes=15)


@dataclass(frozen=True)
class SimulatorSettings:
    """Where the simulator lives and listens (port 0: any free one), who may sign in, how fast time passes.

    It looks into the mailboxes every `poll_seconds`. Each time its clock skips the share `haste` of the wait
    for the next answer that it owes, so that long waits are shortened more than short ones and answers keep
    their order: at 0.25, looking 20 times a second, two hours pass in a third of a second and two weeks in
    one and a half. At 0 its time passes as on the machine. With `http_port` it answers inquiries there too.
    """

    home: Path
    senders: Sequence[SenderAccount]
    host: str = "127.0.0.1"
    port: int = 0
    poll_seconds: float = 0.1
    haste: float = 0.0
    http_port: int | None = None
    slow_seconds: float = SLOW_SECONDS


@dataclass(frozen=True)
class RunningSimulator:
    """A started simulator: where it is, and its host key as one line for a sender's known hosts."""

    server: SftpServer
    payer: ScriptedPayer
    host_key: str
    doors: RealTimeDoors | None = None

    @property
    def port(self) -> int:
        """The SFTP port."""
        return self.server.port


@asynccontextmanager
async def run_simulator(settings: SimulatorSettings, clock: VirtualClock) -> AsyncIterator[RunningSimulator]:
    """The simulator, started on entry and stopped on exit. An error of the payer ends it on exit.

    `home` keeps the host key, the mailboxes (`senders/NAME/`), the files read (`taken/`) and the payer's
    memory, so that the next start goes on where this one ended.
    """
    host_key = load_or_create_key(settings.home / "host_key")
    server = SftpServer(
        settings.home / "senders", host_key, settings.senders, host=settings.host, port=settings.port
    )
    ledger = Ledger(settings.home / "payer.db")
    payer = ScriptedPayer(ledger, server.mailboxes, server.uploads, settings.home / "taken", load_scenarios())
    server.start()
    doors = await open_doors(settings, clock)
    try:
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(keep_working(payer, clock, settings))
            yield RunningSimulator(server, payer, public_line(host_key), doors)
            working.cancel()
    finally:
        if doors is not None:
            await doors.stop()
        await asyncio.to_thread(server.stop)
        ledger.close()


async def open_doors(settings: SimulatorSettings, clock: VirtualClock) -> RealTimeDoors | None:
    """The doors of real time, listening, where the settings want them."""
    if settings.http_port is None:
        return None
    doors = RealTimeDoors(
        settings.senders,
        clock,
        host=settings.host,
        port=settings.http_port,
        slow_seconds=settings.slow_seconds,
    )
    await doors.start()
    return doors


async def keep_working(payer: ScriptedPayer, clock: VirtualClock, settings: SimulatorSettings) -> None:
    """Round after round, in a thread, until cancelled; a round under way is finished first."""
    machine = SystemClock()
    while True:
        working = asyncio.create_task(asyncio.to_thread(work_once, payer, clock.now()))
        try:
            owed = await asyncio.shield(working)
        except asyncio.CancelledError:
            await working
            raise
        await machine.sleep(settings.poll_seconds)
        if owed is not None:
            hurry(clock, owed, settings)


def work_once(payer: ScriptedPayer, now: datetime) -> datetime | None:
    """One round; says when the next answer that is owed will be written."""
    payer.work(now)
    return payer.find_next_answer()


def hurry(clock: VirtualClock, owed: datetime, settings: SimulatorSettings) -> None:
    """Skip a share of the wait for the answer that is owed, a quarter of an hour at least."""
    wait = owed - clock.now()
    if settings.haste and wait > timedelta():
        clock.advance(min(wait, max(wait * settings.haste, SHORTEST_SKIP)))
