"""`python -m tests.bench.real_time`: eligibility through a gateway to a payer by CORE SOAP, and back.

Gateway, payer and clients are processes of their own on this machine; the payer answers at once with one
271, so that what is measured is ours: check, 270, archive, SOAP, 271, archive, JSON. Then many clients at
once, each asking again as soon as it is answered, and how many of them wait longer than 20 seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import re
import resource
import socket
import statistics
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path

import aiohttp
import msgspec
from aiohttp import web
from rich.console import Console

from adapters.core_connectivity import soap
from adapters.core_connectivity.envelopes import answer_envelope
from gateway.app import Role, open_gateway
from gateway.real_time_settings import CoreRoute, RealTimeSettings
from gateway.settings import SecretReference, ServerSettings
from gateway.simulator.inquiries import answer_inquiry
from tests.api_rig import make_settings
from tests.bench.gateway import Answer, describe_machine, draw, write_page
from tests.real_time_rig import make_eligibility

DEADLINE = 20.0
LATE_PERCENT = 1.0
MANY = 1000
PART = "real-time"
COLUMNS = (
    "clients at once",
    "inquiries",
    "p50 ms",
    "p99 ms",
    "answers/s",
    f"% without an answer in {DEADLINE:.0f} s",
    "wanted",
)
TRACE = re.compile(rb"BHT\*0022\*13\*([^*]*)")


def serve_payer(port: int, ready: Event) -> None:
    """A payer that reads our SOAP and answers each inquiry with a 271 that was made once."""

    async def run() -> None:
        made: dict[str, bytes] = {}

        async def answer(request: web.Request) -> web.Response:
            message = soap.read_message(request.headers["Content-Type"], await request.read())
            content, now = message.envelope.payload or b"", datetime.now(UTC)
            matched = TRACE.search(content)
            trace = matched[1] if matched else b""
            if not made:
                made["271"] = answer_inquiry(content, now, 1).content.replace(trace, b"@TRACE@")
            reply = answer_envelope(
                message.envelope,
                payload_type="X12_271_Response_005010X279A1",
                moment=now,
                payload=made["271"].replace(b"@TRACE@", trace),
            )
            media, body = soap.write_message(reply)
            return web.Response(body=body, headers={"Content-Type": media})

        application = web.Application()
        application.router.add_post("/core/soap", answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, backlog=2048).start()
        ready.set()
        await asyncio.Event().wait()

    asyncio.run(run())


def serve_gateway(home: Path, port: int, payer: int, told: multiprocessing.Queue[str]) -> None:
    """A gateway of one process on SQLite."""

    async def run() -> None:
        secret = home / "password"
        secret.write_text("bench", encoding="utf-8")
        route = CoreRoute(
            url=f"http://127.0.0.1:{payer}/core/soap",
            sender="CLINIC",
            receiver="PAYER",
            username="clinic",
            password=SecretReference(f"file:{secret}"),
        )
        settings = make_settings(home)
        tenants = tuple(
            msgspec.structs.replace(
                tenant,
                partners=tuple(
                    msgspec.structs.replace(each, real_time=RealTimeSettings(route=route))
                    for each in tenant.partners
                ),
            )
            for tenant in settings.tenants
        )
        server = ServerSettings(port=port, connections=4096, connections_per_address=4096)
        gateway = await open_gateway(
            msgspec.structs.replace(settings, server=server, tenants=tenants), role=Role.API
        )
        key = await gateway.services.keys.create("riverbend", "bench")
        await gateway.start()
        told.put(key.text)
        await asyncio.Event().wait()

    asyncio.run(run())


async def ask_all(port: int, key: str, clients: int, total: int) -> list[float]:
    """The seconds of each of `total` inquiries, asked by so many clients; raises for a wrong answer."""
    seconds: list[float] = []
    left = iter(range(total))
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=120)
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, headers=headers) as http:

        async def ask() -> None:
            for number in left:
                begun = time.perf_counter()
                document = make_eligibility(f"W7{number:07d}")
                url = f"http://127.0.0.1:{port}/v1/eligibility"
                async with http.post(url, json=document) as response:
                    body = await response.read()
                    if response.status == 200 and b'"state":"answered"' not in body:
                        raise RuntimeError(f"a wrong answer: {body[:300]!r}")
                    seconds.append(time.perf_counter() - begun if response.status == 200 else float("inf"))

        await asyncio.gather(*(ask() for _ in range(clients)))
    return seconds


def judge(clients: int, seconds: list[float], elapsed: float) -> tuple[str, ...]:
    """One line of figures; what was wanted of many clients is told with it."""
    ranked = sorted(seconds)
    p50, p99 = statistics.median(ranked), ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))]
    late = 100 * sum(each > DEADLINE for each in ranked) / len(ranked)
    wanted = f"≤ {LATE_PERCENT:g} % late: {'met' if late <= LATE_PERCENT else 'not met'}"
    figures = (f"{1000 * p50:,.0f}", f"{1000 * p99:,.0f}", f"{len(ranked) / elapsed:,.0f}", f"{late:.2f}")
    return f"{clients:,}", f"{len(ranked):,}", *figures, wanted if clients >= MANY else ""


def find_port() -> int:
    """A free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def measure(inquiries: int, clients: int) -> list[tuple[str, ...]]:
    """The figures of one client, of eight, and of many at once."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    spawn = multiprocessing.get_context("spawn")
    payer_port, port, ready, told = find_port(), find_port(), spawn.Event(), spawn.Queue()
    rows = []
    with tempfile.TemporaryDirectory() as home:
        payer = spawn.Process(target=serve_payer, args=(payer_port, ready), daemon=True)
        gateway = spawn.Process(target=serve_gateway, args=(Path(home), port, payer_port, told), daemon=True)
        payer.start()
        gateway.start()
        try:
            ready.wait(60)
            key = told.get(timeout=120)
            asyncio.run(ask_all(port, key, 1, 20))
            for together, total in ((1, inquiries), (8, inquiries), (clients, clients * 2)):
                begun = time.perf_counter()
                seconds = asyncio.run(ask_all(port, key, together, total))
                rows.append(judge(together, seconds, time.perf_counter() - begun))
        finally:
            gateway.terminate()
            payer.terminate()
    return rows


def main() -> None:
    """Measure, print, and write into a page where one is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.real_time")
    parser.add_argument("--inquiries", type=int, default=400, help="of one client, and of eight")
    parser.add_argument("--clients", type=int, default=MANY, help="at once, each asking twice")
    parser.add_argument("--page", type=Path, help="write the table into this page")
    wish, machine = parser.parse_args(), describe_machine()
    heading = (
        "Eligibility by the SOAP peer: JSON in, 270 to a payer by CORE SOAP, 271 back, JSON out (SQLite)"
    )
    answer = Answer(heading, COLUMNS, measure(wish.inquiries, wish.clients))
    Console(width=160, highlight=False).print(draw(answer))
    if wish.page is not None:
        write_page(wish.page, PART, answer, machine)


if __name__ == "__main__":
    main()
