"""The scripted payer in real time over HTTP: `/rest`, and `/core/soap` and `/core/mime` by CAQH CORE.

Senders sign in with their password: as X-Api-Key at `/rest`, with their name at the others.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterable

from aiohttp import web

from adapters.core_connectivity.envelopes import Envelope, EnvelopeFault, answer_envelope
from adapters.core_connectivity.forms import INQUIRY, SENDER, UNAUTHORIZED
from adapters.core_connectivity.server import Reply, answer_mime, answer_soap
from adapters.core_connectivity.soap import Message
from adapters.core_connectivity.wsdl import write_wsdl
from edi.lexer import Unreadable
from gateway.clock import Clock
from gateway.simulator.inquiries import answer_inquiry
from gateway.simulator.server import SenderAccount

BODY_LIMIT = 1024 * 1024
SLOW_SECONDS = 25.0
X12 = "application/edi-x12"
ANSWER_TYPES = {
    "X12_270_Request_005010X279A1": "X12_271_Response_005010X279A1",
    "X12_276_Request_005010X212": "X12_277_Response_005010X212",
}


class RealTimeDoors:
    """Listens on `host:port` (0 picks a free port). Late answers come after `slow_seconds`."""

    def __init__(
        self,
        accounts: Iterable[SenderAccount],
        clock: Clock,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        self._accounts = {account.name: account for account in accounts}
        self._clock = clock
        self._address = (host, port)
        self._slow_seconds = slow_seconds
        self._numbers = itertools.count(1)
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        application = web.Application(client_max_size=BODY_LIMIT)
        application.router.add_post("/rest", self._answer_rest)
        application.router.add_post("/core/soap", self._answer_soap)
        application.router.add_get("/core/soap", self._show_wsdl)
        application.router.add_post("/core/mime", self._answer_mime)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner made no server")
        listener = await asyncio.get_running_loop().create_server(server, *self._address)
        self._listener = listener
        self.port = listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port; whoever waits for an answer gets none."""
        self._stopping.set()
        if self._runner is not None:
            self._listener.close()
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, content: bytes) -> bytes:
        """The scripted answer, late or never where the script says so."""
        reply = await asyncio.to_thread(answer_inquiry, content, self._clock.now(), next(self._numbers))
        if reply.script is not None and reply.script.silent:
            await self._stopping.wait()
        if reply.script is not None and reply.script.slow:
            await self._pause()
        return reply.content

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), self._slow_seconds)
        except TimeoutError:
            return

    async def _answer_rest(self, request: web.Request) -> web.Response:
        key = request.headers.get("X-Api-Key", "")
        if not any(account.accepts_password(key) for account in self._accounts.values()):
            return web.Response(status=401)
        body, in_json = await request.read(), request.content_type == "application/json"
        try:
            answer = await self._answer(_read_json(body) if in_json else body)
        except (Unreadable, ValueError):
            return web.Response(status=400)
        if in_json:
            return web.json_response({"x12": answer.decode("latin-1")})
        return web.Response(body=answer, content_type=X12)

    async def _answer_soap(self, request: web.Request) -> web.Response:
        content_type = request.headers.get("Content-Type", "")
        body = await request.read()
        return _write(await answer_soap(content_type, body, self._serve, moment=self._clock.now()))

    async def _answer_mime(self, request: web.Request) -> web.Response:
        content_type = request.headers.get("Content-Type", "")
        body = await request.read()
        return _write(await answer_mime(content_type, body, self._serve, moment=self._clock.now()))

    async def _show_wsdl(self, request: web.Request) -> web.Response:
        address = f"http://{self._address[0]}:{self.port}/core/soap"
        return web.Response(body=write_wsdl(address), content_type="text/xml")

    async def _serve(self, message: Message) -> Envelope:
        """One sound CORE request: real time only."""
        request, token = message.envelope, message.token
        if token is None or not self._knows(token.username, token.password):
            raise EnvelopeFault(UNAUTHORIZED, "The user name or the password is wrong.")
        if request.form is not INQUIRY or request.payload_type not in ANSWER_TYPES:
            raise EnvelopeFault("PayloadTypeNotUnderstood", "This payer takes 270 and 276 in real time.")
        try:
            content = await self._answer(request.payload or b"")
        except Unreadable:
            raise EnvelopeFault(SENDER, "The payload is not X12.") from None
        return answer_envelope(
            request,
            payload_type=ANSWER_TYPES[request.payload_type],
            moment=self._clock.now(),
            payload=content,
        )

    def _knows(self, name: str, password: str) -> bool:
        account = self._accounts.get(name)
        return account is not None and account.accepts_password(password)


def _read_json(body: bytes) -> bytes:
    found = json.loads(body)
    if not isinstance(found, dict) or not isinstance(found.get("x12"), str):
        raise ValueError("no x12 in the body")
    content: str = found["x12"]
    return content.encode("latin-1")


def _write(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, headers={"Content-Type": reply.media})
