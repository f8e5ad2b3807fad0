"""Compressed bodies: unpacked as they come, within a size and a ratio; and answers packed for who asks.

gzip, deflate and zstd are read, gzip and zstd are written. A body that unpacks to more than `RATIO` times its
size is a bomb (after the first `FREE` bytes, since short texts of one letter are none).
"""

from __future__ import annotations

import asyncio
import gzip
import re
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

import zstandard
from aiohttp import web

from edi.findings import find
from gateway.api.problem import Problem

STEP = 64 * 1024
SLICE = 256
"""So many packed bytes are given to zstd at once, which unpacks all of them: 128 KiB for four at worst."""
WINDOW = 8 * 1024 * 1024
RATIO = 100
FREE = 1024 * 1024
SMALLEST = 1024
IN_THREAD = 128 * 1024
GZIP, DEFLATE, ZSTD = "gzip", "deflate", "zstd"
CODINGS = (GZIP, DEFLATE, ZSTD)
TEXTS = re.compile(r"text/|application/(?:[\w.-]+\+)?(?:json|xml|x-ndjson|edi-x12)\b")
GZIP_LEVEL, ZSTD_LEVEL = 4, 3
CLOSE = {"Connection": "close"}


class BadCoding(Exception):
    """The bytes are not what their Content-Encoding says."""


class Stream(Protocol):
    """One packed stream; `rest` is what follows it."""

    done: bool
    rest: bytes

    def feed(self, piece: bytes) -> Iterator[bytes]: ...


class ZlibStream:
    """gzip or deflate."""

    def __init__(self, bits: int) -> None:
        self._inner = zlib.decompressobj(bits)
        self.done, self.rest = False, b""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What `piece` unpacks to, in steps. Raises BadCoding."""
        full = True
        while piece or full:
            try:
                unpacked = self._inner.decompress(piece, STEP)
            except zlib.error:
                raise BadCoding from None
            full, piece = len(unpacked) == STEP, self._inner.unconsumed_tail
            if unpacked:
                yield unpacked
            if self._inner.eof:
                self.done, self.rest = True, self._inner.unused_data
                return


class ZstdStream:
    """A zstd frame."""

    def __init__(self) -> None:
        self._inner = zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()
        self.done, self.rest = False, b""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What `piece` unpacks to, in steps. Raises BadCoding."""
        for at in range(0, len(piece), SLICE):
            try:
                unpacked = self._inner.decompress(piece[at : at + SLICE])
            except zstandard.ZstdError:
                raise BadCoding from None
            if unpacked:
                yield unpacked
            if self._inner.eof:
                self.done, self.rest = True, self._inner.unused_data + piece[at + SLICE :]
                return


class Unpacker:
    """Unpacks a body piece by piece; a body may be several streams one after the other."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._stream: Stream | None = None
        self._packed = self._unpacked = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What `piece` unpacks to. Raises BadCoding, and Problem 413 for a bomb."""
        if not self._coding:
            yield piece
            return
        self._packed += len(piece)
        while piece:
            stream = self._stream = self._stream or self._begin(piece)
            for unpacked in stream.feed(piece):
                self._unpacked += len(unpacked)
                if self._unpacked > FREE and self._unpacked > RATIO * self._packed:
                    raise Problem(
                        "too-large",
                        findings=[find("request.packed_too_tightly", ratio=str(RATIO))],
                        headers=CLOSE,
                    )
                yield unpacked
            piece = stream.rest if stream.done else b""
            if stream.done:
                self._stream = None

    def end(self) -> None:
        """Raises BadCoding where the last stream was cut short, or there was none."""
        if self._coding and (self._stream is not None or not self._packed):
            raise BadCoding

    def _begin(self, piece: bytes) -> Stream:
        if self._coding == ZSTD:
            return ZstdStream()
        if self._coding == GZIP:
            return ZlibStream(16 + zlib.MAX_WBITS)
        wrapped = piece[0] & 0x0F == 8  # as RFC 9110 has it; some clients send the bare stream
        return ZlibStream(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)


def find_coding(request: web.Request) -> str:
    """How the body is packed, "" for not at all. Raises Problem 415."""
    given = request.headers.get("Content-Encoding")
    if given is None:
        return ""
    coding = given.strip().lower()
    if coding in ("", "identity"):
        return ""
    if coding not in CODINGS:
        headers = {"Accept-Encoding": ", ".join(CODINGS), **CLOSE}
        raise Problem("media", f"Bodies are packed as one of {', '.join(CODINGS)}.", headers=headers)
    return coding


def choose_coding(accepted: str) -> str:
    """gzip or zstd as `Accept-Encoding` has it, zstd where both are equal; "" for neither."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((it[2:].strip() for it in parameters if it.startswith("q=")), "1")
        weights[name] = float(weight) if re.fullmatch(r"[01](\.[0-9]{0,3})?", weight) else 1.0
    rest = weights.get("*", 0.0)
    best = max((ZSTD, GZIP), key=lambda name: weights.get(name, rest))
    return best if weights.get(best, rest) > 0 else ""


def pack(body: bytes, coding: str) -> bytes:
    """The body, packed; the same bytes every time."""
    if coding == GZIP:
        return gzip.compress(body, GZIP_LEVEL, mtime=0)
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(body)


async def pack_response(request: web.Request, response: web.StreamResponse) -> None:
    """Pack an answer that is text and long enough, where the client takes it packed."""
    accepted = request.headers.get("Accept-Encoding")
    if accepted is None or not isinstance(response, web.Response):
        return
    body: Any = response.body
    if not isinstance(body, bytes) or len(body) < SMALLEST or not TEXTS.match(response.content_type):
        return
    response.headers["Vary"] = "Accept-Encoding"
    coding = choose_coding(accepted)
    if not coding:
        return
    packed = await asyncio.to_thread(pack, body, coding) if len(body) > IN_THREAD else pack(body, coding)
    response.body = packed
    response.headers["Content-Encoding"] = coding
    if "ETag" in response.headers:
        response.headers["ETag"] = f'{response.headers["ETag"][:-1]}-{coding}"'
