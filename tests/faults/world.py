"""A world to strike: real gateway processes, a real database, the scripted payer behind OpenSSH, a load.

Two tenants, so that what one suffers shows whether the other does: `clinic` reaches its payers over SFTP
(OpenSSH), `lab` through a folder. Everything a world starts or mounts, it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import NullPool, create_engine, text

from gateway.app import Gateway, open_gateway
from gateway.settings import Settings
from gateway.simulator.mailbox import INBOUND, OUTBOUND
from gateway.store import TenantScope, control_numbers
from tests.buckets import BucketServer, running_bucket_server
from tests.faults.ground import make_image, mounted_image, mounted_tmpfs, name_database, run_database
from tests.faults.load import Load, Target
from tests.faults.shapes import (
    BUCKET,
    BUCKET_SETTINGS,
    CLINIC,
    DIRECT,
    EXCHANGE,
    FREE_SPACE,
    LAB,
    PARTNERS,
    PAYERS,
    SETTINGS,
    Extra,
    Server,
    Shape,
)
from tests.postgres import Cluster
from tests.sshd import Sshd, free_port, start_sshd

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class World:
    """Everything of one fault. `extras` are the files that the fault made the partner send."""

    root: Path
    shape: Shape
    sshd: Sshd
    cluster: Cluster | None = None
    bucket: BucketServer | None = None
    servers: list[Server] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    extras: list[Extra] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    payer: subprocess.Popen[bytes] | None = None
    load: Load = field(init=False)
    tenants: Sequence[str] = (CLINIC, LAB)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """The gateway's home."""
        return self.root / "home"

    @property
    def partner(self) -> Path:
        """The payer's home."""
        return self.root / "partner"

    def mailbox(self, partner: str, folder: str) -> Path:
        """A folder of a mailbox at the payer's."""
        return self.partner / "senders" / partner / folder

    @property
    def settings(self) -> Settings:
        """The settings, as the processes read them."""
        return Settings.load(self.home / "claimwire.toml", {"CLAIMWIRE_HOME": str(self.home)})

    @property
    def url(self) -> str:
        """The database."""
        return self.settings.database_url

    @property
    def own_url(self) -> str:
        """The database as we ask it: with the connections that PostgreSQL keeps back for its owner."""
        return f"{self.cluster.url}claimwire" if self.cluster else self.url

    # ---- the gateway

    def start(self, server: Server, *trap: str, before: Sequence[str] = (), **environment: str) -> None:
        """Start the process of a server: as `claimwire serve`, or armed with a trap; `before` wraps it."""
        module = ["tests.faults.armed_gateway", server.role, str(server.port), *trap]
        if not trap:
            module = ["gateway.cli", "serve", "--role", server.role, "--port", str(server.port)]
        server.starts += 1
        with (self.root / "logs" / f"{server.name}.log").open("ab") as log:
            server.process = subprocess.Popen(
                [*before, sys.executable, "-m", *module],
                cwd=ROOT,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": str(ROOT),
                    "CLAIMWIRE_HOME": str(self.home),
                    **self.environment,
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, server: Server) -> None:
        """kill -9."""
        if server.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.process.pid, signal.SIGKILL)
            server.process.wait()
            server.process = None

    async def stop(self, server: Server, seconds: float = 30.0) -> None:
        """Ask it to end, and wait until it has drained. Raises AssertionError where it does not."""
        if server.process is None:
            return
        server.process.terminate()
        await self.wait_for_death(server, seconds)

    async def wait_for_death(self, server: Server, seconds: float = 60.0) -> int:
        """Wait until the process has ended; its status."""
        assert server.process is not None
        process = server.process
        await wait_until(lambda: process.poll() is not None, seconds, f"{server.name} does not end")
        server.process = None
        return int(process.returncode)

    async def wait_until_up(self, *servers: Server, seconds: float = 60.0) -> None:
        """Wait until every server that answers HTTP says that it is ready."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http:
            for server in servers or self.servers:
                if server.role == "worker":
                    continue
                ends = time.monotonic() + seconds
                while not await is_up(http, server.port):
                    assert server.alive, f"{server.name} ended: {self.tail(server)}"
                    assert time.monotonic() < ends, f"{server.name} does not come up: {self.tail(server)}"
                    await asyncio.sleep(0.1)

    def read_log(self, server: Server) -> str:
        """Everything that the server has logged."""
        return (self.root / "logs" / f"{server.name}.log").read_text(errors="replace")

    def tail(self, server: Server) -> str:
        """The end of its log."""
        return self.read_log(server)[-1500:]

    @property
    def gateway(self) -> Server:
        """The first server; the only one of most worlds."""
        return self.servers[0]

    async def call(self, method: str, path: str, tenant: str = CLINIC, **given: Any) -> tuple[int, Any]:
        """Call the API of the first server that answers HTTP."""
        url = f"http://127.0.0.1:{self.load.ports[0]}{path}"
        headers = {"Authorization": f"Bearer {self.keys[tenant]}", **given.pop("headers", {})}
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http,
            http.request(method, url, headers=headers, **given) as answer,
        ):
            return answer.status, await answer.json(content_type=None)

    async def release(self, tenant: str) -> None:
        """What an operator does once a partner that needed a person is mended."""
        status, answer = await self.call(
            "POST", f"/v1/partners/{PARTNERS[tenant]}/release", tenant, json={"note": "mended"}
        )
        assert status == 200, answer

    # ---- the payer

    def start_payer(self) -> None:
        """Start the payer and wait until it works."""
        senders = (EXCHANGE, DIRECT)
        home, haste = str(self.partner), str(self.shape.haste)
        with (self.root / "logs" / "payer.log").open("ab") as log:
            self.payer = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.partner_process", home, haste, *senders],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert self.payer.stdout is not None
        assert self.payer.stdout.readline() == b"ready\n", "the payer does not start"

    def freeze_payer(self) -> None:
        """The payer takes and answers nothing for a while."""
        assert self.payer is not None
        self.payer.send_signal(signal.SIGSTOP)

    def thaw_payer(self) -> None:
        """The payer goes on."""
        assert self.payer is not None
        self.payer.send_signal(signal.SIGCONT)

    def drop(
        self, tenant: str, content: bytes, name: str, states: tuple[str, ...], *, counts: bool = False
    ) -> None:
        """Let the partner put a file of the fault's making into the tenant's mailbox."""
        self.expect(tenant, content, states, counts=counts)
        place = self.mailbox(PARTNERS[tenant], OUTBOUND) / name
        draft = place.with_name(f".{name}.tmp")
        draft.write_bytes(content)
        draft.rename(place)

    def expect(self, tenant: str, content: bytes, states: tuple[str, ...], *, counts: bool = False) -> None:
        """Remember what must become of a file of the fault's making."""
        self.extras.append(Extra(tenant, content, states, counts))

    def list_held(self) -> list[Path]:
        """Every finished file that the partners hold, taken or not."""
        taken = [path for path in (self.partner / "taken").rglob("*.x12") if path.is_file()]
        waiting = [
            path
            for partner in (EXCHANGE, DIRECT)
            for path in self.mailbox(partner, INBOUND).iterdir()
            if path.is_file() and not path.name.startswith(".")
        ]
        return [*taken, *waiting]

    def list_answers(self) -> list[tuple[str, str, bytes]]:
        """Every file that the payer has written: sender, name, bytes."""
        rows = self.peek_payer("SELECT sender, name, content FROM answers WHERE state = 'written'")
        return [(str(sender), str(name), bytes(content)) for sender, name, content in rows]

    def peek_payer(self, sql: str) -> list[Any]:
        """Ask the payer's memory."""
        engine = create_engine(f"sqlite:///{self.partner / 'payer.db'}", poolclass=NullPool)
        with engine.connect() as connection:
            return list(connection.execute(text(sql)))

    # ---- looking

    def peek(self, sql: str, **values: object) -> list[Any]:
        """Ask the gateway's database, past the gateway."""
        engine = create_engine(self.own_url, poolclass=NullPool)
        with engine.connect() as connection:
            return list(connection.execute(text(sql), values))

    def poke(self, sql: str, **values: object) -> None:
        """Change the gateway's database, past the gateway."""
        engine = create_engine(self.own_url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text(sql), values)

    def tell(self, note: str) -> None:
        """Keep something that the fault showed, for the table."""
        self.notes.append(note)

    def find_rest(self) -> str:
        """What is still to do until everything has come to its end, or ""."""
        ends = {promise.claim: promise.end for promise in self.load.promises}
        try:
            states = dict(self.peek("SELECT id, state FROM claim"))
            jobs = self.peek(
                "SELECT kind, state, count(*) FROM job WHERE state IN ('ready', 'running') "
                "AND kind IN ('send', 'process') GROUP BY kind, state"
            )
            owed = self.peek_payer("SELECT count(*) FROM answers WHERE state NOT IN ('written', 'faulty')")
        except Exception as failure:
            return f"the database does not answer ({type(failure).__name__})"
        short: dict[str, int] = {}
        for claim, end in ends.items():
            if states.get(claim) != end:
                where = f"{states.get(claim)} instead of {end}"
                short[where] = short.get(where, 0) + 1
        rest = [f"{count} claims {where}" for where, count in short.items()]
        rest += [f"{count} {kind} jobs {state}" for kind, state, count in jobs]
        rest += [f"the payer owes {owed[0][0]} answers"] if owed[0][0] else []
        waiting = [
            path for partner in (EXCHANGE, DIRECT) for path in self.mailbox(partner, OUTBOUND).glob("[!.]*")
        ]
        rest += [f"{len(waiting)} files wait for us"] if waiting else []
        return "; ".join(rest)

    async def settle(self, seconds: float) -> str:
        """Wait until everything has come to its end; what has not after these seconds, or ""."""
        ends = time.monotonic() + seconds
        while rest := self.find_rest():
            for server in self.servers:
                if server.process is not None and not server.alive:
                    return f"{server.name} ended by itself: {self.tail(server)}"
            if time.monotonic() > ends:
                return rest
            await asyncio.sleep(0.3)
        return ""


