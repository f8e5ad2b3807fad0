"""Who calls, and may they: an API key, or the session of a person. Denied is the default."""

from __future__ import annotations

import hmac
from typing import Final

import msgspec
from aiohttp import web

from gateway.api.call import REQUEST_ID, SERVICES, Caller, demand_scope
from gateway.api.cookies import SAFE_METHODS, SESSION, Site, find_site
from gateway.api.origin import ADDRESS
from gateway.api.problem import Problem
from gateway.audit import USER
from gateway.keys import ALL_SCOPES, KeyRoom, Scope, list_effective
from gateway.people.sessions import Member, Step, write_csrf
from gateway.store.audit import NewEntry
from gateway.store.keys import ApiKey

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="claimwire"'}
CSRF_HEADER: Final = "X-CSRF-Token"
TENANT_HEADER: Final = "Claimwire-Tenant"
STRANGER: Final = "Send an API key of this server as Authorization: Bearer cw_..., or sign in."
REVEALING: Final = frozenset({Scope.PHI_REVEAL.value, ALL_SCOPES})


class Visit(msgspec.Struct, frozen=True):
    """A request within a session: who stands behind it, its text, and how the browser reaches us."""

    member: Member
    text: str
    site: Site


VISIT = web.RequestKey("visit", Visit)


async def authenticate(request: web.Request, keys: KeyRoom) -> Caller:
    """The caller by `Authorization: Bearer cw_…` or a whole session. Raises Problem 401 for all others."""
    if "Authorization" in request.headers:
        return await _authenticate_key(request, keys)
    visit = await find_visit(request)
    if visit.member.session.step != Step.WHOLE:
        detail = f"The sign-in waits for a step: {visit.member.session.step}. See GET /v1/session."
        raise Problem("unauthenticated", detail, headers=CHALLENGE)
    return await _admit(request, visit)


async def authenticate_visitor(request: web.Request, keys: KeyRoom) -> Caller:
    """As `authenticate`, also for a session whose sign-in is under way: it may do nothing but go on."""
    if "Authorization" in request.headers:
        return await _authenticate_key(request, keys)
    visit = await find_visit(request)
    if visit.member.session.step == Step.WHOLE:
        return make_member_caller(visit.member)
    person = visit.member.person
    return Caller(person.tenant, person.id, frozenset(), session=visit.member.session.id, reveals=False)


async def find_visit(request: web.Request) -> Visit:
    """The session of the request's cookie. Raises Problem 401 without one, 403 for another site's page."""
    services = request.app[SERVICES]
    site = find_site(request, services.settings)
    text = site.read(request, SESSION) if site is not None else ""
    member = await services.people.sessions.verify(text) if text else None
    if member is None or site is None:
        raise Problem("unauthenticated", STRANGER, headers=CHALLENGE)
    if request.method not in SAFE_METHODS:
        _check_page(request, site, text)
    visit = request[VISIT] = Visit(member, text, site)
    return visit


def make_caller(key: ApiKey) -> Caller:
    """The caller that a live key stands for."""
    reveals = bool(list_effective(key) & REVEALING)
    return Caller(key.tenant, key.id, frozenset(key.scopes), key.prefix, reveals=reveals)


def make_member_caller(member: Member) -> Caller:
    """The caller that a whole session stands for, in the person's own tenant."""
    person, scopes = member.person, member.scopes
    opened = member.emergencies[0].id if member.emergencies else ""
    return Caller(
        person.tenant,
        person.id,
        scopes,
        session=member.session.id,
        reveals=bool(scopes & REVEALING),
        emergency=opened,
    )


def authorize(caller: Caller, scope: Scope | None) -> None:
    """Raises Problem 403 where the caller lacks the scope that a route asks for."""
    if scope is not None:
        demand_scope(caller, scope)


async def _authenticate_key(request: web.Request, keys: KeyRoom) -> Caller:
    scheme, _, text = request.headers["Authorization"].partition(" ")
    key = await keys.verify(text.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        raise Problem("unauthenticated", STRANGER, headers=CHALLENGE)
    return make_caller(key)


async def _admit(request: web.Request, visit: Visit) -> Caller:
    """The person in their own tenant, or in the one that the request names. Each use of emergency access is
    counted before anything is shown.
    """
    emergencies, member = request.app[SERVICES].people.emergencies, visit.member
    tenant = request.headers.get(TENANT_HEADER, member.person.tenant)
    if tenant == member.person.tenant:
        for opened in member.emergencies:
            await emergencies.record_use(opened, _write_use(request, member))
        return make_member_caller(member)
    access = await emergencies.enter(member, tenant)
    if access is None:
        raise Problem("forbidden", "There is no emergency access to this tenant that is open for you.")
    await emergencies.record_use(access, _write_use(request, member))
    scopes = frozenset(access.scopes)
    return Caller(
        tenant,
        member.person.id,
        scopes,
        session=member.session.id,
        reveals=bool(scopes & REVEALING),
        emergency=access.id,
    )


def _write_use(request: web.Request, member: Member) -> NewEntry:
    return NewEntry(
        action="break_glass.used",
        principal_kind=USER,
        principal=member.person.id,
        route=request.match_info.route.name or "",
        address=request[ADDRESS],
        request=request[REQUEST_ID],
    )


def _check_page(request: web.Request, site: Site, text: str) -> None:
    """Raises Problem 403 where a request that changes something was not sent by a page of ours."""
    token = request.headers.get(CSRF_HEADER, "")
    if not site.is_own(request) or not hmac.compare_digest(write_csrf(text).encode(), token.encode()):
        raise Problem("other-site", f"Send {CSRF_HEADER} with the csrf of GET /v1/session.")
