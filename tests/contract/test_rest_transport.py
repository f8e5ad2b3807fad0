"""The REST transport keeps the contract of real time in both of its forms, and proves who we are."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from functools import partial

import pytest
from aiohttp import web

from adapters.errors import Permanent, Transient
from adapters.https import HttpsSettings
from adapters.rest import OAuthSettings, RestSettings, RestTransport
from tests.contract.real_time_contract import (
    ANSWER,
    QUESTION,
    SECONDS,
    Peer,
    RealTimeContract,
    Seen,
    Wire,
    fail,
    make_inquiry,
)


def open_rest(https: HttpsSettings, **settings: object) -> RestTransport:
    return RestTransport(RestSettings(https=https, **settings))  # type: ignore[arg-type]


def answer_raw(content: bytes, seen: Seen) -> web.Response:
    return web.Response(body=content, content_type="application/edi-x12")


def answer_json(content: bytes, seen: Seen) -> web.Response:
    return web.json_response({"result": {"x12": content.decode()}})


class TestRawBodies(RealTimeContract):
    """The body is the content."""

    @pytest.fixture
    def wire(self) -> Wire:
        return Wire(open_rest, answer_raw)

    async def test_the_body_and_its_id_go_out_as_they_are(self, peer: Peer, transport: RestTransport) -> None:
        inquiry = make_inquiry()
        await transport.ask(inquiry, seconds=SECONDS)
        [seen] = peer.seen
        assert seen.body == QUESTION
        assert seen.headers["Content-Type"] == "application/edi-x12"
        assert seen.headers["X-Request-Id"] == inquiry.id


class TestJsonBodies(RealTimeContract):
    """The content is a text in an object."""

    @pytest.fixture
    def wire(self) -> Wire:
        return Wire(partial(open_rest, form="json", answer_field="result.x12"), answer_json)

    async def test_every_byte_comes_through_the_text(self, peer: Peer, transport: RestTransport) -> None:
        every = bytes(range(256))

        async def echo(request: web.Request, body: bytes) -> web.StreamResponse:
            return web.json_response({"result": {"x12": json.loads(body)["x12"]}})

        peer.answering = echo
        assert await transport.ask(make_inquiry(every), seconds=SECONDS) == every

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"result": {"x12": 7}}', b"{" * 5000, b"not JSON"])
    async def test_json_without_the_answer_is_refused(
        self, peer: Peer, transport: RestTransport, body: bytes
    ) -> None:
        async def say(request: web.Request, asked: bytes) -> web.StreamResponse:
            return web.Response(body=body, content_type="application/json")

        peer.answering = say
        assert isinstance(await fail(transport), Permanent)


class TestCredentials:
    """API keys and OAuth client credentials, over the same TLS server."""

    authority = RealTimeContract.authority
    peer = RealTimeContract.peer

    @pytest.fixture
    def wire(self) -> Wire:
        return Wire(open_rest, answer_raw)

    async def test_an_api_key_stands_in_its_header(self, peer: Peer) -> None:
        transport = open_rest(peer.settings(), key="k-123", key_header="X-Api-Key", key_prefix="Key ")
        assert await transport.ask(make_inquiry(), seconds=SECONDS) == ANSWER
        await transport.close()
        assert peer.seen[0].headers["X-Api-Key"] == "Key k-123"

    @pytest.mark.parametrize("way", ["basic", "body"])
    async def test_a_token_is_asked_for_once_and_used_until_it_expires(self, peer: Peer, way: str) -> None:
        given = iter(["first", "second"])
        now = [0.0]
        peer.answering = serve_tokens(peer, lambda: next(given))
        transport = RestTransport(make_oauth(peer, way), now=lambda: now[0])
        await asyncio.gather(*(transport.ask(make_inquiry(), seconds=SECONDS) for _ in range(3)))
        assert [seen.path for seen in peer.seen].count("/token") == 1
        now[0] = 3571.0  # half a minute before its end it is no longer used
        await transport.ask(make_inquiry(), seconds=SECONDS)
        await transport.close()
        used = [seen.headers["Authorization"] for seen in peer.seen if seen.path == "/inquiries"]
        assert used == ["Bearer first"] * 3 + ["Bearer second"]
        asked = next(seen for seen in peer.seen if seen.path == "/token")
        assert b"grant_type=client_credentials" in asked.body
        assert b"scope=inquiries" in asked.body
        if way == "basic":
            assert asked.headers["Authorization"] == "Basic " + base64.b64encode(b"clinic:s%2Fcret").decode()
            assert b"cret" not in asked.body
        else:
            assert b"client_secret=s%2Fcret" in asked.body

    async def test_a_token_that_was_revoked_early_is_replaced_once(self, peer: Peer) -> None:
        given = iter(["revoked", "fresh"])
        peer.answering = serve_tokens(peer, lambda: next(given), refused="Bearer revoked")
        transport = RestTransport(make_oauth(peer))
        assert await transport.ask(make_inquiry(), seconds=SECONDS) == ANSWER
        await transport.close()
        assert [seen.path for seen in peer.seen] == ["/token", "/inquiries", "/token", "/inquiries"]

    @pytest.mark.parametrize(
        ("status", "body", "kind"),
        [
            (400, {"error": "invalid_client"}, Permanent),
            (401, {"error": "invalid_client"}, Permanent),
            (503, {}, Transient),
            (200, {"access_token": "x\r\nHost: evil", "token_type": "bearer"}, Permanent),
            (200, {"access_token": "x", "token_type": "mac"}, Permanent),
            (200, ["token"], Permanent),
        ],
        ids=["400", "401", "503", "header-in-token", "mac", "no-object"],
    )
    async def test_without_a_token_nothing_is_asked(
        self, peer: Peer, status: int, body: object, kind: type
    ) -> None:
        async def refuse(request: web.Request, asked: bytes) -> web.StreamResponse:
            return web.json_response(body, status=status)

        peer.answering = refuse
        transport = RestTransport(make_oauth(peer))
        failure = await fail(transport)
        await transport.close()
        assert type(failure) is kind
        assert [seen.path for seen in peer.seen] == ["/token"]

    def test_secrets_do_not_stand_in_the_settings_as_printed(self, peer: Peer) -> None:
        settings = make_oauth(peer)
        assert "s/cret" not in repr(settings)
        assert "k-123" not in repr(RestSettings(https=peer.settings(), key="k-123"))


def make_oauth(peer: Peer, way: str = "basic") -> RestSettings:
    oauth = OAuthSettings(
        token_url=f"https://localhost:{peer.port}/token",
        client_id="clinic",
        client_secret="s/cret",
        scope="inquiries",
        way=way,  # type: ignore[arg-type]
    )
    return RestSettings(https=peer.settings(), oauth=oauth)


def serve_tokens(peer: Peer, give: Callable[[], str], refused: str = "") -> Callable[..., object]:
    async def answer(request: web.Request, body: bytes) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"access_token": give(), "token_type": "Bearer", "expires_in": 3600})
        if request.headers["Authorization"] == refused:
            return web.Response(status=401)
        return answer_raw(ANSWER, peer.seen[-1])

    return answer
