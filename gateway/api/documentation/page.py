"""The page: the shipped OpenAPI document put into `page.html` by Jinja, which escapes every value."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

JSON = Mapping[str, Any]  # a JSON object
REFERENCE = "#/components/schemas/"
DEEPEST = 4


class Field(msgspec.Struct, frozen=True):
    """One row of a shape: its path, type and meaning."""

    path: str
    kind: str
    required: bool
    meaning: str


class Operation(msgspec.Struct, frozen=True):
    """One call of the API, with what the page says of it."""

    name: str
    method: str
    path: str
    summary: str
    scope: str
    family: str
    parameters: tuple[JSON, ...]
    body: str
    answers: tuple[tuple[str, str, str], ...]


def render_page(document: JSON) -> str:
    """The whole page."""
    operations = list(list_operations(document))
    rooms: dict[str, list[Operation]] = {}
    for operation in operations:
        rooms.setdefault(name_room(operation), []).append(operation)
    schemas = document["components"]["schemas"]
    shapes = {name: tuple(list_fields(schema)) for name, schema in schemas.items()}
    meanings = {name: str(schema.get("description", "")) for name, schema in schemas.items()}
    template = _environment().get_template("page.html")
    return template.render(info=document["info"], rooms=rooms, shapes=shapes, meanings=meanings)


def name_room(operation: Operation) -> str:
    """Under which heading an operation stands: what it is about, or the family that it belongs to."""
    if operation.family != "native":
        return operation.family
    return operation.path.split("/")[2 if operation.path.startswith("/v1/") else 1]


def list_operations(document: JSON) -> Iterator[Operation]:
    """Every operation, in the order of the document."""
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            yield Operation(
                name=told["operationId"],
                method=method.upper(),
                path=path,
                summary=told["summary"],
                scope=told.get("description", "No key is needed." if told.get("security") == [] else ""),
                family=told["tags"][0],
                parameters=tuple(told.get("parameters", ())),
                body=name_content(told.get("requestBody", {})),
                answers=tuple(
                    (status, answer["description"], name_content(answer))
                    for status, answer in told["responses"].items()
                ),
            )


def name_content(told: JSON) -> str:
    """The shape of a body, or its media type where it has none of ours."""
    for media, content in told.get("content", {}).items():
        reference = content.get("schema", {}).get("$ref", "")
        return str(reference.removeprefix(REFERENCE) or content["schema"].get("description", media))
    return ""


def list_fields(schema: JSON) -> Iterator[Field]:
    """The fields of a shape."""
    required = schema.get("required", ())
    for name, told in schema.get("properties", {}).items():
        yield Field(name, name_kind(told), name in required, str(told.get("description", "")))


def name_kind(told: JSON, depth: int = 0) -> str:
    """What a field holds, in a few words."""
    if "$ref" in told:
        return str(told["$ref"]).removeprefix(REFERENCE)
    choices = told.get("anyOf", ())
    if choices and depth < DEEPEST:
        return " or ".join(name_kind(choice, depth + 1) for choice in choices)
    if told.get("type") == "array" and depth < DEEPEST:
        return f"list of {name_kind(told.get('items', {}), depth + 1)}"
    return str(told.get("format") or told.get("type") or "anything")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["style"] = Markup(read_style())  # noqa: S704 - our own file, no value of a document
    return environment


@cache
def read_style() -> str:
    """The page's style."""
    return (files(__package__) / "page.css").read_text(encoding="utf-8")


@cache
def write_policy() -> str:
    """The content security policy of the page: its own style by digest, nothing else."""
    digest = base64.b64encode(hashlib.sha256(read_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"
