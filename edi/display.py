"""Texts that a report carries beside its codes, in our own words: `statusCodeValue` beside `statusCode`.

Which code has which text is data (`schemas/display.toml`). Texts are for readers: on the way into X12 they
are not read, since the codes say the same.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from edi.codes import meaning


class DisplayText(msgspec.Struct, frozen=True):
    """The name of the text that stands beside a code, and the table of words that it is read from."""

    text: str
    table: str


@cache
def load_texts() -> dict[str, dict[str, DisplayText]]:
    """The texts of each guide by the name of the code, with `within.` before it where it is not for all."""
    raw = tomllib.loads((files("schemas") / "display.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw, dict[str, dict[str, DisplayText]])


def find_text(texts: Mapping[str, DisplayText], key: str, within: str) -> DisplayText | None:
    """The text beside the code at `key`, in an object that stands at `within`."""
    return texts.get(f"{within}.{key}") or texts.get(key)


def add_texts(guide: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a guide with the text beside each code that we have words for."""
    texts = load_texts().get(guide)
    return _tell(texts, document, "") if texts else dict(document)


def _tell(texts: Mapping[str, DisplayText], document: Mapping[str, Any], within: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, str):
            told[key] = value
            found = find_text(texts, key, within)
            word = meaning(found.table, value) if found is not None else None
            if found is not None and word and found.text not in document:
                told[found.text] = word.rstrip(".")
        elif isinstance(value, Mapping):
            told[key] = _tell(texts, value, key)
        elif isinstance(value, list):
            told[key] = [_tell(texts, item, key) if isinstance(item, Mapping) else item for item in value]
        else:
            told[key] = value
    return told
