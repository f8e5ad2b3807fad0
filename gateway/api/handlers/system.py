"""Whether the server lives, is ready, how it fares, and what it can do."""

from __future__ import annotations

from aiohttp import web

from gateway.api.bodies import write_json
from gateway.api.call import Call
from gateway.api.problem import Problem
from gateway.api.shapes import Health
from gateway.lifecycle import load_lifecycle
from gateway.metrics import MEDIA_TYPE, write_gauge
from gateway.store import SystemScope, TenantScope, claim_groups, claims, webhooks, work_items
from gateway.worklists import count_list, load_worklists


async def show_health(call: Call) -> web.Response:
    """GET /healthz: the process answers."""
    return write_json(Health(status="ok"))


async def show_readiness(call: Call) -> web.Response:
    """GET /readyz: the database answers too (else the doors say 503), the disks can take a claim, and the
    server is not about to end.
    """
    if call.services.draining.is_set() or call.services.broken.is_set():
        raise Problem("unavailable", "This server is about to end.", headers={"Retry-After": "5"})
    call.services.volumes.require_space()
    await call.services.store.read(SystemScope.tenants)
    return write_json(Health(status="ready"))


async def show_metrics(call: Call) -> web.Response:
    """GET /metrics: this process, and the caller's own counts, by state."""

    gauges = await call.services.store.read(measure_tenant, tenant=call.tenant)
    text = call.services.metrics.write() + b"".join(write_gauge(*gauge) for gauge in gauges)
    return web.Response(body=text, content_type=MEDIA_TYPE, charset="utf-8")


def measure_tenant(scope: TenantScope) -> list[tuple[str, str, str, dict[str, int]]]:
    """The tenant's gauges: name, meaning, label, and the counts by it; what watchdogs told is by reason."""
    waiting = {name: count_list(scope, worklist).total for name, worklist in load_worklists().items()}
    overdue = claim_groups.count_by_mark(scope, sorted(load_lifecycle().overdue.reasons))
    by_state = {state: money.claims for state, money in claims.sum_money(scope).items()}
    return [
        ("claimwire_claims", "Claims by state.", "state", by_state),
        ("claimwire_overdue_claims", "Claims by what they are overdue for.", "reason", overdue),
        ("claimwire_worklist_entries", "Entries of the work lists.", "list", waiting),
        ("claimwire_work_items", "Open work items.", "reason", work_items.count_by_reason(scope)),
        (
            "claimwire_webhook_deliveries",
            "Webhook deliveries by state.",
            "state",
            webhooks.count_by_state(scope),
        ),
    ]
