"""The OpenAPI document over HTTP, as it is shipped (a test keeps it equal to the routes) and as a page."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec
from aiohttp import web

from gateway.api.call import Call
from gateway.api.documentation.page import render_page, write_policy


async def show_openapi(call: Call) -> web.Response:
    """GET /openapi.json."""
    return web.Response(body=_read_document(), content_type="application/json")


async def show_documentation(call: Call) -> web.Response:
    """GET /docs: the same for people; one page that needs nothing else."""
    headers = {"Content-Security-Policy": write_policy()}
    return web.Response(text=_render(), content_type="text/html", headers=headers)


@cache
def _render() -> str:
    return render_page(msgspec.json.decode(_read_document()))


@cache
def _read_document() -> bytes:
    return (files("schemas") / "json" / "openapi.json").read_bytes()
