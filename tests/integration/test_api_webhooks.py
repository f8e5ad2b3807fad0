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
    states: dict[int, tuple[str, int | None]] = {}
    for _ in range(100):  # that the receiver has answered is known here before it is written down there
        listed = await list_deliveries(rig, hook["id"])
        states = {it["sequence"]: (it["state"], it["lastStatus"]) for it in listed}
        if "running" not in {state for state, _ in states.values()}:
            break
        await asyncio.sleep(0.02)
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


def verify(secret: str, letter: tuple[dict[str, str], bytes]) -> Any:
    headers, body = letter
    return standardwebhooks.Webhook(secret).verify(body, {k.lower(): v for k, v in headers.items()})


async def test_after_a_rotation_old_and_new_secret_both_verify_for_a_day(
    rig: Rig, receiver: Receiver
) -> None:
    hook = await make_hook(rig, receiver)
    rotated = await rig.call("POST", f"/v1/webhooks/{hook['id']}/rotate")
    assert rotated.status == 200, rotated.body
    assert rotated.json["secret"] != hook["secret"]
    assert rotated.json["previousUntil"] > hook["createdAt"]
    await rig.call("POST", "/v1/claims", make_claim())
    await until(lambda: len(receiver.letters) == 2)
    for secret in (hook["secret"], rotated.json["secret"]):
        assert verify(secret, receiver.letters[0])["type"] == "claim.received"


async def test_a_test_delivery_goes_to_one_endpoint_whatever_it_asked_for(
    rig: Rig, receiver: Receiver
) -> None:
    hook = await make_hook(rig, receiver, types=["claim.paid"])
    other = await make_hook(rig, receiver)
    answer = await rig.call("POST", f"/v1/webhooks/{hook['id']}/test")
    assert answer.status == 202, answer.body
    await until(lambda: bool(receiver.letters))
    assert verify(hook["secret"], receiver.letters[0])["data"] == {"webhook": hook["id"]}
    assert [it["id"] for it in await list_deliveries(rig, hook["id"])] == [answer.json["delivery"]]
    assert await list_deliveries(rig, other["id"]) == []


async def test_events_are_replayed_from_a_cursor_with_the_ids_they_had(rig: Rig, receiver: Receiver) -> None:
    hook = await make_hook(rig, receiver, types=["claim.accepted"])
    for number in range(3):
        await rig.call("POST", "/v1/claims", make_claim(f"RFC-{number}"))
    await until(lambda: len(receiver.letters) == 3)
    planned = await rig.call("POST", f"/v1/webhooks/{hook['id']}/replay", {"after": 2, "until": 5})
    assert (planned.status, planned.json) == (202, {"deliveries": 1, "next": None})
    await until(lambda: len(receiver.letters) == 4)
    before = {msgspec.json.decode(body)["sequence"]: headers for headers, body in receiver.letters[:3]}
    assert sorted(before) == [2, 4, 6]
    assert receiver.letters[3][0]["webhook-id"] == before[4]["webhook-id"]


async def test_a_replay_goes_on_page_by_page(
    rig: Rig, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.webhooks.REPLAYED_AT_ONCE", 4)
    for number in range(3):
        await rig.call("POST", "/v1/claims", make_claim(f"RFC-{number}"))
    hook = await make_hook(rig, receiver)
    path, after, planned = f"/v1/webhooks/{hook['id']}/replay", 0, 0
    while after is not None:
        page = (await rig.call("POST", path, {"after": after})).json
        planned, after = planned + page["deliveries"], page["next"]
    assert planned == 6
    await until(lambda: len(receiver.letters) == 6)


async def wait_for_state(rig: Rig, hook: str, state: str) -> None:
    async with asyncio.timeout(10):
        while (await rig.call("GET", f"/v1/webhooks/{hook}")).json["state"] != state:
            await asyncio.sleep(0.02)


async def test_an_endpoint_that_is_switched_off_is_told_to_the_others_and_to_a_person(
    rig: Rig, receiver: Receiver
) -> None:
    watcher = await make_hook(rig, receiver, types=["webhook.disabled"])
    hook = await make_hook(rig, receiver, types=["claim.received"])
    receiver.statuses = [410]
    await rig.call("POST", "/v1/claims", make_claim("RFC-1"))
    await wait_for_state(rig, hook["id"], "disabled")
    await until(lambda: len(receiver.letters) == 2)
    told = verify(watcher["secret"], receiver.letters[1])
    assert (told["type"], told["data"]["webhook"]) == ("webhook.disabled", hook["id"])
    [item] = (await rig.call("GET", "/v1/worklists/exchange")).json["items"]
    assert (item["reason"], item["subject"]) == ("webhook.disabled", hook["id"])
    for step, wish in (("test", None), ("replay", {"after": 0})):
        refused = await rig.call("POST", f"/v1/webhooks/{hook['id']}/{step}", wish)
        assert (refused.status, refused.codes) == (409, ["webhook.is_off"])


async def test_an_enabled_endpoint_gets_what_happens_next_and_its_work_item_is_settled(
    rig: Rig, receiver: Receiver
) -> None:
    hook = await make_hook(rig, receiver, types=["claim.received"])
    receiver.statuses = [410]
    await rig.call("POST", "/v1/claims", make_claim("RFC-1"))
    await wait_for_state(rig, hook["id"], "disabled")
    await rig.call("POST", "/v1/claims", make_claim("RFC-2"))
    enabled = await rig.call("POST", f"/v1/webhooks/{hook['id']}/enable")
    assert (enabled.status, enabled.json["state"], enabled.json["failingSince"]) == (200, "active", None)
    assert (await rig.call("GET", "/v1/worklists/exchange")).json["total"] == 0
    await rig.call("POST", "/v1/claims", make_claim("RFC-3"))
    await until(lambda: len(receiver.letters) == 2)
    assert b"RFC-3" in receiver.letters[1][1]


async def test_a_receiver_that_does_not_answer_holds_up_no_other(
    rig: Rig, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, release = 0, asyncio.Event()
    app = aiohttp.web.Application()

    async def hang(request: aiohttp.web.Request) -> aiohttp.web.Response:
        nonlocal held
        held += 1
        await release.wait()
        return aiohttp.web.Response()

    app.router.add_post("/hooks", hang)
    runner = aiohttp.web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    dead = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
    await rig.call("POST", "/v1/webhooks", {"url": dead})
    for number in range(20):
        await rig.call("POST", "/v1/claims", make_claim(f"RFC-{number}"))
    await until(lambda: held == 4)
    await make_hook(rig, receiver)
    await rig.call("POST", "/v1/claims", make_claim("RFC-99"))
    await until(lambda: len(receiver.letters) == 2, seconds=4.0)
    assert held == 4, "so many at once to one endpoint, and no more"
    release.set()
    await runner.cleanup()
