"""The simulator as one thing to start and stop: the SFTP server and the scripted payer behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gateway.clock import SystemClock, VirtualClock
from gateway.simulator.keys import load_or_create_key, public_line
from gateway.simulator.ledger import Ledger
from gateway.simulator.payer import ScriptedPayer
from gateway.simulator.scenarios import load_scenarios
from gateway.simulator.server import SenderAccount, SftpServer


@dataclass(frozen=True)
class SimulatorSettings:
    """Where the simulator lives and listens (port 0: any free one), who may sign in, how fast time passes.

    It looks into the mailboxes every `poll_seconds`. While it owes an answer its clock runs `pace` times as
    fast as the machine's (at 600,000 two weeks pass in two seconds), else as fast as the machine's.
    """

    home: Path
    senders: Sequence[SenderAccount]
    host: str = "127.0.0.1"
    port: int = 0
    poll_seconds: float = 0.1
    pace: float = 1.0


@dataclass(frozen=True)
class RunningSimulator:
    """A started simulator: where it is, and its host key as one line for a sender's known hosts."""

    server: SftpServer
    payer: ScriptedPayer
    host_key: str

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
    try:
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(keep_working(payer, clock, settings))
            yield RunningSimulator(server, payer, public_line(host_key))
            working.cancel()
    finally:
        await asyncio.to_thread(server.stop)
        ledger.close()


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
    """Move the clock by what passes at `pace` in one round, no further than to the answer that is owed."""
    step = timedelta(seconds=settings.poll_seconds * (settings.pace - 1))
    clock.advance(max(timedelta(), min(step, owed - clock.now())))
