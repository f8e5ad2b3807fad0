"""What is no HTTP that can be read with certainty: a problem of ours, and the connection ends."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from gateway.api.problem import Problem
from gateway.logs import log_event

SAFE_HEADERS = {"Server": "claimwire", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


class PlainHandler(RequestHandler):
    """aiohttp's own, but for what it says of a broken request: it quotes the bytes, and names its version."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A problem that quotes nothing. Raises ConnectionError where an answer has begun."""
        log_event("request.unreadable", status=status, reason=type(exc).__name__ if exc is not None else None)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun")
        failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        problem = (
            Problem("failed") if failed else Problem("bad-request", "This is no HTTP that is read here.")
        )
        body = problem.write_body("")
        answer = web.Response(
            status=status, body=body, content_type="application/problem+json", headers=SAFE_HEADERS
        )
        answer.force_close()
        return answer
