"""Cookies of people, and whether a request comes from a page of our own.

A session travels over TLS or stays on this machine: elsewhere no cookie is given or taken. Over TLS its name
begins with `__Host-`, so that no neighbouring host can plant one.
"""

from __future__ import annotations

from typing import Final

import msgspec
from aiohttp import web

from gateway.api.problem import Problem
from gateway.people_settings import is_loopback
from gateway.settings import Settings

SESSION: Final = "claimwire"
DEVICE: Final = "claimwire-device"
PROVIDER: Final = "claimwire-openid"
HOST_PREFIX: Final = "__Host-"
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
SAME: Final = frozenset({"", "same-origin"})
DEVICE_SECONDS: Final = 365 * 24 * 3600
PROVIDER_SECONDS: Final = 600


class Site(msgspec.Struct, frozen=True):
    """How a browser reaches us: by TLS or not, and the origin of our own pages."""

    secure: bool
    origin: str

    def name(self, cookie: str) -> str:
        """The cookie's name here."""
        return HOST_PREFIX + cookie if self.secure else cookie

    def read(self, request: web.Request, cookie: str) -> str:
        """The cookie's value, "" without one."""
        return request.cookies.get(self.name(cookie), "")

    def keep(self, response: web.Response, cookie: str, value: str, seconds: int | None = None) -> None:
        """Let the browser keep a cookie, as long as it is open or for so many seconds; "" takes it away."""
        response.set_cookie(
            self.name(cookie),
            value,
            max_age=seconds if value else 0,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="Lax",
        )

    def is_own(self, request: web.Request) -> bool:
        """False where the browser says that a page of somebody else sent the request."""
        origin = request.headers.get("Origin", self.origin)
        return origin == self.origin and request.headers.get("Sec-Fetch-Site", "") in SAME


def find_site(request: web.Request, settings: Settings) -> Site | None:
    """How a browser reaches us by this request; None where that is neither TLS nor this machine."""
    origin = settings.people.origin.rstrip("/")
    if origin:
        return Site(origin.startswith("https:"), origin)
    if settings.server.tls is not None:
        return Site(True, f"https://{request.host}")
    return Site(False, f"http://{request.host}") if is_loopback(request.host) else None


def demand_site(request: web.Request, settings: Settings) -> Site:
    """As `find_site`. Raises Problem 403 where people cannot sign in, or another page asks."""
    site = find_site(request, settings)
    if site is None:
        raise Problem("forbidden", "People sign in over https: set [people] origin, or [server] tls.")
    if not site.is_own(request):
        raise Problem("other-site", "Only pages of this server sign people in.")
    return site
