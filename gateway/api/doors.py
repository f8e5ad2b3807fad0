"""What every request passes: an id, limits, the key, the handler, a log line; all that fails is a problem."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.api.auth import authorize
from gateway.api.call import CALLER, REQUEST_ID, SERVICES, TOLD, Call, Caller, Told
from gateway.api.connections import Underway, find_connection
from gateway.api.encodings import pack_response
from gateway.api.etags import tag_response
from gateway.api.negotiation import negotiate, read_request_id
from gateway.api.origin import ADDRESS, Origins, shorten
from gateway.api.problem import Problem
from gateway.api.redacting import demand_redactable, redact_answer
from gateway.api.routing import NATIVE, Route
from gateway.api.trail import ROUTE, record_answer
from gateway.keys import Scope
from gateway.logs import log_event
from gateway.rates import Standing
from gateway.services import Services
from gateway.settings import ServerSettings
from gateway.store.errors import StoreBroken, StoreUnavailable
from gateway.volumes import NoSpace

UNAUTHENTICATED = "unauthenticated"
NOBODY = Caller("", "", frozenset())
UNKNOWN = "unknown"
STANDING = web.RequestKey("standing", Standing)
TAKING_IN = {Scope.CLAIMS_WRITE, Scope.FILES_WRITE, Scope.ELIGIBILITY_WRITE, Scope.CLAIM_STATUS_WRITE}
"""The scopes of what takes in documents to keep."""
SAFE_HEADERS = {
    "Server": "claimwire",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
TLS_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}


class Doors:
    """The one middleware of the application. `routes` finds a row of the table by its name; `underway` counts
    the requests that are being answered.
    """

    def __init__(self, routes: Mapping[str, Route], underway: Underway, server: ServerSettings) -> None:
        self._routes = routes
        self._underway = underway
        self._origins = Origins(server.trusted_proxies)
        self._tagged = frozenset(name for name, route in routes.items() if route.is_tagged)
        self._headers = list_safe_headers(server)

    def middleware(self) -> Middleware:
        """The middleware as aiohttp wants it."""

        @web.middleware
        async def pass_doors(request: web.Request, handler: Handler) -> web.StreamResponse:
            connection = find_connection(request)
            if connection is None:
                with self._underway:
                    return await self._pass(request)
            connection.request_began()
            try:
                with self._underway:
                    return await self._pass(request)
            finally:
                connection.request_ended()

        return pass_doors

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        services, began = request.app[SERVICES], time.perf_counter()
        request_id = read_request_id(request) or services.ids.new("req")
        request[REQUEST_ID], request[TOLD] = request_id, Told()
        request[ADDRESS] = self._origins.find(request)
        name = request.match_info.route.name or ""
        route = self._routes.get(name)
        if route is not None:
            request[ROUTE] = route
        response = await self._answer(request, route, services, request_id)
        response = await self._witness(request, route, services, response)
        if not response.prepared:
            response = await self._finish(request, name, route, response)
            response.headers["X-Request-Id"] = request_id
        if services.draining.is_set() or request.method == "CONNECT":
            response.force_close()
        _note(services, request, route, request_id, response.status, time.perf_counter() - began)
        return response

    async def _finish(
        self, request: web.Request, name: str, route: Route | None, response: web.StreamResponse
    ) -> web.StreamResponse:
        """The answer with what all answers have: its ETag, packed where it is wished, headers."""
        if name in self._tagged:
            response = tag_response(request, response)
        await pack_response(request, response)
        headers, standing = response.headers, request.get(STANDING)
        for header, value in self._headers.items():
            headers.setdefault(header, value)
        if standing is not None:
            headers.update(standing.headers())
        if route is not None and route.retiring is not None:
            headers.update(route.retiring.headers())
        return response

    async def _answer(
        self, request: web.Request, route: Route | None, services: Services, request_id: str
    ) -> web.StreamResponse:
        refuse = (route.manner if route is not None else NATIVE).refuse
        try:
            return await self._handle(request, route, services)
        except Problem as problem:
            if problem.kind == UNAUTHENTICATED:
                services.rates.charge_refusal(shorten(request[ADDRESS]), time.perf_counter())
            return refuse(problem, request_id)
        except NoSpace as short:
            log_event("request.unavailable", level=logging.ERROR, request=request_id, reason=str(short))
            detail = f"{short} Nothing was changed. Try again once there is room."
            return refuse(Problem("unavailable", detail, headers={"Retry-After": "30"}), request_id)
        except (StoreUnavailable, StoreBroken) as failure:
            if isinstance(failure, StoreBroken):
                services.broken.set()
            reason = str(failure)  # a StoreError's text holds no value
            log_event(
                "request.unavailable", level=logging.ERROR, error=failure, request=request_id, reason=reason
            )
            full = Problem("unavailable", "Nothing was changed. Try again.", headers={"Retry-After": "5"})
            return refuse(full, request_id)
        except Exception as failure:
            log_event("request.failed", level=logging.ERROR, error=failure, request=request_id)
            return refuse(Problem("failed", "This server's log tells more."), request_id)

    async def _witness(
        self, request: web.Request, route: Route | None, services: Services, response: web.StreamResponse
    ) -> web.StreamResponse:
        """The answer, once the audit log has its entry; nothing is shown that left no trace."""
        try:
            await record_answer(request, services, response.status)
        except (StoreUnavailable, StoreBroken) as failure:
            if isinstance(failure, StoreBroken):
                services.broken.set()
            log_event("audit.unwritten", level=logging.ERROR, error=failure, request=request[REQUEST_ID])
            if response.prepared or response.status >= HTTPStatus.BAD_REQUEST:
                return response
            refuse = (route.manner if route is not None else NATIVE).refuse
            return refuse(_refuse_untold(request.method), request[REQUEST_ID])
        return response

    async def _handle(
        self, request: web.Request, route: Route | None, services: Services
    ) -> web.StreamResponse:
        admit(request, services.rates.take_address(shorten(request[ADDRESS]), time.perf_counter()))
        if route is not None and route.open:
            return await route.handler(Call(request, services, NOBODY))
        if route is None and request.method == "OPTIONS" and _list_methods(request):
            return web.Response(status=204, headers={"Allow": ", ".join(_list_methods(request))})
        manner = route.manner if route is not None else NATIVE
        caller = await manner.identify(request, services.keys)
        request[CALLER] = caller
        admit(request, services.rates.take_key(caller.tenant, caller.key, time.perf_counter()))
        if route is None:
            raise _refuse_address(request)
        authorize(caller, route.scope)
        demand_redactable(caller, route)
        if manner.strict:
            negotiate(request, route)
        if route.scope in TAKING_IN:
            services.volumes.require_space()
        return redact_answer(caller, route, await route.handler(Call(request, services, caller)))


def admit(request: web.Request, standing: Standing | None) -> None:
    """Raises Problem 429 for a call too many; the answer says how the caller stands."""
    if standing is None:
        return
    request[STANDING] = standing
    if standing.wait:
        raise Problem("too-often", f"Try again in {standing.wait} s.", headers=standing.headers())


def list_safe_headers(server: ServerSettings) -> Mapping[str, str]:
    """The headers of every answer that has no others of these names."""
    return SAFE_HEADERS | TLS_HEADERS if server.tls is not None else SAFE_HEADERS


def _list_methods(request: web.Request) -> list[str]:
    """What an address takes that does not take this method; nothing for an address that is not known."""
    failure = request.match_info.http_exception
    if not isinstance(failure, web.HTTPMethodNotAllowed):
        return []
    return sorted(failure.allowed_methods | {"OPTIONS"})


def _refuse_untold(method: str) -> Problem:
    """The problem of an answer whose entry cannot be written."""
    if method in ("GET", "HEAD"):
        detail = "The audit log cannot be written, so nothing is shown. Try again."
        return Problem("unavailable", detail, headers={"Retry-After": "5"})
    return Problem("failed", "It may have been done, but the audit log cannot be written.")


def _refuse_address(request: web.Request) -> Problem:
    """The problem of an address without a route, or with other methods."""
    methods = _list_methods(request)
    if methods:
        return Problem("method-not-allowed", headers={"Allow": ", ".join(methods)})
    if request.path.endswith("/"):
        return Problem("not-found", "No address of the API ends with a slash; GET /openapi.json lists all.")
    return Problem("not-found", "This address is not known; GET /openapi.json lists all.")


def _note(
    services: Services,
    request: web.Request,
    route: Route | None,
    request_id: str,
    status: int,
    seconds: float,
) -> None:
    """One log line and one count. An address may hold anything, so the route's pattern stands for it."""
    pattern = route.path if route else UNKNOWN
    method = request.method if route else UNKNOWN
    services.metrics.count_request(method, pattern, status, seconds)
    caller = request.get(CALLER, NOBODY)
    log_event(
        "request.answered",
        request=request_id,
        method=method,
        route=pattern,
        status=status,
        milliseconds=round(seconds * 1000, 1),
        tenant=caller.tenant or None,
        key=caller.key or None,
    )
