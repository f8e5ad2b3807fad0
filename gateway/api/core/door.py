"""The door itself: bodies in and out, who calls, and which desk serves which envelope.

UserName is the first half of an API key (`cw_` and twelve letters), Password its second half or the whole
key: each half fits into the fifty characters that partners have for it. Without them a certificate that the
settings list says who calls.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from adapters.core_connectivity.envelopes import Envelope, EnvelopeFault
from adapters.core_connectivity.forms import (
    ACK_RETRIEVAL,
    INQUIRY,
    RECEIVER,
    RESULTS_ACK,
    RESULTS_RETRIEVAL,
    SUBMISSION,
    UNAUTHORIZED,
    Form,
)
from adapters.core_connectivity.server import Reply, answer_mime, answer_soap
from adapters.core_connectivity.soap import Message, SoapFault, Token
from adapters.core_connectivity.wsdl import write_wsdl
from gateway.api.auth import make_caller
from gateway.api.call import CALLER, FORBIDDEN, Call, Caller
from gateway.api.core import batches, real_time
from gateway.api.doors import admit
from gateway.api.origin import ADDRESS, shorten
from gateway.api.problem import Problem
from gateway.api.tls import find_certificate, read_certificate
from gateway.keys import ALL_SCOPES, Scope
from gateway.logs import log_event
from gateway.store.errors import StoreBroken, StoreUnavailable

KEY_MARK: Final = "cw_"
DOOR: Final = "core"
SMALL: Final = 256 * 1024
LARGE_AT_ONCE: Final = 8
Desk = Callable[[Call, Envelope], Awaitable[Envelope]]
DESKS: Final[dict[Form, tuple[Desk, tuple[Scope, ...]]]] = {
    INQUIRY: (real_time.answer_inquiry, ()),
    SUBMISSION: (batches.take_submission, (Scope.FILES_WRITE,)),
    ACK_RETRIEVAL: (batches.give_acknowledgments, (Scope.FILES_READ,)),
    RESULTS_RETRIEVAL: (batches.give_results, (Scope.FILES_READ, Scope.REMITTANCES_READ)),
    RESULTS_ACK: (batches.take_acknowledgment, (Scope.FILES_WRITE,)),
}
"""Who serves each kind of envelope, and the scopes that it asks for."""


async def answer_soap_request(call: Call) -> web.Response:
    """POST /core/soap: an envelope, or a fault."""
    content_type, moment = call.request.headers.get("Content-Type", ""), call.services.clock.now()
    body = await _read(call)
    return _write(await answer_soap(content_type, body, _make_clerk(call), moment=moment))


async def answer_mime_request(call: Call) -> web.Response:
    """POST /core/mime: an envelope."""
    content_type, moment = call.request.headers.get("Content-Type", ""), call.services.clock.now()
    body = await _read(call)
    return _write(await answer_mime(content_type, body, _make_clerk(call), moment=moment))


async def show_wsdl(call: Call) -> web.Response:
    """GET /core/soap: the WSDL, with the address under which it was asked for."""
    address = call.request.url.with_query(None).with_fragment(None)
    return web.Response(body=write_wsdl(str(address)), content_type="text/xml")


async def _read(call: Call) -> bytes:
    """The body. Who sends it is known only when it is there, so that few large ones are read at once.

    Raises Problem 429 where there are too many.
    """
    length, waiting = call.request.content_length, call.services.strangers
    packed = "Content-Encoding" in call.request.headers
    if length is not None and length <= SMALL and not packed:
        return await call.body()
    if waiting[DOOR] >= LARGE_AT_ONCE:
        detail = f"At most {LARGE_AT_ONCE} large envelopes are read at once. Nothing was read."
        raise Problem("too-many", detail, headers={"Retry-After": "5", "Connection": "close"})
    waiting[DOOR] += 1
    try:
        return await call.body()
    finally:
        waiting[DOOR] -= 1


def _make_clerk(call: Call) -> Callable[[Message], Awaitable[Envelope]]:
    async def serve(message: Message) -> Envelope:
        envelope = message.envelope
        caller = await _identify(call, message.token)
        desk, scopes = DESKS[envelope.form]
        if not caller.caller.reveals:
            raise EnvelopeFault(UNAUTHORIZED, f"The key does not have the scope {Scope.PHI_REVEAL.value}.")
        for scope in scopes:
            if not caller.caller.scopes & {scope.value, ALL_SCOPES}:
                call.told.outcome = FORBIDDEN
                raise EnvelopeFault(UNAUTHORIZED, f"The key does not have the scope {scope.value}.")
        try:
            if envelope.form.brings:
                call.services.volumes.require_space()
            return await desk(caller, envelope)
        except (StoreUnavailable, StoreBroken) as failure:
            log_event("request.unavailable", error=failure, tenant=caller.tenant)
            if isinstance(failure, StoreBroken):
                call.services.broken.set()
            raise SoapFault(RECEIVER, "Nothing was changed. Send it again later.") from failure
        except Problem as problem:
            raise EnvelopeFault(UNAUTHORIZED, problem.detail) from problem

    return serve


async def _identify(call: Call, token: Token | None) -> Call:
    """The call with its caller. Raises EnvelopeFault, alike for every reason."""
    caller = _find_certified(call) if token is None else await _verify(call, token)
    rates, now = call.services.rates, time.perf_counter()
    if caller is None:
        rates.charge_refusal(shorten(call.request[ADDRESS]), now)
        raise EnvelopeFault(UNAUTHORIZED, "UserName and Password are the two halves of an API key here.")
    call.request[CALLER] = caller
    admit(call.request, rates.take_key(caller.tenant, caller.key, now))
    return Call(call.request, call.services, caller)


async def _verify(call: Call, token: Token) -> Caller | None:
    text = token.password if token.password.startswith(KEY_MARK) else f"{token.username}_{token.password}"
    key = await call.services.keys.verify(text)
    return make_caller(key) if key is not None else None


def _find_certified(call: Call) -> Caller | None:
    """The caller by the certificate of its connection."""
    shown = read_certificate(call.request)
    found = find_certificate(call.services.settings, shown) if shown is not None else None
    if found is None:
        return None
    tenant, certificate = found
    return Caller(tenant, f"certificate:{certificate.name}", frozenset(certificate.scopes))


def _write(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, headers={"Content-Type": reply.media})
