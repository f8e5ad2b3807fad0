"""The gateway's own machine fails: disk full, flushes that fail, power cut, clock, descriptors, locks."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

from gateway.app import open_sealer
from gateway.archive import Archive
from gateway.clock import SystemClock
from gateway.ids import TimeIds
from gateway.settings import Settings
from gateway.store import Means, open_store
from gateway.upkeep import verify_home
from tests.cli import claimwire
from tests.faults.ground import mounted_image
from tests.faults.load import Promise
from tests.faults.runs import CannotStrike
from tests.faults.shapes import CLINIC, LAB
from tests.faults.strikes.partners import fill_disk
from tests.faults.world import World, wait_until

PATIENCE = 60.0
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


async def fill_the_disk(world: World) -> None:
    """No block is left: clients are put off (503), nothing breaks, and it goes on by itself."""
    await world.load.reach(0.3)
    filler = world.home / "filler"
    refused = world.load.answers[503]
    try:
        fill_disk(filler)
        await wait_until(lambda: world.load.answers[503] >= refused + 5, PATIENCE, "nobody was put off")
        status, told = await world.call("GET", "/readyz")
        assert status == 503 and "MiB free" in told["detail"], f"/readyz says {status}: {told}"
        await asyncio.sleep(2)
    finally:
        filler.unlink()
    world.tell(f"{world.load.answers[503] - refused} requests put off")


async def fail_flushes(world: World) -> None:
    """fdatasync fails (EIO): nothing is promised, the process ends, the next one recovers."""
    if shutil.which("strace") is None:
        raise CannotStrike("strace is not installed")
    await world.load.reach(0.3)
    server = world.gateway
    inject = ("-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:error=EIO:when=3+")
    command = ["strace", "-f", "-qq", "-p", str(server.pid), *inject]
    tracer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        status = await world.wait_for_death(server, PATIENCE)
    finally:
        tracer.terminate()
        tracer.wait()
    assert status not in (0, -signal.SIGKILL), f"it ended with {status}"
    world.tell(f"the process ended by itself with status {status}")
    world.start(server)
    await world.wait_until_up()


async def cut_the_power(world: World, cuts: int = 3) -> None:
    """The disk as it is at this moment, without what only the kernel knows, is put into another machine."""
    image = world.root / "disk"
    looked = 0
    for cut in range(cuts):
        await world.load.reach(0.25 + cut * 0.25)
        os.kill(world.gateway.pid, signal.SIGSTOP)
        await asyncio.sleep(0.3)
        promised = list(world.load.promises)
        copy = world.root / f"cut-{cut}"
        subprocess.run(["cp", "--sparse=always", image, copy], check=True)
        os.kill(world.gateway.pid, signal.SIGCONT)
        looked += len(promised)
        await prove_nothing_is_gone(world, copy, promised)
        copy.unlink()
    world.tell(f"{cuts} cuts: 0 of {looked} promised claims lost")


async def prove_nothing_is_gone(world: World, image: Path, promised: list[Promise]) -> None:
    """Every promised claim is on the copied disk, with a whole database, chain and archive."""
    place = world.root / "other-machine"
    with mounted_image(place, image):
        with sqlite3.connect(place / "claimwire.db") as base:
            assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            kept = {row[0] for row in base.execute("SELECT id FROM claim")}
        base.close()
        lost = [promise.claim for promise in promised if promise.claim not in kept]
        assert not lost, f"{len(lost)} of {len(promised)} promised claims are lost"
        clock, sealer = SystemClock(), open_sealer(Settings(home=place))
        store = open_store(f"sqlite:///{place}/claimwire.db", Means(clock, TimeIds(clock), sealer))
        try:
            verdict = await verify_home(store, Archive(place / "archive", sealer))
        finally:
            await store.close()
        assert not verdict.faults, f"after the cut: {verdict.faults[:3]}"


async def freeze_the_bucket(world: World) -> None:
    """The store of the archive stands still: what needs it is put off, nothing is promised without it."""
    assert world.bucket is not None
    await world.load.reach(0.3)
    world.bucket.process.send_signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(12)
    finally:
        world.bucket.process.send_signal(signal.SIGCONT)
    failed = sum(world.read_log(server).count("StoreUnavailable") for server in world.servers)
    assert failed, "nobody noticed that the bucket stood still"


async def hold_the_lock(world: World) -> None:
    """Another process holds SQLite's write lock for longer than the gateway waits."""
    await world.load.reach(0.3)
    base = sqlite3.connect(world.home / "claimwire.db", isolation_level=None)
    base.execute("BEGIN IMMEDIATE")
    try:
        await asyncio.sleep(8)
    finally:
        base.execute("ROLLBACK")
        base.close()
    world.tell(f"{world.load.answers[503]} requests put off")


async def read_for_long(world: World) -> None:
    """A reader keeps its view while the load is written: the write-ahead log grows, and shrinks after."""
    await world.load.reach(0.2)
    log = world.home / "claimwire.db-wal"
    base = sqlite3.connect(world.home / "claimwire.db", isolation_level=None)
    base.execute("BEGIN")
    base.execute("SELECT count(*) FROM claim").fetchone()
    try:
        await world.load.reach(1.0)
        grown = log.stat().st_size
    finally:
        base.execute("ROLLBACK")
        base.close()
    world.tell(f"the write-ahead log grew to {grown >> 10} KiB")


async def use_up_descriptors(world: World) -> None:
    """The gateway may open no more files for five seconds: it refuses, lives, and goes on."""
    await world.load.reach(0.3)
    pid = world.gateway.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    opened = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (opened, before[1]))
    try:
        await asyncio.sleep(5)
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    assert world.gateway.alive, f"it ended: {world.tail(world.gateway)}"
    world.tell(f"limit {opened} files for 5 s")


