"""Slow, broken and too many clients: each is ended, and none of their bytes reaches a log."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.logs import start_logs
from gateway.store.errors import StoreBroken, StoreUnavailable
from tests import canaries
from tests.api_rig import Rig, make_claim, make_settings, run_gateway

PATIENCE = 5.0
REQUEST = (
    "POST /v1/claims HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nContent-Length: {length}\r\n\r\n"
)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root, ours = logging.getLogger(), logging.getLogger("claimwire")
    before, levels, raising = list(root.handlers), (root.level, ours.level), logging.raiseExceptions
    stream = io.StringIO()
    start_logs(stream, logging.DEBUG)
    root.setLevel(logging.DEBUG)  # everything that any library has to say
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    logging.raiseExceptions = raising


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    settings = make_settings(tmp_path, header_seconds=0.3, body_seconds=0.3, connections_per_address=5)
    async with run_gateway(settings) as running:
        yield running


async def test_a_client_that_says_nothing_is_ended(rig: Rig) -> None:
    assert await rig.send_raw(b"", seconds=PATIENCE) == b""


async def test_a_client_that_sends_half_a_header_is_ended(rig: Rig) -> None:
    assert await rig.send_raw(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ", seconds=PATIENCE) == b""


async def test_a_client_that_sends_half_a_body_is_told_and_ended(rig: Rig) -> None:
    head = REQUEST.format(key=rig.keys["riverbend"], length=1000).encode()
    answer = await rig.send_raw(head + b'{"half":', seconds=15)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"request.body_too_slow" in answer


async def test_a_client_that_goes_away_halfway_is_no_failure_of_ours(rig: Rig, log: io.StringIO) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", rig.port)
    writer.write(REQUEST.format(key=rig.keys["riverbend"], length=1000).encode() + b'{"half":')
    await writer.drain()
    writer.close()
    async with asyncio.timeout(PATIENCE):
        while "request.answered" not in log.getvalue():
            await asyncio.sleep(0.02)
    assert "request.failed" not in log.getvalue()


async def test_a_client_that_does_not_read_its_answer_is_ended(rig: Rig) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", rig.port, limit=1024)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    ask = f"GET /openapi.json HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {rig.keys['riverbend']}\r\n\r\n"
    for _ in range(200):
        writer.write(ask.encode())
    with pytest.raises(ConnectionError):
        async with asyncio.timeout(PATIENCE):
            while True:
                await writer.drain()
                writer.write(ask.encode())
                await asyncio.sleep(0.01)


async def test_more_connections_than_allowed_are_refused_and_the_rest_go_on(rig: Rig) -> None:
    held = [await asyncio.open_connection("127.0.0.1", rig.port) for _ in range(5)]
    refused, sixth = await asyncio.open_connection("127.0.0.1", rig.port)
    assert await asyncio.wait_for(refused.read(), PATIENCE) == b""
    for _, writer in [*held, (None, sixth)]:
        writer.close()
    await asyncio.sleep(0.1)
    assert (await rig.call("GET", "/healthz")).status == 200


BROKEN = {
    "both lengths": "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "no number": "Content-Length: +1\r\n\r\na",
    "hidden encoding": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "long header": f"X-Long: {'a' * 9000}\r\n\r\n",
    "control character": "X-Odd: \x00\x1b[31m\r\n\r\n",
}


@pytest.mark.parametrize("rest", BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_request_is_refused_and_leaves_none_of_its_bytes_in_the_log(
    rig: Rig, log: io.StringIO, rest: str
) -> None:
    mark = f"{canaries.LAST_NAME} {canaries.MEMBER_ID}"
    request = (
        f"POST /v1/claims?patient={canaries.LAST_NAME} HTTP/1.1\r\nHost: a\r\nX-Patient: {mark}\r\n{rest}"
    )
    answer = await rig.send_raw(request.encode(), seconds=15)
    assert answer.split(b" ")[1] == b"400"
    assert canaries.find_canaries(log.getvalue()) == []
    assert all(json.loads(line) for line in log.getvalue().splitlines())


async def test_a_whole_run_leaves_no_patient_and_no_secret_in_the_log(rig: Rig, log: io.StringIO) -> None:
    forged = f'x\\r\\n{{"event": "forged"}}{canaries.LAST_NAME}'
    await rig.call("POST", "/v1/claims", make_claim())
    await rig.call("POST", "/v1/claims", make_claim())
    await rig.call("POST", "/v1/claims", make_claim(tradingPartnerServiceId=canaries.LAST_NAME))
    await rig.call("POST", "/v1/claims", make_claim(subscriber=canaries.LAST_NAME))
    await rig.call("POST", "/v1/claims", f'{{"lastName": "{canaries.LAST_NAME}'.encode())
    await rig.call("POST", "/v1/files", f"ISA*{canaries.LAST_NAME}".encode())
    await rig.call("GET", f"/v1/claims/{canaries.MEMBER_ID}")
    await rig.call("GET", f"/{canaries.LAST_NAME}?q={canaries.MEMBER_ID}")
    await rig.call("GET", "/v1/claims", headers={"User-Agent": forged, "X-Patient": canaries.LAST_NAME})
    await rig.call("GET", "/v1/claims", headers={"Authorization": f"Bearer {canaries.API_SECRET}"})
    await rig.send_raw(f"{canaries.LAST_NAME} / HTTP/1.1\r\n\r\n".encode())
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    answered = [line for line in lines if line["event"] == "request.answered"]
    assert len(answered) == 10
    assert {line["tenant"] for line in answered if line["status"] != 401} == {"riverbend"}
    assert canaries.find_canaries(log.getvalue()) == []
    assert not any(key in log.getvalue() for key in rig.keys.values())


async def test_a_failure_of_ours_tells_the_client_a_request_id_only(
    rig: Rig, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"could not store {canaries.LAST_NAME}")

    monkeypatch.setattr(rig.gateway.services.intake, "record", fail)
    answer = await rig.call("POST", "/v1/claims", make_claim())
    assert (answer.status, answer.json["title"]) == (500, "The server failed")
    assert canaries.find_canaries(answer.body) == []
    failed = [json.loads(line) for line in log.getvalue().splitlines() if "request.failed" in line]
    assert [(line["request"], line["exception"]) for line in failed] == [
        (answer.json["request"], "RuntimeError")
    ]
    assert canaries.find_canaries(log.getvalue()) == []


@pytest.mark.parametrize(("failure", "broken"), [(StoreUnavailable, False), (StoreBroken, True)])
async def test_a_database_that_cannot_write_is_told_and_waited_for(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, failure: type[Exception], broken: bool
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise failure("disk full")

    monkeypatch.setattr(rig.gateway.services.intake, "record", fail)
    answer = await rig.call("POST", "/v1/claims", make_claim())
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert rig.gateway.services.broken.is_set() == broken


async def test_nothing_of_a_claim_rests_in_clear(rig: Rig) -> None:
    await rig.call("POST", "/v1/claims", make_claim())
    await rig.call("POST", "/v1/claims", f'{{"lastName": "{canaries.LAST_NAME}'.encode())
    await rig.call("POST", "/v1/claims", make_claim("RFC-2"), headers={"Idempotency-Key": canaries.LAST_NAME})
    found = {
        str(path): canaries.find_canaries(path.read_bytes() + path.name.encode())
        for path in rig.home.rglob("*")
        if path.is_file()
    }
    assert {path: names for path, names in found.items() if names} == {}
    assert any(path.endswith(".sealed") for path in found)


async def test_a_stopped_server_lets_a_request_under_way_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()
    async with run_gateway(make_settings(tmp_path)) as rig:
        record = rig.gateway.services.intake.record

        async def record_slowly(*given: object, **named: object) -> object:
            begun.set()
            await may_end.wait()
            return await record(*given, **named)  # type: ignore[arg-type]  # handed through as given

        monkeypatch.setattr(rig.gateway.services.intake, "record", record_slowly)
        call = asyncio.create_task(rig.call("POST", "/v1/claims", make_claim()))
        await asyncio.wait_for(begun.wait(), PATIENCE)
        stopping = asyncio.create_task(rig.gateway.stop())
        await asyncio.sleep(0.1)
        with pytest.raises(OSError):
            await rig.send_raw(b"")
        may_end.set()
        assert (await call).status == 202
        await stopping


@pytest.mark.parametrize("expects", [False, True], ids=["half a body", "expects to be told to go on"])
async def test_a_stopped_server_takes_in_the_rest_of_a_body_that_was_on_its_way(
    tmp_path: Path, expects: bool
) -> None:
    async with run_gateway(make_settings(tmp_path)) as rig:
        body = json.dumps(make_claim()).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        head = REQUEST.format(key=rig.keys["riverbend"], length=len(body))
        begun = b"" if expects else body[:50]
        if expects:
            head = head.removesuffix("\r\n") + "Expect: 100-continue\r\n\r\n"
        writer.write(head.encode() + begun)
        if expects:
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        else:
            assert (await rig.call("GET", "/healthz")).status == 200  # by now the first handler runs
        stopping = asyncio.create_task(rig.gateway.stop())
        await asyncio.sleep(0.1)
        writer.write(body[len(begun) :])
        answer = await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()
        await stopping
    assert answer.startswith(b"HTTP/1.1 202 "), answer[:100]
    assert b"\r\nConnection: close\r\n" in answer


async def test_claims_beyond_the_places_are_told_to_come_again_and_a_batch_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run_gateway(make_settings(tmp_path, claims_under_way=2)) as rig:
        may_go_on = asyncio.Event()
        record = rig.gateway.services.intake.record

        async def record_later(*given: object, **named: object) -> object:
            await may_go_on.wait()
            return await record(*given, **named)  # type: ignore[arg-type]  # handed through as given

        monkeypatch.setattr(rig.gateway.services.intake, "record", record_later)
        held = [
            asyncio.create_task(rig.call("POST", "/v1/claims", make_claim(f"P-{number}")))
            for number in range(2)
        ]
        while not rig.gateway.services.places.is_full("riverbend"):
            await asyncio.sleep(0.01)
        refused = await rig.call("POST", "/v1/claims", make_claim("P-2"))
        ready = await rig.call("GET", "/readyz")
        lines = b"\n".join(json.dumps(make_claim(f"P-{number}")).encode() for number in range(3, 9))
        batch = asyncio.create_task(rig.call("POST", "/v1/claims/batch", lines))
        may_go_on.set()
        taken = [(await answer).status for answer in held]
        answers = [json.loads(line) for line in (await batch).body.splitlines()]
        again = await rig.call("POST", "/v1/claims", make_claim("P-2"))
    assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
    assert ready.status == 200
    assert taken == [202, 202]
    assert [answer["state"] for answer in answers] == ["accepted"] * 6
    assert again.status == 202


async def test_a_volume_with_too_little_room_takes_nothing_in_and_is_not_ready(tmp_path: Path) -> None:
    for least, (status, ready_status) in ((1 << 62, (503, 503)), (1, (202, 200))):
        async with run_gateway(make_settings(tmp_path / str(least), free_space=least)) as rig:
            ready = await rig.call("GET", "/readyz")
            posted = await rig.call("POST", "/v1/claims", make_claim())
            streamed = await rig.call("POST", "/v1/claims/batch", json.dumps(make_claim("B-1")).encode())
            checked = await rig.call("POST", "/v1/claims/validate", make_claim())
        assert (posted.status, ready.status, checked.status) == (status, ready_status, 200)
        assert streamed.status == (503 if status == 503 else 200)
        if status == 503:
            assert "The volume of the database has" in json.loads(posted.body)["detail"]
            assert (posted.headers["Retry-After"], ready.headers["Retry-After"]) == ("30", "30")


async def test_a_server_about_to_end_is_not_ready_though_it_lives(rig: Rig) -> None:
    rig.gateway.services.draining.set()
    ready, healthy = await rig.call("GET", "/readyz"), await rig.call("GET", "/healthz")
    assert (ready.status, healthy.status) == (503, 200)
