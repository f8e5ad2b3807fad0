"""What a route is: method, path, handler, the scope it asks for, and what it takes and answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

import msgspec
from aiohttp import web

from gateway.api.auth import authenticate
from gateway.api.call import Caller, Handler
from gateway.api.problem import Problem, write_problem
from gateway.keys import KeyRoom, Scope


class Taken(StrEnum):
    """What a route takes as its body, where it is not one of our own shapes."""

    NOTHING = ""
    CLAIM = "application/json"
    BATCH = "application/x-ndjson"
    X12 = "application/edi-x12"


class Answer(msgspec.Struct, frozen=True):
    """One answer of a route: its status, meaning and shape (None: no body)."""

    status: int
    meaning: str
    shape: Any = None  # a type, for which Python has no better name
    media: str = "application/json"


class Manner(msgspec.Struct, frozen=True):
    """How a family of routes learns who calls, and how it words what is no success.

    `identify` raises Problem for a stranger; `refuse` writes the answer for a problem of a request id.
    """

    identify: Callable[[web.Request, KeyRoom], Awaitable[Caller]]
    refuse: Callable[[Problem, str], web.Response]


NATIVE = Manner(authenticate, write_problem)


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the route table. `scope` None: any key; `open`: no key at all.

    `action` is what the audit log calls it, None as its scope is called there, "" where nobody needs to know.

    `body_note` describes the body where that of its kind does not fit.
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
    idempotent: bool = False
    problems: tuple[int, ...] = ()
    manner: Manner = NATIVE
