"""What a handler gets: the request, who calls, and the services behind the door."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from gateway.api.bodies import read_body, read_struct
from gateway.api.problem import Problem, refuse_parameter
from gateway.keys import ALL_SCOPES, Scope
from gateway.services import Services

T = TypeVar("T")
KINDS = {"int": "a whole number", "str": "text", "bool": "true or false"}
SERVICES = web.AppKey("services", Services)


class Caller(msgspec.Struct, frozen=True):
    """Who calls: the tenant and the key or person, with what they may do; `prefix` is a key's public part.

    `session` is that of a person. Without `reveals` patients are shown redacted; `emergency` is the access by
    which the caller may do more than usual.
    """

    tenant: str
    key: str
    scopes: frozenset[str]
    prefix: str = ""
    session: str = ""
    reveals: bool = True
    emergency: str = ""


@dataclass
class Told:
    """What a handler tells the audit log: the ids of what it showed or changed.

    `recorded`: the call's entry is written already, or nothing was shown. `outcome`: how it ended, where its
    HTTP status says something else.
    """

    ids: list[str] = field(default_factory=list)
    recorded: bool = False
    outcome: str = ""


DONE, STRANGER, FORBIDDEN, MISSING = "done", "stranger", "forbidden", "missing"
CALLER = web.RequestKey("caller", Caller)
TOLD = web.RequestKey("told", Told)
REQUEST_ID = web.RequestKey("request_id", str)


class Call(msgspec.Struct, frozen=True):
    """One call of one route."""

    request: web.Request
    services: Services
    caller: Caller

    @property
    def tenant(self) -> str:
        """Whose rows the call may see."""
        return self.caller.tenant

    @property
    def subject(self) -> str:
        """The id in the path."""
        return self.request.match_info["id"]

    @property
    def told(self) -> Told:
        """What the audit log is told of the call."""
        return self.request[TOLD]

    def tell(self, *ids: str | None) -> None:
        """Tell the audit log what is shown or changed; ids in the address are told by themselves."""
        self.told.ids += filter(None, ids)

    def tell_page(self, *ids: str | None) -> None:
        """As `tell`, of a page that clients ask for again and again: an empty one showed nothing."""
        self.tell(*ids)
        self.told.recorded = not any(ids)

    def demand(self, scope: Scope) -> None:
        """Raises Problem 403 where the key lacks a scope that the route alone does not ask for."""
        demand_scope(self.caller, scope)

    def query(self, shape: type[T]) -> T:
        """The query parameters. Raises Problem naming the one that is wrong."""
        given: dict[str, Any] = dict(self.request.query)  # text, which msgspec turns into the field's type
        try:
            return msgspec.convert(given, shape, strict=False)
        except msgspec.ValidationError as problem:
            text, _, name = str(problem).partition(" - at `$.")
            raise refuse_parameter(name.rstrip("`"), name_expected(text)) from None

    async def body(self, *, limit: int | None = None) -> bytes:
        """The body, whole."""
        server = self.services.settings.server
        return await read_body(self.request, limit=limit or server.body_limit, seconds=server.body_seconds)

    async def struct(self, shape: type[T]) -> T:
        """The body as one of our own shapes."""
        return read_struct(await self.body(), shape)


def demand_scope(caller: Caller, scope: Scope) -> None:
    """Raises Problem 403 where the key lacks the scope."""
    if not caller.scopes & {scope.value, ALL_SCOPES}:
        raise Problem("forbidden", f"This key or user does not have the scope {scope.value}.")


def name_expected(complaint: str) -> str:
    """What msgspec expected, in words: `Expected `int`, got `str`` is "a whole number"."""
    expected = complaint.removeprefix("Expected ").replace("`", "").partition(", got")[0]
    if expected.startswith("Invalid RFC3339 encoded date"):
        return "a day as CCYY-MM-DD"
    if expected.startswith("Invalid decimal"):
        return "an amount"
    kind, blank, bound = expected.partition(" ")
    return KINDS.get(kind, kind) + blank + bound


Handler = Callable[[Call], Awaitable[web.StreamResponse]]
