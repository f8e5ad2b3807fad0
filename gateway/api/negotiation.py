"""What a request asks for and brings: media types, query parameters, and the id that it is known by."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

import msgspec
from aiohttp import web

from edi.findings import Finding, find
from gateway.api.encodings import find_coding
from gateway.api.problem import Problem
from gateway.api.routing import Route, Taken

ANYTHING = frozenset({"application/octet-stream", "application/x-www-form-urlencoded", "text/plain"})
"""What clients call a body when nobody tells them better (curl, wget, HTTP libraries)."""

READ = {
    Taken.CLAIM: frozenset({"application/json", "text/json"}),
    Taken.BATCH: frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"}),
    Taken.X12: frozenset({"application/edi-x12", "application/x12", "text/x12"}),
    Taken.PATCH: frozenset({"application/merge-patch+json"}),
}
REQUEST_ID = re.compile(r"[0-9a-fA-F]{16,64}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""A client's own id of a request: hex digits, as of a trace, or a UUID. Anything else could hold a name."""
JSON, LINES = "application/json", "application/x-ndjson"
"""Lines of JSON go to whoever wants JSON: clients say that once for all that they call."""

LONGEST_NAME = 100


def read_request_id(request: web.Request) -> str | None:
    """The id that the client gave its request, where it is one that may stand in a log."""
    given = request.headers.get("X-Request-Id")
    return given if given is not None and REQUEST_ID.fullmatch(given) else None


def negotiate(request: web.Request, route: Route) -> None:
    """Raises Problem: a parameter that the route does not know, a body or an answer of another media type."""
    if request.rel_url.raw_query_string:
        check_parameters(request, route)
    if "Content-Encoding" in request.headers:
        find_coding(request)
    given = request.headers.get("Content-Type")
    bodies = (route.body, *route.other_bodies)
    if (
        given is not None
        and route.body is not Taken.NOTHING
        and not any(can_read(given, it) for it in bodies)
    ):
        known = ", ".join(sorted(frozenset[str]().union(*map(list_read, bodies))))
        raise Problem("media", f"This address reads {known}.", headers={"Connection": "close"})
    wanted = request.headers.get("Accept")
    if wanted is not None and wanted != "*/*" and not can_write(wanted, list_media(route)):
        raise Problem("not-acceptable", f"This address answers {', '.join(list_media(route))}.")


def check_parameters(request: web.Request, route: Route) -> None:
    """Raises Problem naming every parameter that is unknown or given twice."""
    known = list_parameters(route.query)
    findings: list[Finding] = []
    for name, times in Counter(name for name, _ in request.query.items()).items():
        shown = name[:LONGEST_NAME]
        if name not in known:
            told = ", ".join(known) or "none"
            findings.append(find("request.unknown_parameter", value=shown, known=told))
        elif times > 1:
            findings.append(find("request.repeated_parameter", value=shown))
    if findings:
        raise Problem("bad-parameter", findings=findings)


@lru_cache(maxsize=256)
def list_parameters(query: type[msgspec.Struct] | None) -> tuple[str, ...]:
    """The names of a query as they are sent."""
    return query.__struct_encode_fields__ if query is not None else ()


def list_read(body: type[msgspec.Struct] | Taken) -> frozenset[str]:
    """The media types that a body may have."""
    return READ.get(body if isinstance(body, Taken) else Taken.CLAIM, frozenset())


@lru_cache(maxsize=1024)
def can_read(given: str, body: type[msgspec.Struct] | Taken) -> bool:
    """True where a body of the media type `given` is read by a route that takes `body`."""
    media = given.partition(";")[0].strip().lower()
    known = list_read(body)
    return media in known or media in ANYTHING or (media.endswith("+json") and READ[Taken.CLAIM] == known)


def list_media(route: Route) -> tuple[str, ...]:
    """The media types of a route's answers, none where it answers without a body."""
    given = [
        media for answer in route.answers if answer.status != 204 for media in (answer.media, *answer.also)
    ]
    return tuple(dict.fromkeys([*given, *([JSON] if LINES in given else [])]))


@lru_cache(maxsize=1024)
def can_write(wanted: str, media: tuple[str, ...]) -> bool:
    """True where an `Accept` takes one of the media types (RFC 9110 12.5.1)."""
    if not media:
        return True
    weights = dict(_read_range(part) for part in wanted.split(",") if part.strip())
    if not weights:
        return True
    return any(_weigh(weights, kind) > 0 for kind in media)


def _weigh(weights: dict[str, float], media: str) -> float:
    """The weight of the most specific range that fits."""
    for name in (media, f"{media.partition('/')[0]}/*", "*/*"):
        if name in weights:
            return weights[name]
    return 0.0


def _read_range(part: str) -> tuple[str, float]:
    """A media range with its weight; a weight that cannot be read is 1."""
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return media, float(value) if re.fullmatch(r"[01](\.[0-9]{0,3})?", value.strip()) else 1.0
    return media, 1.0
