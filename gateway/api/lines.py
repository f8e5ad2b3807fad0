"""The lines of a body, read as they come and no faster than they are taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
from aiohttp import web

from edi.findings import Finding, find
from gateway.api.encodings import BadCoding, Unpacker, find_coding
from gateway.api.problem import Problem

NEWLINE = b"\n"


class Line(msgspec.Struct, frozen=True):
    """A line without its end, numbered from 1; or why nothing more can be read from here on."""

    number: int
    content: bytes = b""
    fault: Finding | None = None


async def read_lines(
    request: web.Request, *, line_limit: int, limit: int, seconds: float
) -> AsyncIterator[Line]:
    """The lines that are not blank. The last one may lack its end, but not where the body was cut short.

    `limit` and `line_limit` are in bytes, unpacked; each piece must come within `seconds`.
    """
    number, size, rest = 0, 0, bytearray()
    try:
        async for piece in _read_pieces(request, seconds):
            size += len(piece)
            rest += piece
            *whole, tail = rest.split(NEWLINE)
            rest = bytearray(tail)
            for content in whole:
                number += 1
                if content.strip():
                    yield _judge(number, bytes(content), line_limit)
            if len(rest) > line_limit or size > limit:
                yield Line(number + 1, fault=_too_large(line_limit if len(rest) > line_limit else limit))
                return
    except TimeoutError:
        yield Line(number + 1, fault=find("request.body_too_slow", seconds=f"{seconds:g}"))
        return
    except (web.RequestPayloadError, BadCoding):
        yield Line(number + 1, fault=find("request.bad_encoding"))
        return
    except ConnectionError:
        yield Line(number + 1, fault=find("request.cut_short"))
        return
    except Problem as bomb:
        yield Line(number + 1, fault=bomb.findings[0])
        return
    if rest.strip():
        yield _judge(number + 1, bytes(rest), line_limit)


async def _read_pieces(request: web.Request, seconds: float) -> AsyncIterator[bytes]:
    """The body unpacked, each packed piece within its time. Raises BadCoding, and Problem for a bomb."""
    unpacker = Unpacker(find_coding(request))
    while packed := await asyncio.wait_for(request.content.readany(), seconds):
        for piece in unpacker.feed(packed):
            yield piece
    unpacker.end()


def _judge(number: int, content: bytes, limit: int) -> Line:
    return Line(number, fault=_too_large(limit)) if len(content) > limit else Line(number, content)


def _too_large(limit: int) -> Finding:
    return find("request.body_too_large", limit=str(limit))
