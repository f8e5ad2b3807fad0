"""What a route is: method, path, handler, the scope it asks for, and what it takes and answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from enum import StrEnum
from typing import Any

import msgspec
from aiohttp import web

from gateway.api.auth import authenticate
from gateway.api.call import Caller, Handler
from gateway.api.problem import MEDIA_TYPE, Problem, ProblemBody, write_problem
from gateway.keys import KeyRoom, Scope


class Taken(StrEnum):
    """What a route takes as its body, where it is not one of our own shapes."""

    NOTHING = ""
    CLAIM = "application/json"
    BATCH = "application/x-ndjson"
    X12 = "application/edi-x12"
    SOAP = "application/soap+xml"
    FORM = "multipart/form-data"
    PATCH = "application/merge-patch+json"


class Answer(msgspec.Struct, frozen=True):
    """One answer of a route: its status, meaning and shape (None: no body); `also` are its other media."""

    status: int
    meaning: str
    shape: Any = None  # a type, for which Python has no better name
    media: str = "application/json"
    also: tuple[str, ...] = ()


class Manner(msgspec.Struct, frozen=True):
    """How a family of routes learns who calls, and how it words what is no success.

    `identify` raises Problem for a stranger; `refuse` writes the answer for a problem of a request id, as
    `media` with the `shape`. `family` names the routes in the document; a `strict` one refuses parameters
    that it does not know, and media that it neither reads nor writes.
    """

    identify: Callable[[web.Request, KeyRoom], Awaitable[Caller]]
    refuse: Callable[[Problem, str], web.Response]
    shape: Any = ProblemBody  # a type, for which Python has no better name
    media: str = MEDIA_TYPE
    family: str = "native"
    strict: bool = False


NATIVE = Manner(authenticate, write_problem, strict=True)
ANY = (429, 500, 503)
CLOSED = (401, 403)
DOCUMENTS = ("/openapi.json", "/docs")
BODY = (400, 408, 413, 415)


class Retirement(msgspec.Struct, frozen=True):
    """That a route goes: deprecated `since`, answered until `sunset`; `instead` is what takes its place."""

    since: date
    sunset: date | None = None
    instead: str = ""

    def headers(self) -> Mapping[str, str]:
        """As an answer says it (RFC 9745, RFC 8594)."""
        told = {"Deprecation": f"@{int(_begin(self.since).timestamp())}"}
        if self.sunset is not None:
            told["Sunset"] = format_datetime(_begin(self.sunset), usegmt=True)
        if self.instead:
            told["Link"] = f'<{self.instead}>; rel="successor-version"'
        return told


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the route table. `scope` None: any key; `open`: no key at all.

    `action` is what the audit log calls it, None as its scope is called there, "" where nobody needs to know.

    `body_note` describes the body where that of its kind does not fit; `matched`: it heeds If-Match;
    `other_bodies` are taken as well, by their Content-Type. Answers of one status with other media are given
    to whoever asks for them (Accept).
    """

    method: str
    path: str
    name: str
    handler: Handler
    summary: str
    answers: tuple[Answer, ...]
    scope: Scope | None = None
    action: str | None = None
    open: bool = False
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | Taken = Taken.NOTHING
    body_note: str = ""
    other_bodies: tuple[Taken, ...] = ()
    body_optional: bool = False
    idempotent: bool = False
    problems: tuple[int, ...] = ()
    manner: Manner = NATIVE
    matched: bool = False
    retiring: Retirement | None = None

    @property
    def is_tagged(self) -> bool:
        """True where the answer is one thing that has a version: it is sent with its ETag."""
        pages = self.query is not None and "cursor" in self.query.__struct_fields__
        one = "{" in self.path and self.scope is not None and not pages
        return self.method == "GET" and self.manner.strict and (one or self.path in DOCUMENTS)

    @property
    def refusals(self) -> tuple[int, ...]:
        """Every status of its answers that are no success: its own, and those of what all routes pass."""
        found = {*self.problems, *ANY, *(() if self.open else CLOSED)}
        found |= set(BODY if self.body is not Taken.NOTHING else ())
        if self.manner.strict:
            found |= {400, 406} | ({412} if self.matched else set())
        return tuple(sorted(found))
