"""The scripted payer for the benchmark: it pays a clinic's claims together, as payers do.

    python -m tests.bench.payer HOME PUBLIC_KEY_FILE

The scenarios are the shipped ones, but that a payment waits a day for others to the same payee. It prints its
port and its host key, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from gateway.clock import VirtualClock
from gateway.simulator import service
from gateway.simulator.scenarios import Remit, Scenario, load_scenarios
from gateway.simulator.server import SenderAccount

SENDER = "bench"
HASTE = 0.5
TOGETHER = 500
PATIENCE_DAYS = 1


def pay_together(scenarios: Mapping[str, Scenario]) -> Mapping[str, Scenario]:
    """The scenarios with payments that wait for each other."""
    return {
        name: msgspec.structs.replace(scenario, steps=tuple(map(gather, scenario.steps)))
        for name, scenario in scenarios.items()
    }


def gather(step: msgspec.Struct) -> msgspec.Struct:
    """A payment that waits; any other step as it is."""
    if not isinstance(step, Remit):
        return step
    return msgspec.structs.replace(step, companions=TOGETHER, patience_days=PATIENCE_DAYS)


async def run(home: Path, public_key: str) -> None:
    """Until standard input ends."""
    shipped = pay_together(load_scenarios())
    service.load_scenarios = lambda: shipped
    account = SenderAccount(SENDER, public_keys=(public_key,))
    settings = service.SimulatorSettings(home, (account,), haste=HASTE)
    async with service.run_simulator(settings, VirtualClock(1.0)) as running:
        print(running.port, running.host_key, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2]).read_text()))
