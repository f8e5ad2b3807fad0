"""Webhook endpoints over HTTP: make, list, look after and delete them, and what was delivered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import msgspec
from aiohttp import web

from edi.findings import Finding, find
from gateway.api.bodies import show, write_json
from gateway.api.call import Call
from gateway.api.etags import change
from gateway.api.problem import Problem, refuse_missing
from gateway.api.shapes import (
    DeliveryPage,
    DeliveryShown,
    EndpointMade,
    EndpointPage,
    EndpointRotated,
    EndpointShown,
    NewEndpoint,
    PageQuery,
    ReplayPlanned,
    ReplayWish,
    TestPlanned,
)
from gateway.events import EVENT_TYPES
from gateway.hands import Hand, HandRefused
from gateway.outbound import judge_url
from gateway.signatures import write_secret
from gateway.store import TenantScope, webhooks
from gateway.store.errors import NoSuchRow
from gateway.store.webhooks import Delivery, Endpoint
from gateway.webhooks import replay, rotate, switch_on, try_out

T = TypeVar("T")
WEBHOOKS = "/v1/webhooks"


async def make_endpoint(call: Call) -> web.Response:
    """POST /v1/webhooks: 201 with the signing secret, which is shown this once."""
    new = await call.struct(NewEndpoint)
    findings = _check(new, allow_private=call.services.settings.webhooks.allow_private)
    if findings:
        raise Problem("findings", findings=findings)
    secret = write_secret()

    def add(scope: TenantScope) -> Endpoint:
        return webhooks.add_endpoint(scope, url=new.url, types=new.types, secret=secret.encode("ascii"))

    endpoint = await call.services.store.write(add, tenant=call.tenant)
    call.tell(endpoint.id)
    made = EndpointMade(**msgspec.structs.asdict(show(endpoint, EndpointShown)), secret=secret)
    return write_json(made, status=201, headers={"Location": f"{WEBHOOKS}/{endpoint.id}"})


async def list_endpoints(call: Call) -> web.Response:
    """GET /v1/webhooks: oldest first."""
    found = await call.services.store.read(webhooks.list_endpoints, tenant=call.tenant)
    return write_json(EndpointPage(webhooks=[show(endpoint, EndpointShown) for endpoint in found]))


async def show_endpoint(call: Call) -> web.Response:
    """GET /v1/webhooks/{id}."""
    return write_json(show(await _load(call), EndpointShown))


async def delete_endpoint(call: Call) -> web.Response:
    """DELETE /v1/webhooks/{id}: the endpoint and what still waits for it."""

    def delete(scope: TenantScope) -> None:
        if not webhooks.delete_endpoint(scope, call.subject):
            raise NoSuchRow(call.subject)

    await _act(call, delete)
    return web.Response(status=204)


async def list_deliveries(call: Call) -> web.Response:
    """GET /v1/webhooks/{id}/deliveries: newest first."""
    query = call.query(PageQuery)
    await _load(call)

    def load(scope: TenantScope) -> list[Delivery]:
        before = query.cursor or None
        return webhooks.list_deliveries(scope, call.subject, before=before, limit=query.limit + 1)

    found = await call.services.store.read(load, tenant=call.tenant)
    page = found[: query.limit]
    more = page[-1].id if len(found) > query.limit else None
    return write_json(
        DeliveryPage(deliveries=[show(delivery, DeliveryShown) for delivery in page], next=more)
    )


async def rotate_secret(call: Call) -> web.Response:
    """POST /v1/webhooks/{id}/rotate: a new secret, shown this once; both sign for a while."""
    secret = write_secret()
    endpoint, until = await _act(call, lambda scope: rotate(scope, call.subject, secret))
    shown = msgspec.structs.asdict(show(endpoint, EndpointShown))
    return write_json(EndpointRotated(**shown, secret=secret, previous_until=until))


async def replay_events(call: Call) -> web.Response:
    """POST /v1/webhooks/{id}/replay: events of the feed are delivered once more."""
    wish = await call.struct(ReplayWish)
    planned = await _act(call, lambda scope: replay(scope, call.subject, wish.after, wish.until))
    return write_json(show(planned, ReplayPlanned), status=202)


async def test_endpoint(call: Call) -> web.Response:
    """POST /v1/webhooks/{id}/test: a test event goes to this endpoint alone."""
    delivery = await _act(call, lambda scope: try_out(scope, call.subject))
    return write_json(TestPlanned(delivery=delivery), status=202)


async def enable_endpoint(call: Call) -> web.Response:
    """POST /v1/webhooks/{id}/enable: what happens from now on is sent to it again."""
    hand = Hand(call.caller.key)
    endpoint = await _act(call, lambda scope: switch_on(scope, call.subject, hand))
    return write_json(show(endpoint, EndpointShown))


async def _act(call: Call, operation: Callable[[TenantScope], T]) -> T:
    """Do it in one transaction. Raises Problem where there is no such endpoint, or it cannot be done."""
    try:
        matched = change(call, operation, partial(_load_shown, endpoint_id=call.subject))
        return await call.services.store.write(matched, tenant=call.tenant)
    except NoSuchRow:
        raise refuse_missing("webhook") from None
    except HandRefused as refused:
        raise Problem("conflict", findings=[refused.finding]) from None


def _load_shown(scope: TenantScope, endpoint_id: str) -> EndpointShown | None:
    endpoint = webhooks.load_endpoint(scope, endpoint_id)
    return show(endpoint, EndpointShown) if endpoint is not None else None


def _check(new: NewEndpoint, *, allow_private: bool) -> list[Finding]:
    """Everything wrong with a new endpoint."""
    problem = judge_url(new.url, allow_private=allow_private)
    findings = [find("webhook.bad_url", pointer="/url", problem=problem)] if problem else []
    for place, name in enumerate(new.types):
        if name not in EVENT_TYPES:
            findings.append(find("webhook.unknown_type", pointer=f"/types/{place}", value=name))
    return findings


async def _load(call: Call) -> Endpoint:
    endpoint = await call.services.store.read(
        lambda scope: webhooks.load_endpoint(scope, call.subject), tenant=call.tenant
    )
    if endpoint is None:
        raise refuse_missing("webhook")
    return endpoint
