"""`python -m tests.soak [--seconds N] [--rate CLAIMS_A_SECOND] [--postgres]`: load, watch, judge.

Claims are posted at a steady rate, lists and the feed are read beside them, a receiver takes every webhook.
Fails where memory or file handles of a process rise, where anything was lost, doubled or not finished.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from aiohttp import web
from rich.console import Console
from rich.table import Table

from tests.faults.invariants import Finding, check_world
from tests.faults.shapes import Shape
from tests.faults.strikes.clients import receiver, subscribe
from tests.faults.world import World, open_world
from tests.soak.slopes import HANDLES, MEGABYTES, Sample, Trend, find_trend, look_at

SECONDS = 1800
RATE = 4.0
LOOKS = 120
"""How often each process is looked at in a run."""
SETTLE_SECONDS = 300.0
READS = ("/v1/claims?limit=100", "/v1/events?limit=100", "/v1/worklists", "/v1/remittances")

Samples = dict[str, list[Sample]]


def read_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--rate", type=float, default=RATE, help="claims a second")
    parser.add_argument("--postgres", action="store_true", help="an api and two workers on PostgreSQL")
    return parser.parse_args()


async def soak(asked: argparse.Namespace, root: Path) -> tuple[list[Trend], Finding, str]:
    """Run the world under load; the trends, the checker's finding and what was not finished."""
    roles = ("api", "worker", "worker") if asked.postgres else ("all",)
    shape = Shape(postgres=asked.postgres, roles=roles, max_claims=50)
    samples: Samples = defaultdict(list)
    async with (
        open_world(root, shape, "SOAK", int(asked.seconds * asked.rate)) as world,
        receiver(take) as url,
    ):
        await subscribe(world, url)
        world.load.pace = world.load.clients / asked.rate
        began = time.monotonic()
        beside = [
            asyncio.create_task(read_lists(world)),
            asyncio.create_task(watch(world, samples, asked, began)),
        ]
        await world.load.run(120)
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        rest = await world.settle(SETTLE_SECONDS)
        for server in world.servers:
            await world.stop(server)
        return [find_trend(*each) for each in samples.items()], await check_world(world), rest


async def take(request: web.Request) -> web.StreamResponse:
    """A receiver that takes everything."""
    await request.read()
    return web.Response()


async def watch(world: World, samples: Samples, asked: argparse.Namespace, began: float) -> None:
    """Look at every process now and then."""
    assert world.payer is not None
    pids = {server.name: server.pid for server in world.servers} | {"payer": world.payer.pid}
    while True:
        for name, pid in pids.items():
            samples[name].append(look_at(pid, time.monotonic() - began))
        await asyncio.sleep(asked.seconds / LOOKS)


async def read_lists(world: World) -> None:
    """Read what a console reads, in turn."""
    while True:
        for path in READS:
            with contextlib.suppress(TimeoutError):
                status, _ = await world.call("GET", path)
                assert status == 200, f"{path} was answered {status}"
            await asyncio.sleep(0.5)


def make_table(trends: list[Trend]) -> Table:
    """What every process held, and how it rose."""
    table = Table("process", "looks", "MB first", "MB last", "line rises", "handles", "line rises", "verdict")
    for trend in trends:
        table.add_row(
            trend.name,
            str(trend.samples),
            *(f"{value:.1f}" for value in trend.megabytes),
            f"{trend.memory_rise:+.1f} MB",
            f"{trend.handles[0]} to {trend.handles[1]}",
            f"{trend.handle_rise:+.1f}",
            "[green]flat[/]" if trend.flat else "[red]grows[/]",
        )
    return table


def main() -> int:
    """1 where something grows, was lost, doubled or not finished."""
    asked = read_arguments()
    console = Console(width=None if sys.stdout.isatty() else 120)
    root = Path(tempfile.mkdtemp(prefix="claimwire-soak-"))
    try:
        trends, finding, rest = asyncio.run(soak(asked, root / "world"))
    finally:
        shutil.rmtree(root, ignore_errors=True)
    console.print(make_table(trends))
    console.print(f"limits after the first third of the run: {MEGABYTES:g} MB, {HANDLES:g} handles")
    console.print(f"{finding.promised} claims, {finding.lost} lost, {finding.doubled} doubled")
    for breach in (*finding.breaches, *([f"not finished: {rest}"] if rest else [])):
        console.print(breach, markup=False)
    return 0 if all(trend.flat for trend in trends) and not finding.breaches and not rest else 1


if __name__ == "__main__":
    sys.exit(main())