def fake_time(world: World, offset: str) -> dict[str, str]:
    """The environment of a process whose wall clock is what a file says."""
    if not FAKETIME.exists():
        raise CannotStrike("libfaketime is not installed")
    (world.root / "clock").write_text(offset)
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(world.root / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }


async def jump_the_clock(world: World) -> None:
    """The wall clock jumps an hour back, a day ahead, and past 2038, while the gateway works."""
    environment = fake_time(world, "+0")
    world.load.hold()
    await world.stop(world.gateway)
    world.start(world.gateway, **environment)
    await world.wait_until_up()
    world.load.resume()
    await world.load.reach(0.2)
    (world.root / "clock").write_text("-1h")
    await world.load.reach(0.4)
    await prove_it_goes_on(world)
    world.kill(world.gateway)
    world.start(world.gateway, **environment)
    await world.wait_until_up()
    await world.load.reach(0.5)
    await prove_it_goes_on(world)
    for share, offset in ((0.5, "+0"), (0.6, "+1d"), (0.7, "+5000d"), (0.9, "+5001d")):
        await world.load.reach(share)
        (world.root / "clock").write_text(offset)
    world.tell("-1 h with a restart an hour back, back, +1 day, +5,000 days (2040)")


async def prove_it_goes_on(world: World) -> None:
    """What waits is sent although the clock was set back."""
    ask = "SELECT count(*) FROM interchange WHERE sent_at IS NOT NULL"
    sent = world.peek(ask)[0][0]
    await wait_until(lambda: world.peek(ask)[0][0] > sent + 1, 30, "nothing is sent while the clock lags")


async def sleep_through_a_deadline(world: World) -> None:
    """No 999 within a day, and the gateway was down meanwhile: overdue is told once for each claim."""
    environment = fake_time(world, "+25h")
    await world.load.reach(0.3)
    world.freeze_payer()
    try:
        ask = "SELECT count(*) FROM interchange WHERE sent_at IS NOT NULL AND watched_at IS NULL"
        await wait_until(lambda: world.peek(ask)[0][0] > 0, PATIENCE, "nothing was sent")
        world.load.hold()
        await asyncio.sleep(2)
        await world.stop(world.gateway)
        world.start(world.gateway, **environment)
        await world.wait_until_up()
        told = "SELECT count(*), count(DISTINCT claim) FROM event WHERE type = 'claim.overdue'"
        await wait_until(lambda: world.peek(told)[0][0] > 0, 2 * PATIENCE, "nothing was called overdue")
        await asyncio.sleep(3)
        world.kill(world.gateway)
        world.start(world.gateway, **environment)
        await world.wait_until_up()
        await asyncio.sleep(3)
        events, claims = world.peek(told)[0]
        assert events == claims, f"overdue was told {events} times of {claims} claims"
        world.tell(f"{claims} claims called overdue, once each")
        world.load.resume()
    finally:
        world.thaw_payer()


async def back_up_and_restore(world: World) -> None:
    """A backup is made under load and restored elsewhere: whole, with every claim promised before."""
    await world.load.reach(0.4)
    promised = list(world.load.promises)
    made = await asyncio.to_thread(
        claimwire, "db", "backup", world.root / "backup", CLAIMWIRE_HOME=str(world.home)
    )
    assert made.status == 0, made.err
    other = world.root / "elsewhere"
    other.mkdir(mode=0o700)
    for name in ("claimwire.toml", "keys.json"):
        for place in world.home.glob(name):
            shutil.copy2(place, other / place.name)
    for place in world.home.iterdir():
        if place.is_file() and not place.name.startswith("claimwire"):
            shutil.copy2(place, other / place.name)
    back = await asyncio.to_thread(
        claimwire, "db", "restore", world.root / "backup", CLAIMWIRE_HOME=str(other)
    )
    assert back.status == 0, f"{back.out} {back.err}"
    with sqlite3.connect(other / "claimwire.db") as base:
        kept = {row[0] for row in base.execute("SELECT id FROM claim")}
    base.close()
    lost = [promise.claim for promise in promised if promise.claim not in kept]
    assert not lost, f"{len(lost)} claims promised before the backup are not in it"
    world.tell(f"{len(kept)} claims restored, {len(promised)} promised before it began")


async def drown_a_tenant(world: World) -> None:
    """One tenant posts with 32 clients at once while the other posts one claim after another."""
    await world.load.reach(1.0)
    alone = [await time_one_claim(world, LAB, f"CALM{turn:03d}") for turn in range(20)]

    async def flood(client: int) -> int:
        turn = 0
        while len(quiet) < 20:
            await time_one_claim(world, CLINIC, f"N{client:02d}Y{turn:04d}")
            turn += 1
        return turn

    quiet: list[float] = []
    floods = [asyncio.create_task(flood(client)) for client in range(32)]
    for turn in range(20):
        quiet.append(await time_one_claim(world, LAB, f"BUSY{turn:03d}"))
    noise = sum(await asyncio.gather(*floods))
    before, after = sorted(alone)[18] * 1000, sorted(quiet)[18] * 1000
    world.tell(
        f"p95 of the quiet tenant {before:.0f} ms alone, {after:.0f} ms beside 32 clients of the other, "
        f"who posted {noise} claims meanwhile ({after / before:.1f} times)"
    )


async def time_one_claim(world: World, tenant: str, name: str) -> float:
    """Post one claim beside the load; the seconds to its answer."""
    number, body = world.load.make_one(name, tenant)
    began = time.monotonic()
    status, answer = await world.call(
        "POST", "/v1/claims", tenant, data=body, headers={"Idempotency-Key": number}
    )
    assert status == 202, f"{status} {answer}"
    world.load.keep(tenant, answer["id"], json.loads(body))
    return time.monotonic() - began
