"""Claims over HTTP: post, check, list, show, and their story, findings and X12."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta

import msgspec
from aiohttp import web

from edi.claim_forms import DENTAL, INSTITUTIONAL, PROFESSIONAL
from edi.excerpts import cut_claim
from gateway.api.bodies import write_json
from gateway.api.call import REQUEST_ID, Call
from gateway.api.idempotency import Repeated, StoredAnswer, Ticket, find_answer, hold, read_ticket, replay
from gateway.api.places import hold_place
from gateway.api.problem import Problem, refuse_missing, refuse_parameter
from gateway.api.search_shapes import ClaimQuery, ClaimSearchWish
from gateway.api.shapes import (
    ClaimAmounts,
    ClaimChecked,
    ClaimFindings,
    ClaimListed,
    ClaimPage,
    ClaimShown,
    ClaimTaken,
    FollowUpShown,
    Timeline,
)
from gateway.api.trail import witness
from gateway.dossier import Dossier, read_dossier
from gateway.feed import show_event
from gateway.lifecycle import load_lifecycle, name_follow_up
from gateway.patients import name_patient
from gateway.recording import Submission
from gateway.store import TenantScope, claims, events, follow_ups, interchanges
from gateway.store.claim_search import ClaimSearch, search
from gateway.store.claims import Claim

CLAIM_TYPES = {"professional": PROFESSIONAL, "institutional": INSTITUTIONAL, "dental": DENTAL}
CLAIMS = "/v1/claims"
X12_MEDIA = "application/edi-x12"


async def submit_claim(call: Call) -> web.Response:
    """POST /v1/claims: 202 with the claim's id, or 422 with every finding."""
    body = await call.body()
    ticket = read_ticket(call, CLAIMS, body)
    if ticket is None:
        return (await _take(call, body, None)).write()
    with hold(call, ticket):
        given = await find_answer(call, ticket)
        return given or await _take_once(call, body, ticket)


async def _take_once(call: Call, body: bytes, ticket: Ticket) -> web.Response:
    try:
        return (await _take(call, body, ticket)).write()
    except Repeated as repeated:
        digest = await call.services.store.read(ticket.digest, tenant=call.tenant)
        return replay(repeated.entry, digest)


async def _take(call: Call, body: bytes, ticket: Ticket | None) -> StoredAnswer:
    """Submit the claim where there is a place for it."""
    async with hold_place(call):
        return await _submit(call, body, ticket)


async def _submit(call: Call, body: bytes, ticket: Ticket | None) -> StoredAnswer:
    """Submit the claim; its answer is kept under the ticket in the same transaction."""
    intake = call.services.intake
    opinion = await intake.judge(call.tenant, body)
    if opinion.judged is None:
        kept = await intake.keep_unreadable(call.tenant, body, opinion.unreadable)
        call.tell(kept.file)
        raise Problem("unreadable", "The bytes were kept.", opinion.unreadable, file=kept.file)
    request_id = call.request[REQUEST_ID]

    def save(scope: TenantScope, submission: Submission) -> None:
        assert ticket is not None
        ticket.save(scope, answer_submission(submission, request_id))

    also = save if ticket is not None else None
    submission = await intake.record(call.tenant, opinion.judged, also=also, entry=witness(call))
    call.told.recorded = True
    return answer_submission(submission, request_id)


def answer_submission(submission: Submission, request_id: str) -> StoredAnswer:
    """202 for a claim that was accepted, 422 with its findings for one that was not."""
    location = f"{CLAIMS}/{submission.claim}"
    if not submission.accepted:
        problem = Problem(
            "findings", "The claim was stored and rejected.", submission.findings, subject=submission.claim
        )
        return StoredAnswer(problem.status, problem.write_body(request_id), location)
    taken = ClaimTaken(
        id=submission.claim,
        state=submission.state,
        patient_control_number=submission.patient_control_number,
        findings=submission.findings,
    )
    return StoredAnswer(202, msgspec.json.encode(taken), location)


async def validate_claim(call: Call) -> web.Response:
    """POST /v1/claims/validate: what a check says; nothing is stored."""
    opinion = await call.services.intake.judge(call.tenant, await call.body())
    if opinion.judged is None:
        raise Problem("unreadable", findings=opinion.unreadable)
    findings = opinion.judged.findings
    if any(finding.stops for finding in findings):
        raise Problem("findings", "Nothing was stored.", findings)
    return write_json(ClaimChecked(clean=True, findings=findings))


async def list_claims(call: Call) -> web.Response:
    """GET /v1/claims: newest first, those that all conditions fit."""
    return await _list(call, read_search(call.query(ClaimQuery)))


async def search_claims(call: Call) -> web.Response:
    """POST /v1/claims/search: as the list, also by the patient control number, which stands in no address."""
    wish = await call.struct(ClaimSearchWish)
    asked = read_search(wish)
    return await _list(
        call, msgspec.structs.replace(asked, patient_control_number=wish.patient_control_number or None)
    )


