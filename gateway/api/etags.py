"""ETags: the version of what was shown, so that nobody fetches it twice or changes what he has not seen.

An ETag is strong: it is made from the bytes of the answer, before they are compressed; `-gzip` and `-zstd` at
its end tell the compressed answers apart (RFC 9110 8.8.3.3).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import TypeVar

import msgspec
from aiohttp import web

from gateway.api.call import Call
from gateway.api.problem import Problem
from gateway.store import TenantScope
from gateway.store.errors import NoSuchRow

T = TypeVar("T")
TAG = re.compile(r'(?:W/)?"([^"]*)"')
CODED = re.compile(r"-(?:gzip|zstd)$")
ANY = "*"


def make_tag(body: bytes) -> str:
    """The ETag of an answer with this body, without its quotes."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def read_tags(header: str) -> frozenset[str]:
    """The tags of a header, without quotes and codings; `*` for any."""
    if header.strip() == ANY:
        return frozenset({ANY})
    return frozenset(CODED.sub("", tag) for tag in TAG.findall(header))


def tag_response(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """The answer with its ETag, or 304 where the client has it."""
    if not isinstance(response, web.Response) or response.status != 200:
        return response
    body = response.body
    if not isinstance(body, bytes):
        return response
    tag = make_tag(body)
    wanted = request.headers.get("If-None-Match")
    if wanted is not None and read_tags(wanted) & {tag, ANY}:
        return web.Response(status=304, headers={"ETag": f'"{tag}"'})
    response.headers["ETag"] = f'"{tag}"'
    return response


def change(
    call: Call, operation: Callable[[TenantScope], T], current: Callable[[TenantScope], msgspec.Struct | None]
) -> Callable[[TenantScope], T]:
    """The operation, done only where `If-Match` names what is `current` in the same transaction.

    What it makes raises Problem 412 where it does not, NoSuchRow where nothing is current.
    """
    header = call.request.headers.get("If-Match")
    if header is None:
        return operation
    wanted = read_tags(header)

    def change_current(scope: TenantScope) -> T:
        shown = current(scope)
        if shown is None:
            raise NoSuchRow(call.subject)
        if not wanted & {make_tag(msgspec.json.encode(shown)), ANY}:
            raise Problem("changed", "Fetch it again; nothing was changed.")
        return operation(scope)

    return change_current
