"""API keys over HTTP: listed, made, rotated, revoked. Nobody gives what they do not have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import msgspec
from aiohttp import web

from edi.findings import find
from gateway.api.bodies import show, write_json
from gateway.api.call import Call
from gateway.api.people_shapes import KeyMade, KeyPage, KeyRotated, KeyShown, NewKeyWish, RotateWish
from gateway.api.problem import Problem, refuse_missing
from gateway.keys import Giver, ScopesLacking, check_scopes
from gateway.store.errors import NoSuchRow

KEYS = "/v1/keys"


def make_giver(call: Call) -> Giver:
    """The caller as somebody who makes or changes keys and people."""
    return Giver(call.caller.key, call.caller.scopes)


@contextmanager
def told_as_problems(what: str, pointer: str | None = None) -> Iterator[None]:
    """A missing row and lacking scopes as problems."""
    try:
        yield
    except NoSuchRow:
        raise refuse_missing(what) from None
    except ScopesLacking as lacking:
        finding = find("key.beyond_own", pointer=pointer, scopes=", ".join(lacking.scopes))
        raise Problem("forbidden", findings=[finding]) from None


async def list_keys(call: Call) -> web.Response:
    """GET /v1/keys: oldest first, without their texts."""
    found = await call.services.keys.list_all(call.tenant)
    return write_json(KeyPage(keys=[show(key, KeyShown) for key in found]))


async def show_key(call: Call) -> web.Response:
    """GET /v1/keys/{id}."""
    key = await call.services.keys.load(call.tenant, call.subject)
    if key is None:
        raise refuse_missing("key")
    return write_json(show(key, KeyShown))


async def make_key(call: Call) -> web.Response:
    """POST /v1/keys: 201 with the text, which is shown this once."""
    wish = await call.struct(NewKeyWish)
    try:
        check_scopes(wish.scopes)
    except ValueError:
        raise Problem("findings", findings=[find("key.unknown_scope", pointer="/scopes")]) from None
    if wish.expires_at is not None and wish.expires_at <= call.services.clock.now():
        raise Problem("findings", findings=[find("key.expired", pointer="/expiresAt")])
    with told_as_problems("key", "/scopes"):
        made = await call.services.keys.create(
            call.tenant, wish.label, wish.scopes, wish.expires_at, make_giver(call)
        )
    call.tell(made.key.id)
    answer = KeyMade(**msgspec.structs.asdict(show(made.key, KeyShown)), key=made.text)
    return write_json(answer, status=201, headers={"Location": f"{KEYS}/{made.key.id}"})


async def rotate_key(call: Call) -> web.Response:
    """POST /v1/keys/{id}/rotate: 201 with a new key; the one before goes on for the stated time."""
    wish = await call.struct(RotateWish)
    with told_as_problems("key"):
        made, until = await call.services.keys.rotate(
            call.tenant, call.subject, timedelta(hours=wish.overlap_hours), make_giver(call)
        )
    call.tell(made.key.id)
    shown = msgspec.structs.asdict(show(made.key, KeyShown))
    answer = KeyRotated(**shown, key=made.text, previous_until=until)
    return write_json(answer, status=201, headers={"Location": f"{KEYS}/{made.key.id}"})


async def revoke_key(call: Call) -> web.Response:
    """DELETE /v1/keys/{id}: useless at once. Its row stays."""
    if not await call.services.keys.revoke(call.tenant, call.subject):
        raise refuse_missing("live key")
    return web.Response(status=204)
