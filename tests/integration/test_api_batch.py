"""Batches of claims over HTTP: every line answered in order, durable first, in bounded memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.store.errors import StoreUnavailable
from tests.api_rig import Rig, make_claim, make_settings, run_gateway

BATCH = "/v1/claims/batch"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path, body_limit=20_000, body_seconds=2.0)) as running:
        yield running


def write_line(number: str) -> bytes:
    return msgspec.json.encode(make_claim(number)) + b"\n"


async def send(rig: Rig, body: bytes, **headers: str) -> list[dict[str, Any]]:
    answer = await rig.call("POST", BATCH, body, headers=headers)
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return [msgspec.json.decode(line) for line in answer.body.splitlines()]


async def test_every_line_is_answered_in_order_and_stored(rig: Rig) -> None:
    answers = await send(rig, b"".join(write_line(f"RFC-{number}") for number in range(1, 201)))
    assert [(it["line"], it["state"]) for it in answers] == [(n, "accepted") for n in range(1, 201)]
    assert [it["patientControlNumber"] for it in answers] == [f"RFC-{n}" for n in range(1, 201)]
    for answer in answers[::50]:
        shown = (await rig.call("GET", f"/v1/claims/{answer['id']}")).json
        assert shown["patientControlNumber"] == answer["patientControlNumber"]


async def test_claims_of_a_batch_share_commits(rig: Rig) -> None:
    store: Any = rig.gateway.services.store
    before = store.commits
    await send(rig, b"".join(write_line(f"RFC-{number}") for number in range(200)))
    assert store.commits - before < 150


async def test_a_bad_line_is_told_and_the_others_go_on(rig: Rig) -> None:
    unknown = msgspec.json.encode(make_claim("RFC-3", tradingPartnerServiceId="NOBODY"))
    body = write_line("RFC-1") + b"ISA*not json\n\n" + unknown + b"\r\n" + write_line("RFC-1").rstrip()
    answers = await send(rig, body)
    assert [(it["line"], it["state"]) for it in answers] == [
        (1, "accepted"),
        (2, "unreadable"),
        (4, "rejected"),
        (5, "rejected"),
    ]
    kept = (await rig.call("GET", f"/v1/files/{answers[1]['file']}")).json
    assert rig.gateway.services.archive.get(kept["sha256"]) == b"ISA*not json"
    assert answers[2]["findings"][0]["code"] == "payer.unknown"
    assert answers[0]["id"] in answers[3]["findings"][0]["message"]


async def test_an_answer_comes_while_the_client_still_sends(rig: Rig) -> None:
    lines: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def body() -> AsyncIterator[bytes]:
        while (line := await lines.get()) is not None:
            yield line

    url = f"http://127.0.0.1:{rig.port}{BATCH}"
    await lines.put(write_line("RFC-1"))
    async with asyncio.timeout(10), rig.http.post(url, data=body(), headers=rig.headers()) as response:
        first = msgspec.json.decode(await response.content.readline())
        assert (await rig.call("GET", f"/v1/claims/{first['id']}")).status == 200, "durable when answered"
        await lines.put(write_line("RFC-2"))
        assert msgspec.json.decode(await response.content.readline())["line"] == 2
        await lines.put(None)
        assert await response.content.read() == b""


async def test_a_line_beyond_the_limit_ends_the_batch_and_says_where(rig: Rig) -> None:
    answers = await send(rig, write_line("RFC-1") + b"x" * 30_000 + b"\n" + write_line("RFC-2"))
    assert [(it["line"], it["state"]) for it in answers] == [(1, "accepted"), (2, "stopped")]
    assert answers[1]["findings"][0]["code"] == "request.body_too_large"


async def test_a_batch_beyond_its_limit_ends_and_says_where(tmp_path: Path) -> None:
    async with run_gateway(make_settings(tmp_path, batch_limit=1000)) as rig:
        answers = await send(rig, b"".join(write_line(f"RFC-{number}") for number in range(50)))
    assert answers[-1]["state"] == "stopped"
    taken = answers[:-1]
    assert [it["line"] for it in answers] == list(range(1, len(taken) + 2))


async def test_a_client_that_stops_in_the_middle_of_a_line_loses_that_line_only(rig: Rig) -> None:
    line = write_line("RFC-1")
    head = f"POST {BATCH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {rig.keys['riverbend']}\r\n"
    cut = line + write_line("RFC-2")[:-40]
    with contextlib.suppress(TimeoutError):
        await rig.send_raw(f"{head}Content-Length: 9999\r\n\r\n".encode() + cut, seconds=0.5)
    async with asyncio.timeout(10):
        while rig.gateway.services.batches.total():
            await asyncio.sleep(0.02)
    listed = (await rig.call("GET", "/v1/claims")).json["claims"]
    assert [claim["state"] for claim in listed] == ["accepted"]


async def test_a_client_that_sends_nothing_for_too_long_is_told(rig: Rig) -> None:
    head = f"POST {BATCH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {rig.keys['riverbend']}\r\n"
    told = await rig.send_raw(f"{head}Content-Length: 9999\r\n\r\n".encode() + write_line("A"), seconds=8)
    assert b'"line":1,"state":"accepted"' in told
    assert b'"line":2,"state":"stopped"' in told and b"request.body_too_slow" in told


async def test_no_further_line_is_read_than_the_answers_that_were_taken_allow(rig: Rig) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.port, limit=1024)
    head = f"POST {BATCH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {rig.keys['riverbend']}\r\n"
    store: Any = rig.gateway.services.store
    real, slow = store.write, asyncio.Event()

    async def wait(*given: Any, **named: Any) -> Any:
        await slow.wait()
        return await real(*given, **named)

    store.write = wait
    body = b"".join(write_line(f"RFC-{number}") for number in range(600))
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await asyncio.sleep(0.5)
    waiting = [task for task in asyncio.all_tasks() if "_take" in repr(task.get_coro())]
    assert len(waiting) <= 70
    slow.set()
    store.write = real
    seen = 0
    async with asyncio.timeout(30):
        while seen < 600:
            seen += (await reader.readline()).count(b'"state":"accepted"')
    writer.close()


async def test_where_the_database_cannot_write_each_line_says_so(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*given: object, **named: object) -> None:
        raise StoreUnavailable("full")

    monkeypatch.setattr(rig.gateway.services.intake, "record", refuse)
    answers = await send(rig, write_line("RFC-1") + write_line("RFC-2"))
    assert [(it["state"], it["findings"][0]["code"]) for it in answers] == [
        ("unavailable", "request.not_stored")
    ] * 2


async def test_so_many_batches_are_taken_at_once_and_no_more(tmp_path: Path) -> None:
    async with run_gateway(make_settings(tmp_path, batches=1)) as rig:
        hold = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield write_line("RFC-1")
            await hold.wait()

        url = f"http://127.0.0.1:{rig.port}{BATCH}"
        async with rig.http.post(url, data=body(), headers=rig.headers()) as response:
            await response.content.readline()
            assert (await rig.call("POST", BATCH, write_line("RFC-2"))).status == 429
            hold.set()
            await response.content.read()
        assert [it["state"] for it in await send(rig, write_line("RFC-2"))] == ["accepted"]


async def test_a_server_that_stops_answers_what_it_took_and_says_where_it_ended(rig: Rig) -> None:
    more = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield write_line("RFC-1")
        await more.wait()
        yield write_line("RFC-2")

    url = f"http://127.0.0.1:{rig.port}{BATCH}"
    async with asyncio.timeout(10), rig.http.post(url, data=body(), headers=rig.headers()) as response:
        assert b"accepted" in await response.content.readline()
        rig.gateway.services.draining.set()
        more.set()
        last = msgspec.json.decode(await response.content.readline())
        assert (last["line"], last["state"], last["findings"][0]["code"]) == (
            2,
            "stopped",
            "request.server_stops",
        )
        assert await response.content.read() == b""
