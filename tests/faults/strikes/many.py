"""Many processes on one PostgreSQL: restarted, exhausted, paused past its lease, racing for numbers."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from tests.faults.world import World, wait_until

PATIENCE = 90.0


async def race_for_numbers(world: World) -> None:
    """Every worker batches for the same partner at once."""
    await world.load.reach(1.0)
    waiting = "SELECT count(*) FROM claim WHERE state = 'accepted'"
    await wait_until(lambda: not world.peek(waiting)[0][0], PATIENCE, "claims are never batched")
    ask = "SELECT control_number FROM interchange WHERE partner = 'exchange' ORDER BY id"
    numbers = [row[0] for row in world.peek(ask)]
    assert len(numbers) > 2, f"only {len(numbers)} interchanges were made"
    world.tell(f"{len(numbers)} interchanges, numbered {numbers[0]}, {numbers[1]}, {numbers[2]}, …")


async def restart_postgres(world: World) -> None:
    """The database crashes and comes back, three times."""
    assert world.cluster is not None
    for turn in range(3):
        await world.load.reach(0.2 + turn * 0.2)
        world.cluster.stop("immediate")
        await asyncio.sleep(1.5)
        world.cluster.start()
        await asyncio.sleep(1)
    alive = [server.name for server in world.servers if server.alive]
    assert len(alive) == len(world.servers), f"only {alive} survived"
    world.tell(f"3 crashes, {world.load.answers[503]} requests put off")


async def run_short_of_connections(world: World) -> None:
    """The database takes fewer connections than the processes want."""
    await world.load.reach(1.0)
    world.tell(f"{world.load.answers[503]} requests put off")


async def pause_past_the_lease(world: World) -> None:
    """A worker stands still in the middle of a delivery, longer than its lease; then it goes on."""
    flag = Path(world.shape.trap[2].format(root=world.root))
    await wait_until(lambda: flag.exists() and flag.read_text(), PATIENCE, "no worker came to the point")
    await asyncio.sleep(2 * world.shape.lease + 2)
    os.kill(int(flag.read_text()), signal.SIGCONT)
    world.tell(f"paused at {world.shape.trap[1]} for {2 * world.shape.lease + 2:g} s")


async def kill_workers(world: World) -> None:
    """Workers and apis are killed in turn and started again."""
    for turn, server in enumerate(world.servers):
        await world.load.reach(0.1 + 0.15 * turn)
        world.kill(server)
        await asyncio.sleep(0.3)
        world.start(server)
    await world.wait_until_up()
