"""The OpenAPI document over HTTP: the file that is shipped, which a test keeps equal to the route table."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from aiohttp import web

from gateway.api.call import Call


async def show_openapi(call: Call) -> web.Response:
    """GET /openapi.json."""
    return web.Response(body=_read_document(), content_type="application/json")


@cache
def _read_document() -> bytes:
    return (files("schemas") / "json" / "openapi.json").read_bytes()
