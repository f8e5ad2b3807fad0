"""The event feed over HTTP."""

from __future__ import annotations

from aiohttp import web

from gateway.api.bodies import write_json
from gateway.api.call import Call
from gateway.api.problem import refuse_parameter
from gateway.api.shapes import EventPage, EventQuery
from gateway.events import EVENT_TYPES
from gateway.feed import show_event
from gateway.store import TenantScope, events
from gateway.store.events import Event


async def list_events(call: Call) -> web.Response:
    """GET /v1/events: in order, after a sequence number."""
    query = call.query(EventQuery)
    types = read_types(query.type)

    def load(scope: TenantScope) -> list[Event]:
        return events.list_after(scope, query.after, limit=query.limit, types=types)

    found = await call.services.store.read(load, tenant=call.tenant)
    call.tell_page(*(event.claim or event.id for event in found))
    last = found[-1].sequence if found else query.after
    return write_json(EventPage(events=[show_event(call.tenant, event) for event in found], next=last))


def read_types(text: str) -> tuple[str, ...]:
    """The event types of a comma-separated parameter. Raises Problem for one that there is not."""
    types = tuple(name for name in text.split(",") if name)
    if not set(types) <= EVENT_TYPES:
        raise refuse_parameter("type", "one of " + ", ".join(sorted(EVENT_TYPES)))
    return types
