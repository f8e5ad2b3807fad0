"""`schemas/outline.toml`: what makes an entry of the contents, how values are written, what may be seen."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from edi.guide import Guide

Places = tuple[str, ...]


class Contents(msgspec.Struct, frozen=True):
    """What makes an entry of the contents of a transaction set, and the places of what it shows."""

    loop: tuple[str, ...]
    word: str
    number: Places = ()
    person: Places = ()
    charge: Places = ()
    paid: Places = ()
    status: Places = ()


class Listed(msgspec.Struct, frozen=True):
    """Where the code before a code says which table explains it."""

    elements: frozenset[str]
    diagnoses: frozenset[str]
    table: dict[str, str]
    modifier: dict[str, str]
    place: dict[str, str]


class Open(msgspec.Struct, frozen=True):
    """Data elements and segments that identify nobody."""

    elements: frozenset[str]
    segments: frozenset[str]


class Words(msgspec.Struct, frozen=True):
    """The file."""

    contents: dict[str, Contents]
    hint: dict[str, Places]
    written: dict[str, frozenset[str]]
    listed: Listed
    open: Open


@cache
def load_words() -> Words:
    """The file, read once."""
    raw = tomllib.loads((files("schemas") / "outline.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw, Words)


@cache
def load_forms() -> dict[str, str]:
    """How the values of a data element are written, by its number."""
    return {number: form for form, numbers in load_words().written.items() for number in numbers}


def find_contents(guide: Guide) -> Contents | None:
    """What makes an entry of the contents of a guide's sets; None where the set is one entry itself."""
    contents = load_words().contents
    return contents.get(guide.id) or contents.get(guide.transaction_set)


def plural(word: str, count: int) -> str:
    """`claim` or `claims`, `inquiry` or `inquiries`."""
    if count == 1:
        return word
    if word.endswith("status"):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
