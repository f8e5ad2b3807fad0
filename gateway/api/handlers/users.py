"""Users over HTTP: listed, made, given roles, disabled and enabled, given a new temporary password."""

from __future__ import annotations

from collections.abc import Awaitable

import msgspec
from aiohttp import web

from edi.findings import Finding, find
from gateway.api.bodies import write_json
from gateway.api.call import Call
from gateway.api.handlers.keys import make_giver, told_as_problems
from gateway.api.people_shapes import NewUserWish, RolesWish, UserMade, UserPage, UserShown
from gateway.api.problem import Problem, refuse_missing
from gateway.people.roles import check_roles, load_roles
from gateway.people.users import NewUser, normalize_login
from gateway.store.errors import Conflict
from gateway.store.people import Person

USERS = "/v1/users"


async def list_users(call: Call) -> web.Response:
    """GET /v1/users: oldest first."""
    found = await call.services.people.users.list_all(call.tenant)
    return write_json(UserPage(users=[show_person(person) for person in found]))


async def show_user(call: Call) -> web.Response:
    """GET /v1/users/{id}."""
    person = await call.services.people.users.load(call.tenant, call.subject)
    if person is None:
        raise refuse_missing("user")
    return write_json(show_person(person))


async def make_user(call: Call) -> web.Response:
    """POST /v1/users: 201 with a temporary password, which is shown this once."""
    wish = await call.struct(NewUserWish)
    findings = [*_check_login(wish.login), *_check_roles(wish.roles)]
    if findings:
        raise Problem("findings", findings=findings)
    with told_as_problems("user", "/roles"):
        try:
            made = await call.services.people.users.add(
                call.tenant, wish.login, wish.label, wish.roles, make_giver(call)
            )
        except Conflict:
            raise Problem("conflict", findings=[find("user.login_taken", pointer="/login")]) from None
    call.tell(made.person.id)
    return _write_new(made, status=201)


async def set_roles(call: Call) -> web.Response:
    """PUT /v1/users/{id}/roles."""
    wish = await call.struct(RolesWish)
    findings = _check_roles(wish.roles)
    if findings:
        raise Problem("findings", findings=findings)
    users = call.services.people.users
    return await _answer(users.set_roles(call.tenant, call.subject, wish.roles, make_giver(call)))


async def disable_user(call: Call) -> web.Response:
    """POST /v1/users/{id}/disable: all sessions end at once."""
    return await _answer(call.services.people.users.disable(call.tenant, call.subject, make_giver(call)))


async def enable_user(call: Call) -> web.Response:
    """POST /v1/users/{id}/enable."""
    return await _answer(call.services.people.users.enable(call.tenant, call.subject, make_giver(call)))


async def reset_user(call: Call) -> web.Response:
    """POST /v1/users/{id}/reset: a new temporary password; authenticator and sessions are gone."""
    with told_as_problems("user"):
        made = await call.services.people.users.reset(call.tenant, call.subject, make_giver(call))
    return _write_new(made, status=200)


def show_person(person: Person) -> UserShown:
    """A person as the API shows them."""
    return UserShown(
        id=person.id,
        login=person.login,
        label=person.label,
        roles=person.roles,
        state=person.state,
        must_change_password=person.must_change,
        second_step=person.totp_since,
        created_at=person.created_at,
        updated_at=person.updated_at,
        signed_in_at=person.signed_in_at,
    )


async def _answer(change: Awaitable[Person]) -> web.Response:
    with told_as_problems("user"):
        return write_json(show_person(await change))


def _write_new(made: NewUser, *, status: int) -> web.Response:
    shown = msgspec.structs.asdict(show_person(made.person))
    answer = UserMade(**shown, temporary_password=made.password)
    return write_json(answer, status=status, headers={"Location": f"{USERS}/{made.person.id}"})


def _check_login(login: str) -> list[Finding]:
    try:
        normalize_login(login)
    except ValueError:
        return [find("user.bad_login", pointer="/login")]
    return []


def _check_roles(roles: tuple[str, ...]) -> list[Finding]:
    try:
        check_roles(roles)
    except ValueError:
        return [find("user.unknown_role", pointer="/roles", known=", ".join(load_roles().role))]
    return []
