"""Clients and receivers that misbehave: slow, huge, endless, deaf, redirecting, with a bad certificate."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import logging
import socket
import ssl
import statistics
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from aiohttp import web

from tests.faults.world import World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SLOW_CLIENTS = 1000
QUIET = logging.getLogger("tests.receivers")  # what the gateway cuts off is told nowhere
QUIET.disabled = True
SETTLE = 60.0


async def send_slowly(world: World) -> None:
    """A thousand clients send a header a byte at a time; the good ones are served meanwhile."""
    await world.load.reach(0.2)
    before = len(world.load.waits)
    slow: list[socket.socket] = []
    try:
        for place in range(SLOW_CLIENTS):
            each = socket.socket()
            each.setblocking(False)
            each.bind((f"127.0.0.{2 + place // 200}", 0))
            with contextlib.suppress(BlockingIOError, OSError):
                each.connect(("127.0.0.1", world.gateway.port))
            slow.append(each)
        for _ in range(13):
            for each in slow:
                with contextlib.suppress(OSError):
                    each.send(b"P")
            await asyncio.sleep(1)
        closed = sum(map(is_closed, slow))
    finally:
        for each in slow:
            each.close()
    meanwhile = [seconds for _, seconds in world.load.waits[before:]] or [0.0]
    assert closed > SLOW_CLIENTS * 0.9, f"only {closed} of {SLOW_CLIENTS} slow clients were cut off"
    world.tell(
        f"{closed} of {SLOW_CLIENTS} cut off; good clients {statistics.median(meanwhile):.2f} s (median)"
    )


def is_closed(client: socket.socket) -> bool:
    """True where the other side has ended the connection."""
    try:
        while chunk := client.recv(4096):
            assert chunk
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


async def send_bombs(world: World) -> None:
    """Bodies that are huge, deep, or grow when unpacked are refused, and the memory stays."""
    await world.load.reach(0.2)
    before = read_memory(world)
    bombs = {
        "huge": b'{"a": "' + b"x" * (17 << 20) + b'"}',
        "deep": b"[" * 200_000 + b"]" * 200_000,
        "wide": b"[" + b"1," * 500_000 + b"1]",
        "long number": b'{"claimInformation": {"claimChargeAmount": ' + b"9" * 100_000 + b"}}",
        "no JSON": b"\xff\xfe" * 10_000,
    }
    statuses = {}
    for name, body in bombs.items():
        statuses[name], _ = await world.call("POST", "/v1/claims", data=body)
    packed = gzip.compress(bytes(64 << 20))
    statuses["gzip"], _ = await world.call(
        "POST", "/v1/claims", data=packed, headers={"Content-Encoding": "gzip"}
    )
    assert all(400 <= status < 500 for status in statuses.values()), statuses
    grown = read_memory(world) - before
    world.tell(f"{statuses}, memory {grown:+d} MB")


def read_memory(world: World) -> int:
    """Resident megabytes of the gateway."""
    status = Path(f"/proc/{world.gateway.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) >> 10


@contextlib.asynccontextmanager
async def receiver(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A receiver of webhooks on a free port; its address."""
    application = web.Application(client_max_size=1 << 26)
    application.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(application, access_log=None, logger=QUIET, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{port}/hook"
    finally:
        await runner.cleanup()


async def listen_badly(world: World) -> None:
    """Receivers that fail, redirect, drip, answer without end or never; the good one gets everything."""
    told: Counter[str] = Counter()

    async def take(request: web.Request) -> web.StreamResponse:
        told[request.headers["webhook-id"]] += 1
        return web.Response()

    async def fail(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    async def redirect(request: web.Request) -> web.StreamResponse:
        return web.HTTPTemporaryRedirect("http://169.254.169.254/latest/")

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(600):
            await response.write(b".")
            await asyncio.sleep(0.2)
        return response

    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(10_000):
            await response.write(bytes(1 << 20))
        return response

    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(3600)
        return web.Response()

    async with contextlib.AsyncExitStack() as stack:
        for handler in (take, fail, redirect, drip, flood, hang):
            url = await stack.enter_async_context(receiver(handler))
            await subscribe(world, url)
        before = read_memory(world)
        await world.load.reach(1.0)
        wanted = await wait_for_deliveries(world, told)
        world.tell(
            f"{wanted} events delivered to the good receiver; memory {read_memory(world) - before:+d} MB"
        )


async def subscribe(world: World, url: str) -> None:
    """Register a receiver of every event of the clinic."""
    status, answer = await world.call("POST", "/v1/webhooks", json={"url": url})
    assert status == 201, answer


async def wait_for_deliveries(world: World, told: Counter[str]) -> int:
    """Wait until each paid event of the clinic was delivered; how many were."""
    ask = "SELECT id FROM event WHERE tenant = 'clinic' AND type = 'claim.accepted'"
    async with asyncio.timeout(SETTLE):
        while True:
            wanted = {row[0] for row in world.peek(ask)}
            if len(wanted) >= world.load.count // 3 and wanted <= set(told):
                return len(wanted)
            await asyncio.sleep(0.3)


async def cut_before_the_answer(world: World) -> None:
    """The receiver takes an event and its connection is cut before the answer: the same id comes again."""
    told: Counter[str] = Counter()

    async def take_and_cut(request: web.Request) -> web.StreamResponse:
        name = request.headers["webhook-id"]
        await request.read()
        told[name] += 1
        if told[name] == 1 and len(told) <= 5 and request.transport is not None:
            request.transport.abort()
        return web.Response()

    async with receiver(take_and_cut) as url:
        await subscribe(world, url)
        await world.load.reach(1.0)
        async with asyncio.timeout(SETTLE):
            while sum(count > 1 for count in told.values()) < 5:
                await asyncio.sleep(0.3)
    world.tell("5 events came again under their own ids")


async def show_a_bad_certificate(world: World) -> None:
    """A receiver whose certificate nobody signed gets nothing."""
    place = world.root / "certificate.pem"
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1")
    files = ("-keyout", place, "-out", world.root / "cert.pem")
    command = ["openssl", "req", "-x509", *kind, *files, "-subj", "/CN=127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(world.root / "cert.pem", place)
    told: Counter[str] = Counter()

    async def take(request: web.Request) -> web.StreamResponse:
        told["requests"] += 1
        return web.Response()

    async with receiver(take, context) as url:
        await subscribe(world, url)
        await world.load.reach(1.0)
        ask = "SELECT count(*) FROM webhook_delivery WHERE attempts > 0"
        async with asyncio.timeout(SETTLE):
            while not world.peek(ask)[0][0]:
                await asyncio.sleep(0.3)
    assert not told, f"{told['requests']} requests went to a receiver that nobody vouches for"
    world.tell("0 requests sent, deliveries wait")
