"""OpenAPI 3.1 from the route table and the shapes: `python -m gateway.api.openapi FILE` writes it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec

from gateway.api.addresses import ALL_ROUTES
from gateway.api.auth import CSRF_HEADER
from gateway.api.cookies import HOST_PREFIX, SESSION
from gateway.api.routing import Answer, Route, Taken

JSON = dict[str, Any]  # a JSON object
API_VERSION = "1.0.0"
REFERENCE = "#/components/schemas/{name}"
INFO = {
    "title": "Claimwire",
    "description": "Clearinghouse gateway and X12 translation server for US medical billing.",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
BODIES: dict[Taken, JSON] = {
    Taken.CLAIM: {
        "type": "object",
        "description": "A claim in the standard shape of the field; unknown keys and nulls pass.",
    },
    Taken.BATCH: {
        "type": "string",
        "description": "One claim as JSON on each line.",
        "contentMediaType": Taken.BATCH.value,
    },
    Taken.PATCH: {
        "type": "object",
        "description": "What differs, as a JSON merge patch (RFC 7386): null removes, an array replaces.",
    },
    Taken.X12: {
        "type": "string",
        "description": "One X12 file as it is.",
        "contentMediaType": Taken.X12.value,
    },
    Taken.SOAP: {"type": "string", "description": "An envelope of the rule, or multipart/related with it."},
    Taken.FORM: {"type": "object", "description": "The fields of the rule, one in each part."},
}
IDEMPOTENCY: JSON = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Repeats of a request with the same key and body get the first answer, for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
SECURITY: dict[str, JSON] = {
    "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key of this server: cw_..."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": HOST_PREFIX + SESSION,
        "description": "The session of a person; without TLS, on this machine only, without the prefix.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "The csrf of GET /v1/session, with every request of a session that changes something.",
    },
}
BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER})
PLACE = re.compile(r"\{(\w+)\}")  # a part of a path that the caller fills in
PLACES: dict[str, JSON] = {
    "version": {
        "type": "string",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        "description": "Any date, such as 2024-04-01.",
    }
}
TAGGED: JSON = {"ETag": {"description": "The version of what is shown.", "schema": {"type": "string"}}}
WAIT: JSON = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
MATCH: JSON = {
    "name": "If-Match",
    "in": "header",
    "description": "Change it only as it was shown with this ETag; else 412.",
    "schema": {"type": "string"},
}
NONE_MATCH: JSON = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETags that you have; where one still holds, 304.",
    "schema": {"type": "string"},
}


def write_openapi(routes: Sequence[Route] = ALL_ROUTES) -> bytes:
    """The document as JSON, with a line for each value so that a change is readable."""
    paths: dict[str, JSON] = {}
    schemas = _write_schemas(routes)
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _write_operation(route)
    document = {
        "openapi": "3.1.0",
        "info": {**INFO, "version": API_VERSION},
        "security": [{"apiKey": []}, {"session": [], "csrf": []}],
        "paths": paths,
        "components": {"securitySchemes": SECURITY, "schemas": schemas},
    }
    return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"


def _write_schemas(routes: Sequence[Route]) -> JSON:
    """The schema of every shape that a route takes or answers, by name."""
    shapes = {shape.__name__: shape for route in routes for shape in _list_shapes(route)}
    named = [shapes[name] for name in sorted(shapes)]
    _, schemas = msgspec.json.schema_components(named, ref_template=REFERENCE)
    return dict(sorted(schemas.items()))


def _list_shapes(route: Route) -> Iterator[type]:
    if not isinstance(route.body, Taken):
        yield route.body
    yield from (answer.shape for answer in route.answers if answer.shape is not None)
    yield route.manner.shape


def _write_operation(route: Route) -> JSON:
    operation: JSON = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.manner.family],
    }
    if route.retiring is not None:
        operation["deprecated"] = True
    if route.open:
        operation["security"] = []
    elif route.scope is not None:
        operation["description"] = f"The caller needs the scope {route.scope.value}."
    parameters = list(_write_parameters(route))
    if parameters:
        operation["parameters"] = parameters
    if route.body is not Taken.NOTHING:
        operation["requestBody"] = {"required": not route.body_optional, "content": _write_body(route)}
    operation["responses"] = _write_answers(route)
    return operation


def _write_parameters(route: Route) -> Iterator[JSON]:
    for name in PLACE.findall(route.path):
        schema = PLACES.get(name, {"type": "string", "minLength": 1})
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if route.query is not None:
        schema = msgspec.json.schema(route.query)["$defs"][route.query.__name__]
        for name, field in schema["properties"].items():
            yield {"name": name, "in": "query", "schema": field}
    if route.idempotent:
        yield IDEMPOTENCY
    if route.matched:
        yield MATCH
    if route.is_tagged:
        yield NONE_MATCH


def _write_body(route: Route) -> JSON:
    if isinstance(route.body, Taken):
        note = {"description": route.body_note} if route.body_note else {}
        kinds = (route.body, *route.other_bodies)
        return {kind.value: {"schema": {**BODIES[kind], **note}} for kind in kinds}
    return {"application/json": {"schema": _refer(route.body)}}


def _write_answers(route: Route) -> JSON:
    answers: dict[str, JSON] = {}
    for answer in route.answers:
        written = _write_answer(answer)
        known = answers.setdefault(str(answer.status), written)
        known.get("content", {}).update(written.get("content", {}))
    if route.is_tagged:
        answers["200"]["headers"] = TAGGED
        answers["304"] = {"description": "You have it.", "headers": TAGGED}
    refused = {route.manner.media: {"schema": _refer(route.manner.shape)}}
    for status in route.refusals:
        told: JSON = {"description": HTTPStatus(status).phrase, "content": refused}
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            told["headers"] = WAIT
        answers.setdefault(str(status), told)
    return dict(sorted(answers.items()))


def _write_answer(answer: Answer) -> JSON:
    if answer.shape is None and answer.status in BODILESS:
        return {"description": answer.meaning}
    schema = _refer(answer.shape) if answer.shape is not None else {}
    content = {media: {"schema": schema} for media in (answer.media, *answer.also)}
    return {"description": answer.meaning, "content": content}


def _refer(shape: type) -> JSON:
    return {"$ref": REFERENCE.format(name=shape.__name__)}


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(write_openapi())
