"""Their side of the rule: a request's body in, an answer's body out, whoever serves it.

What is wrong with the SOAP message is a fault, what is wrong with the envelope a code in the answer's
envelope, what is wrong with the payload neither: its own acknowledgment rides in an answer of Success.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from adapters.core_connectivity import mime, soap
from adapters.core_connectivity.envelopes import Envelope, EnvelopeFault, answer_envelope
from adapters.core_connectivity.forms import BY_REQUEST, INQUIRY, RECEIVER, SENDER, VERSION_MISMATCH
from adapters.core_connectivity.soap import Message, SoapFault

ENVELOPE_ERROR = "CoreEnvelopeError"
"""The payload type of an answer that says what is wrong with the envelope."""

LARGE = 256 * 1024
Serve = Callable[[Message], Awaitable[Envelope]]
"""Answers a sound request. Raises EnvelopeFault or SoapFault."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP."""

    status: int
    media: str
    body: bytes


async def answer_soap(
    content_type: str, body: bytes, serve: Serve, *, moment: datetime, tolerant: bool = True
) -> Reply:
    """The answer to a SOAP request; `moment` is when it came, aware."""
    try:
        message = await _read(lambda: soap.read_message(content_type, body, tolerant=tolerant), body)
        if message.envelope.name not in BY_REQUEST:
            raise SoapFault(SENDER, "An answer is no request.")
        answer = await _serve(message, message.judge, serve, moment)
        media, content = soap.write_message(answer, attach=message.attached)
    except SoapFault as fault:
        return _write_fault(fault)
    except EnvelopeFault as fault:
        return _write_fault(SoapFault(SENDER, fault.message, fault.code))
    return Reply(200, media, content)


async def answer_mime(content_type: str, body: bytes, serve: Serve, *, moment: datetime) -> Reply:
    """The answer to a MIME request; `moment` is when it came, aware."""
    try:
        message = await _read(lambda: mime.read_request(content_type, body), body)
        answer = await _serve(message, lambda: mime.judge(message), serve, moment)
    except EnvelopeFault as fault:
        answer = _write_error(_make_empty(), fault.code, fault.message, moment)
    except SoapFault as fault:
        answer = _write_error(_make_empty(), fault.detail or fault.code, fault.reason, moment)
    media, content = mime.write_envelope(answer)
    return Reply(200, media, content)


async def _read(read: Callable[[], Message], body: bytes) -> Message:
    """The message; a large body is read in a thread, so that others need not wait for it."""
    return await asyncio.to_thread(read) if len(body) > LARGE else read()


async def _serve(message: Message, judge: Callable[[], None], serve: Serve, moment: datetime) -> Envelope:
    """The answer, or the code of what is wrong with the envelope."""
    try:
        judge()
        return await serve(message)
    except EnvelopeFault as fault:
        return _write_error(message.envelope, fault.code, fault.message, moment)


def _write_error(request: Envelope, code: str, message: str, moment: datetime) -> Envelope:
    return answer_envelope(request, payload_type=ENVELOPE_ERROR, moment=moment, code=code, message=message)


def _make_empty() -> Envelope:
    """What stands for a request that could not be read."""
    return Envelope(
        name=INQUIRY.request, payload_type="", mode="", payload_id="", timestamp="", sender="", receiver=""
    )


def _write_fault(fault: SoapFault) -> Reply:
    status = 500 if fault.code in (RECEIVER, VERSION_MISMATCH) else 400
    return Reply(status, f"{soap.MEDIA}; charset=UTF-8", soap.write_fault(fault))
