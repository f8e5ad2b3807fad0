"""A running generation: the document, what derived values need, and the findings made on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from edi.findings import Finding, find
from edi.guide import UNBOUNDED
from edi.segments import Delimiters

if TYPE_CHECKING:
    from edi.written import WrittenSegment

MAX_BITS = 256
MAX_EXPONENT = 40
MAX_FINDINGS = 1_000
Json = Any
FLOAT = (
    "a document holds a float, which is no exact amount: write it as text ('190.50') or as a Decimal, "
    "and decode JSON with parse_float=Decimal"
)
Step = str | int


class Scope(msgspec.Struct, gc=False, eq=False):
    """An object (or text) of the document and the way to it from the enclosing scope."""

    values: Json
    parent: Scope | None = None
    steps: tuple[Step, ...] = ()

    def path(self) -> tuple[Step, ...]:
        """The steps from the document root."""
        return (*self.parent.path(), *self.steps) if self.parent else self.steps

    @property
    def object(self) -> Mapping[str, Json]:
        """The values as an object; empty for anything else."""
        return self.values if isinstance(self.values, dict) else {}


def make_pointer(steps: tuple[Step, ...]) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


class Context(msgspec.Struct, frozen=True):
    """What a transaction set says that no document does.

    `reading` is true while what was read is generated again, only to be compared: then every value stays as
    it is, whatever it holds.
    """

    control_number: str
    created: datetime
    reference: str
    sender: str
    receiver: str
    delimiters: Delimiters = Delimiters()
    reading: bool = False


class Generation:
    """One document on its way to segments."""

    def __init__(
        self, document: Mapping[str, Json], context: Context, segment_limit: int = UNBOUNDED
    ) -> None:
        self.root = Scope(document)
        self.document = document
        self.context = context
        self.created = context.created
        self.control_number = context.control_number
        self.reference = context.reference
        self.sender = context.sender
        self.receiver = context.receiver
        self.ordinal_in_loop = 1
        self.findings: list[Finding] = []
        self.leftover: list[tuple[str, str]] = []
        self.segments: list[WrittenSegment] = []
        self.faulted: set[str] = set()
        self.segment_limit = segment_limit
        self.full = False
        self.bad = bad_characters(context.delimiters)

    def text(self, value: Json, numeric: bool, scope: Scope, steps: tuple[Step, ...]) -> str:
        """A JSON scalar as X12 text; anything else is a finding and "" is written."""
        if value.__class__ is str:
            return str(value)
        if value is None:
            return ""
        if value.__class__ is int and value.bit_length() <= MAX_BITS:
            return str(value)
        if value.__class__ is Decimal and numeric and is_plain(value):
            return f"{value:f}"
        if value.__class__ is float:
            raise TypeError(FLOAT)
        self.fault_type(scope, steps, "a number or text" if numeric else "text")
        return ""

    def truth(self, value: Json, scope: Scope, steps: tuple[Step, ...]) -> bool | None:
        """A JSON boolean, or None where there is none; anything else is a finding."""
        if value is None or value.__class__ is bool:
            return bool(value) if value is not None else None
        self.fault_type(scope, steps, "true or false")
        return None

    def fault_type(self, scope: Scope, steps: tuple[Step, ...], expected: str) -> None:
        """Note a value of the wrong JSON type, once for each place."""
        pointer = make_pointer((*scope.path(), *steps))
        if pointer not in self.faulted and len(self.findings) < MAX_FINDINGS:
            self.faulted.add(pointer)
            self.findings.append(find("json.wrong_type", pointer=pointer, expected=expected))

    def fault_room(self, scope: Scope, steps: tuple[Step, ...], limit: int, name: str) -> None:
        """Note values that the guide has no room for."""
        pointer = make_pointer((*scope.path(), *steps))
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(find("json.too_many", pointer=pointer, limit=str(limit), name=name))

    def is_full(self, scope: Scope, steps: tuple[Step, ...], name: str) -> bool:
        """True, with a finding, where a document makes more segments than `segment_limit` allows."""
        if len(self.segments) < self.segment_limit:
            return False
        if not self.full:
            self.full = True
            self.fault_room(scope, steps, self.segment_limit, name)
        return True


def is_plain(value: Decimal) -> bool:
    """True for a finite number that is sensible to write out."""
    return (
        value.is_finite()
        and abs(value.adjusted()) <= MAX_EXPONENT
        and len(value.as_tuple().digits) <= MAX_EXPONENT
    )


@lru_cache(maxsize=64)
def bad_characters(delimiters: Delimiters) -> re.Pattern[str]:
    """Characters that no value may hold: separators, controls, and what no file can encode."""
    separators = delimiters.element + delimiters.component + delimiters.repetition + delimiters.segment
    return re.compile(f"[{re.escape(separators)}\\x00-\\x1f\\x7f\\ud800-\\udfff]")
