"""Attacks over HTTP, each on every route that it could be tried on: none gets in, none breaks anything."""

from __future__ import annotations

import asyncio
import gzip
import json
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from gateway.api.dialects.identifiers import write_uuid
from gateway.clock import VirtualClock
from gateway.keys import KeyRoom
from gateway.outbound import HookClient
from gateway.settings import WebhookSettings
from gateway.store import claims
from gateway.tokens import TokenRoom
from tests.api_rig import Rig, make_claim, make_settings, run_gateway
from tests.api_walks import WALKS, fill, list_places
from tests.integration.test_api_access import body_of, make_subjects
from tests.integration.test_api_dialects import receive
from tests.integration.test_core_door import CLAIMS_TYPE, Zeep, write_claims_file

EVIL = "X-Evil"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path)) as running:
        yield running


async def ask_raw(rig: Rig, target: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    """One request with exactly this target and these header lines; the whole answer."""
    lines = [f"{method} {target} HTTP/1.1", "Host: a", f"Authorization: Bearer {rig.keys['riverbend']}"]
    lines += [*headers, "Connection: close", f"Content-Length: {len(body)}"]
    return await rig.send_raw("\r\n".join([*lines, "", ""]).encode("latin-1") + body, seconds=15)


def read_status(answer: bytes) -> int:
    """The status of a raw answer; 0 where there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0


# --- what is put into an address

IDS = {
    "upward": "..%2f..%2f..%2f..%2fetc%2fpasswd",
    "upward twice coded": "%252e%252e%252fetc%252fpasswd",
    "backward": "..%5c..%5cclaimwire.db",
    "absolute": "%2fetc%2fpasswd",
    "nothing": "%00",
    "line": "x%0d%0aX-Evil:%20yes",
    "lone byte": "%ff%fe",
    "statement": "x'%20OR%20'1'='1'--",
    "template": "$%7B7*7%7D%7B%7B7*7%7D",
    "long": "a" * 4000,
    "like": "%25",
    "another kind": "fil_01K00000000000000000000000",
}


async def test_no_id_leads_to_a_file_a_header_or_a_failure(rig: Rig) -> None:
    for route, (name, word) in product(WALKS["places"], IDS.items()):
        places = [place.strip("{}") for place in list_places(route) if place != "{version}"]
        body = b"{}" if route.method == "POST" else b""
        answer = await ask_raw(
            rig, fill(route, **dict.fromkeys(places, word)), method=route.method, body=body
        )
        status, (head, _, told) = read_status(answer), answer.partition(b"\r\n\r\n")
        assert status in (200, 400, 401, 404, 422), (route.name, name, status)
        assert status != 200 or "payer" in route.path or "worklists" in route.path, (route.name, name)
        assert EVIL.encode() not in head, (route.name, name)
        assert b"root:" not in told, (route.name, name)


async def test_no_value_of_a_request_ends_up_as_a_header_of_the_answer(rig: Rig) -> None:
    split = "a\r\nX-Evil: yes"
    claim = make_claim("P-1\r\nX-Evil: yes")
    answers = [
        await ask_raw(rig, "/v1/claims?cursor=a%0d%0aX-Evil:%20yes"),
        await ask_raw(rig, "/v1/claims%0d%0aX-Evil:%20yes"),
        await ask_raw(rig, "/v1/claims", f"X-Request-Id: {split}"),
        await ask_raw(rig, "/v1/claims", f"Idempotency-Key: {split}", method="POST", body=b"{}"),
        await ask_raw(rig, "/v1/claims", "Origin: https://evil.example", method="OPTIONS"),
        await ask_raw(rig, "/v1/claims", method="POST", body=json.dumps(claim).encode()),
        await ask_raw(rig, "/core/soap?wsdl", "X-Forwarded-Host: evil.example"),
    ]
    for answer in answers:
        head = answer.partition(b"\r\n\r\n")[0].lower()
        assert read_status(answer) < 500
        assert b"\r\nx-evil" not in head
        assert b"access-control-allow" not in head
        assert b"evil.example" not in answer


# --- what is put into a body

DEEP = 100_000
JSON_ATTACKS = {
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep and open": b'{"note":' + b"[" * DEEP,
    "huge whole number": b'{"note": ' + b"9" * 100_000 + b"}",
    "huge exponent": b'{"claimInformation": {"claimChargeAmount": 1e999999999}, "after": 1e400}',
    "not a number": b'{"note": NaN, "after": -Infinity}',
    "key twice": b'{"note": "a", "note": "b", "url": "http://a.example", "url": "http://b.example"}',
    "half a pair": b'{"note": "\\ud800", "url": "\\udfff", "x12": "\\ud800"}',
    "half a pair in a key": b'{"\\ud800": 1}',
    "nothing in text": b'{"note": "a\\u0000b", "claim": "\\u0000"}',
    "broken UTF-8": b'{"note": "\xff\xc0\xaf"}',
    "byte order mark": b"\xef\xbb\xbf\xff\xfe{}",
    "many keys": b"{" + b",".join(b'"k%d":%d' % (it, it) for it in range(20_000)) + b"}",
    "prototype": b'{"__proto__": {"scopes": ["*"]}, "constructor": {"tenant": "lakeside"}}',
    "nothing at all": b"",
}


async def test_no_json_breaks_a_route_that_reads_json(rig: Rig) -> None:
    for route, (name, body) in product(WALKS["json"], JSON_ATTACKS.items()):
        answer = await rig.call(route.method, fill(route), body, headers={"Content-Type": "application/json"})
        assert 400 <= answer.status < 500, (route.name, name, answer.status)


BOMBS = {"gzip": gzip.compress(bytes(96 << 20), 9)}
BOMBS["zstd"] = zstandard.ZstdCompressor(level=19).compress(bytes(96 << 20))
BOMBS["gzip, gzip"] = gzip.compress(BOMBS["gzip"])


async def test_a_bomb_goes_off_on_no_route_that_takes_a_body(rig: Rig) -> None:
    for route, (coding, bomb) in product(WALKS["bodies"], BOMBS.items()):
        media = {"Content-Type": "application/json"} if route in WALKS["json"] else {}
        answer = await rig.call(route.method, fill(route), bomb, headers={"Content-Encoding": coding} | media)
        if answer.status == 403:  # refused to a key before a byte is read
            continue
        told = (b"packed_too_tightly", b"too large", b"body_too_large", b"packed as one of")
        assert answer.status in (200, 400, 413, 415), (route.name, coding, answer.status)
        assert any(word in answer.body for word in told), (route.name, coding, answer.body[:200])


async def test_nobody_sets_what_only_we_set(rig: Rig) -> None:
    ours = {
        "tenant": "lakeside",
        "tenantId": "lakeside",
        "id": "clm_01K00000000000000000000000",
        "state": "paid",
        "status": "paid",
        "marks": ["held"],
        "controlNumber": "999999999",
        "interchangeControlNumber": "999999999",
        "amounts": {"paid": "165.00"},
        "created_at": "2020-01-01T00:00:00Z",
        "createdAt": "2020-01-01T00:00:00Z",
    }
    claim = make_claim() | ours
    claim["claimInformation"] |= {"state": "paid", "paid": "165.00", "tenant": "lakeside"}
    taken = (await rig.call("POST", "/v1/claims", claim)).json
    shown = (await rig.call("GET", f"/v1/claims/{taken['id']}")).json
    assert (shown["state"], shown["marks"], shown["amounts"]["paid"]) == ("accepted", [], "0.00")
    assert shown["id"] != ours["id"] and shown["createdAt"] > "2026"
    assert await rig.gateway.services.store.read(claims.list_page, tenant="lakeside") == []
    hook = {"url": "http://127.0.0.1:9/", "secret": "whsec_AAAA", "state": "disabled", "tenant": "lakeside"}
    made = (await rig.call("POST", "/v1/webhooks", hook | {"id": "whk_01K00000000000000000000000"})).json
    assert made["secret"] != "whsec_AAAA" and made["state"] == "active"
    assert made["id"] != "whk_01K00000000000000000000000"
    assert (await rig.call("GET", "/v1/webhooks", tenant="lakeside")).json["webhooks"] == []
    dialect = "/medicalnetwork/professionalclaims/v3/submission"
    other = make_claim("RFC-2") | {key: ours[key] for key in ("tenant", "state", "status")}
    assert (await rig.call("POST", dialect, other)).status == 200
    assert await rig.gateway.services.store.read(claims.list_page, tenant="lakeside") == []


# --- requests that two servers would read in two ways

SMUGGLED = b"GET /v1/claims HTTP/1.1\r\nHost: a\r\nX-Smuggled: yes\r\n\r\n"
FORMS = {
    "length and chunked": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and length": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 60\r\n\r\n",
    "two equal lengths": b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "list of lengths": b"Content-Length: 0, 60\r\n\r\n",
    "signed length": b"Content-Length: +0\r\n\r\n",
    "hexadecimal length": b"Content-Length: 0x0\r\n\r\n",
    "negative length": b"Content-Length: -1\r\n\r\n",
    "length with an underscore": b"Content-Length: 0_0\r\n\r\n",
    "blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "tab before the coding": b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked not last": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "folded header": b"X-Folded: a\r\n Transfer-Encoding: chunked\r\n\r\n",
    "bare line feeds": b"X-Bare: a\nContent-Length: 0\r\n\r\n",
    "bare carriage return": b"X-Bare: a\rContent-Length: 60\r\n\r\n",
    "nothing in a name": b"X\x00Bad: a\r\n\r\n",
    "no name": b": a\r\n\r\n",
    "chunk size with a sign": b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n",
    "chunk size too large": b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 20 + b"\r\n",
    "chunk longer than it says": b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
    "bare line feed after a chunk": b"Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
    "line feed in an extension": b"Transfer-Encoding: chunked\r\n\r\n1;a\n=b\r\na\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
async def test_a_request_of_two_readings_is_refused_and_what_follows_it_is_not_served(
    rig: Rig, form: bytes
) -> None:
    key = f"Authorization: Bearer {rig.keys['riverbend']}\r\n".encode()
    follow = SMUGGLED.replace(b"X-Smuggled: yes\r\n", key)
    answer = await rig.send_raw(b"POST /v1/claims HTTP/1.1\r\nHost: a\r\n" + key + form + follow, seconds=15)
    assert read_status(answer) == 400, answer[:200]
    assert answer.count(b"HTTP/1.") == 1
    assert b"aiohttp" not in answer and b"Python" not in answer
    assert b'"claims"' not in answer


@pytest.mark.parametrize(
    "head",
    [
        b"GET /v1/claims HTTP/1.1\r\n\r\n",
        b"GET /v1/claims HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET http://evil.example/v1/claims HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET /v1/claims\r\n\r\n",
        b"G@T /v1/claims HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /v1/cla\x00ims HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /v1/claims HTTP/1.1\r\nHost: a\r\n" + b"X-Many: a\r\n" * 5000 + b"\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_a_request_that_is_none_gets_nothing(tmp_path: Path, head: bytes) -> None:
    async with run_gateway(make_settings(tmp_path, header_seconds=0.5)) as rig:
        answer = await rig.send_raw(head, seconds=15)
        assert read_status(answer) in (0, 400, 401, 404, 405, 414, 431), answer[:200]


# --- slow clients


async def test_half_a_header_after_a_whole_request_is_ended_too(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, header_seconds=0.4, body_seconds=0.4, idle_seconds=60.0)
    async with run_gateway(settings) as rig:
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b'{"status":"ok"}')
        writer.write(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        await writer.drain()
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()


async def test_a_body_that_drips_is_ended_though_each_drop_is_in_time(tmp_path: Path) -> None:
    async with run_gateway(make_settings(tmp_path, body_seconds=0.6)) as rig:
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        key = rig.keys["riverbend"]
        writer.write(
            f"POST /v1/claims HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n"
            "Content-Length: 5000\r\n\r\n".encode()
        )
        answer = asyncio.create_task(reader.read())
        for _ in range(100):
            if answer.done():
                break
            writer.write(b" ")
            await asyncio.sleep(0.1)
        assert read_status(await asyncio.wait_for(answer, 10)) == 408
        writer.close()


# --- other people's things


async def test_no_route_shows_or_changes_what_belongs_to_another_tenant(rig: Rig) -> None:
    subjects = await make_subjects(rig, "riverbend")
    file = write_uuid(await receive(rig, "277CA/claim_accepted/document.x12", "277"))
    before = (await rig.call("GET", "/v1/events")).json
    for route in WALKS["owned"]:
        room = route.path.split("/")[2]
        words = {"id": subjects.get(room, "clm_01K00000000000000000000000"), "transaction": file}
        answer = await rig.call(route.method, fill(route, **words), body_of(route), tenant="lakeside")
        assert answer.status in ((401,) if "/document/" in route.path else (404,)), route.name
    assert (await rig.call("GET", "/v1/events")).json == before


async def test_the_core_door_gives_a_tenant_only_what_is_its_own(rig: Rig) -> None:
    ours, theirs = await Zeep.open(rig), await Zeep.open(rig, rig.keys["lakeside"])
    one = str(uuid.uuid4())
    content = write_claims_file("CD-1")
    await ours.call("BatchSubmitTransaction", CLAIMS_TYPE, content, PayloadID=one)
    await receive(rig, "277CA/claim_accepted/document.x12", "277")
    acks = await theirs.call("BatchSubmitAckRetrievalTransaction", "X12_005010_Request_Acks", PayloadID=one)
    results = await theirs.call(
        "BatchResultsRetrievalTransaction", "X12_005010_Request_BatchResultsMixed", PayloadID=one
    )
    assert (acks.Payload, results.Payload) == (None, None)
    again = await ours.call("BatchSubmitAckRetrievalTransaction", "X12_005010_Request_Acks", PayloadID=one)
    assert again.Payload


async def test_a_token_serves_its_document_its_time_and_nothing_else(rig: Rig) -> None:
    first = write_uuid(await receive(rig, "277CA/claim_accepted/document.x12", "277"))
    second = write_uuid(await receive(rig, "277CA/claim_rejected/document.x12", "277"))
    base = "/2024-04-01/transactions"
    url = (await rig.call("GET", f"{base}/{first}/input-url")).json["documentDownloadUrl"]
    token = url.partition("?token=")[2]
    nobody = {"Authorization": ""}
    assert (
        await rig.call("GET", f"{base}/{first}/document/input?token={token}", headers=nobody)
    ).status == 200
    replayed = [
        f"{base}/{second}/document/input?token={token}",
        f"{base}/{first}/document/input?token={token[:-2]}xx",
        f"{base}/{first}/document/input?token=",
        f"{base}/{first}/input?token={token}",
        f"/v1/claims?token={token}",
    ]
    for path in replayed:
        assert (await rig.call("GET", path, headers=nobody)).status == 401, path
    assert (await rig.call("GET", "/v1/claims", headers={"Authorization": f"Bearer {token}"})).status == 401
    clock = VirtualClock(start=rig.gateway.services.clock.now() + timedelta(days=1))
    store = rig.gateway.services.store
    later = TokenRoom(store, clock, KeyRoom(store, clock))
    assert await later.verify(token, first) is None


# --- webhooks as a way into our own network

INSIDE = [
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/",
    "https://10.0.0.1/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://224.0.0.1/",
    "https://[ff02::1]/",
    "https://0.0.0.0/",
    "https://localhost/",
    "https://a.localhost/",
    "https://db.internal/",
    "http://93.184.215.14/",
    "https://user:password@93.184.215.14/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/",
    "https://127.0.0.1\\@example.com/",
    "https://example.com:0/",
    "https://ex\nample.com/",
]
ODD_LITERALS = ["2130706433", "0177.0.0.1", "0x7f.0.0.1", "127.1", "0", "[::ffff:127.0.0.1]", "localhost"]


async def test_a_webhook_cannot_be_made_for_an_address_of_our_own_network(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(make_settings(tmp_path), webhooks=WebhookSettings())
    async with run_gateway(settings) as rig:
        for url in INSIDE:
            answer = await rig.call("POST", "/v1/webhooks", {"url": url})
            assert (answer.status, answer.codes) == (422, ["webhook.bad_url"]), url
        assert (await rig.call("GET", "/v1/webhooks")).json["webhooks"] == []


async def test_a_name_or_number_that_leads_inside_is_stopped_at_the_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reached: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    look_up = loop.getaddrinfo

    async def rebind(host: Any, *given: Any, **named: Any) -> Any:
        """DNS rebinding: the name was public when the webhook was made, now it is ours."""
        return await look_up("127.0.0.1" if host == "rebound.example" else host, *given, **named)

    monkeypatch.setattr(loop, "getaddrinfo", rebind, raising=False)
    async with HookClient(timeout_seconds=5.0, allow_private=False, connections=4) as hooks:
        for host in [*ODD_LITERALS, "rebound.example"]:
            told = await hooks.post(f"http://{host}:{port}/", {}, b"{}")
            assert told.status is None and told.failure, host
        rebound = await hooks.post(f"http://rebound.example:{port}/", {}, b"{}")
    server.close()
    assert rebound.failure == "private_address"
    assert reached == []


# --- time


async def test_a_key_is_compared_in_the_same_steps_whatever_is_wrong_with_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []
    monkeypatch.setattr(
        "gateway.keys.hmac.compare_digest",
        lambda given, kept: compared.append((len(given), len(kept))) or False,  # type: ignore[func-returns-value]  # notes the lengths
    )
    prefix, secret = rig.keys["riverbend"].split("_")[1], "A" * 43
    for text in (f"cw_{prefix}_{secret}", f"cw_aaaaaaaaaaaa_{secret}", f"cw_{prefix}_{'B' * 43}"):
        assert (
            await rig.call("GET", "/v1/claims", headers={"Authorization": f"Bearer {text}"})
        ).status == 401
    assert compared == [(64, 64)] * 3
