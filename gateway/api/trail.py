"""The trail that calls leave in the audit log: one entry for each, made in this one place.

The route says the action (its own, or that of its scope), the handler which ids it showed or changed
(`call.tell`). An answer that shows something leaves only after its entry is durable; a stream's entry is
durable before its first byte, and another follows its end. A claim's entry rides in the claim's transaction.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import web

from gateway.api.call import (
    CALLER,
    DONE,
    FORBIDDEN,
    MISSING,
    REQUEST_ID,
    STRANGER,
    TOLD,
    Call,
    Caller,
    Told,
)
from gateway.api.origin import ADDRESS
from gateway.api.routing import Route
from gateway.audit import BEGUN, CERTIFICATE, KEY, NOBODY, USER, choose_ids, load_catalogue
from gateway.services import Services
from gateway.store.audit import NewEntry

ROUTE = web.RequestKey("route", Route)
REFUSED_ADDRESS: Final = "address.refused"
CERTIFIED: Final = "certificate:"
MOST_IDS: Final = 500
REFUSED, FAILED = "refused", "failed"
OUTCOMES: Final[dict[int, str]] = {
    HTTPStatus.UNAUTHORIZED: STRANGER,
    HTTPStatus.FORBIDDEN: FORBIDDEN,
    HTTPStatus.NOT_FOUND: MISSING,
}


def name_action(route: Route | None) -> str:
    """The action of a route in the catalogue; "" for one that shows nothing of a patient."""
    if route is None:
        return REFUSED_ADDRESS
    if route.action is not None:
        return route.action
    return load_catalogue().scope[route.scope] if route.scope is not None else ""


def name_outcome(status: int) -> str:
    """How an HTTP status ended the call."""
    if status < HTTPStatus.BAD_REQUEST:
        return DONE
    usual = REFUSED if status < HTTPStatus.INTERNAL_SERVER_ERROR else FAILED
    return OUTCOMES.get(status, usual)


def describe_principal(caller: Caller | None) -> tuple[str, str]:
    """The kind and id of who calls."""
    if caller is None:
        return NOBODY, ""
    if caller.key.startswith(CERTIFIED):
        return CERTIFICATE, caller.key.removeprefix(CERTIFIED)
    if caller.session:
        return USER, caller.key
    return KEY, caller.key


def write_entry(request: web.Request, outcome: str = DONE) -> NewEntry:
    """The entry of a call as far as it is known now."""
    told, route = request.get(TOLD, Told()), request.get(ROUTE)
    ids = choose_ids([*request.match_info.values(), *told.ids])
    kind, principal = describe_principal(request.get(CALLER))
    return NewEntry(
        action=name_action(route),
        principal_kind=kind,
        principal=principal,
        route=route.name if route is not None else "",
        kind=load_catalogue().name_kind(ids),
        subjects=ids[:MOST_IDS],
        count=max(1, len(ids)),
        outcome=outcome,
        address=request.get(ADDRESS, ""),
        request=request[REQUEST_ID],
    )


def witness(call: Call) -> NewEntry:
    """The entry that goes into the transaction of what the call changes; then say `call.told.recorded`."""
    return write_entry(call.request)


async def record_begin(call: Call) -> None:
    """Before the first byte of a stream. Raises StoreUnavailable, StoreBroken."""
    if name_action(call.request.get(ROUTE)):
        await call.services.audit.record(call.tenant, write_entry(call.request, BEGUN))


async def record_answer(request: web.Request, services: Services, status: int) -> None:
    """Record how a call ended, unless its entry is written. Raises StoreUnavailable, StoreBroken."""
    caller, route = request.get(CALLER), request.get(ROUTE)
    if not name_action(route) or request.get(TOLD, Told()).recorded:
        return
    if caller is None:
        entry = write_entry(request, STRANGER)
        services.audit.count_stranger(msgspec.structs.replace(entry, subjects=(), kind="", count=1))
    elif route is not None:
        outcome = request.get(TOLD, Told()).outcome or name_outcome(status)
        await services.audit.record(caller.tenant, write_entry(request, outcome))
