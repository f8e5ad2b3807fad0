"""A JSON document, decoded in one place: strictly, with money as Decimal, and with findings for the rest.

Refused: what is not UTF-8 or not JSON, NaN and Infinity, numbers beyond `DIGITS`, duplicate keys, half
surrogate pairs and nesting beyond `DEPTH`. Every finding that has a place in the document has its pointer.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any

import msgspec

from edi.findings import Finding, find

DEPTH = 64
DIGITS = 40
FINDINGS = 100  # of one body: the answer to a hostile one stays small
X12_START = b"ISA"
BLANKS = b" \t\r\n"
LARGE = 10**18  # integers beyond are left to the careful way, which counts their digits
_PARTED = re.compile(rb'"[ \t\r\n]+:')
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")  # a surrogate, whole or half: rare, so look closer
BOM = b"\xef\xbb\xbf"
CONTAINERS = (dict, list)
KINDS = {list: "array", str: "string", bool: "boolean", int: "number", Decimal: "number", type(None): "null"}


class Decoded(msgspec.Struct, frozen=True):
    """A decoded body, or the findings why there is none (`document` is None then)."""

    document: dict[str, Any] | None  # any JSON
    findings: tuple[Finding, ...] = ()


class Broken(msgspec.Struct, frozen=True):
    """Stands in the decoded document for a value that cannot be taken."""

    code: str


class Doubled(dict[str, Any]):
    """An object with a key that occurs twice; `again` names them."""

    again: tuple[str, ...] = ()


def decode_body(body: bytes) -> Decoded:
    """The JSON object in `body`, or every reason why it cannot be taken."""
    text = body.removeprefix(BOM).strip(BLANKS)
    refused = _refuse_bytes(text)
    if refused is not None:
        return Decoded(None, (refused,))
    regular = _read_regular(text)
    if regular is not None:
        return Decoded(regular)
    faults: list[str] = []
    try:
        document = _read_text(body.decode("utf-8-sig"), faults)
    except UnicodeDecodeError as problem:
        return Decoded(None, (find("json.not_utf8", offset=str(problem.start)),))
    except json.JSONDecodeError as problem:
        return Decoded(None, (_unreadable(problem),))
    except RecursionError:  # a RuntimeError, raised by the parser for deep nesting before any memory is spent
        return Decoded(None, (find("json.too_deep", limit=str(DEPTH)),))
    if faults or SURROGATE.search(body) or _is_deep(document):
        findings = tuple(islice(_walk(document), FINDINGS))
        if findings:
            return Decoded(None, findings)
    if not isinstance(document, dict):
        return Decoded(None, (find("json.not_an_object", kind=KINDS[type(document)]),))
    return Decoded(document)


def _refuse_bytes(text: bytes) -> Finding | None:
    if not text:
        return find("json.empty")
    if text[:3].upper() == X12_START:
        return find("json.is_x12")
    return None


def _read_decimal_only(digits: str) -> Decimal:
    """A number with a fraction or an exponent. Raises ValueError for one that cannot be taken."""
    number = _read_decimal(digits)
    if number is None:
        raise ValueError("a number beyond what is taken")
    return number


_REGULAR = msgspec.json.Decoder(float_hook=_read_decimal_only)


def _read_regular(text: bytes) -> dict[str, Any] | None:
    """The object in `text` by a quick decoder; None where it is not sure that the careful way takes it so.

    The decoder keeps the last of equal keys. Where nothing is escaped and no blank stands before a colon,
    every key ends in `":` and nothing else does: so many keys there must be in what was read.
    """
    if b"\\" in text or _PARTED.search(text) is not None:
        return None
    try:
        document = _REGULAR.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    regular = isinstance(document, dict) and _count_keys(document) == text.count(b'":')
    return document if regular else None


def _count_keys(document: dict[str, Any]) -> int:
    """How many keys there are at all depths; -1 for nesting beyond the limit and for long numbers."""
    count = 0
    level: list[Any] = [document]
    for _ in range(DEPTH):
        below: list[Any] = []
        for value in level:
            members = value
            if value.__class__ is dict:
                count += len(value)
                members = value.values()
            for member in members:
                kind = member.__class__
                if kind is str:
                    continue
                if kind is dict or kind is list:
                    below.append(member)
                elif kind is int and not -LARGE < member < LARGE:
                    return -1
        if not below:
            return count
        level = below
    return -1


def _read_text(text: str, faults: list[str]) -> Any:
    """The document; what cannot be taken stands in it as Broken or Doubled, and its code in `faults`."""

    def mark(code: str) -> Broken:
        faults.append(code)
        return Broken(code)

    def read_decimal(digits: str) -> Decimal | Broken:
        number = _read_decimal(digits)
        return mark("json.bad_number") if number is None else number

    def read_integer(digits: str) -> int | Broken:
        """The interpreter refuses more than 4300 digits with a ValueError."""
        return int(digits) if len(digits) <= DIGITS else mark("json.bad_number")

    def read_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        return table if len(table) == len(pairs) else _read_doubled(pairs, faults)

    return json.loads(
        text,
        parse_float=read_decimal,
        parse_int=read_integer,
        parse_constant=lambda _: mark("json.bad_number"),
        object_pairs_hook=read_pairs,
    )


def _read_decimal(text: str) -> Decimal | None:
    """A number with a fraction or an exponent; 1e999999 would be gigabytes when written out."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    digits, exponent = len(number.as_tuple().digits), abs(number.adjusted())
    return number if digits <= DIGITS and exponent <= DIGITS else None


