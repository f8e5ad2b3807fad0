"""Corrections, voids and claims to the next payer over HTTP."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from edi.json_body import decode_body
from gateway.api.call import REQUEST_ID, Call
from gateway.api.handlers.claims import CLAIMS, answer_submission
from gateway.api.idempotency import Repeated, StoredAnswer, Ticket, find_answer, hold, read_ticket, replay
from gateway.api.places import hold_place
from gateway.api.problem import Problem, refuse_missing
from gateway.api.routing import Taken
from gateway.api.trail import witness
from gateway.follow_ups.composing import Wish
from gateway.follow_ups.filing import NoOriginal, Refused
from gateway.lifecycle import REPLACEMENT, SECONDARY, VOID
from gateway.recording import Submission
from gateway.store import TenantScope

NO_BODY = (b"", b"{}")


async def replace_claim(call: Call) -> web.Response:
    """POST /v1/claims/{id}/replace: the corrected claim, whole or as a merge patch of the stored one."""
    body = await call.body()
    posted = _decode(body)
    patched = call.request.content_type == Taken.PATCH.value
    wish = Wish(kind=REPLACEMENT, patch=posted) if patched else Wish(kind=REPLACEMENT, whole=posted)
    return await _file(call, "replace", wish, body)


async def void_claim(call: Call) -> web.Response:
    """POST /v1/claims/{id}/void: take the claim back."""
    body = await call.body()
    if body.strip() not in NO_BODY:
        raise Problem("bad-request", "A void takes no body: it sends the content of the claim that it voids.")
    return await _file(call, "void", Wish(kind=VOID), b"")


async def bill_next_payer(call: Call) -> web.Response:
    """POST /v1/claims/{id}/secondary: the claim to the next payer, with what this one adjudicated."""
    body = await call.body()
    patch = _decode(body) if body.strip() else {}
    return await _file(call, "secondary", Wish(kind=SECONDARY, patch=patch), body)


def _decode(body: bytes) -> dict[str, Any]:
    decoded = decode_body(body)
    if decoded.document is None:
        raise Problem("unreadable", findings=decoded.findings)
    return decoded.document


async def _file(call: Call, act: str, wish: Wish, body: bytes) -> web.Response:
    """Make the follow-up, once for each idempotency key."""
    told = call.request.content_type.encode() + b"\n" + body
    ticket = read_ticket(call, f"{CLAIMS}/{call.subject}/{act}", told)
    if ticket is None:
        return (await _make(call, wish, None)).write()
    with hold(call, ticket):
        given = await find_answer(call, ticket)
        if given is not None:
            return given
        try:
            return (await _make(call, wish, ticket)).write()
        except Repeated as repeated:
            digest = await call.services.store.read(ticket.digest, tenant=call.tenant)
            return replay(repeated.entry, digest)


async def _make(call: Call, wish: Wish, ticket: Ticket | None) -> StoredAnswer:
    request_id = call.request[REQUEST_ID]

    def save(scope: TenantScope, submission: Submission) -> None:
        assert ticket is not None
        ticket.save(scope, answer_submission(submission, request_id))

    async with hold_place(call):
        try:
            submission = await call.services.follow_ups.file(
                call.tenant,
                call.subject,
                wish,
                also=save if ticket is not None else None,
                entry=witness(call),
            )
            call.told.recorded = True
        except NoOriginal:
            raise refuse_missing("claim") from None
        except Refused as refused:
            raise Problem("conflict", "Nothing was stored.", refused.findings) from None
    return answer_submission(submission, request_id)
