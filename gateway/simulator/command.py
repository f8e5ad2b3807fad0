"""The simulator by itself, for `claimwire simulate`: senders from flags, running until it is told to stop."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.clock import SystemClock, VirtualClock
from gateway.simulator.server import SenderAccount
from gateway.simulator.service import SimulatorSettings, run_simulator

SENDER_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


def read_sender(text: str) -> SenderAccount:
    """A sender from `NAME=FILE`: the public keys (one a line, as in authorized_keys) who may sign in as NAME.

    Raises ValueError for another form or a file without keys, OSError for a file that cannot be read.
    """
    name, separator, place = text.partition("=")
    if not separator or not SENDER_NAME.fullmatch(name):
        raise ValueError("a sender is given as NAME=FILE, the name in small letters, digits, - and _")
    lines = [line.strip() for line in Path(place).read_text(encoding="utf-8").splitlines()]
    keys = tuple(line for line in lines if line and not line.startswith("#"))
    if not keys:
        raise ValueError(f"the key file of sender {name} holds no key")
    return SenderAccount(name, public_keys=keys)


async def simulate(settings: SimulatorSettings, say: Callable[[str], None]) -> None:
    """Run the simulator until SIGINT or SIGTERM; `say` gets a line for each thing a sender must know."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with run_simulator(settings, VirtualClock(1.0, SystemClock().now())) as running:
        for line in describe(settings, running.port, running.host_key):
            say(line)
        await stopped.wait()


def describe(settings: SimulatorSettings, port: int, host_key: str) -> Sequence[str]:
    """Where the simulator is, its host key, and whose mailboxes it holds."""
    names = ", ".join(account.name for account in settings.senders)
    return (
        f"scripted payer on sftp://{settings.host}:{port}",
        f"host key {host_key}",
        f"senders {names}; folders inbound, outbound and done",
        f"everything is kept in {settings.home}",
    )
