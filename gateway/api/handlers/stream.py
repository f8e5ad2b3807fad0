"""The event feed as server-sent events: each page is read when the client has taken the one before.

Nothing is queued for a client: it has a cursor into the feed. One that does not read is ended by its
connection's deadline, and goes on where it stopped with `Last-Event-ID`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from functools import partial

import msgspec
from aiohttp import web

from gateway.api.auth import authenticate
from gateway.api.call import Call
from gateway.api.handlers.events import read_types
from gateway.api.problem import Problem, refuse_parameter
from gateway.api.shapes import StreamQuery
from gateway.api.streaming import open_stream
from gateway.feed import show_event
from gateway.services import Services
from gateway.store import TenantScope, events
from gateway.store.events import TOPIC, Event

MEDIA = "text/event-stream"
LAST_ID = "Last-Event-ID"
PAGE = 100
LOOK_SECONDS = 1.0
HEARTBEAT = b": alive\n\n"
RETRY = b"retry: 2000\n\n"
LARGEST = 2**62


class Page(msgspec.Struct, frozen=True):
    """Events in order, and the number to go on from."""

    events: list[Event]
    next: int


async def stream_events(call: Call) -> web.StreamResponse:
    """GET /v1/events/stream: what happens, as it happens, until the client or the server ends."""
    types, cursor = read_types(call.query(StreamQuery).type), await _find_start(call)
    with _hold_place(call):
        response = await open_stream(call, MEDIA)
        with contextlib.suppress(ConnectionError):  # the client is gone
            await response.write(RETRY)
            async for piece in _follow(call, cursor, types):
                await response.write(piece)
            await response.write_eof()
    return response


async def _follow(call: Call, cursor: int, types: tuple[str, ...]) -> AsyncIterator[bytes]:
    """The feed after `cursor`, and a sign of life where it is silent, until the server drains."""
    services, loop = call.services, asyncio.get_running_loop()
    silent_since = loop.time()
    while not services.draining.is_set():
        mark = services.store.mark(TOPIC)
        page = await services.store.read(partial(read_page, after=cursor, types=types), tenant=call.tenant)
        cursor = page.next
        for event in page.events:
            yield write_event(call.tenant, event)
        if page.events:
            silent_since = loop.time()
        elif loop.time() - silent_since >= services.settings.server.heartbeat_seconds:
            if not await _is_still_allowed(call):
                return
            yield HEARTBEAT
            silent_since = loop.time()
        if len(page.events) < PAGE:
            await _wait(services, mark)


def read_page(scope: TenantScope, *, after: int, types: tuple[str, ...]) -> Page:
    """The next events; what is filtered out is passed over, so that nobody reads it again."""
    last = events.last_sequence(scope)
    found = events.list_after(scope, after, limit=PAGE, types=types)
    return Page(found, found[-1].sequence if len(found) == PAGE else max(after, last))


def write_event(tenant: str, event: Event) -> bytes:
    """One event as a message of the stream; the JSON has no line breaks."""
    shown = msgspec.json.encode(show_event(tenant, event))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.sequence, event.type.encode("ascii"), shown)


async def _wait(services: Services, mark: int) -> None:
    """Until something is committed, the server drains, or it is time to look again."""
    waits = [
        asyncio.ensure_future(services.store.wait(TOPIC, after=mark, seconds=LOOK_SECONDS)),
        asyncio.ensure_future(services.draining.wait()),
    ]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _find_start(call: Call) -> int:
    """The number after which the stream begins: of the header, of the query, or of what happens next."""
    given = call.request.headers.get(LAST_ID)
    if given is not None:
        if not given.isascii() or not given.isdigit() or int(given) > LARGEST:
            raise refuse_parameter(LAST_ID, "the number of an event")
        return int(given)
    after = call.query(StreamQuery).after
    if after is not None:
        return after
    return await call.services.store.read(events.last_sequence, tenant=call.tenant)


async def _is_still_allowed(call: Call) -> bool:
    """False once the key was revoked or has expired."""
    try:
        await authenticate(call.request, call.services.keys)
    except Problem:
        return False
    return True


@contextlib.contextmanager
def _hold_place(call: Call) -> Iterator[None]:
    """One of the tenant's streams. Raises Problem 429 where it has too many."""
    streams, limit = call.services.streams, call.services.settings.server.streams
    if streams[call.tenant] >= limit:
        detail = f"At most {limit} event streams are open at once."
        raise Problem("too-many", detail, headers={"Retry-After": "5"})
    streams[call.tenant] += 1
    try:
        yield
    finally:
        streams[call.tenant] -= 1
