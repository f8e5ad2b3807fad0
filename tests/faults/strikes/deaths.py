"""Processes that die: kill -9 at every commit point, in a transaction, in an upload, by a poison file."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from pathlib import Path

from tests.faults.runs import CannotStrike
from tests.faults.shapes import CLINIC, EXCHANGE
from tests.faults.strikes.forging import forge, take_answer
from tests.faults.world import World, wait_until

PATIENCE = 90.0
CGROUPS = Path("/sys/fs/cgroup/memory")
MEMORY_LEFT = 2 << 20


async def die_in_the_trap(world: World, deaths: int = 3) -> None:
    """The gateway dies in its trap, is started with the trap again, and in the end without one."""
    trap = tuple(part.format(root=world.root) for part in world.shape.trap)
    for death in range(deaths):
        status = await world.wait_for_death(world.gateway, PATIENCE)
        assert status == -signal.SIGKILL, f"it ended with {status}: {world.tail(world.gateway)}"
        world.start(world.gateway, *(trap if death < deaths - 1 else ()))
    world.tell(f"{deaths} deaths")
    await world.wait_until_up()


async def die_before_the_partner_takes_the_file(world: World) -> None:
    """The partner takes nothing until the gateway, started again, has found its file still there."""
    world.freeze_payer()
    try:
        await die_in_the_trap(world, 1)
        await asyncio.sleep(3)
    finally:
        world.thaw_payer()


async def die_after_the_partner_took_the_file(world: World) -> None:
    """The gateway is started again only when the partner has taken the file away."""
    await world.wait_for_death(world.gateway, PATIENCE)
    inbound = world.mailbox(EXCHANGE, "inbound")
    await wait_until(lambda: not list(inbound.glob("[!.]*")), PATIENCE, "the payer leaves the file")
    world.start(world.gateway)
    await world.wait_until_up()


async def die_at_each_step_of_a_file_received(world: World) -> None:
    """Fetched, archived, committed, acknowledged: a death at each, one after the other."""
    points = ("inbound.fetched", "inbound.archived", "inbound.committed", "inbound.acknowledged")
    for point in ("process.read", "process.committed", ""):
        points = (*points, point)
    await world.load.reach(0.1)
    world.kill(world.gateway)
    for place, point in enumerate(points):
        world.start(world.gateway, *(("point", point, str(place % 2 + 1)) if point else ()))
        if point:
            await world.wait_for_death(world.gateway, PATIENCE)
    await world.wait_until_up()
    world.tell(f"{len(points) - 1} deaths")


async def die_while_a_body_arrives(world: World) -> None:
    """A client has sent half a claim when the gateway is killed; it repeats it with the same key."""
    for turn in range(3):
        await world.load.reach(0.2 + turn * 0.2)
        number, body = world.load.make_one(f"HALF{turn}", CLINIC)
        with socket.create_connection(("127.0.0.1", world.gateway.port)) as half:
            head = (
                f"POST /v1/claims HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.keys[CLINIC]}\r\n"
                f"Idempotency-Key: {number}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            half.sendall(head.encode() + body[: len(body) // 2])
            await asyncio.sleep(0.2)
            world.kill(world.gateway)
        world.start(world.gateway)
        await world.wait_until_up()
        status, answer = await world.call(
            "POST", "/v1/claims", data=body, headers={"Idempotency-Key": number}
        )
        assert status == 202, f"the repeated claim was answered {status}"
        world.load.keep(CLINIC, answer["id"], json.loads(body))
    world.tell("3 kills")


async def kill_at_random(world: World) -> None:
    """kill -9 whatever it is doing, five times under load."""
    for turn in range(5):
        await world.load.reach(0.1 + turn * 0.15)
        await asyncio.sleep(0.37 * (turn + 1) % 0.5)
        world.kill(world.gateway)
        world.start(world.gateway)
        await world.wait_until_up()
    world.tell("5 kills")


async def read_a_poison_file(world: World) -> None:
    """A file that kills its reader (SIGSEGV) at every attempt is set apart, and its neighbours go on."""
    mark = world.shape.trap[1]
    await world.load.reach(0.3)
    answer = await take_answer(world, CLINIC, "999")
    poison = forge(answer, 990_000_001, (b"AK1*HC*", f"AK1*HC*{mark}".encode()))
    world.drop(CLINIC, poison, "poison.999", ("quarantined",))
    deaths = 0
    while not world.peek("SELECT id FROM file WHERE state = 'quarantined'"):
        if not world.gateway.alive:
            deaths += 1
            assert deaths < 12, "the file kills its reader for ever"
            world.gateway.process = None
            world.start(world.gateway, *world.shape.trap)
        await asyncio.sleep(0.1)
    world.tell(f"set apart after {deaths} deaths")
    await world.wait_until_up()


async def run_out_of_memory(world: World) -> None:
    """The kernel kills the gateway for its memory: a control group leaves it a little more than it has."""
    group = CGROUPS / f"claimwire-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        raise CannotStrike("no control group for memory can be made here") from None
    try:
        await world.load.reach(0.2)
        (group / "memory.limit_in_bytes").write_text(str(MEMORY_LEFT))
        (group / "cgroup.procs").write_text(str(world.gateway.pid))  # what it has stays its own
        status = await world.wait_for_death(world.gateway)
        assert status == -signal.SIGKILL, f"it ended with {status}"
        world.tell(f"killed by the kernel after {MEMORY_LEFT >> 20} MB more, under load")
        world.start(world.gateway)
        await world.wait_until_up()
    except OSError as failure:
        raise CannotStrike(f"the control group cannot be used: {failure.strerror}") from None
    finally:
        for _ in range(50):
            try:
                group.rmdir()
                break
            except OSError:
                await asyncio.sleep(0.1)
