"""Patients' accounts over HTTP: their claims and their statement."""

from __future__ import annotations

import asyncio
from datetime import datetime

from aiohttp import web

from gateway.api.bodies import write_json
from gateway.api.call import Call
from gateway.api.handlers.claims import describe_claim
from gateway.api.money_shapes import AccountShown, Statement, StatementBill, StatementClaim
from gateway.api.problem import refuse_missing
from gateway.balances import (
    Account,
    Bill,
    add_up,
    load_accounts,
    make_bills,
    name_patient_of,
    name_provider_of,
    tell_kind,
)
from gateway.keys import Scope
from gateway.patients import find_account, name_patient
from gateway.store import TenantScope, follow_ups
from gateway.store.claims import Claim

PDF = "application/pdf"


async def show_account(call: Call) -> web.Response:
    """GET /v1/patients/{account}: the account's claims, oldest first."""
    account = call.request.match_info["account"]

    def load(scope: TenantScope) -> list[Claim]:
        return follow_ups.list_of_account(scope, find_account(scope, account))

    found = await call.services.store.read(load, tenant=call.tenant)
    if not found:
        raise refuse_missing("account")
    call.tell(name_patient(found[0]), *(claim.id for claim in found))
    shown = AccountShown(patient=name_patient(found[0]), claims=[describe_claim(claim) for claim in found])
    return write_json(shown)


async def show_statement(call: Call) -> web.Response:
    """GET /v1/patients/{account}/statement: who owes what, as JSON or PDF (Accept)."""
    call.demand(Scope.CLAIMS_READ)
    account = call.request.match_info["account"]

    def load(scope: TenantScope) -> list[Account]:
        return load_accounts(scope, find_account(scope, account))

    found = await call.services.store.read(load, tenant=call.tenant)
    if not found:
        raise refuse_missing("account")
    call.tell(name_patient(found[0].claim), *(it.claim.id for it in found))
    now = call.services.clock.now()
    statement = describe_statement(found, now)
    if not wants_pdf(call.request):
        return write_json(statement)
    from gateway.papers.statement import draw_statement  # late: papers cost time to import

    number = statement.patient_control_number
    drawn = await asyncio.to_thread(draw_statement, number, make_bills(found), now)
    return write_pdf(drawn, name_patient(found[0].claim))


def wants_pdf(request: web.Request) -> bool:
    """True where the client asks for a PDF rather than JSON."""
    return PDF in request.headers.get("Accept", "").lower()


def write_pdf(content: bytes, name: str) -> web.Response:
    """A paper; its file is named by an id, never by a person."""
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return web.Response(body=content, content_type=PDF, headers=headers)


def describe_statement(accounts: list[Account], now: datetime) -> Statement:
    """The statement of an account as JSON."""
    bills, first = make_bills(accounts), accounts[0]
    claim = first.document.get("claimInformation")
    number = claim.get("patientControlNumber", "") if isinstance(claim, dict) else ""
    return Statement(
        patient=name_patient(first.claim),
        patient_control_number=str(number),
        patient_name=name_patient_of(first.document),
        provider_name=name_provider_of(first.document),
        as_of=now.date(),
        charge=add_up(bill.charge for bill in bills),
        paid=add_up(bill.paid for bill in bills),
        written_off=add_up(bill.written_off for bill in bills),
        with_payer=add_up(bill.with_payer for bill in bills),
        balance=add_up(bill.patient for bill in bills),
        bills=[_describe_bill(bill) for bill in bills],
    )


def _describe_bill(bill: Bill) -> StatementBill:
    first = bill.claims[0].claim
    return StatementBill(
        service_from=first.service_from,
        service_to=first.service_to,
        charge=bill.charge,
        paid=bill.paid,
        written_off=bill.written_off,
        patient=bill.patient,
        with_payer=bill.with_payer,
        claims=[_describe_claim(account) for account in bill.claims],
    )


def _describe_claim(account: Account) -> StatementClaim:
    claim, told = account.claim, account.adjudication
    return StatementClaim(
        id=claim.id,
        kind=tell_kind(claim),
        payer_id=claim.payer_id,
        payer_name=str(account.document.get("tradingPartnerName", "")),
        state=claim.state,
        charge=claim.charge,
        paid=add_up([told.paid]),
        adjustments=account.by_group,
        patient_responsibility=add_up([told.patient_share]),
    )
