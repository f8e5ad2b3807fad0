"""Sessions over HTTP: sign in step by step, see who one is, sign out, list and end sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import ceil

import msgspec
from aiohttp import web

from gateway.api.auth import CHALLENGE, VISIT, Visit
from gateway.api.bodies import write_json
from gateway.api.call import CALLER, Call, Caller
from gateway.api.cookies import DEVICE, DEVICE_SECONDS, SESSION, Site, demand_site
from gateway.api.handlers.emergencies import show_access
from gateway.api.origin import ADDRESS, shorten
from gateway.api.people_shapes import (
    AuthenticatorWish,
    CodeWish,
    NewAuthenticator,
    PasswordWish,
    Recovery,
    SessionPage,
    SessionQuery,
    SessionShown,
    SignInWish,
    WhoAmI,
)
from gateway.api.problem import Problem, refuse_missing
from gateway.keys import Scope
from gateway.people.lockout import TooSoon
from gateway.people.one_time import write_uri
from gateway.people.passwords import check_password
from gateway.people.sessions import Member, Step, write_csrf
from gateway.people.sign_in import Entered, Refused, Visitor

EVERYBODY = "all"


async def sign_in(call: Call) -> web.Response:
    """POST /v1/session: by tenant, login and password; a cookie and what is asked for next."""
    site = demand_site(call.request, call.services.settings)
    if call.request.content_type != "application/json":
        raise Problem("bad-request", "The body is JSON, with Content-Type: application/json.")
    wish = await call.struct(SignInWish)
    with told_as_problems():
        entered = await call.services.people.sign_in.by_password(
            choose_tenant(call, wish.tenant), wish.login, wish.password, make_visitor(call, site)
        )
    tell_entered(call, entered)
    return answer_entered(call, site, entered)


async def show_session(call: Call) -> web.Response:
    """GET /v1/session: who calls, by a key or a session, also one whose sign-in is under way."""
    visit = call.request.get(VISIT)
    if visit is not None:
        return write_json(describe_member(call, visit.member, visit.text))
    key = await call.services.keys.load(call.tenant, call.caller.key)
    label = key.label if key is not None else ""
    answer = WhoAmI(
        kind="key",
        tenant=call.tenant,
        id=call.caller.key,
        label=label,
        scopes=tuple(sorted(call.caller.scopes)),
        ends_at=key.expires_at if key is not None else None,
    )
    return write_json(answer)


async def give_code(call: Call) -> web.Response:
    """POST /v1/session/code: the second step."""
    visit, wish = demand_visit(call), await call.struct(CodeWish)
    with told_as_problems():
        entered = await call.services.people.sign_in.by_code(visit.member, wish.code)
    return answer_entered(call, visit.site, entered)


async def begin_enrolment(call: Call) -> web.Response:
    """POST /v1/session/authenticator: a new secret, to be confirmed by a code."""
    visit, wish = demand_visit(call), await call.struct(AuthenticatorWish)
    with told_as_problems():
        secret = await call.services.people.sign_in.begin_enrolment(visit.member, wish.password)
    return write_json(NewAuthenticator(secret=secret, uri=write_uri(secret, visit.member.person.login)))


async def confirm_enrolment(call: Call) -> web.Response:
    """POST /v1/session/authenticator/confirm: from now on codes are asked for; shows the recovery codes."""
    visit, wish = demand_visit(call), await call.struct(CodeWish)
    with told_as_problems():
        enrolled = await call.services.people.sign_in.confirm_enrolment(visit.member, wish.code)
    described = describe_entered(call, enrolled.entered)
    answer = Recovery(**msgspec.structs.asdict(described), recovery_codes=enrolled.codes)
    return keep_cookies(write_json(answer), visit.site, enrolled.entered)


async def change_password(call: Call) -> web.Response:
    """POST /v1/session/password: another password; all other sessions of the person end."""
    visit, wish = demand_visit(call), await call.struct(PasswordWish)
    findings = check_password(wish.password, visit.member.person.login)
    if findings:
        raise Problem("findings", findings=findings)
    with told_as_problems():
        entered = await call.services.people.sign_in.change_password(
            visit.member, wish.current, wish.password
        )
    return answer_entered(call, visit.site, entered)


async def sign_out(call: Call) -> web.Response:
    """DELETE /v1/session."""
    visit = demand_visit(call)
    await call.services.people.sessions.end(call.tenant, visit.member.session.id)
    call.tell(visit.member.session.id)
    answer = web.Response(status=204)
    visit.site.keep(answer, SESSION, "")
    return answer


async def list_sessions(call: Call) -> web.Response:
    """GET /v1/sessions: the caller's own; with users:admin those of a user, or of everybody."""
    wanted = call.query(SessionQuery).user or call.caller.key
    if wanted != call.caller.key:
        call.demand(Scope.USERS_ADMIN)
    person = "" if wanted == EVERYBODY else wanted
    found = await call.services.people.sessions.list_open(call.tenant, person)
    shown = []
    for session in found:
        fields = msgspec.structs.asdict(session)
        kept = {name: fields[name] for name in SessionShown.__struct_fields__ if name in fields}
        shown.append(SessionShown(**kept, current=session.id == call.caller.session))
    return write_json(SessionPage(sessions=shown))


