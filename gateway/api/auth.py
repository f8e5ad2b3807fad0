"""Who calls, and may they: an API key on every route that is not open. Denied is the default."""

from __future__ import annotations

from aiohttp import web

from gateway.api.call import Caller, demand_scope
from gateway.api.problem import Problem
from gateway.keys import KeyRoom, Scope
from gateway.store.keys import ApiKey

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="claimwire"'}


async def authenticate(request: web.Request, keys: KeyRoom) -> Caller:
    """The caller by its `Authorization: Bearer cw_…`. Raises Problem 401 alike for every reason."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    key = await keys.verify(text.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        detail = "Send an API key of this server as Authorization: Bearer cw_..."
        raise Problem("unauthenticated", detail, headers=CHALLENGE)
    return make_caller(key)


def make_caller(key: ApiKey) -> Caller:
    """The caller that a live key stands for."""
    return Caller(key.tenant, key.id, frozenset(key.scopes), key.prefix)


def authorize(caller: Caller, scope: Scope | None) -> None:
    """Raises Problem 403 where the key lacks the scope that a route asks for."""
    if scope is not None:
        demand_scope(caller, scope)
