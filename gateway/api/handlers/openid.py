"""Sign-in at an OpenID provider: the browser is sent there, and comes back with a code."""

from __future__ import annotations

import logging

from aiohttp import web

from gateway.api.call import Call
from gateway.api.cookies import PROVIDER, PROVIDER_SECONDS, SESSION, Site, find_site
from gateway.api.handlers.sessions import (
    choose_tenant,
    tell_entered,
    told_as_problems,
)
from gateway.api.origin import ADDRESS
from gateway.api.people_shapes import ProviderAnswer, ProviderWish
from gateway.api.problem import Problem
from gateway.logs import log_event
from gateway.people.openid import Unreachable
from gateway.people.sign_in import Entered, Refused

CALLBACK = "/v1/session/openid/callback"
HOME = "/docs"


async def leave_for_provider(call: Call) -> web.Response:
    """GET /v1/session/openid: 303 to the provider of the tenant."""
    site, wish = demand_visited_site(call), call.query(ProviderWish)
    try:
        with told_as_problems():
            leaving = await call.services.people.openid.depart(
                choose_tenant(call, wish.tenant), site.origin + CALLBACK
            )
    except Unreachable as failure:
        raise _refuse_unreachable(failure) from None
    answer = web.Response(status=303, headers={"Location": leaving.address})
    site.keep(answer, PROVIDER, leaving.kept, PROVIDER_SECONDS)
    return answer


async def return_from_provider(call: Call) -> web.Response:
    """GET /v1/session/openid/callback: a session, and 303 to where one was headed."""
    site, given = demand_visited_site(call), call.query(ProviderAnswer)
    kept = site.read(call.request, PROVIDER)
    with told_as_problems():
        if given.error or not given.code:
            raise Refused
        entered = await _arrive(call, site, kept, given)
    tell_entered(call, entered)
    answer = web.Response(status=303, headers={"Location": HOME})
    site.keep(answer, PROVIDER, "")
    site.keep(answer, SESSION, entered.session.text)
    return answer


async def _arrive(call: Call, site: Site, kept: str, given: ProviderAnswer) -> Entered:
    try:
        return await call.services.people.openid.arrive(
            kept, given.state, given.code, site.origin + CALLBACK, call.request[ADDRESS]
        )
    except Unreachable as failure:
        raise _refuse_unreachable(failure) from None


def demand_visited_site(call: Call) -> Site:
    """How a browser reaches us; it comes from another site, the provider's, by right. Raises Problem 403."""
    site = find_site(call.request, call.services.settings)
    if site is None:
        raise Problem("forbidden", "People sign in over https: set [people] origin, or [server] tls.")
    return site


def _refuse_unreachable(failure: Unreachable) -> Problem:
    log_event("openid.unreachable", level=logging.WARNING, error=failure)
    return Problem("unavailable", "The identity provider cannot be asked now.", headers={"Retry-After": "5"})
