"""Inquiries over HTTP: asked within the payer's time, looked up later, and many in one request."""

from __future__ import annotations

import asyncio
import math
from functools import partial

import msgspec
from aiohttp import web

from edi.findings import find
from edi.json_body import decode_body
from gateway.api.bodies import write_json
from gateway.api.call import Call
from gateway.api.handlers.batches import answer_lines
from gateway.api.inquiry_shapes import InquiryLine, InquiryShown
from gateway.api.lines import Line
from gateway.api.problem import Problem, refuse_missing
from gateway.inquiries.asking import NotAsked, Outcome
from gateway.inquiries.kinds import CLAIM_STATUS, ELIGIBILITY, Kind
from gateway.logs import log_event
from gateway.store.errors import StoreBroken, StoreUnavailable
from gateway.store.inquiries import ASKED, FAILED, REFUSED

INVALID = "invalid"
UNAVAILABLE = "unavailable"
PATHS = {ELIGIBILITY.name: "/v1/eligibility", CLAIM_STATUS.name: "/v1/claim-status"}


async def ask_eligibility(call: Call) -> web.Response:
    """POST /v1/eligibility: the payer's answer, or why there is none."""
    return await _ask(call, ELIGIBILITY)


async def ask_claim_status(call: Call) -> web.Response:
    """POST /v1/claim-status: the payer's answer, or why there is none."""
    return await _ask(call, CLAIM_STATUS)


async def _ask(call: Call, kind: Kind) -> web.Response:
    loop = asyncio.get_running_loop()
    began = loop.time()
    decoded = decode_body(await call.body())
    if decoded.document is None:
        raise Problem("unreadable", findings=decoded.findings)
    try:
        outcome = await call.services.inquiries.ask(
            call.tenant, kind, decoded.document, waited=loop.time() - began, fresh=_wants_fresh(call)
        )
    except NotAsked as refusal:
        raise Problem("findings", "Nothing was asked.", refusal.findings) from None
    call.tell(outcome.inquiry.id)
    refuse_without_answer(outcome)
    location = f"{PATHS[kind.name]}/{outcome.inquiry.id}"
    return write_json(describe(outcome), headers={"Location": location})


def _wants_fresh(call: Call) -> bool:
    """True where no answer that was given before will do (RFC 9111 5.2.1.4)."""
    return "no-cache" in call.request.headers.get("Cache-Control", "").lower()


def refuse_without_answer(outcome: Outcome) -> None:
    """Raises Problem where the payer gave no answer, or none that can be shown."""
    if outcome.state == ASKED:
        detail = "The inquiry goes on; look it up by its id."
        raise Problem("no-answer-yet", detail, outcome.findings, subject=outcome.inquiry.id)
    if outcome.state in (FAILED, REFUSED):
        headers = {"Retry-After": str(math.ceil(outcome.after))} if outcome.after is not None else {}
        raise Problem("not-taken", findings=outcome.findings, subject=outcome.inquiry.id, headers=headers)


def describe(outcome: Outcome) -> InquiryShown:
    """The inquiry as it is shown."""
    inquiry = outcome.inquiry
    return InquiryShown(
        id=inquiry.id,
        state=outcome.state,
        payer_id=inquiry.payer_id,
        control_number=f"{inquiry.control_number:09d}",
        asked_at=inquiry.created_at,
        answered_at=inquiry.answered_at,
        cached=outcome.cached,
        findings=outcome.findings,
        response=dict(outcome.document) if outcome.document is not None else None,
    )


async def show_eligibility(call: Call) -> web.Response:
    """GET /v1/eligibility/{id}: how the inquiry stands."""
    return await _show(call, ELIGIBILITY)


async def show_claim_status(call: Call) -> web.Response:
    """GET /v1/claim-status/{id}: how the inquiry stands."""
    return await _show(call, CLAIM_STATUS)


async def _show(call: Call, kind: Kind) -> web.Response:
    outcome = await call.services.inquiries.look_up(call.tenant, kind, call.subject)
    if outcome is None:
        raise refuse_missing("inquiry")
    return write_json(describe(outcome))


async def ask_batch(call: Call) -> web.StreamResponse:
    """POST /v1/eligibility/batch: one answer for each line, in order."""
    return await answer_lines(call, partial(_ask_line, fresh=_wants_fresh(call)), InquiryLine)


async def _ask_line(call: Call, line: Line, *, fresh: bool) -> msgspec.Struct:
    """Ask for one line; whatever becomes of it is an answer."""
    decoded = decode_body(line.content)
    if decoded.document is None:
        return InquiryLine(line=line.number, state=INVALID, findings=decoded.findings)
    try:
        outcome = await call.services.inquiries.ask(call.tenant, ELIGIBILITY, decoded.document, fresh=fresh)
    except NotAsked as refusal:
        return InquiryLine(line=line.number, state=INVALID, findings=refusal.findings)
    except (StoreUnavailable, StoreBroken) as failure:
        log_event("request.unavailable", error=failure, tenant=call.tenant)
        if isinstance(failure, StoreBroken):
            call.services.broken.set()
        return InquiryLine(line=line.number, state=UNAVAILABLE, findings=(find("request.not_stored"),))
    call.tell(outcome.inquiry.id)
    return InquiryLine(
        line=line.number,
        state=outcome.state,
        id=outcome.inquiry.id,
        cached=outcome.cached,
        findings=outcome.findings,
        response=dict(outcome.document) if outcome.document is not None else None,
    )
