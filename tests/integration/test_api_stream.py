"""Server-sent events from a real server: in order, without a gap, for slow readers and through a stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from gateway.events import FILE_RECEIVED, Happening, publish
from gateway.store import TenantScope
from gateway.story import FileStory
from tests.api_rig import Rig, make_claim, make_settings, run_gateway

STREAM = "/v1/events/stream"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path, heartbeat_seconds=0.2, body_seconds=1.0)) as running:
        yield running


class Reader:
    """A client of the stream."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def read(self) -> dict[str, str]:
        """The next message that is no comment; {} at the end of the stream."""
        message: dict[str, str] = {}
        async with asyncio.timeout(20):
            async for line in self.response.content:
                text = line.decode().rstrip("\n")
                if text and not text.startswith(":"):
                    name, _, value = text.partition(": ")
                    message[name] = value
                elif not text and "data" in message:
                    return message
        return {}

    async def read_many(self, count: int) -> list[int]:
        return [int((await self.read())["id"]) for _ in range(count)]


@asynccontextmanager
async def listen(rig: Rig, query: str = "", **headers: str) -> AsyncIterator[Reader]:
    url = f"http://127.0.0.1:{rig.port}{STREAM}{query}"
    async with rig.http.get(url, headers={**rig.headers(), **headers}) as response:
        assert response.status == 200, await response.read()
        yield Reader(response)


async def publish_many(rig: Rig, count: int, tenant: str = "riverbend", kinds: int = 1) -> None:
    """Events of some size, appended as any service does."""
    story = FileStory(file="fil_1", partner="", sha256="0" * 64, size=1, kinds=("835",) * kinds)

    def append(scope: TenantScope) -> None:
        publish(scope, *[Happening(type=FILE_RECEIVED, story=story)] * count)

    await rig.gateway.services.store.write(append, tenant=tenant)


async def test_events_come_as_they_happen_and_as_the_feed_shows_them(rig: Rig) -> None:
    await rig.call("POST", "/v1/claims", make_claim("RFC-0"))
    async with listen(rig) as reader:
        assert reader.response.headers["Content-Type"] == "text/event-stream"
        assert reader.response.headers["Cache-Control"] == "no-store"
        assert reader.response.headers["X-Request-Id"].startswith("req_")
        await rig.call("POST", "/v1/claims", make_claim("RFC-1"))
        messages = [await reader.read(), await reader.read()]
    feed = (await rig.call("GET", "/v1/events?after=2")).json["events"]
    assert [msgspec.json.decode(message["data"]) for message in messages] == feed
    assert [(message["id"], message["event"]) for message in messages] == [
        ("3", "claim.received"),
        ("4", "claim.accepted"),
    ]


async def test_a_client_goes_on_where_it_stopped_without_a_gap(rig: Rig) -> None:
    await publish_many(rig, 250)
    async with listen(rig, "?after=0") as reader:
        first = await reader.read_many(130)
    await publish_many(rig, 50)
    async with listen(rig, "?after=7", **{"Last-Event-ID": str(first[-1])}) as reader:
        rest = await reader.read_many(170)
    assert first + rest == list(range(1, 301))


async def test_a_stream_may_hold_some_types_only(rig: Rig) -> None:
    await publish_many(rig, 150)
    async with listen(rig, "?after=0&type=claim.accepted") as reader:
        await rig.call("POST", "/v1/claims", make_claim())
        assert (await reader.read())["event"] == "claim.accepted"


async def test_another_tenants_events_are_not_streamed(rig: Rig) -> None:
    async with listen(rig, "?after=0") as reader:
        await publish_many(rig, 3, tenant="lakeside")
        await publish_many(rig, 1)
        assert msgspec.json.decode((await reader.read())["data"])["tenant"] == "riverbend"


async def test_a_silent_stream_shows_that_it_lives(rig: Rig) -> None:
    async with listen(rig) as reader, asyncio.timeout(10):
        lines = [await reader.response.content.readline() for _ in range(6)]
    assert lines == [b"retry: 2000\n", b"\n", b": alive\n", b"\n", b": alive\n", b"\n"]


async def test_a_revoked_key_ends_its_stream(rig: Rig) -> None:
    made = await rig.gateway.services.keys.create("riverbend", "leaver")
    async with listen(rig, Authorization=f"Bearer {made.text}") as reader:
        await rig.gateway.services.keys.revoke("riverbend", made.key.id)
        assert await reader.read() == {}


async def test_the_stream_ends_cleanly_when_the_server_stops(rig: Rig) -> None:
    async with listen(rig) as reader:
        await publish_many(rig, 1)
        assert (await reader.read())["id"] == "1"
        stopping = asyncio.create_task(rig.gateway.stop())
        assert await reader.read() == {}, "the end of the body, not a broken connection"
        assert reader.response.content.at_eof()
        await stopping


async def test_a_reader_that_does_not_read_is_cut_off_and_disturbs_nobody(rig: Rig) -> None:
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", rig.port))
        key = rig.keys["riverbend"]
        request = f"GET {STREAM}?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n"
        slow.sendall(request.encode())
        for _ in range(8):
            await publish_many(rig, 100, kinds=2000)
        async with listen(rig, "?after=0") as reader:
            assert await reader.read_many(800) == list(range(1, 801))
        async with asyncio.timeout(20):
            while rig.gateway.services.streams["riverbend"]:
                await asyncio.sleep(0.05)


async def test_a_tenant_has_so_many_streams_and_no_more(tmp_path: Path) -> None:
    async with run_gateway(make_settings(tmp_path, streams=2, heartbeat_seconds=0.1)) as rig:
        async with listen(rig), listen(rig):
            refused = await rig.call("GET", STREAM)
            assert (refused.status, refused.headers["Retry-After"]) == (429, "5")
            assert (await rig.call("GET", "/v1/claims")).status == 200
        async with asyncio.timeout(20):
            while rig.gateway.services.streams["riverbend"]:
                await asyncio.sleep(0.05)
        async with listen(rig):
            assert rig.gateway.services.streams["riverbend"] == 1


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?after=x", {}),
        ("?type=claim.eaten", {}),
        ("", {"Last-Event-ID": "-1"}),
        ("", {"Last-Event-ID": "\u0664"}),
    ],
)
async def test_a_wrong_start_is_refused(rig: Rig, query: str, headers: dict[str, Any]) -> None:
    answer = await rig.call("GET", f"{STREAM}{query}", headers=headers)
    assert (answer.status, answer.codes) == (400, ["request.bad_parameter"])
