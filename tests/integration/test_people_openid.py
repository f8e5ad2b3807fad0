"""Sign-in at an OpenID provider: authlib's own server over real HTTP, and everything that could be forged."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest

from gateway.clock import VirtualClock
from gateway.people_settings import OpenIdSettings
from gateway.secret_references import SecretReference
from gateway.settings import Settings
from tests.api_rig import Reply, Rig, make_settings, run_gateway
from tests.openid_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    Forge,
    Provider,
    changing,
    forge_none,
    forge_other_key,
    forge_shared,
    run_provider,
)
from tests.people_rig import Browser, make_user

DANA = {"sub": "248289761001", "email": "Dana@Clinic.example", "name": "Dana", "groups": ["billing", "chess"]}


class World:
    """A gateway and a provider that know each other."""

    def __init__(self, rig: Rig, provider: Provider, clock: VirtualClock) -> None:
        self.rig, self.provider, self.clock = rig, provider, clock

    async def leave(self, browser: Browser, tenant: str = "riverbend") -> str:
        """Go to the provider; the path and query that it sends the browser back to."""
        left = await browser.call("GET", f"/v1/session/openid?tenant={tenant}")
        assert left.status == 303, left.body
        async with (
            aiohttp.ClientSession() as http,
            http.get(left.headers["Location"], allow_redirects=False) as answer,
        ):
            assert answer.status == 302, await answer.text()
            return "/v1/" + answer.headers["Location"].partition("/v1/")[2]

    async def sign_in(self, browser: Browser, tenant: str = "riverbend") -> Reply:
        """There and back."""
        return await browser.call(
            "GET", await self.leave(browser, tenant), headers={"Sec-Fetch-Site": "cross-site"}
        )


def make_openid_settings(home: Path, port: int, provider: Provider) -> Settings:
    secret = home / "provider-secret"
    secret.write_text(CLIENT_SECRET)
    openid = OpenIdSettings(
        issuer=provider.issuer,
        client_id=CLIENT_ID,
        client_secret=SecretReference(f"file:{secret}"),
        roles={"billing": ("biller",), "leads": ("supervisor",)},
    )
    settings = make_settings(home)
    riverbend = msgspec.structs.replace(settings.tenants[0], openid=openid)
    everywhere = msgspec.structs.replace(openid, tenant_claim="practices")
    return msgspec.structs.replace(
        settings,
        tenants=(riverbend, settings.tenants[1]),
        people=msgspec.structs.replace(settings.people, openid=everywhere),
        server=msgspec.structs.replace(settings.server, port=port),
    )


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # authlib's server refuses plain HTTP otherwise
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    clock = VirtualClock()
    with run_provider(f"http://127.0.0.1:{port}/v1/session/openid/callback") as provider:
        provider.user = dict(DANA)
        async with run_gateway(make_openid_settings(tmp_path, port, provider), clock=clock) as rig:
            yield World(rig, provider, clock)


async def test_a_person_of_the_provider_is_let_in_with_the_roles_of_the_claim(world: World) -> None:
    browser = Browser(world.rig, world.clock)
    back = await world.sign_in(browser)
    assert (back.status, back.headers["Location"]) == (303, "/docs")
    who = (await browser.call("GET", "/v1/session")).json
    assert (who["login"], who["roles"], who["step"]) == ("dana@clinic.example", ["biller"], "whole")
    assert (await browser.call("GET", "/v1/claims")).status == 200
    assert "claimwire-openid" not in browser.cookies
    world.provider.user["groups"] = "leads"
    await world.sign_in(browser)
    again = (await browser.call("GET", "/v1/session")).json
    assert (again["id"], again["roles"]) == (who["id"], ["supervisor"])


@pytest.mark.parametrize(
    ("name", "forge"),
    [
        ("another nonce", changing(nonce="another")),
        ("no nonce", changing(nonce=None)),
        ("for somebody else", changing(aud=["somebody-else"])),
        ("for us by somebody else's wish", changing(aud=[CLIENT_ID, "other"], azp="other")),
        ("expired", changing(exp=int(time.time()) - 3600, iat=int(time.time()) - 7200)),
        ("without an end", changing(exp=None)),
        ("by another issuer", changing(iss="https://evil.example")),
        ("of nobody", changing(sub=None)),
        ("with another access token", changing(at_hash="AAAAAAAAAAAAAAAAAAAAAA")),
        ("signed by nobody", forge_none),
        ("signed by a shared secret", forge_shared),
        ("signed by another key", forge_other_key),
        ("no token", lambda provider, header, claims: "nonsense"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
async def test_a_forged_token_lets_nobody_in(world: World, name: str, forge: Forge) -> None:
    world.provider.forge = forge
    browser = Browser(world.rig, world.clock)
    back = await world.sign_in(browser)
    assert (back.status, back.json["type"]) == (401, "urn:claimwire:problem:sign-in-failed"), name
    assert "claimwire" not in browser.cookies
    assert await world.rig.gateway.services.people.users.list_all("riverbend") == []


async def test_who_comes_back_otherwise_than_they_left_is_not_let_in(world: World) -> None:
    browser, other = Browser(world.rig, world.clock), Browser(world.rig, world.clock)
    path = await world.leave(browser)
    assert (await other.call("GET", path)).status == 401  # another browser: it did not leave from here
    await world.leave(other)
    assert (await other.call("GET", path)).status == 401  # the state of another
    forged = path.replace("state=", "state=x")
    assert (await browser.call("GET", forged)).status == 401
    denied = (
        path.partition("?")[0] + "?error=access_denied&state=" + path.partition("state=")[2].partition("&")[0]
    )
    assert (await browser.call("GET", denied)).status == 401
    kept = dict(browser.cookies)
    assert (await browser.call("GET", path)).status == 303
    browser.cookies = kept
    replayed = await browser.call("GET", path)
    assert replayed.status in (401, 503)  # a code is good once
    assert "claimwire" not in browser.cookies


async def test_who_stays_too_long_at_the_provider_begins_again(world: World) -> None:
    from datetime import timedelta

    browser = Browser(world.rig, world.clock)
    path = await world.leave(browser)
    world.clock.advance(timedelta(minutes=10))
    assert (await browser.call("GET", path)).status == 401


async def test_the_provider_takes_nobody_s_place_and_lets_in_no_one_without_a_role(world: World) -> None:
    await make_user(world.rig, "dana@clinic.example", "administrator")
    browser = Browser(world.rig, world.clock)
    assert (await world.sign_in(browser)).status == 401
    world.provider.user = {**DANA, "sub": "2", "email": "lee@clinic.example", "groups": ["chess"]}
    assert (await world.sign_in(browser)).status == 401
    world.provider.user["groups"] = ["billing"]
    assert (await world.sign_in(browser)).status == 303
    users = world.rig.gateway.services.people.users
    person = await users.find("riverbend", "lee@clinic.example")
    assert person is not None
    await users.disable("riverbend", person.id)
    assert (await browser.call("GET", "/v1/session")).status == 401
    assert (await world.sign_in(browser)).status == 401


async def test_one_provider_for_all_tenants_says_whose_a_person_is(world: World) -> None:
    browser = Browser(world.rig, world.clock)
    for practices, status in (("riverbend", 401), (None, 401), (["other", "lakeside"], 303)):
        world.provider.user["practices"] = practices
        assert (await world.sign_in(browser, "lakeside")).status == status, practices
    assert (await browser.call("GET", "/v1/session")).json["tenant"] == "lakeside"
    assert (await browser.call("GET", "/v1/session/openid?tenant=nobody")).status == 401
