"""A webhook receiver as a user of the gateway would write one: it verifies each signature itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import msgspec
from aiohttp import web

from gateway.clock import Clock

TOLERANCE_SECONDS = 300
SECRET_PREFIX = "whsec_"  # noqa: S105 -- the public prefix of every secret, not a secret
LOOPBACK = "127.0.0.1"


class Subject(msgspec.Struct, frozen=True):
    """What of an event's body the receiver looks at."""

    claim: str = ""


class Delivery(msgspec.Struct, frozen=True):
    """A webhook body."""

    id: str
    type: str
    data: Subject


def is_genuine(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """True where the body was signed with the secret, not long ago (Standard Webhooks 1.0.0)."""
    name, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not sent.isascii() or not sent.isdigit() or abs(now.timestamp() - int(sent)) > TOLERANCE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.digest(key, f"{name}.{sent}.".encode() + body, hashlib.sha256)
    right = "v1," + base64.b64encode(digest).decode()
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(signature.encode(), right.encode()) for signature in given)


class Receiver:
    """Listens on a free loopback port; counts genuine events by claim, each id once, and refuses the rest."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: set[str] = set()
        self._runner: web.AppRunner | None = None
        self.secret = ""
        self.by_claim: Counter[str] = Counter()
        self.refused = 0
        self.repeated = 0

    async def start(self) -> str:
        """Listen; the URL that webhooks go to."""
        application = web.Application()
        application.router.add_post("/hooks", self._receive)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, 0)
        await site.start()
        port = self._runner.addresses[0][1]
        return f"http://{LOOPBACK}:{port}/hooks"

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not is_genuine(self.secret, request.headers, body, self._clock.now()):
            self.refused += 1
            return web.Response(status=401)
        delivery = msgspec.json.decode(body, type=Delivery)
        if delivery.id in self._seen:
            self.repeated += 1
        else:
            self._seen.add(delivery.id)
            self.by_claim[delivery.data.claim] += 1
        return web.Response(status=204)
