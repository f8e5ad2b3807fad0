"""Webhook endpoints over HTTP, and real deliveries that the reference library verifies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp.web
import msgspec
import pytest
import standardwebhooks

from gateway.app import Role
from gateway.store import webhooks
from tests.api_rig import Rig, make_claim, make_settings, run_gateway


class Receiver:
    """A customer's server: keeps what it gets and answers with the next of `statuses`, then 200."""

    def __init__(self) -> None:
        self.letters: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.url = ""

    async def take(self, request: aiohttp.web.Request) -> aiohttp.web.Response:
        self.letters.append((dict(request.headers), await request.read()))
        return aiohttp.web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def types(self) -> list[str]:
        return [msgspec.json.decode(body)["type"] for _, body in self.letters]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = aiohttp.web.Application()
    app.router.add_post("/hooks", receiver.take)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path), Role.ALL) as running:
        yield running


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until `true` holds."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


async def make_hook(rig: Rig, receiver: Receiver, **changes: Any) -> dict[str, Any]:
    answer = await rig.call("POST", "/v1/webhooks", {"url": receiver.url, **changes})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json
    return made


async def list_deliveries(rig: Rig, hook: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await rig.call("GET", f"/v1/webhooks/{hook}/deliveries")).json[
        "deliveries"
    ]
    return found


async def test_every_event_is_delivered_signed_and_in_order(rig: Rig, receiver: Receiver) -> None:
    hook = await make_hook(rig, receiver)
    claim = (await rig.call("POST", "/v1/claims", make_claim())).json["id"]
    await until(lambda: len(receiver.letters) == 2)
    assert receiver.types == ["claim.received", "claim.accepted"]
    feed = (await rig.call("GET", "/v1/events")).json["events"]
    for (headers, body), event in zip(receiver.letters, feed, strict=True):
        told = standardwebhooks.Webhook(hook["secret"]).verify(
            body, {k.lower(): v for k, v in headers.items()}
        )
        assert told == event
        assert headers["webhook-id"] == event["id"]
        assert told["data"]["claim"] == claim
        assert len(body) < 20_000
    assert [it["state"] for it in await list_deliveries(rig, hook["id"])] == ["delivered", "delivered"]


async def test_a_failed_delivery_waits_and_holds_back_the_rest_of_its_claim_only(
    rig: Rig, receiver: Receiver
) -> None:
    hook = await make_hook(rig, receiver)
    receiver.statuses = [500]
    await rig.call("POST", "/v1/claims", make_claim("RFC-1"))
    await until(lambda: len(receiver.letters) == 1)
    await rig.call("POST", "/v1/claims", make_claim("RFC-2"))
    await until(lambda: len(receiver.letters) == 3)
    assert receiver.types == ["claim.received", "claim.received", "claim.accepted"]
    states = {
        it["sequence"]: (it["state"], it["lastStatus"]) for it in await list_deliveries(rig, hook["id"])
    }
    assert states == {1: ("waiting", 500), 2: ("waiting", None), 3: ("delivered", 200), 4: ("delivered", 200)}


async def test_gone_switches_the_endpoint_off_and_nothing_more_is_sent(rig: Rig, receiver: Receiver) -> None:
    hook = await make_hook(rig, receiver)
    receiver.statuses = [410]
    await rig.call("POST", "/v1/claims", make_claim("RFC-1"))
    shown = {}
    async with asyncio.timeout(10):
        while shown.get("state") != webhooks.DISABLED:
            shown = (await rig.call("GET", f"/v1/webhooks/{hook['id']}")).json
    await rig.call("POST", "/v1/claims", make_claim("RFC-2"))
    async with asyncio.timeout(10):
        while {it["state"] for it in await list_deliveries(rig, hook["id"])} != {webhooks.DEAD}:
            await asyncio.sleep(0.02)
    assert len(receiver.letters) == 1


async def test_an_endpoint_gets_the_types_it_asked_for(rig: Rig, receiver: Receiver) -> None:
    await make_hook(rig, receiver, types=["claim.accepted"])
    await rig.call("POST", "/v1/claims", make_claim())
    await until(lambda: bool(receiver.letters))
    assert receiver.types == ["claim.accepted"]


async def test_another_tenants_events_are_not_delivered(rig: Rig, receiver: Receiver) -> None:
    await make_hook(rig, receiver)
    await rig.call("POST", "/v1/claims", make_claim("THEIRS"), tenant="lakeside")
    await rig.call("POST", "/v1/claims", make_claim("OURS"))
    await until(lambda: len(receiver.letters) == 2)
    assert all(b"OURS" in body for _, body in receiver.letters)


async def test_the_secret_is_shown_once(rig: Rig, receiver: Receiver) -> None:
    hook = await make_hook(rig, receiver)
    assert hook["secret"].startswith("whsec_")
    shown = await rig.call("GET", f"/v1/webhooks/{hook['id']}")
    listed = await rig.call("GET", "/v1/webhooks")
    assert hook["secret"].encode() not in shown.body + listed.body
    assert [it["id"] for it in listed.json["webhooks"]] == [hook["id"]]


async def test_a_deleted_endpoint_is_gone_with_what_waited(rig: Rig, receiver: Receiver) -> None:
    hook = await make_hook(rig, receiver)
    receiver.statuses = [500]
    await rig.call("POST", "/v1/claims", make_claim())
    await until(lambda: len(receiver.letters) == 1)
    assert (await rig.call("DELETE", f"/v1/webhooks/{hook['id']}")).status == 204
    assert (await rig.call("GET", f"/v1/webhooks/{hook['id']}")).status == 404
    assert (await rig.call("DELETE", f"/v1/webhooks/{hook['id']}")).status == 404


async def test_everything_wrong_with_a_new_endpoint_is_told_at_once(rig: Rig) -> None:
    wrong = {"url": "ftp://example.com/", "types": ["claim.accepted", "claim.eaten"]}
    answer = await rig.call("POST", "/v1/webhooks", wrong)
    assert answer.status == 422
    assert [(it["code"], it["pointer"]) for it in answer.json["findings"]] == [
        ("webhook.bad_url", "/url"),
        ("webhook.unknown_type", "/types/1"),
    ]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, ""), ({"url": 7}, "/url"), ({"url": "https://example.com/", "types": ["a", 1]}, "/types/1")],
)
async def test_a_wrong_field_is_named_by_its_pointer(rig: Rig, body: object, pointer: str) -> None:
    answer = await rig.call("POST", "/v1/webhooks", body)
    assert (answer.status, answer.codes) == (422, ["request.bad_field"])
    assert answer.json["findings"][0]["pointer"] == pointer
