"""Answers that are written piece by piece while the request is under way."""

from __future__ import annotations

from aiohttp import web

from gateway.api.call import REQUEST_ID, Call
from gateway.api.doors import list_safe_headers
from gateway.api.trail import record_begin


async def open_stream(call: Call, media: str) -> web.StreamResponse:
    """The answer, its header sent. The doors cannot add to it any more, so theirs are in it already."""
    await record_begin(call)
    safe = list_safe_headers(call.services.settings.server)
    headers = {**safe, "X-Request-Id": call.request[REQUEST_ID]}
    response = web.StreamResponse(headers=headers)
    response.content_type = media
    await response.prepare(call.request)
    return response
