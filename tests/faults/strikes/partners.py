"""The other end fails: OpenSSH that is stopped, frozen, full, changed, or refuses; the network between."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

from tests.faults.runs import CannotStrike
from tests.faults.shapes import CLINIC, EXCHANGE, LAB
from tests.faults.world import World, wait_until
from tests.sshd import make_key, start_sshd

PATIENCE = 60.0
DEAD = "SELECT count(*) FROM job WHERE kind = 'send' AND state = 'dead'"
SENT = "SELECT count(*) FROM interchange WHERE tenant = :tenant AND sent_at IS NOT NULL"


def restart_sshd(world: World, **choices: Any) -> None:
    """Stop the partner's server and start it again on its port, with other options."""
    world.sshd.stop()
    world.sshd = start_sshd(world.root / "sshd", port=world.sshd.port, **choices)


async def wait_until_held(world: World) -> None:
    """Wait until a delivery was given up for a person."""
    await wait_until(lambda: world.peek(DEAD)[0][0] > 0, PATIENCE, "no delivery was held")
    down = "SELECT count(*) FROM event WHERE type = 'partner.down'"
    await wait_until(lambda: world.peek(down)[0][0] > 0, PATIENCE, "nobody was told that the partner is down")


async def prove_it_was_felt(world: World) -> None:
    """The partner was found to be down: the fault did strike."""
    down = "SELECT count(*) FROM event WHERE type = 'partner.down'"
    await wait_until(lambda: world.peek(down)[0][0] > 0, 5, "nobody noticed that the partner was down")


async def refuse_renames(world: World) -> None:
    """The server forbids to rename: what is to be sent is held, and goes on once a person says so."""
    await world.load.reach(0.2)
    restart_sshd(world, sftp_options="-P rename")
    try:
        await wait_until_held(world)
        assert not list(world.mailbox(EXCHANGE, "inbound").glob("[!.]*")), "a file has its name"
    finally:
        restart_sshd(world)
    await world.release(CLINIC)


async def take_the_final_name(world: World) -> None:
    """Another file has the name that the next interchange is to have: held, never overwritten."""
    await world.load.reach(0.2)
    world.freeze_payer()
    inbound = world.mailbox(EXCHANGE, "inbound")
    ask = "SELECT value FROM control_number WHERE tenant = 'clinic' AND kind = 'interchange'"
    try:
        await wait_until(lambda: world.peek(ask), PATIENCE, "nothing is batched")
        last = world.peek(ask)
        places = [inbound / f"{last[0][0] + step:09d}.x12" for step in range(2, 5)]
        for place in places:
            place.write_bytes(b"somebody else's file")
        await wait_until_held(world)
        assert all(place.read_bytes() == b"somebody else's file" for place in places)
        for place in places:
            place.unlink()
    finally:
        world.thaw_payer()
    await world.release(CLINIC)


async def fill_the_partners_disk(world: World) -> None:
    """The disk of the mailboxes is full, for the SFTP partner and for the folder."""
    await world.load.reach(0.2)
    world.freeze_payer()
    filler = world.partner / "filler"
    try:
        fill_disk(filler)
        await asyncio.sleep(5)
        delayed = sum(world.read_log(server).count("partner.down") for server in world.servers)
        assert delayed, "nobody noticed that the disk was full"
    finally:
        filler.unlink()
        world.thaw_payer()


def fill_disk(filler: Path, leave: int = 0) -> None:
    """Fill the file system up to the last block, then give `leave` bytes back."""
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 14, 1 << 12, 512):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
        if leave:
            file.truncate(max(0, file.tell() - leave))


async def kill_sessions(world: World) -> None:
    """The process that serves the connection dies, every quarter of a second, for five seconds."""
    await world.load.reach(0.1)
    killed = 0
    for _ in range(20):
        killed += world.sshd.signal_sessions(signal.SIGKILL)
        await asyncio.sleep(0.25)
    world.tell(f"{killed} connections killed")


async def freeze_the_server(world: World) -> None:
    """Server and connections stand still (half-open); the other partner must not notice."""
    await world.load.reach(0.2)
    world.sshd.signal_sessions(signal.SIGSTOP)
    world.sshd.process.send_signal(signal.SIGSTOP)
    before = world.peek(SENT, tenant=LAB)[0][0]
    try:
        await asyncio.sleep(8)
        await prove_it_was_felt(world)
    finally:
        world.sshd.process.send_signal(signal.SIGCONT)
        world.sshd.signal_sessions(signal.SIGCONT)
    after = world.peek(SENT, tenant=LAB)[0][0]
    assert after > before, "the other partner got nothing meanwhile"
    world.tell(f"the other partner got {after - before} interchanges meanwhile")


