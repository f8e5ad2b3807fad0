"""The scripted payer as a process of its own, with a mailbox for each sender; run as a program.

    python -m tests.faults.partner_process HOME HASTE SENDER...

Its own SFTP server is not used here: OpenSSH serves the same folders.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from gateway.clock import VirtualClock
from gateway.simulator.server import SenderAccount
from gateway.simulator.service import SimulatorSettings, run_simulator


async def run(home: Path, haste: float, senders: list[str]) -> None:
    """Play the payer until SIGTERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    accounts = [SenderAccount(name, password="unused by the tests") for name in senders]
    async with run_simulator(SimulatorSettings(home, accounts, haste=haste), VirtualClock(1.0)):
        print("ready", flush=True)
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
