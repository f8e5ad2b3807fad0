"""`claimwire simulate`: the scripted payer until it is interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path

from rich.console import Console

from gateway.cli.running import run_async
from gateway.cli.trouble import Trouble
from gateway.clock import VirtualClock
from gateway.simulator.server import SenderAccount
from gateway.simulator.service import RunningSimulator, SimulatorSettings, run_simulator


def simulate_until_stopped(
    home: Path,
    sender: str,
    public_key: Path | None,
    password_file: Path | None,
    *,
    host: str,
    port: int,
    http_port: int | None,
    haste: float,
) -> None:
    """Run the payer for one sender. Raises Trouble."""
    account = SenderAccount(
        sender,
        password=_read_line(password_file) if password_file else None,
        public_keys=(_read_line(public_key),) if public_key else (),
    )
    settings = SimulatorSettings(
        home.absolute(), (account,), host=host, port=port, haste=haste, http_port=http_port
    )
    run_async(_simulate(settings))


def _read_line(place: Path) -> str:
    try:
        return place.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise Trouble(f"{place}: cannot be read") from None


async def _simulate(settings: SimulatorSettings) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with contextlib.AsyncExitStack() as stack:
        running = await stack.enter_async_context(run_simulator(settings, VirtualClock(1.0)))
        _tell(settings, running)
        await stopped.wait()


def _tell(settings: SimulatorSettings, running: RunningSimulator) -> None:
    console = Console(highlight=False, soft_wrap=True)
    names = ", ".join(account.name for account in settings.senders)
    console.print(f"scripted payer sftp://{settings.host}:{running.port} for {names}", markup=False)
    console.print(f'host_key = "{running.host_key}"', markup=False)
    if running.doors is not None:
        place = f"http://{settings.host}:{running.doors.port}"
        console.print(f"inquiries in real time: {place}/core/soap, /core/mime, /rest", markup=False)
    console.print("claims go to inbound/, answers come to outbound/; Ctrl-C ends it", markup=False)