async def _list(call: Call, asked: ClaimSearch) -> web.Response:
    def load(scope: TenantScope) -> list[Claim]:
        return search(scope, msgspec.structs.replace(asked, limit=asked.limit + 1))

    found = await call.services.store.read(load, tenant=call.tenant)
    page = found[: asked.limit]
    call.tell(*(claim.id for claim in page))
    more = page[-1].id if len(found) > asked.limit else None
    return write_json(ClaimPage(claims=[describe_claim(claim) for claim in page], next=more))


def read_search(query: ClaimQuery) -> ClaimSearch:
    """What the store is asked. Raises Problem for a state or a type of claims that there is not."""
    states = tuple(state for state in query.state.split(",") if state)
    if not set(states) <= set(load_lifecycle().state):
        raise refuse_parameter("state", "one of " + ", ".join(load_lifecycle().state))
    guide = CLAIM_TYPES.get(query.claim_type, query.claim_type)
    if guide and guide not in CLAIM_TYPES.values():
        raise refuse_parameter("claimType", "one of " + ", ".join(CLAIM_TYPES))
    first, last = query.received_from, query.received_to
    return ClaimSearch(
        states=states,
        payer_id=query.payer or None,
        billing_npi=query.billing_npi or None,
        claim_type=guide or None,
        service_from=query.service_from,
        service_to=query.service_to,
        received_from=datetime.combine(first, time(), UTC) if first is not None else None,
        received_until=datetime.combine(last, time(), UTC) + timedelta(days=1) if last is not None else None,
        charge_from=query.charge_from,
        charge_to=query.charge_to,
        batch=query.batch or None,
        before=query.cursor or None,
        limit=query.limit,
    )


async def show_claim(call: Call) -> web.Response:
    """GET /v1/claims/{id}: how it stands, with the document it was made from."""
    claim, dossier = await _load(call)
    following = await call.services.store.read(
        lambda scope: follow_ups.list_of(scope, claim.id), tenant=call.tenant
    )
    shown = ClaimShown(
        **msgspec.structs.asdict(describe_claim(claim)),
        patient_control_number=dossier.patient_control_number,
        patient=name_patient(claim),
        follow_ups=[_show_follow_up(it) for it in following],
        document=dossier.document,
    )
    return write_json(shown)


def _show_follow_up(claim: Claim) -> FollowUpShown:
    copied = {name: getattr(claim, name) for name in ("id", "state", "payer_id", "frequency", "created_at")}
    return FollowUpShown(kind=name_follow_up(claim.frequency), **copied)


async def show_timeline(call: Call) -> web.Response:
    """GET /v1/claims/{id}/timeline: the claim's events, oldest first."""
    await _load(call)
    story = await call.services.store.read(
        lambda scope: events.list_of_claim(scope, call.subject), tenant=call.tenant
    )
    return write_json(
        Timeline(claim=call.subject, events=[show_event(call.tenant, event) for event in story])
    )


async def show_findings(call: Call) -> web.Response:
    """GET /v1/claims/{id}/findings: what was found when it came in."""
    _, dossier = await _load(call)
    return write_json(ClaimFindings(claim=call.subject, findings=dossier.findings))


async def show_x12(call: Call) -> web.Response:
    """GET /v1/claims/{id}/x12: the claim as it was written last, without those that travelled with it."""
    await _load(call)

    def find(scope: TenantScope) -> tuple[interchanges.Placement, interchanges.Interchange] | None:
        for placement in interchanges.list_placements_of_claim(scope, call.subject):
            interchange = interchanges.load(scope, placement.interchange)
            if interchange is not None:
                return placement, interchange
        return None

    found = await call.services.store.read(find, tenant=call.tenant)
    if found is None:
        raise Problem("not-found", "The claim was not written as X12 yet.")
    placement, interchange = found
    content = await asyncio.to_thread(call.services.archive.get, interchange.sha256)
    headers = {
        "Content-Disposition": f'attachment; filename="{interchange.id}.x12"',
        "X-Interchange": interchange.id,
        "X-Transaction-Set": placement.set_control_number,
        "X-Claim-Position": str(placement.position),
    }
    alone = await asyncio.to_thread(cut_claim, content, placement.set_control_number, placement.position)
    return web.Response(body=alone, content_type=X12_MEDIA, headers=headers)


async def _load(call: Call) -> tuple[Claim, Dossier]:
    """The claim and its dossier. Raises Problem 404, alike for no claim and another tenant's."""

    def load(scope: TenantScope) -> tuple[Claim, bytes] | None:
        claim = claims.load(scope, call.subject)
        return (claim, claims.read_body(scope, claim.id)) if claim is not None else None

    found = await call.services.store.read(load, tenant=call.tenant)
    if found is None:
        raise refuse_missing("claim")
    return found[0], read_dossier(found[1])


def describe_claim(claim: Claim) -> ClaimListed:
    """The claim as lists show it."""
    amounts = ClaimAmounts(
        billed=claim.charge, paid=claim.paid, adjusted=claim.adjusted, patient=claim.patient, open=claim.open
    )
    copied = {name: getattr(claim, name) for name in ClaimListed.__struct_fields__ if name != "amounts"}
    return ClaimListed(amounts=amounts, **copied)