def _read_doubled(pairs: list[tuple[str, Any]], faults: list[str]) -> Doubled:
    doubled = Doubled(pairs)
    names = Counter(name for name, _ in pairs)
    doubled.again = tuple(name for name, count in names.items() if count > 1)
    faults.append("json.duplicate_key")
    return doubled


def _is_deep(document: Any) -> bool:
    """True where the nesting is beyond the limit; level by level, since recursion would be the next trap."""
    level = [document]
    for _ in range(DEPTH):
        level = [below for value in level for below in _members(value) if isinstance(below, CONTAINERS)]
        if not level:
            return False
    return True


def _members(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _unreadable(problem: json.JSONDecodeError) -> Finding:
    """The parser's complaint; its `msg` is a fixed phrase without any of the text."""
    return find(
        "json.unreadable",
        problem=problem.msg.removesuffix(" at"),
        line=str(problem.lineno),
        column=str(problem.colno),
    )


def _walk(document: Any) -> Iterator[Finding]:
    """Every value that cannot be taken, found without recursion."""
    waiting: list[tuple[str, int, Any]] = [("", 0, document)]
    while waiting:
        pointer, depth, value = waiting.pop()
        if depth >= DEPTH and isinstance(value, CONTAINERS):
            yield find("json.too_deep", limit=str(DEPTH))
            return
        yield from _check_value(pointer, value)
        waiting.extend((f"{pointer}/{step}", depth + 1, below) for step, below in _steps(value))


def _steps(value: Any) -> list[tuple[str, Any]]:
    """The members of an object or array, last first, each with its step of a JSON Pointer (RFC 6901)."""
    if isinstance(value, dict):
        return [(escape_step(name), below) for name, below in reversed(value.items())]
    if isinstance(value, list):
        return [(str(index), value[index]) for index in reversed(range(len(value)))]
    return []


def _check_value(pointer: str, value: Any) -> Iterator[Finding]:
    if isinstance(value, Broken):
        yield find(value.code, pointer=pointer, digits=str(DIGITS))
    elif isinstance(value, Doubled):
        for name in value.again:
            yield find("json.duplicate_key", pointer=f"{pointer}/{escape_step(name)}")
    texts = value if isinstance(value, dict) else [value] if isinstance(value, str) else ()
    if not all(_is_text(text) for text in texts):
        yield find("json.bad_character", pointer=pointer)


def _is_text(text: str) -> bool:
    """False for half of a surrogate pair, which JSON can escape and UTF-8 cannot write."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def escape_step(name: str) -> str:
    """A key as a step of a JSON Pointer; half surrogates, which no answer could carry, become `?`."""
    return name.encode("utf-8", "replace").decode("utf-8").replace("~", "~0").replace("/", "~1")
