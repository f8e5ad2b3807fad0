"""Connections: how many one server holds, and how long a slow client may hold one.

aiohttp has no deadline for a client that connects and says nothing, sends half a header, or does not read its
answer. This protocol stands between the socket and aiohttp's and ends such connections.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable

from aiohttp import web

from gateway.api.unreadable import PlainHandler
from gateway.logs import log_event
from gateway.settings import ServerSettings


class Gate:
    """Counts the open connections of a server, in all and by address."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self._open: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many connections are open."""
        return self._open.total()

    def enter(self, address: str) -> bool:
        """Count a new connection; False where there are too many."""
        full = self.count >= self.settings.connections
        if full or self._open[address] >= self.settings.connections_per_address:
            return False
        self._open[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Count a connection as closed."""
        self._open[address] -= 1
        if self._open[address] <= 0:
            del self._open[address]


class Underway:
    """The requests whose handlers run. At the end they are waited for before aiohttp is told to close: from
    then on it throws away what still comes of a body.
    """

    def __init__(self) -> None:
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def __enter__(self) -> None:
        self._count += 1
        self._idle.clear()

    def __exit__(self, *_: object) -> None:
        self._count -= 1
        if not self._count:
            self._idle.set()

    async def wait(self, seconds: float) -> None:
        """Until no handler runs, or so long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)


class Connection(asyncio.Protocol):
    """One connection: hands everything on to aiohttp's protocol, and ends it where a deadline passes."""

    def __init__(self, inner: asyncio.Protocol, gate: Gate) -> None:
        self._inner = inner
        self._gate = gate
        self._address: str | None = None
        self._transport: asyncio.BaseTransport | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._busy, self._begun = False, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection, and wait so long for the header of its first request."""
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else "local"
        if not self._gate.enter(address):
            log_event("connection.refused", reason="too_many", count=self._gate.count)
            transport.abort() if isinstance(transport, asyncio.Transport) else transport.close()
            return
        self._address, self._transport = address, transport
        self._await_header(self._gate.settings.header_seconds)
        self._inner.connection_made(transport)

    def request_began(self) -> None:
        """A header is complete: the rest is the handler's deadline."""
        self._busy, self._begun = True, False
        _cancel(self._reading)

    def request_ended(self) -> None:
        """The next header must be complete in its time, whether its first bytes are here already or not."""
        self._busy = False
        if self._address is not None:
            self._await_header(self._gate.settings.idle_seconds + self._gate.settings.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection as closed."""
        _cancel(self._reading)
        _cancel(self._writing)
        if self._address is not None:
            self._gate.leave(self._address)
            self._address = None
            self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hand on what came; where it begins a header, the rest of it must come in its time."""
        if self._address is None:
            return
        if not self._busy and not self._begun:
            self._begun = True
            self._await_header(self._gate.settings.header_seconds)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Hand on that the client will send no more."""
        return self._inner.eof_received() if self._address is not None else None

    def pause_writing(self) -> None:
        """The client does not read its answer: give it so long and no longer."""
        _cancel(self._writing)
        self._writing = self._call_later(self._gate.settings.body_seconds, "slow_reader")
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """The client reads again."""
        _cancel(self._writing)
        self._inner.resume_writing()

    def _await_header(self, seconds: float) -> None:
        _cancel(self._reading)
        self._reading = self._call_later(seconds, "slow_header")

    def _call_later(self, seconds: float, reason: str) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, self._end, reason)

    def _end(self, reason: str) -> None:
        log_event("connection.ended", reason=reason)
        if isinstance(self._transport, asyncio.Transport):
            self._transport.abort()


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    """Cancel a timer that there is."""
    if timer is not None:
        timer.cancel()


def find_connection(request: web.Request) -> Connection | None:
    """The connection on which `request` came, where this server has made it."""
    transport = request.transport
    protocol = transport.get_protocol() if transport is not None else None
    return protocol if isinstance(protocol, Connection) else None


def make_protocol(server: web.Server, gate: Gate) -> Callable[[], Connection]:
    """What the event loop calls for each new connection."""
    given, loop = server._kwargs, asyncio.get_running_loop()  # aiohttp has no other way to its handler
    return lambda: Connection(PlainHandler(server, loop=loop, **given), gate)
