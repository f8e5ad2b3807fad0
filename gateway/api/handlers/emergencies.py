"""Emergency access over HTTP: begun by the person who needs it, listed, ended."""

from __future__ import annotations

import msgspec
from aiohttp import web

from edi.findings import find
from gateway.api.auth import VISIT
from gateway.api.bodies import write_json
from gateway.api.call import Call
from gateway.api.people_shapes import EmergencyPage, EmergencyQuery, EmergencyShown, EmergencyWish
from gateway.api.problem import Problem, refuse_missing
from gateway.api.trail import witness
from gateway.keys import ALL_SCOPES, Scope
from gateway.people.emergency import Beyond, Wish
from gateway.store.emergencies import Emergency

ACCESSES = "/v1/emergency-access"


async def begin_access(call: Call) -> web.Response:
    """POST /v1/emergency-access: 201; event and audit entry are durable before anything opens."""
    visit = call.request.get(VISIT)
    if visit is None:
        raise Problem("forbidden", "Only a person who is signed in can ask for emergency access.")
    wish = await call.struct(EmergencyWish)
    try:
        access = await call.services.people.emergencies.begin(
            visit.member.person,
            Wish(wish.reason, wish.scopes, wish.tenant, wish.minutes),
            witness(call),
        )
    except Beyond as beyond:
        known = ", ".join(beyond.known) or "nothing"
        finding = find("emergency.beyond", scopes=", ".join(beyond.scopes) or "anything", known=known)
        raise Problem("forbidden", findings=[finding]) from None
    call.tell(access.id)
    call.told.recorded = access.tenant == call.tenant
    return write_json(show_access(access), status=201, headers={"Location": f"{ACCESSES}/{access.id}"})


async def list_accesses(call: Call) -> web.Response:
    """GET /v1/emergency-access: newest first; the caller's own, or with audit:read those of everybody."""
    query = call.query(EmergencyQuery)
    person = "" if _holds(call, Scope.AUDIT_READ) else call.caller.key
    found = await call.services.people.emergencies.list_page(
        call.tenant, person, query.cursor, query.limit + 1
    )
    page = found[: query.limit]
    more = page[-1].id if len(found) > query.limit else None
    return write_json(EmergencyPage(accesses=[show_access(access) for access in page], next=more))


async def end_access(call: Call) -> web.Response:
    """DELETE /v1/emergency-access/{id}: by whom it was given to, or with users:admin."""
    person = "" if _holds(call, Scope.USERS_ADMIN) else call.caller.key
    if not await call.services.people.emergencies.end(call.tenant, call.subject, person):
        raise refuse_missing("open emergency access")
    return web.Response(status=204)


def show_access(access: Emergency) -> EmergencyShown:
    """An access as the API shows it, with its reason as text."""
    fields = msgspec.structs.asdict(access)
    del fields["tenant"]
    return EmergencyShown(**{**fields, "reason": access.reason.decode("utf-8")})


def _holds(call: Call, scope: Scope) -> bool:
    return bool(call.caller.scopes & {scope.value, ALL_SCOPES})
