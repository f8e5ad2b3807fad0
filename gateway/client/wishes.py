"""A call before it is sent and its answer after: what the clients for threads and for asyncio share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import httpx
import msgspec

from gateway.client.errors import read_error

T = TypeVar("T")
JSON = "application/json"


class Wish(msgspec.Struct, frozen=True):
    """One call: where to, with which body."""

    method: str
    path: str
    content: bytes | None = None
    headers: Mapping[str, str] = {}


def write_wish(
    method: str,
    path: str,
    places: Mapping[str, str],
    query: Mapping[str, object],
    body: object = None,
    media: str = "",
    idempotency_key: str = "",
) -> Wish:
    """A call with its places filled in; what of the query is empty or None is left out."""
    filled = path.format_map({name: quote(value, safe="") for name, value in places.items()})
    asked = {name: _write_value(value) for name, value in query.items() if value not in (None, "")}
    headers = {"Content-Type": media} if media else {}
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    content = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
    return Wish(method, f"{filled}?{urlencode(asked)}" if asked else filled, content, headers)


def _write_value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_answer(response: httpx.Response, shape: Any) -> Any:
    """The answer as `shape` (bytes: as it came; None: nothing). Raises ClaimwireError."""
    if response.status_code >= 400:
        raise read_error(response.status_code, response.content, response.headers.get("Retry-After"))
    if shape is None or shape is bytes:
        return response.content if shape is bytes else None
    return msgspec.json.decode(response.content, type=shape)
