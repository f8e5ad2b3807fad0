"""What every route does alike: limits, versions of what is shown, media, codings, methods, ids, headers."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
import zstandard

from gateway.api.addresses import ALL_ROUTES
from gateway.api.doors import SAFE_HEADERS
from gateway.api.openapi import write_openapi
from gateway.api.routing import Retirement
from gateway.limit_settings import LimitSettings, RateLimit
from gateway.store import work_items
from tests.api_rig import Rig, make_claim, make_settings, run_gateway

PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path)) as running:
        yield running


# --- limits


async def run_limited(home: Path, **limits: RateLimit) -> AsyncIterator[Rig]:
    settings = make_settings(home, trusted_proxies=("127.0.0.1",))
    async with run_gateway(msgspec.structs.replace(settings, limits=LimitSettings(**limits))) as running:
        yield running


FEW = RateLimit(rate=0.01, burst=3)
MANY = RateLimit(rate=1000.0, burst=1000)


async def test_a_key_that_calls_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    async for rig in run_limited(tmp_path, key=FEW, tenant=MANY, address=MANY):
        taken = [await rig.call("GET", "/v1/claims") for _ in range(3)]
        refused = await rig.call("GET", "/v1/claims")
        other = await rig.call("GET", "/v1/claims", tenant="lakeside")
    assert [it.headers["RateLimit-Remaining"] for it in taken] == ["2", "1", "0"]
    assert {it.headers["RateLimit-Limit"] for it in taken} == {"3"}
    assert (refused.status, refused.json["type"]) == (429, "urn:claimwire:problem:too-often")
    assert 0 < int(refused.headers["Retry-After"]) <= 100
    assert other.status == 200


async def test_all_keys_of_a_tenant_share_its_limit(tmp_path: Path) -> None:
    async for rig in run_limited(tmp_path, key=MANY, tenant=FEW, address=MANY):
        second = (await rig.gateway.services.keys.create("riverbend", "second")).text
        for _ in range(3):
            await rig.call("GET", "/v1/claims")
        answer = await rig.call("GET", "/v1/claims", headers={"Authorization": f"Bearer {second}"})
    assert answer.status == 429


async def test_an_address_is_limited_before_its_key_is_looked_at_and_a_wrong_key_costs_more(
    tmp_path: Path,
) -> None:
    async for rig in run_limited(tmp_path, address=RateLimit(rate=0.01, burst=21)):
        wrong = {"Authorization": "Bearer wrong"}
        answers = [await rig.call("GET", "/v1/claims", headers=wrong) for _ in range(3)]
        elsewhere = await rig.call("GET", "/healthz", headers={"X-Forwarded-For": "192.0.2.9"})
        chain = {"X-Forwarded-For": "198.51.100.1, 192.0.2.9"}
        behind = await rig.call("GET", "/healthz", headers=chain)
    assert [it.status for it in answers] == [401, 401, 401]
    assert (elsewhere.status, behind.status) == (200, 200)
    assert behind.headers["RateLimit-Remaining"] == "19"  # the chain's last is the caller that just called


async def test_a_proxy_that_is_not_trusted_cannot_choose_an_address(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(
        make_settings(tmp_path), limits=LimitSettings(address=RateLimit(rate=0.01, burst=2))
    )
    async with run_gateway(settings) as rig:
        statuses = [
            (await rig.call("GET", "/healthz", headers={"X-Forwarded-For": f"192.0.2.{number}"})).status
            for number in range(3)
        ]
    assert statuses == [200, 200, 429]


# --- versions of what is shown


async def test_what_was_shown_is_not_sent_twice(rig: Rig) -> None:
    claim = (await rig.call("POST", "/v1/claims", make_claim())).json["id"]
    first = await rig.call("GET", f"/v1/claims/{claim}")
    tag = first.headers["ETag"]
    again = await rig.call("GET", f"/v1/claims/{claim}", headers={"If-None-Match": f'"old", {tag}'})
    other = await rig.call("GET", f"/v1/claims/{claim}", headers={"If-None-Match": '"old"'})
    plain = await rig.call("GET", f"/v1/claims/{claim}", headers=PLAIN)
    assert (again.status, again.body) == (304, b"")
    assert (other.status, other.json) == (200, first.json)
    assert tag.removesuffix('-gzip"').removesuffix('"') == plain.headers["ETag"].removesuffix('"')
    assert {it.headers["Cache-Control"] for it in (first, again)} == {"no-store"}


async def test_lists_and_refusals_have_no_version(rig: Rig) -> None:
    for path in ("/v1/claims", "/v1/claims/clm_none"):
        assert "ETag" not in (await rig.call("GET", path)).headers


async def test_every_document_and_single_resource_is_tagged() -> None:
    tagged = {route.path for route in ALL_ROUTES if route.is_tagged}
    assert {"/openapi.json", "/docs", "/v1/claims/{id}", "/v1/remittances/{id}"} <= tagged
    assert {"/v1/claims", "/v1/webhooks/{id}/deliveries", "/v1/worklists/{name}"} & tagged == set()


async def test_a_webhook_is_changed_only_as_it_was_seen(rig: Rig) -> None:
    made = (await rig.call("POST", "/v1/webhooks", {"url": "http://127.0.0.1:9/"})).json["id"]
    place = f"/v1/webhooks/{made}"
    stale = (await rig.call("GET", place)).headers["ETag"]
    assert (await rig.call("POST", f"{place}/rotate", headers={"If-Match": stale})).status == 200
    fresh = (await rig.call("GET", place)).headers["ETag"]
    assert fresh != stale
    refused = [
        await rig.call(method, path, headers={"If-Match": stale})
        for method, path in (("POST", f"{place}/rotate"), ("POST", f"{place}/enable"), ("DELETE", place))
    ]
    assert {(it.status, it.json["type"]) for it in refused} == {(412, "urn:claimwire:problem:changed")}
    assert (await rig.call("GET", place)).headers["ETag"] == fresh
    assert (await rig.call("DELETE", place, headers={"If-Match": fresh})).status == 204
    assert (await rig.call("DELETE", place, headers={"If-Match": "*"})).status == 404


async def test_a_work_item_is_settled_only_as_it_was_seen(rig: Rig) -> None:
    item = await rig.gateway.services.store.write(
        lambda scope: work_items.add(scope, kind="file", reason="file.odd_name").id, tenant="riverbend"
    )
    place, note = f"/v1/work-items/{item}", {"note": "looked at"}
    seen = (await rig.call("GET", place)).headers["ETag"]
    refused = await rig.call("POST", f"{place}/resolve", note, headers={"If-Match": '"another"'})
    settled = await rig.call("POST", f"{place}/resolve", note, headers={"If-Match": seen})
    assert (refused.status, settled.status) == (412, 200)


# --- media, parameters and codings


async def test_a_parameter_that_is_not_known_or_given_twice_is_told_by_name(rig: Rig) -> None:
    unknown = await rig.call("GET", "/v1/claims?limit=5&payr=60054")
    twice = await rig.call("GET", "/v1/claims?limit=5&limit=6")
    none = await rig.call("GET", "/v1/webhooks?limit=5")
    assert [it.status for it in (unknown, twice, none)] == [400, 400, 400]
    assert [(it["code"], it["value"]) for it in unknown.json["findings"]] == [
        ("request.unknown_parameter", "payr")
    ]
    assert "payer" in unknown.json["findings"][0]["remedy"]
    assert twice.codes == ["request.repeated_parameter"]
    assert (await rig.call("GET", "/healthz?now=1")).status == 200


async def test_media_that_are_not_read_or_written_are_told(rig: Rig) -> None:
    xml = await rig.call("POST", "/v1/claims", b"<claim/>", headers={"Content-Type": "application/xml"})
    html = await rig.call("GET", "/v1/claims", headers={"Accept": "text/html"})
    brotli = await rig.call("POST", "/v1/claims", b"{}", headers={"Content-Encoding": "br"})
    assert [(it.status, it.json["type"].rpartition(":")[2]) for it in (xml, html, brotli)] == [
        (415, "media"),
        (406, "not-acceptable"),
        (415, "media"),
    ]
    assert brotli.headers["Accept-Encoding"] == "gzip, deflate, zstd"
    assert (await rig.call("POST", "/v1/claims", make_claim(), headers={"Accept": "*/*"})).status == 202


@pytest.mark.parametrize("path", ["/v1/claims", "/v1/claims/batch"])
async def test_a_packed_body_is_taken_and_a_bomb_is_not(rig: Rig, path: str) -> None:
    body = json.dumps(make_claim()).encode()
    packed = zstandard.ZstdCompressor().compress(body)
    taken = await rig.call("POST", path, packed, headers={"Content-Encoding": "zstd"})
    assert b'"id"' in taken.body
    for coding, bomb in (
        ("zstd", zstandard.ZstdCompressor().compress(bytes(15_000_000))),
        ("gzip", gzip.compress(bytes(15_000_000))),
    ):
        refused = await rig.call("POST", path, bomb, headers={"Content-Encoding": coding})
        assert b"request.packed_too_tightly" in refused.body, coding
        assert refused.status == (200 if "batch" in path else 413)


async def test_a_long_answer_is_packed_for_who_takes_it(rig: Rig) -> None:
    plain = await rig.call("GET", "/openapi.json", headers=PLAIN)
    raw = await rig.send_raw(
        b"GET /openapi.json HTTP/1.1\r\nHost: a\r\nAccept-Encoding: zstd\r\nConnection: close\r\n\r\n"
    )
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"Content-Encoding: zstd" in head and b"Vary: Accept-Encoding" in head
    assert zstandard.ZstdDecompressor().decompress(body) == plain.body
    assert len(body) < len(plain.body) / 5
    assert "Content-Encoding" not in plain.headers
    short = await rig.call("GET", "/healthz")
    assert "Content-Encoding" not in short.headers


# --- methods, ids and headers


async def test_every_address_answers_head_and_options(rig: Rig) -> None:
    shown, headed = await rig.call("GET", "/v1/claims"), await rig.call("HEAD", "/v1/claims")
    assert (headed.status, headed.body) == (200, b"")
    assert headed.headers["Content-Length"] == str(len(shown.body))
    asked = await rig.call("OPTIONS", "/v1/claims", headers={"Authorization": ""})
    assert (asked.status, asked.headers["Allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert (await rig.call("OPTIONS", "/v1/nothing", headers={"Authorization": ""})).status == 401
    posted = await rig.call("OPTIONS", "/v1/files")
    assert posted.headers["Allow"] == "OPTIONS, POST"


async def test_a_slash_at_the_end_is_another_address(rig: Rig) -> None:
    answer = await rig.call("GET", "/v1/claims/")
    assert answer.status == 404
    assert "slash" in answer.json["detail"]


async def test_a_request_is_known_by_the_clients_id_where_it_is_one(rig: Rig) -> None:
    own = "4bf92f3577b34da6a3ce929d0e0e4736"
    kept = await rig.call("GET", "/v1/claims/clm_none", headers={"X-Request-Id": own})
    odd = await rig.call("GET", "/v1/claims/clm_none", headers={"X-Request-Id": "PATRICIA QUILL"})
    assert kept.headers["X-Request-Id"] == kept.json["request"] == own
    assert odd.headers["X-Request-Id"].startswith("req_")


async def test_every_answer_has_the_headers_that_keep_browsers_and_caches_away(rig: Rig) -> None:
    for path in ("/healthz", "/v1/claims", "/v1/nothing", "/core/soap"):
        answer = await rig.call("GET", path)
        assert {name: answer.headers[name] for name in SAFE_HEADERS} == SAFE_HEADERS, path


async def test_a_route_that_goes_says_so_in_its_headers_and_in_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retirement = Retirement(date(2026, 1, 1), date(2027, 1, 1), "/v2/claims")
    retired = [
        msgspec.structs.replace(route, retiring=retirement) if route.name == "list_claims" else route
        for route in ALL_ROUTES
    ]
    monkeypatch.setattr("gateway.api.server.ALL_ROUTES", retired)
    async with run_gateway(make_settings(tmp_path)) as rig:
        headers = (await rig.call("GET", "/v1/claims")).headers
        other = (await rig.call("GET", "/v1/events")).headers
    assert headers["Deprecation"] == "@1767225600"
    assert headers["Sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
    assert headers["Link"] == '</v2/claims>; rel="successor-version"'
    assert "Deprecation" not in other
    document = json.loads(write_openapi(retired))
    assert [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
        if operation.get("deprecated")
    ] == ["list_claims"]
