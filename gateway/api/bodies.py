"""Bodies of requests: read within a limit and a deadline, and answers written."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from aiohttp import web

from edi.findings import Finding, find
from edi.json_body import decode_body
from gateway.api.encodings import BadCoding, Unpacker, find_coding
from gateway.api.problem import Problem

T = TypeVar("T")
CLOSE = {"Connection": "close"}


async def read_body(request: web.Request, *, limit: int, seconds: float) -> bytes:
    """The body, unpacked where it is compressed. Raises Problem: too large, too slow, wrongly packed."""
    if request.content_length is not None and request.content_length > limit:
        raise _too_large(limit)
    body, unpacker = bytearray(), Unpacker(find_coding(request))
    try:
        async with asyncio.timeout(seconds):
            async for packed in request.content.iter_any():
                for piece in unpacker.feed(packed):
                    body += piece
                    if len(body) > limit:
                        raise _too_large(limit)
            unpacker.end()
    except TimeoutError:
        finding = find("request.body_too_slow", seconds=f"{seconds:g}")
        raise Problem("too-slow", findings=[finding], headers=CLOSE) from None
    except (web.RequestPayloadError, BadCoding):
        raise Problem("unreadable", findings=[find("request.bad_encoding")], headers=CLOSE) from None
    except ConnectionError:  # the client is gone; the answer is for the log
        raise Problem("unreadable", findings=[find("request.cut_short")], headers=CLOSE) from None
    return bytes(body)


def _too_large(limit: int) -> Problem:
    return Problem("too-large", findings=[find("request.body_too_large", limit=str(limit))], headers=CLOSE)


def read_struct(body: bytes, shape: type[T]) -> T:
    """A small body of our own design as a struct. Raises Problem with findings."""
    decoded = decode_body(body)
    if decoded.document is None:
        raise Problem("unreadable", findings=decoded.findings)
    try:
        return msgspec.convert(decoded.document, shape)
    except msgspec.ValidationError as problem:
        raise Problem("findings", findings=[_wrong_field(problem)]) from None


def _wrong_field(problem: msgspec.ValidationError) -> Finding:
    """msgspec's complaint as a finding; our shapes have no enumerations, whose complaint quotes the value."""
    text, _, path = str(problem).partition(" - at `$")
    pointer = re.sub(r"[.\[]", "/", path.rstrip("`")).replace("]", "")
    return find("request.bad_field", pointer=pointer, problem=text.replace("`", "") + ".")


def show(row: msgspec.Struct, shape: type[T]) -> T:
    """A row of the store as a shape of the API: the fields that the shape names."""
    return msgspec.convert(row, shape, from_attributes=True)


def write_json(
    answer: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A JSON answer; money becomes text."""
    body = msgspec.json.encode(answer)
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)
