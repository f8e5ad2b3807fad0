"""A partner's answer that somebody posts fares as one that came out of the partner's mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.app import Role
from gateway.settings import BatchSettings
from tests.api_rig import TENANTS, Rig, make_claim, make_settings, run_gateway
from tests.exchange import IDS, pay, write_277ca, write_835, write_999, write_ta1

PARTNER_FILES = "/v1/files?partner=exchange"
PAID = [("CO", "45", "65.00")]


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    settings = make_settings(tmp_path)
    partner = msgspec.structs.replace(
        settings.tenants[0].partners[0],
        batch=BatchSettings(max_age_seconds=0),
        poll_seconds=0.1,
        envelope=IDS,
    )
    worker = msgspec.structs.replace(settings.worker, poll_seconds=0.1)
    eager = msgspec.structs.replace(settings.tenants[0], partners=(partner,))
    made = msgspec.structs.replace(settings, tenants=(eager, settings.tenants[1]), worker=worker)
    async with run_gateway(made, Role.ALL) as running:
        yield running


async def wait_until(rig: Rig, path: str, fits: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(20):
        while not fits(shown := (await rig.call("GET", path)).json):
            await asyncio.sleep(0.05)
    return shown


async def post_answer(rig: Rig, content: bytes, state: str = "processed") -> dict[str, Any]:
    """Post it for the partner and wait until it was read."""
    answer = await rig.call("POST", PARTNER_FILES, content)
    assert answer.status == 202, answer.body
    file: dict[str, Any] = answer.json["file"]
    assert answer.headers["Location"] == f"/v1/files/{file['id']}"
    shown = await wait_until(rig, f"/v1/files/{file['id']}", lambda it: it["state"] != "received")
    assert (shown["state"], shown["partner"], shown["direction"]) == (state, "exchange", "in")
    assert rig.gateway.services.archive.get(shown["sha256"]) == content
    return dict(shown)


async def send_claim(rig: Rig, number: str) -> tuple[str, bytes]:
    """A claim on its way, and the interchange that the partner got."""
    claim = (await rig.call("POST", "/v1/claims", make_claim(number))).json["id"]
    await wait_until(rig, f"/v1/claims/{claim}", lambda it: it["state"] == "sent")
    (sent,) = (rig.home / TENANTS[0] / "outbox").iterdir()
    return claim, sent.read_bytes()


async def test_posted_answers_bring_a_claim_from_sent_to_paid(rig: Rig) -> None:
    claim, sent = await send_claim(rig, "PF-1")
    for content in (write_ta1(sent), write_999(sent), write_277ca(sent)):
        await post_answer(rig, content)
    assert (await rig.call("GET", f"/v1/claims/{claim}")).json["state"] == "payer_accepted"
    paid = await post_answer(rig, write_835(4, pay("PF-1", ("165.00", "100.00", PAID))))
    shown = (await rig.call("GET", f"/v1/claims/{claim}")).json
    assert (paid["kinds"], shown["state"], shown["amounts"]["paid"]) == (["835"], "paid", "100.00")


async def test_a_payment_posted_and_fetched_counts_once(rig: Rig) -> None:
    claim, _ = await send_claim(rig, "PF-1")
    content = write_835(4, pay("PF-1", ("165.00", "100.00", PAID)))
    first = await post_answer(rig, content)
    (rig.home / TENANTS[0] / "inbox" / "same.x12").write_bytes(content)
    events = await wait_until(
        rig, "/v1/events", lambda it: [e["type"] for e in it["events"]].count("file.received") == 2
    )
    fetched = [it for it in events["events"] if it["type"] == "file.received"][1]
    again = await post_answer(rig, content, state="duplicate")
    assert [fetched["data"]["duplicateOf"], again["original"]] == [first["id"]] * 2
    assert (await rig.call("GET", f"/v1/claims/{claim}")).json["amounts"]["paid"] == "100.00"


async def test_a_posted_file_of_somebody_else_is_quarantined(rig: Rig) -> None:
    _, sent = await send_claim(rig, "PF-1")
    foreign = write_999(sent).replace(b"PAYER          ", b"STRANGER       ")
    assert (await post_answer(rig, foreign, state="quarantined"))["reason"] == "file.unknown_sender"


async def test_it_takes_a_partner_of_ones_own_and_a_key_that_may_apply(rig: Rig) -> None:
    unknown = await rig.call("POST", "/v1/files?partner=nobody", b"ISA")
    assert (unknown.status, unknown.codes) == (400, ["request.bad_parameter"])
    key = await rig.gateway.services.keys.create(TENANTS[0], "depositor", scopes=("files:write",))
    headers = {"Authorization": f"Bearer {key.text}"}
    refused = await rig.call("POST", PARTNER_FILES, b"ISA", headers=headers)
    assert refused.status == 403
    assert (await rig.call("GET", "/v1/events")).json["events"] == []