async def end_session(call: Call) -> web.Response:
    """DELETE /v1/sessions/{id}: one's own, or with users:admin anybody's."""
    session = await call.services.people.sessions.load(call.tenant, call.subject)
    if session is None or session.ended_at is not None:
        raise refuse_missing("open session")
    if session.person != call.caller.key:
        call.demand(Scope.USERS_ADMIN)
    await call.services.people.sessions.end(call.tenant, session.id)
    return web.Response(status=204)


@contextmanager
def told_as_problems() -> Iterator[None]:
    """What goes wrong in a sign-in as problems, which do not say what exactly."""
    try:
        yield
    except TooSoon as soon:
        raise refuse_too_soon(soon.wait) from None
    except Refused:
        detail = "Login, password or code is wrong, was used before, or this step is not due."
        raise Problem("sign-in-failed", detail, headers=CHALLENGE) from None


def refuse_too_soon(wait: timedelta) -> Problem:
    """The problem of an attempt during lock-out."""
    seconds = max(1, ceil(wait.total_seconds()))
    detail = f"Too many sign-ins failed. Try again in {seconds} s."
    return Problem("too-many", detail, headers={"Retry-After": str(seconds)})


def demand_visit(call: Call) -> Visit:
    """The session of the call. Raises Problem 403 for an API key."""
    visit: Visit | None = call.request.get(VISIT)
    if visit is None:
        raise Problem("forbidden", "This is for the session of a person, not for an API key.")
    return visit


def choose_tenant(call: Call, name: str) -> str:
    """The tenant that was named, or the only one."""
    tenants = call.services.settings.tenants
    return name or (tenants[0].name if len(tenants) == 1 else "")


def make_visitor(call: Call, site: Site) -> Visitor:
    """From where somebody signs in."""
    address = call.request[ADDRESS]
    return Visitor(address, shorten(address), site.read(call.request, DEVICE))


def tell_entered(call: Call, entered: Entered) -> None:
    """Tell the audit log who signs in: the call began as a stranger's."""
    person, session = entered.person, entered.session.session
    call.request[CALLER] = Caller(person.tenant, person.id, frozenset(), session=session.id)
    call.tell(session.id)


def answer_entered(call: Call, site: Site, entered: Entered) -> web.Response:
    """The answer to a step that went well, with the session's new cookie."""
    return keep_cookies(write_json(describe_entered(call, entered)), site, entered)


def keep_cookies(answer: web.Response, site: Site, entered: Entered) -> web.Response:
    """The answer with the cookies of a step that went well."""
    site.keep(answer, SESSION, entered.session.text)
    if entered.device:
        site.keep(answer, DEVICE, entered.device, DEVICE_SECONDS)
    return answer


def describe_entered(call: Call, entered: Entered) -> WhoAmI:
    """Who somebody is after a step that went well."""
    return describe_member(call, Member(entered.session.session, entered.person), entered.session.text)


def describe_member(call: Call, member: Member, text: str) -> WhoAmI:
    """Who stands behind a session, with what its pages need."""
    session, person = member.session, member.person
    return WhoAmI(
        kind="user",
        tenant=person.tenant,
        id=person.id,
        label=person.label,
        scopes=tuple(sorted(member.scopes)) if session.step == Step.WHOLE else (),
        login=person.login,
        roles=person.roles,
        session=session.id,
        step=session.step,
        csrf=write_csrf(text),
        ends_at=session.ends_at,
        idle_minutes=call.services.settings.people.idle_minutes,
        emergencies=tuple(show_access(access) for access in member.emergencies),
    )
