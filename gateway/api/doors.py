"""What every request passes: a request id, the key, the handler, a log line; all that fails is a problem."""

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
from gateway.api.problem import Problem
from gateway.api.redacting import demand_redactable, redact_answer
from gateway.api.routing import NATIVE, Route
from gateway.api.trail import ROUTE, record_answer
from gateway.logs import log_event
from gateway.services import Services
from gateway.store.errors import StoreBroken, StoreUnavailable

NOBODY = Caller("", "", frozenset())
UNKNOWN = "unknown"
SAFE_HEADERS = {
    "Server": "claimwire",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Doors:
    """The one middleware of the application. `routes` finds a row of the table by its name; `underway` counts
    the requests that are being answered.
    """

    def __init__(self, routes: Mapping[str, Route], underway: Underway) -> None:
        self._routes = routes
        self._underway = underway

    def middleware(self) -> Middleware:
        """The middleware as aiohttp wants it."""

        @web.middleware
        async def pass_doors(request: web.Request, handler: Handler) -> web.StreamResponse:
            with self._underway:
                return await self._pass(request)

        return pass_doors

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        connection = find_connection(request)
        if connection is not None:
            connection.request_began()
        services, began = request.app[SERVICES], time.perf_counter()
        request_id = services.ids.new("req")
        request[REQUEST_ID], request[TOLD] = request_id, Told()
        route = self._routes.get(request.match_info.route.name or "")
        if route is not None:
            request[ROUTE] = route
        response = await self._answer(request, route, services, request_id)
        response = await self._witness(request, route, services, response)
        response.headers["X-Request-Id"] = request_id
        for name, value in SAFE_HEADERS.items():
            response.headers.setdefault(name, value)
        if services.draining.is_set():
            response.force_close()
        _note(services, request, route, request_id, response.status, time.perf_counter() - began)
        return response

    async def _answer(
        self, request: web.Request, route: Route | None, services: Services, request_id: str
    ) -> web.StreamResponse:
        refuse = (route.manner if route is not None else NATIVE).refuse
        try:
            return await self._handle(request, route, services)
        except Problem as problem:
            return refuse(problem, request_id)
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
        if route is not None and route.open:
            return await route.handler(Call(request, services, NOBODY))
        manner = route.manner if route is not None else NATIVE
        caller = await manner.identify(request, services.keys)
        request[CALLER] = caller
        if route is None:
            raise _refuse_address(request)
        authorize(caller, route.scope)
        demand_redactable(caller, route)
        return redact_answer(caller, route, await route.handler(Call(request, services, caller)))


def _refuse_untold(method: str) -> Problem:
    """The problem of an answer whose entry cannot be written."""
    if method == "GET":
        detail = "The audit log cannot be written, so nothing is shown. Try again."
        return Problem("unavailable", detail, headers={"Retry-After": "5"})
    return Problem("failed", "It may have been done, but the audit log cannot be written.")


def _refuse_address(request: web.Request) -> Problem:
    """The problem of an address without a route, or with other methods."""
    failure = request.match_info.http_exception
    if isinstance(failure, web.HTTPMethodNotAllowed):
        return Problem("method-not-allowed", headers={"Allow": ", ".join(sorted(failure.allowed_methods))})
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
