"""Whether the server lives, is ready, how it fares, and what it can do."""

from __future__ import annotations

from aiohttp import web

from gateway.api.bodies import write_json
from gateway.api.call import Call
from gateway.api.problem import Problem
from gateway.api.shapes import Health
from gateway.metrics import MEDIA_TYPE, write_gauge
from gateway.store import SystemScope, TenantScope, claims, webhooks
from gateway.worklists import count_list, load_worklists


async def show_health(call: Call) -> web.Response:
    """GET /healthz: the process answers."""
    return write_json(Health(status="ok"))


async def show_readiness(call: Call) -> web.Response:
    """GET /readyz: the database answers too (else the doors say 503), and the server is not about to end."""
    if call.services.draining.is_set() or call.services.broken.is_set():
        raise Problem("unavailable", "This server is about to end.", headers={"Retry-After": "5"})
    await call.services.store.read(SystemScope.tenants)
    return write_json(Health(status="ready"))


async def show_metrics(call: Call) -> web.Response:
    """GET /metrics: this process, and the caller's own counts, by state."""

    def count(scope: TenantScope) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
        totals = {state: money.claims for state, money in claims.sum_money(scope).items()}
        waiting = {name: count_list(scope, worklist).total for name, worklist in load_worklists().items()}
        return totals, webhooks.count_by_state(scope), waiting

    by_state, deliveries, waiting = await call.services.store.read(count, tenant=call.tenant)
    text = call.services.metrics.write()
    text += write_gauge("claimwire_claims", "Claims by state.", "state", by_state)
    text += write_gauge("claimwire_webhook_deliveries", "Webhook deliveries by state.", "state", deliveries)
    text += write_gauge("claimwire_worklist_entries", "Entries of the work lists.", "list", waiting)
    return web.Response(body=text, content_type=MEDIA_TYPE, charset="utf-8")
