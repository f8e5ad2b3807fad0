"""Payments over HTTP."""

from __future__ import annotations

import msgspec
from aiohttp import web

from gateway.api.bodies import show, write_json
from gateway.api.call import Call
from gateway.api.money_shapes import (
    DepositShown,
    NewDeposit,
    PaymentDetail,
    PaymentListed,
    PaymentPage,
    PaymentQuery,
)
from gateway.api.problem import Problem, refuse_missing
from gateway.api.shapes import ProviderAdjustmentShown, RemittanceListed
from gateway.payments import DepositRefused, Line, Payment, complete, post_deposit
from gateway.store import TenantScope, payments, remittances


async def list_payments(call: Call) -> web.Response:
    """GET /v1/payments: newest first."""
    query = call.query(PaymentQuery)

    def load(scope: TenantScope) -> list[Payment]:
        found = payments.list_page(
            scope, payer_id=query.payer, before=query.cursor or None, limit=query.limit + 1
        )
        return [complete(scope, it) for it in found]

    found = await call.services.store.read(load, tenant=call.tenant)
    page = found[: query.limit]
    call.tell(*(payment.id for payment in page))
    more = page[-1].id if len(found) > query.limit else None
    return write_json(PaymentPage(payments=[list_payment(payment) for payment in page], next=more))


async def show_payment(call: Call) -> web.Response:
    """GET /v1/payments/{id}: with its remittances, provider adjustments and deposits."""

    def load(scope: TenantScope) -> PaymentDetail | None:
        found = payments.load(scope, call.subject)
        return describe(scope, complete(scope, found)) if found else None

    shown = await call.services.store.read(load, tenant=call.tenant)
    if shown is None:
        raise refuse_missing("payment")
    return write_json(shown)


async def deposit_payment(call: Call) -> web.Response:
    """POST /v1/payments/{id}/deposit: what the bank says came in; the payment as it stands then."""
    wish = await call.struct(NewDeposit)
    line = Line(
        amount=wish.amount,
        day=wish.date,
        trace_number=wish.trace_number,
        addenda=wish.addenda,
        by=call.caller.key,
    )

    def post(scope: TenantScope) -> PaymentDetail | None:
        scope.lock(f"payment:{call.subject}")
        found = payments.load(scope, call.subject)
        return describe(scope, post_deposit(scope, complete(scope, found), line)) if found else None

    try:
        shown = await call.services.store.write(post, tenant=call.tenant)
    except DepositRefused as refused:
        raise Problem("conflict", "Nothing was posted.", [refused.finding]) from None
    if shown is None:
        raise refuse_missing("payment")
    return write_json(shown)


def list_payment(payment: Payment) -> PaymentListed:
    """A payment as lists show it."""
    first = payment.remittances[0]
    return PaymentListed(
        id=payment.id,
        payer_id=first.payer_id,
        payer_name=first.payer_name,
        trace_number=first.trace_number,
        date=first.date,
        method=first.method,
        amount=payment.amount,
        deposited=payment.deposited,
        variance=payment.variance,
        state=payment.state,
        remittances=[remittance.id for remittance in payment.remittances],
    )


def describe(scope: TenantScope, payment: Payment) -> PaymentDetail:
    """A payment with all that belongs to it."""
    adjustments = [
        adjustment
        for remittance in payment.remittances
        for adjustment in remittances.list_provider_adjustments(scope, remittance.id)
    ]
    return PaymentDetail(
        **msgspec.structs.asdict(list_payment(payment)),
        sets=[show(remittance, RemittanceListed) for remittance in payment.remittances],
        provider_adjustments=[show(adjustment, ProviderAdjustmentShown) for adjustment in adjustments],
        deposits=[show(deposit, DepositShown) for deposit in payment.deposits],
    )
