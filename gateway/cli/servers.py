"""The commands that stay up: serve, simulate, demo."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from gateway import app as composition
from gateway.cli.running import SettingsFile, load_settings, run_async
from gateway.cli.trouble import Trouble
from gateway.clock import VirtualClock
from gateway.demo.journey import run_demo
from gateway.logs import start_logs
from gateway.settings import Settings
from gateway.simulator.server import SenderAccount
from gateway.simulator.service import RunningSimulator, SimulatorSettings, run_simulator

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 is any free one.")]


def serve(
    role: Annotated[
        composition.Role, typer.Option(help="What this process does: answer HTTP, work, or both.")
    ] = composition.Role.ALL,
    host: Annotated[str | None, typer.Option(help="Instead of server.host of the settings.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Instead of server.port of the settings.")
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """The gateway, until it is interrupted. Its log is JSON lines on standard error."""
    found = _listen_at(load_settings(settings), host, port)
    start_logs()
    run_async(composition.serve(found, role=role))


def _listen_at(settings: Settings, host: str | None, port: int | None) -> Settings:
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    return msgspec.structs.replace(settings, server=msgspec.structs.replace(settings.server, **changes))


def simulate(
    home: Annotated[Path, typer.Option(help="Where mailboxes, host key and the payer's memory are kept.")],
    sender: Annotated[str, typer.Option(help="Who may sign in.")] = "claimwire",
    public_key: Annotated[
        Path | None, typer.Option(help="The sender's public key, one line of OpenSSH.", metavar="FILE")
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="A file with the sender's password.", metavar="FILE")
    ] = None,
    host: Host = "127.0.0.1",
    port: Port = 8422,
    haste: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, help="The share of each wait that the payer's clock skips ten times a second."
        ),
    ] = 0.0,
) -> None:
    """The scripted payer and clearinghouse over SFTP, until it is interrupted."""
    if public_key is None and password_file is None:
        raise Trouble("the sender needs --public-key or --password-file")
    account = SenderAccount(
        sender,
        password=_read_line(password_file) if password_file else None,
        public_keys=(_read_line(public_key),) if public_key else (),
    )
    settings = SimulatorSettings(home.absolute(), (account,), host=host, port=port, haste=haste)
    run_async(_keep_simulating(settings))


def _read_line(place: Path) -> str:
    try:
        return place.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise Trouble(f"{place}: cannot be read") from None


async def _keep_simulating(settings: SimulatorSettings) -> None:
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
    console.print(f"host_key = {running.host_key!r}", markup=False)
    console.print("claims go to inbound/, answers come to outbound/; Ctrl-C ends it", markup=False)


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything up at the end.")] = False,
) -> None:
    """The whole journey on this machine: gateway, scripted payer, sample claims, live timeline."""
    raise typer.Exit(run_demo(keep=keep))
