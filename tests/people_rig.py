"""Browsers and authenticators for tests of people who sign in; all people in it are invented here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import pyotp

from gateway.clock import VirtualClock
from tests.api_rig import TENANTS, Reply, Rig

PASSWORD = "purple-otter-walks-9-hills"
OTHER_PASSWORD = "seven-lamps-under-the-tram"


class Browser:
    """Keeps cookies and the CSRF token of one person at one gateway."""

    def __init__(self, rig: Rig, clock: VirtualClock, origin: str = "") -> None:
        self.rig, self.clock = rig, clock
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        self.origin = origin or f"http://127.0.0.1:{rig.port}"
        self.authenticator = ""
        self.recovery: list[str] = []

    async def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One call with the cookies, as a page of the server's own sends it; a header "" is left out."""
        given = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": self.csrf}
        given["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        given |= {"Content-Type": "application/json"} if body is not None else {}
        given = {name: value for name, value in {**given, **(headers or {})}.items() if value}
        url = f"http://127.0.0.1:{self.rig.port}{path}"
        content = body if isinstance(body, bytes) else None
        json = body if content is None else None
        async with self.rig.http.request(
            method, url, data=content, json=json, headers=given, allow_redirects=False
        ) as answer:
            reply = Reply(answer.status, answer.headers.copy(), await answer.read())
        self._keep(reply)
        return reply

    async def sign_in(self, login: str, password: str = PASSWORD, tenant: str = TENANTS[0]) -> Reply:
        """The first step."""
        return await self.call(
            "POST", "/v1/session", {"tenant": tenant, "login": login, "password": password}
        )

    async def give_code(self, code: str | None = None) -> Reply:
        """The second step; by default what the authenticator shows now."""
        return await self.call("POST", "/v1/session/code", {"code": code or self.show_code()})

    def show_code(self, later: timedelta = timedelta()) -> str:
        """What the authenticator shows."""
        return pyotp.TOTP(self.authenticator).at((self.clock.now() + later).timestamp())

    async def enrol(self) -> Reply:
        """Begin to use an authenticator, and confirm it."""
        begun = await self.call("POST", "/v1/session/authenticator", {"password": PASSWORD})
        assert begun.status == 200, begun.body
        self.authenticator = begun.json["secret"]
        done = await self.call("POST", "/v1/session/authenticator/confirm", {"code": self.show_code()})
        assert done.status == 200, done.body
        self.recovery = done.json["recoveryCodes"]
        return done

    def _keep(self, reply: Reply) -> None:
        for line in reply.headers.getall("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if not morsel.value:
                    del self.cookies[name]
        if reply.status == 200 and b'"csrf":' in reply.body:
            self.csrf = reply.json["csrf"]


async def make_user(rig: Rig, login: str, *roles: str, tenant: str = TENANTS[0]) -> tuple[str, str]:
    """The id and temporary password of a new user."""
    made = await rig.gateway.services.people.users.add(tenant, login, login.title(), roles)
    return made.person.id, made.password


async def let_in(rig: Rig, clock: VirtualClock, login: str, *roles: str, tenant: str = TENANTS[0]) -> Browser:
    """A browser in which a new user has signed in, with a password of their own and an authenticator."""
    _, temporary = await make_user(rig, login, *roles, tenant=tenant)
    browser = Browser(rig, clock)
    assert (await browser.sign_in(login, temporary, tenant)).json["step"] == "password"
    changed: Any = await browser.call(
        "POST", "/v1/session/password", {"current": temporary, "password": PASSWORD}
    )
    assert changed.json["step"] == "enrol", changed.body
    assert (await browser.enrol()).json["step"] == "whole"
    clock.advance(timedelta(seconds=60))  # codes of the half minute before are used
    return browser
