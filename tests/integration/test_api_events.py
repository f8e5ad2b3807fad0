"""The feed: gapless, in order, and to be read on from where one stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api_rig import Rig, make_claim, make_settings, run_gateway


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path)) as running:
        yield running


async def test_the_feed_is_read_page_by_page_without_a_gap(rig: Rig) -> None:
    claims = [rig.call("POST", "/v1/claims", make_claim(f"RFC-{number}")) for number in range(6)]
    assert {answer.status for answer in await asyncio.gather(*claims)} == {202}
    seen: list[int] = []
    after = 0
    while page := (await rig.call("GET", f"/v1/events?after={after}&limit=5")).json["events"]:
        seen += [event["sequence"] for event in page]
        after = page[-1]["sequence"]
    assert seen == list(range(1, 13))


async def test_an_empty_page_says_where_to_go_on(rig: Rig) -> None:
    answer = await rig.call("GET", "/v1/events?after=7")
    assert answer.json == {"events": [], "next": 7}


async def test_an_event_tells_type_time_tenant_and_story(rig: Rig) -> None:
    claim = (await rig.call("POST", "/v1/claims", make_claim("RFC-1"))).json["id"]
    (event,) = (await rig.call("GET", "/v1/events?type=claim.accepted")).json["events"]
    assert set(event) == {"id", "type", "timestamp", "tenant", "sequence", "data"}
    assert (event["tenant"], event["data"]["claim"]) == ("riverbend", claim)
    assert event["data"]["amounts"]["billed"] == "165.00"
    assert event["data"]["patientControlNumber"] == "RFC-1"


@pytest.mark.parametrize("query", ["after=-1", "after=x", "type=claim.eaten"])
async def test_a_wrong_parameter_is_refused(rig: Rig, query: str) -> None:
    answer = await rig.call("GET", f"/v1/events?{query}")
    assert (answer.status, answer.codes) == (400, ["request.bad_parameter"])
