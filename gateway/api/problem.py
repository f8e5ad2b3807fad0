"""Problems: every answer that is no success, as problem+json (RFC 9457) with its findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType

import msgspec
from aiohttp import web

from edi.findings import Finding, find

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:claimwire:problem:"


class Kind(msgspec.Struct, frozen=True):
    """A kind of problem: its HTTP status and the title that all problems of the kind share."""

    status: HTTPStatus
    title: str


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "unreadable": Kind(HTTPStatus.BAD_REQUEST, "The body cannot be read"),
        "bad-parameter": Kind(HTTPStatus.BAD_REQUEST, "A parameter cannot be taken"),
        "unauthenticated": Kind(HTTPStatus.UNAUTHORIZED, "No valid API key or session"),
        "sign-in-failed": Kind(HTTPStatus.UNAUTHORIZED, "The sign-in failed"),
        "forbidden": Kind(HTTPStatus.FORBIDDEN, "The API key or user may not do this"),
        "other-site": Kind(HTTPStatus.FORBIDDEN, "The request does not come from a page of this server"),
        "not-found": Kind(HTTPStatus.NOT_FOUND, "There is no such thing"),
        "method-not-allowed": Kind(HTTPStatus.METHOD_NOT_ALLOWED, "This address takes other methods"),
        "not-acceptable": Kind(HTTPStatus.NOT_ACCEPTABLE, "This address answers in another form"),
        "too-slow": Kind(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time"),
        "in-flight": Kind(HTTPStatus.CONFLICT, "The same request is being worked on"),
        "conflict": Kind(HTTPStatus.CONFLICT, "This cannot be done as things stand"),
        "changed": Kind(HTTPStatus.PRECONDITION_FAILED, "It is not as you saw it"),
        "too-large": Kind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large"),
        "media": Kind(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body is in a form that is not read here"),
        "findings": Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "The document has findings"),
        "idempotency": Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "The Idempotency-Key cannot be used"),
        "bad-request": Kind(HTTPStatus.BAD_REQUEST, "The request cannot be taken"),
        "too-many": Kind(HTTPStatus.TOO_MANY_REQUESTS, "Too much at once"),
        "too-often": Kind(HTTPStatus.TOO_MANY_REQUESTS, "You call too often"),
        "failed": Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed"),
        "not-taken": Kind(HTTPStatus.BAD_GATEWAY, "The payer did not answer the inquiry"),
        "no-answer-yet": Kind(HTTPStatus.GATEWAY_TIMEOUT, "The payer has not answered in time"),
        "unavailable": Kind(HTTPStatus.SERVICE_UNAVAILABLE, "The server cannot take this now"),
    }
)


class ProblemBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a problem. `request` names it in the server's log; `file` the bytes that were kept."""

    type: str
    title: str
    status: int
    detail: str = ""
    request: str = ""
    id: str = ""
    file: str = ""
    findings: tuple[Finding, ...] = ()


class Problem(Exception):
    """Raised by handlers for every answer that is no success."""

    def __init__(
        self,
        kind: str,
        detail: str = "",
        findings: Sequence[Finding] = (),
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
        subject: str = "",
        file: str = "",
    ) -> None:
        super().__init__(kind)
        self.kind, self.detail, self.findings = kind, detail, tuple(findings)
        self.headers, self.subject, self.file = dict(headers), subject, file

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind].status.value

    def write_body(self, request_id: str) -> bytes:
        """The body as it is sent."""
        body = ProblemBody(
            type=TYPE_PREFIX + self.kind,
            title=KINDS[self.kind].title,
            status=self.status,
            detail=self.detail,
            request=request_id,
            id=self.subject,
            file=self.file,
            findings=self.findings,
        )
        return msgspec.json.encode(body)


def write_problem(problem: Problem, request_id: str) -> web.Response:
    """The answer for `problem`."""
    body = problem.write_body(request_id)
    return web.Response(status=problem.status, body=body, content_type=MEDIA_TYPE, headers=problem.headers)


def refuse_missing(what: str) -> Problem:
    """The problem of an id that does not exist, or belongs to another tenant: the answer is the same."""
    return Problem("not-found", f"There is no {what} with this id.")


def refuse_parameter(name: str, expected: str) -> Problem:
    """The problem of a query parameter or header."""
    return Problem("bad-parameter", findings=[find("request.bad_parameter", name=name, expected=expected)])
