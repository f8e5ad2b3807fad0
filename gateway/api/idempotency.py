"""Idempotency-Key: the first answer to a key is the answer to every repetition of the request, for a day.

The key's row is written in the transaction that stores what the request brings, so no crash can part them. A
request under way is known by its process; where another process is faster, the row decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from aiohttp import web

from edi.findings import find
from gateway.api.call import Call
from gateway.api.problem import MEDIA_TYPE, Problem
from gateway.housekeeping import ANSWERS_KEPT
from gateway.recording import LeftOut
from gateway.store import TenantScope, idempotency
from gateway.store.idempotency import Entry

HEADER = "Idempotency-Key"
JSON_TYPE = "application/json"
REPLAYED = "Idempotent-Replayed"
LONGEST = 255
KEPT = ANSWERS_KEPT
DIGEST = "idempotency_body"


class StoredAnswer(msgspec.Struct, frozen=True):
    """An answer as it is kept and sent: status and body, and the address of what was made.

    `media` is "" where the status tells it: JSON, or problem+json.
    """

    status: int
    body: bytes
    location: str = ""
    media: str = ""

    def write(self, *, replayed: bool = False) -> web.Response:
        """The answer as it is sent."""
        headers = {"Location": self.location} if self.location else {}
        if replayed:
            headers[REPLAYED] = "true"
        media = self.media or (JSON_TYPE if self.status < 400 else MEDIA_TYPE)
        return web.Response(status=self.status, body=self.body, content_type=media, headers=headers)


class Repeated(LeftOut):
    """Another process answered the same key first."""

    def __init__(self, entry: Entry) -> None:
        super().__init__("repeated")
        self.entry = entry


class Ticket(msgspec.Struct, frozen=True):
    """The idempotency key of one request to one route."""

    route: str
    key: str
    body: bytes

    def digest(self, scope: TenantScope) -> str:
        """What tells this body from another."""
        return scope.fingerprint(hashlib.sha256(self.body).hexdigest(), DIGEST)

    def save(self, scope: TenantScope, answer: StoredAnswer) -> None:
        """Keep the answer in the caller's transaction. Raises Repeated where there is one already."""
        before = scope.now() - KEPT
        entry = idempotency.begin(scope, self.route, self.key, self.digest(scope), expired_before=before)
        if entry is not None:
            raise Repeated(entry)
        kept = msgspec.msgpack.encode(answer)
        idempotency.complete(scope, self.route, self.key, status=answer.status, response=kept)


def read_ticket(call: Call, route: str, body: bytes) -> Ticket | None:
    """The request's key, or None. Raises Problem where it is no key."""
    key = call.request.headers.get(HEADER)
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        raise Problem("idempotency", findings=[find("idempotency.key_bad", limit=str(LONGEST))])
    return Ticket(route, key, body)


@contextmanager
def hold(call: Call, ticket: Ticket) -> Iterator[None]:
    """Let no second request with the same key in while this one is under way. Raises Problem 409."""
    held = (call.tenant, ticket.route, ticket.key)
    under_way = call.services.in_flight
    if held in under_way:
        raise Problem("in-flight", findings=[find("idempotency.in_flight")], headers={"Retry-After": "1"})
    under_way.add(held)
    try:
        yield
    finally:
        under_way.discard(held)


async def find_answer(call: Call, ticket: Ticket) -> web.Response | None:
    """The answer given before to the same key and body, or None. Raises Problem for another body."""

    def load(scope: TenantScope) -> tuple[Entry, str] | None:
        entry = idempotency.load(scope, ticket.route, ticket.key)
        live = entry is not None and entry.created_at >= scope.now() - KEPT
        return (entry, ticket.digest(scope)) if entry is not None and live else None

    found = await call.services.store.read(load, tenant=call.tenant)
    return replay(*found) if found is not None else None


def replay(entry: Entry, digest: str) -> web.Response:
    """The kept answer once more. Raises Problem where the body is another, or the answer still to come."""
    if entry.digest != digest:
        raise Problem("idempotency", findings=[find("idempotency.other_body")])
    if entry.response is None:
        raise Problem("in-flight", findings=[find("idempotency.in_flight")], headers={"Retry-After": "1"})
    return msgspec.msgpack.decode(entry.response, type=StoredAnswer).write(replayed=True)
