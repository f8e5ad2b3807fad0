"""The simulator as one thing to start and stop: the SFTP server and the scripted payer behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.clock import Clock
from gateway.simulator.keys import load_or_create_key, public_line
from gateway.simulator.ledger import Ledger
from gateway.simulator.payer import ScriptedPayer
from gateway.simulator.scenarios import load_scenarios
from gateway.simulator.server import SenderAccount, SftpServer


@dataclass(frozen=True)
class SimulatorSettings:
    """Where the simulator lives and listens (port 0: any free one), who may sign in, how often it looks.

    `poll_seconds` are seconds of the clock that it is given.
    """

    home: Path
    senders: Sequence[SenderAccount]
    host: str = "127.0.0.1"
    port: int = 0
    poll_seconds: float = 1.0


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
async def run_simulator(settings: SimulatorSettings, clock: Clock) -> AsyncIterator[RunningSimulator]:
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
            working = tasks.create_task(keep_working(payer, clock, settings.poll_seconds))
            yield RunningSimulator(server, payer, public_line(host_key))
            working.cancel()
    finally:
        await asyncio.to_thread(server.stop)
        ledger.close()


async def keep_working(payer: ScriptedPayer, clock: Clock, poll_seconds: float) -> None:
    """Round after round, in a thread, until cancelled; a round under way is finished first."""
    while True:
        working = asyncio.create_task(asyncio.to_thread(payer.work, clock.now()))
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError:
            await working
            raise
        await clock.sleep(poll_seconds)