async def wait_until(holds: Any, seconds: float, otherwise: str) -> None:
    """Wait until `holds()` is true. Raises AssertionError with `otherwise` after these seconds."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, otherwise
        await asyncio.sleep(0.02)


async def is_up(http: aiohttp.ClientSession, port: int) -> bool:
    """True where the server says that it is ready."""
    try:
        async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


@asynccontextmanager
async def open_world(root: Path, shape: Shape, name: str, claims: int) -> AsyncIterator[World]:
    """A world with everything running; all of it is ended and unmounted at the end."""
    with contextlib.ExitStack() as stack:
        for folder in ("home", "logs", "partner"):
            (root / folder).mkdir(parents=True)
        if shape.small_disk:
            stack.enter_context(mounted_tmpfs(root / "home", f"{shape.small_disk}m"))
        if shape.small_partner:
            stack.enter_context(mounted_tmpfs(root / "partner", f"{shape.small_partner}m"))
        if shape.loop_disk:
            stack.enter_context(mounted_image(root / "home", make_image(root / "disk", shape.loop_disk)))
        (root / "home").chmod(0o700)
        sshd = start_sshd(root / "sshd")
        world = World(root, shape, sshd)
        stack.callback(lambda: world.sshd.stop())
        if shape.postgres:
            world.cluster = stack.enter_context(run_database(shape.connections))
        if shape.bucket:
            world.bucket = stack.enter_context(running_bucket_server())
            world.bucket.make_bucket(BUCKET)
        stack.callback(end_processes, world)
        write_settings(world)
        world.start_payer()
        await prepare(world, name, claims)
        for server in world.servers:
            trap = shape.trap if server.role != "api" else ()
            world.start(server, *(part.format(root=root) for part in trap))
        await world.wait_until_up()
        yield world


def write_settings(world: World, **changes: str) -> None:
    """Write the settings file of the world."""
    shape, sshd = world.shape, world.sshd
    parts = {
        "free_space": FREE_SPACE,
        "lease": shape.lease,
        "max_claims": shape.max_claims,
        "claims_per_set": shape.claims_per_set,
        "file_name": shape.file_name,
        "parts_days": shape.parts_days,
        "host": shape.host,
        "port": sshd.port,
        "username": sshd.username,
        "key": sshd.client_key,
        "host_key": sshd.host_key,
        "mailboxes": world.partner / "senders",
        "store": f'[store]\nurl = "{name_database(world.cluster)}"' if world.cluster else "",
        "archive": BUCKET_SETTINGS.format(endpoint=world.bucket.endpoint) if world.bucket else "",
    }
    (world.home / "bucket_key").write_text("of the tests")
    (world.home / "claimwire.toml").write_text(SETTINGS.format(**(parts | changes)))


async def prepare(world: World, name: str, claims: int) -> None:
    """Make schema, tenants and keys, choose ports, and make the load ready."""
    gateway: Gateway = await open_gateway(world.settings)
    try:
        for tenant in (CLINIC, LAB):
            world.keys[tenant] = (await gateway.services.keys.create(tenant, "fault tests")).text
        if last := world.shape.control_number:
            await gateway.services.store.write(lambda scope: start_numbers(scope, last), tenant=CLINIC)
    finally:
        await gateway.services.store.close()
    world.servers = [
        Server(f"{role}-{place}", role, free_port()) for place, role in enumerate(world.shape.roles)
    ]
    targets = [Target(tenant, world.keys[tenant], PAYERS[tenant]) for tenant in (CLINIC, LAB)]
    world.load = Load(name, claims, targets, markers=world.shape.markers)
    world.load.ports = [server.port for server in world.servers if server.role != "worker"]


def start_numbers(scope: TenantScope, last: int) -> None:
    """Say which control numbers the SFTP partner was sent last."""
    for kind in ("interchange", "group"):
        control_numbers.set_last(scope, EXCHANGE, kind, last)


def end_processes(world: World) -> None:
    """End everything that the world has started."""
    for server in world.servers:
        world.kill(server)
    if world.payer is not None:
        world.payer.kill()
        world.payer.wait()
        if world.payer.stdout is not None:
            world.payer.stdout.close()
