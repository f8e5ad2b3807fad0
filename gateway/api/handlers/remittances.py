"""Remittances over HTTP."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from edi.excerpts import cut_set
from edi.files import SetReport
from edi.models import Remittance as Advice
from edi.remits import read_remittance
from gateway.api.bodies import show, write_json
from gateway.api.call import Call
from gateway.api.handlers.claims import X12_MEDIA
from gateway.api.handlers.patients import write_pdf
from gateway.api.problem import refuse_missing
from gateway.api.search_shapes import RemittanceQuery
from gateway.api.shapes import (
    PaymentShown,
    ProviderAdjustmentShown,
    RemittanceListed,
    RemittancePage,
    RemittanceShown,
)
from gateway.store import TenantScope, files, remittances
from gateway.store.files import File
from gateway.store.remittances import ClaimPayment


async def list_remittances(call: Call) -> web.Response:
    """GET /v1/remittances: newest first."""
    query = call.query(RemittanceQuery)

    def load(scope: TenantScope) -> list[remittances.Remittance]:
        return remittances.list_page(
            scope,
            payer_id=query.payer or None,
            trace_number=query.trace or None,
            paid_from=query.date_from,
            paid_to=query.date_to,
            before=query.cursor or None,
            limit=query.limit + 1,
        )

    found = await call.services.store.read(load, tenant=call.tenant)
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


async def show_x12(call: Call) -> web.Response:
    """GET /v1/remittances/{id}/x12: the 835 set as it came, in its envelope and without its neighbours."""
    found = await call.services.store.read(lambda scope: _find(scope, call.subject), tenant=call.tenant)
    if found is None:
        raise refuse_missing("remittance")
    remittance, body, file = found
    content = await asyncio.to_thread(call.services.archive.get, file.sha256)
    alone = await asyncio.to_thread(cut_remittance, content, remittance.set_control_number, body)
    headers = {"Content-Disposition": f'attachment; filename="{remittance.id}.x12"'}
    return web.Response(body=alone, content_type=X12_MEDIA, headers=headers)


async def show_pdf(call: Call) -> web.Response:
    """GET /v1/remittances/{id}/pdf: the remittance as a person reads it."""
    found = await call.services.store.read(lambda scope: _find(scope, call.subject), tenant=call.tenant)
    if found is None:
        raise refuse_missing("remittance")
    from gateway.papers.advice import draw_advice  # late: papers cost time to import

    told = msgspec.json.decode(found[1], type=Advice)
    drawn = await asyncio.to_thread(draw_advice, told, call.services.clock.now())
    return write_pdf(drawn, call.subject)


def cut_remittance(content: bytes, set_control_number: str, body: bytes) -> bytes:
    """The set of the file that says what the remittance `body` says. Raises NoSuchSetError, Unreadable.

    A control number may occur twice in a file: then what the set says decides.
    """

    def says(report: SetReport) -> bool:
        told = map(read_remittance, report.documents)
        return any(msgspec.json.encode(remittance) == body for remittance in told)

    return cut_set(content, set_control_number, says)


def _find(scope: TenantScope, remittance_id: str) -> tuple[remittances.Remittance, bytes, File] | None:
    remittance = remittances.load(scope, remittance_id)
    file = files.load(scope, remittance.file) if remittance is not None else None
    if remittance is None or file is None:
        return None
    return remittance, remittances.read_body(scope, remittance_id), file


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
