"""Remittances over HTTP."""

from __future__ import annotations

import msgspec
from aiohttp import web

from gateway.api.bodies import show, write_json
from gateway.api.call import Call
from gateway.api.problem import refuse_missing
from gateway.api.shapes import (
    PageQuery,
    PaymentShown,
    ProviderAdjustmentShown,
    RemittanceListed,
    RemittancePage,
    RemittanceShown,
)
from gateway.store import TenantScope, remittances
from gateway.store.remittances import ClaimPayment


async def list_remittances(call: Call) -> web.Response:
    """GET /v1/remittances: newest first."""
    query = call.query(PageQuery)
    found = await call.services.store.read(
        lambda scope: remittances.list_page(scope, before=query.cursor or None, limit=query.limit + 1),
        tenant=call.tenant,
    )
    page = found[: query.limit]
    call.tell(*(remittance.id for remittance in page))
    more = page[-1].id if len(found) > query.limit else None
    return write_json(
        RemittancePage(remittances=[show(remittance, RemittanceListed) for remittance in page], next=more)
    )


async def show_remittance(call: Call) -> web.Response:
    """GET /v1/remittances/{id}: the payment with its claims and provider adjustments."""
    shown = await call.services.store.read(lambda scope: _load(scope, call.subject), tenant=call.tenant)
    if shown is None:
        raise refuse_missing("remittance")
    return write_json(shown)


def _load(scope: TenantScope, remittance_id: str) -> RemittanceShown | None:
    remittance = remittances.load(scope, remittance_id)
    if remittance is None:
        return None
    return RemittanceShown(
        **msgspec.structs.asdict(show(remittance, RemittanceListed)),
        claims=[_show_payment(payment) for payment in remittances.list_payments(scope, remittance_id)],
        provider_adjustments=[
            show(adjustment, ProviderAdjustmentShown)
            for adjustment in remittances.list_provider_adjustments(scope, remittance_id)
        ],
        document=msgspec.Raw(remittances.read_body(scope, remittance_id)),
    )


def _show_payment(payment: ClaimPayment) -> PaymentShown:
    copied = {name: getattr(payment, name) for name in PaymentShown.__struct_fields__ if name != "document"}
    return PaymentShown(**copied, document=msgspec.Raw(payment.body))