async def drop_packets(world: World) -> None:
    """A black hole: packets to the server's port vanish."""
    if shutil.which("iptables") is None:
        raise CannotStrike("iptables is not installed")
    rule = ["INPUT", "-i", "lo", "-p", "tcp", "--dport", str(world.sshd.port), "-j", "DROP"]
    await world.load.reach(0.2)
    added = subprocess.run(["iptables", "-I", *rule], capture_output=True, check=False)
    if added.returncode:
        raise CannotStrike("iptables may not be used here")
    try:
        await asyncio.sleep(8)
        await prove_it_was_felt(world)
    finally:
        subprocess.run(["iptables", "-D", *rule], check=True)


async def change_the_host_key(world: World) -> None:
    """Somebody else answers at the address: not a byte is sent, and a person hears of it."""
    await world.load.reach(0.2)
    world.sshd.stop()
    place = world.root / "sshd"
    for name in ("host_key", "host_key.pub"):
        (place / name).rename(place / f"true_{name}")
    make_key(place / "host_key")
    world.freeze_payer()
    try:
        world.sshd = start_sshd(place, port=world.sshd.port)
        before = set(world.mailbox(EXCHANGE, "inbound").iterdir())
        item = "SELECT count(*) FROM work_item WHERE reason = 'partner.refused' AND state = 'open'"
        await wait_until(lambda: world.peek(item)[0][0] == 1, PATIENCE, "nobody was told of the other key")
        await asyncio.sleep(3)
        assert set(world.mailbox(EXCHANGE, "inbound").iterdir()) == before, "something was sent"
    finally:
        world.sshd.stop()
        for name in ("host_key", "host_key.pub"):
            (place / name).unlink()
            (place / f"true_{name}").rename(place / name)
        world.sshd = start_sshd(place, port=world.sshd.port)
        world.thaw_payer()
    await world.release(CLINIC)


async def revoke_the_login(world: World) -> None:
    """The key is refused for a while: what is to be sent waits, and the server is not hammered."""
    await world.load.reach(0.2)
    allowed = world.root / "sshd" / "authorized_keys"
    text = allowed.read_text()
    world.sshd.signal_sessions(signal.SIGKILL)
    before = world.sshd.log.count("Connection from")
    allowed.write_text("")
    try:
        item = "SELECT count(*) FROM work_item WHERE reason = 'partner.refused' AND state = 'open'"
        await wait_until(lambda: world.peek(item)[0][0] == 1, PATIENCE, "nobody was told of the refusal")
        await asyncio.sleep(6)
        assert world.peek(DEAD)[0][0] == 0, "a delivery was given up"
        assert world.peek(item)[0][0] == 1, "it was told more than once"
    finally:
        allowed.write_text(text)
    tries = world.sshd.log.count("Connection from") - before
    assert tries <= 3, f"{tries} logins were tried while they were refused"
    world.tell(f"{tries} logins tried while refused, in about 6 s of polling every 0.3 s")
    await world.release(CLINIC)


async def restart_the_server(world: World) -> None:
    """The server goes away and comes back, five times, while mailboxes are polled and files are sent."""
    for turn in range(5):
        await world.load.reach(0.1 + turn * 0.1)
        world.sshd.stop()
        await asyncio.sleep(0.4)
        restart_sshd(world)
        await asyncio.sleep(0.4)
    world.tell("5 restarts")


async def lose_the_name_servers(world: World) -> None:
    """The partner's name cannot be looked up; the other partner goes on."""
    await world.load.reach(0.2)
    flag = Path(world.shape.trap[1].format(root=world.root))
    flag.touch()
    world.sshd.signal_sessions(signal.SIGKILL)
    before = world.peek(SENT, tenant=LAB)[0][0]
    try:
        await asyncio.sleep(6)
        await prove_it_was_felt(world)
    finally:
        flag.unlink()
    after = world.peek(SENT, tenant=LAB)[0][0]
    assert after > before, "the other partner got nothing meanwhile"


async def go_away_and_come_back(world: World) -> None:
    """The folder of a partner vanishes and comes back (a mount that was lost)."""
    await world.load.reach(0.2)
    inbound = world.mailbox("direct", "inbound")
    world.freeze_payer()
    gone = inbound.with_name("gone")
    inbound.rename(gone)
    try:
        await wait_until_held(world)
    finally:
        gone.rename(inbound)
        world.thaw_payer()
    await world.release(LAB)
