"""Answers as they are shown to who may not see patients: fields by kind (`schemas/redaction.toml`).

Source: 45 CFR 164.502(b), minimum necessary; the kinds follow the identifiers of 164.514(b)(2).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

import msgspec

HIDDEN: Final = "***"
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class Kind(msgspec.Struct, frozen=True):
    """Which fields are of this kind: by their whole name or its end, in small letters."""

    meaning: str
    ends: tuple[str, ...]
    names: frozenset[str]


class Rules(msgspec.Struct, frozen=True):
    """The kinds by name, and the scopes whose calls show no patient."""

    kind: dict[str, Kind]
    exempt: frozenset[str]


@cache
def load_rules() -> Rules:
    """The rules. Raises ValueError for a kind that nothing is known about: a broken promise of ours."""
    text = (files("schemas") / "redaction.toml").read_text(encoding="utf-8")
    rules = msgspec.convert(tomllib.loads(text), Rules)
    if set(rules.kind) != set(SHOWN):
        raise ValueError("schemas/redaction.toml names other kinds than there are")
    return rules


def keep_initial(text: str) -> str:
    """`Quill` is `Q.`."""
    return f"{text[:1]}." if text else text


def keep_last_four(text: str) -> str:
    """`123456789` is `***6789`; what is no longer than four signs is hidden."""
    return HIDDEN + text[-4:] if len(text) > 4 else HIDDEN


def keep_year(text: str) -> str:
    """`19840517` and `1984-05-17` are `1984`."""
    return text[:4] if text[:4].isdigit() else HIDDEN


def hide(text: str) -> str:
    """Nothing of it."""
    return HIDDEN if text else text


SHOWN: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {"initials": keep_initial, "last_four": keep_last_four, "year": keep_year, "hidden": hide}
)


@cache
def find_kind(name: str) -> str | None:
    """The kind of a field, None for one that says nothing of a person."""
    small = name.lower()
    for kind, rule in load_rules().kind.items():
        if small in rule.names or small.endswith(rule.ends):
            return kind
    return None


def redact(value: Any, kind: str | None = None) -> Any:  # any JSON value
    """A JSON value with all fields of a kind redacted, in whatever depth; `kind` is that of the value itself.

    What stands below a field that is hidden is hidden; other kinds are those of text and numbers alone.
    """
    if isinstance(value, dict):
        inherited = kind if kind == "hidden" and not _is_place(value) else None
        return {name: redact(each, inherited or find_kind(name)) for name, each in value.items()}
    if isinstance(value, list):
        return [redact(each, kind) for each in value]
    if kind is None or value is None or isinstance(value, bool):
        return value
    return SHOWN[kind](str(value))


def redact_body(body: bytes) -> bytes:
    """A JSON body with all fields of a kind redacted; numbers stay as they are written."""
    return _ENCODER.encode(redact(_DECODER.decode(body)))


def _is_place(value: dict[str, Any]) -> bool:
    """True for where in an X12 file a finding is: the same name `x12` as raw X12, and no value in it."""
    return set(value) <= PLACE


PLACE: Final = frozenset(
    {
        "interchange",
        "group",
        "set",
        "loop",
        "segment",
        "ordinal",
        "element",
        "component",
        "repetition",
        "offset",
    }
)
