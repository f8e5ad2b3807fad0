"""What the codes of acknowledgments and remittances mean, for events and timelines."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec


class _Tables(msgspec.Struct, frozen=True):
    table: dict[str, dict[str, str]]


@cache
def _load_tables() -> dict[str, dict[str, str]]:
    text = (files("schemas") / "codes" / "meanings.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Tables).table


def explain(table: str, code: str) -> str:
    """The meaning of `code` in `table` of `schemas/codes/meanings.toml`, never empty.

    Raises KeyError for a table that is not there.
    """
    meanings = _load_tables()[table]
    return meanings.get(code) or meanings["other"]
