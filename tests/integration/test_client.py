"""The typed client against a running gateway, for threads and for asyncio, and what it says when refused."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.api.people_routes import EMERGENCY_ROUTES, SESSION_ROUTES
from gateway.api.shapes import NewEndpoint
from gateway.api.table import ROUTES
from gateway.client import AsyncClaimwire, Claimwire, ClaimwireError
from tests import canaries
from tests.api_rig import Rig, make_claim, make_settings, run_gateway


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path)) as running:
        yield running


def address(rig: Rig) -> tuple[str, str]:
    return f"http://127.0.0.1:{rig.port}", rig.keys["riverbend"]


def test_every_route_is_a_method_of_both_clients_with_the_same_parameters() -> None:
    for route in ROUTES:
        if route.name == "stream_events" or route in (*SESSION_ROUTES, *EMERGENCY_ROUTES):
            continue  # for browsers and the sessions of people; `read_events` goes through the feed
        ours, theirs = (getattr(client, route.name) for client in (Claimwire, AsyncClaimwire))
        names = list(inspect.signature(ours).parameters)
        assert names == list(inspect.signature(theirs).parameters), route.name


async def test_a_claim_is_submitted_read_and_followed_by_asyncio(rig: Rig) -> None:
    async with AsyncClaimwire(*address(rig)) as client:
        taken = await client.submit_claim(make_claim(), idempotency_key="visit-1")
        again = await client.submit_claim(make_claim(), idempotency_key="visit-1")
        assert (taken.id, taken.state) == (again.id, "accepted")
        shown = await client.show_claim(taken.id)
        assert str(shown.amounts.billed) == "165.00"
        assert [event.type for event in (await client.show_timeline(taken.id)).events] == [
            "claim.received",
            "claim.accepted",
        ]
        assert [event.sequence async for event in client.read_events()] == [1, 2]
        assert [claim.id for claim in (await client.list_claims(state="accepted", limit=5)).claims] == [
            taken.id
        ]


async def test_threads_have_the_same_calls(rig: Rig) -> None:
    def work() -> tuple[Any, ...]:
        with Claimwire(*address(rig)) as client:
            answers = list(client.submit_batch(make_claim(f"B-{number}") for number in range(5)))
            hook = client.make_webhook(NewEndpoint(url="http://127.0.0.1:9/"))
            client.delete_webhook(hook.id)
            return answers, [event.type for event in client.read_events()], client.list_webhooks()

    answers, told, hooks = await asyncio.to_thread(work)
    assert [answer.state for answer in answers] == ["accepted"] * 5
    assert len(told) == 10
    assert list(hooks.webhooks) == []


async def test_a_refusal_tells_every_finding_and_no_value(rig: Rig) -> None:
    claim = make_claim()
    claim["subscriber"]["gender"] = "Q"
    async with AsyncClaimwire(*address(rig)) as client:
        with pytest.raises(ClaimwireError) as refused:
            await client.submit_claim(claim)
    assert refused.value.status == 422
    assert "/subscriber/gender" in [finding.pointer for finding in refused.value.findings]
    assert "request req_" in str(refused.value)
    assert not any(value in str(refused.value) for value in (canaries.LAST_NAME, canaries.MEMBER_ID))


async def test_an_identifier_in_an_address_cannot_lead_elsewhere(rig: Rig) -> None:
    async with AsyncClaimwire(*address(rig)) as client:
        with pytest.raises(ClaimwireError) as refused:
            await client.show_claim("../events?limit=1")
    assert refused.value.status == 404


async def test_an_answer_that_is_not_of_this_api_is_told_as_such() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\nRetry-After: 7\r\n\r\noops")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, AsyncClaimwire(f"http://127.0.0.1:{port}", "cw_x") as client:
        with pytest.raises(ClaimwireError) as refused:
            await client.list_claims()
    assert (refused.value.status, refused.value.retry_after) == (502, 7.0)
    assert refused.value.problem.title == "Not an answer of this API"
