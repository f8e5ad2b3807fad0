"""The HTTP server: the application with its doors, listening through the gate, drained at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from aiohttp import web

from gateway.api.addresses import ALL_ROUTES
from gateway.api.call import SERVICES
from gateway.api.connections import Gate, Underway, make_protocol
from gateway.api.doors import Doors
from gateway.api.routing import Route
from gateway.api.tls import check_certificates, make_server_tls
from gateway.logs import log_event
from gateway.services import Services

DATED = "{version:[0-9]{4}-[0-9]{2}-[0-9]{2}}"
STREAMED = "text/event-stream"
LINGER_SECONDS = 2.0  # how long the rest of a refused body is read, so that the client sees the answer
QUIET = logging.getLogger("claimwire.http")  # aiohttp quotes raw requests: our formatter drops its messages


def make_application(services: Services, underway: Underway) -> web.Application:
    """The application: every route of the table, the dialects and the CORE door behind the doors."""
    named = {name: route for route in ALL_ROUTES for name in list_names(route)}
    doors = Doors(named, underway, services.settings.server)
    application = web.Application(middlewares=[doors.middleware()], client_max_size=0, logger=QUIET)
    application[SERVICES] = services
    for route in ALL_ROUTES:
        path = route.path.replace("{version}", DATED)
        for name, method in list_names(route).items():
            application.router.add_route(method, path, _refuse, name=name)
    return application


def list_names(route: Route) -> Mapping[str, str]:
    """The names by which the doors know a route, with the method of each: what answers GET answers HEAD."""
    headed = route.method == "GET" and all(answer.media != STREAMED for answer in route.answers)
    return {route.name: route.method} | ({f"{route.name}.head": "HEAD"} if headed else {})


async def _refuse(request: web.Request) -> web.StreamResponse:
    """Stands where aiohttp wants a handler; the doors call the one of the table."""
    raise RuntimeError("a request came past the doors")


class Server:
    """Listens from `start` to `stop`; `stop` lets running requests end."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._settings = services.settings.server
        self._gate = Gate(self._settings)
        self._underway = Underway()
        self._runner = web.AppRunner(
            make_application(services, self._underway),
            access_log=None,
            logger=QUIET,
            handle_signals=False,
            keepalive_timeout=self._settings.idle_seconds,
            lingering_time=LINGER_SECONDS,
            auto_decompress=False,
            shutdown_timeout=self._settings.drain_seconds,
        )
        self._listener: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen; returns the port, which the system chooses where the settings say 0.

        Raises SettingsError for what is wrong with certificates.
        """
        await self._runner.setup()
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner made no server")
        loop, place = asyncio.get_running_loop(), self._settings
        protocol = make_protocol(server, self._gate)
        check_certificates(self._services.settings)
        self._listener = await loop.create_server(
            protocol,
            place.host,
            place.port,
            backlog=512,
            ssl=make_server_tls(place.tls) if place.tls is not None else None,
            ssl_handshake_timeout=place.header_seconds if place.tls is not None else None,
        )
        port: int = self._listener.sockets[0].getsockname()[1]
        self._services.metrics.watch_connections(lambda: self._gate.count)
        log_event("server.started", host=place.host, port=port)
        return port

    async def stop(self) -> None:
        """Take no more connections, let running requests end, close."""
        self._services.draining.set()
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        await self._underway.wait(self._settings.drain_seconds)
        await self._runner.cleanup()
        log_event("server.stopped")
