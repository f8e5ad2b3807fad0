"""The types of a claim's fields, taken from the JSON Schema that its guide generates."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from edi.json_schema import DAY, make_schema


class Kind(StrEnum):
    """What an expression gives. Only text, number, date and truth can be absent."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TRUTH = "true or false"
    LIST = "list"
    SECTION = "section"


class Type(NamedTuple):
    """A kind; of a list its items' type, of a section its fields by name."""

    kind: Kind
    item: Type | None = None
    fields: Mapping[str, Type] | None = None

    def __str__(self) -> str:
        return f"list of {self.item.kind}" if self.item else str(self.kind)


TEXT, NUMBER, DATE, TRUTH = (Type(kind) for kind in (Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.TRUTH))
LEAVES = {"boolean": TRUTH, "integer": NUMBER}


def list_of(item: Type) -> Type:
    """The type of a list."""
    return Type(Kind.LIST, item)


def read_type(schema: Mapping[str, Any]) -> Type:
    """The type of what a schema describes."""
    named = schema.get("type")
    if named == "object":
        fields = {name: read_type(node) for name, node in schema.get("properties", {}).items()}
        return Type(Kind.SECTION, fields=fields)
    if named == "array":
        return list_of(read_type(schema["items"]))
    if isinstance(named, list):
        return NUMBER
    if named == "string" and schema.get("pattern") == DAY:
        return DATE
    return LEAVES.get(str(named), TEXT)


@cache
def claim_type(guide: str) -> Type:
    """The type of a claim of a guide."""
    return read_type(make_schema(guide))
