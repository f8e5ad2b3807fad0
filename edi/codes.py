"""What codes mean, in our own words, for people who read remittances and acknowledgments.

The tables (`schemas/codes/*.toml`) hold the codes that are commonly met; a code that is not there has no
meaning here and is shown as it is. They decide nothing: whether a code may stand is the guides' business.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from edi.guides.words import load_words

MEANINGS = (
    "acknowledgments.toml",
    "adjustment_reasons.toml",
    "benefits.toml",
    "claim_statuses.toml",
    "provider_adjustments.toml",
    "qualifiers.toml",
    "reject_reasons.toml",
    "remark_codes.toml",
)


@cache
def load_meanings() -> dict[str, dict[str, str]]:
    """Every table of meanings by its name, each from code to sentence. Raises ValueError for a name twice."""
    tables: dict[str, dict[str, str]] = {}
    for name in MEANINGS:
        raw = tomllib.loads((files("schemas") / "codes" / name).read_text(encoding="utf-8"))
        for table, meanings in raw.items():
            if table in tables:
                raise ValueError(f"two tables of meanings are named {table}")
            tables[table] = meanings
    return tables


def meaning(table: str, code: str) -> str | None:
    """The sentence for `code` in `table` (`adjustment_reason`, `claim_status` ...), or None.

    Raises KeyError for a table that does not exist.
    """
    return load_meanings()[table].get(code)


@cache
def load_places() -> dict[str, dict[str, str]]:
    """The table of meanings for each data element number (`element`) and for some names (`name`)."""
    return tomllib.loads((files("schemas") / "codes" / "elements.toml").read_text(encoding="utf-8"))


def find_meaning(data_element: str, code: str, name: str = "") -> str:
    """What `code` means in the place of a data element with the guide's `name`; "" where no table says."""
    places = load_places()
    table = places["name"].get(name) or places["element"].get(data_element)
    told = (meaning(table, code) or "").rstrip(".") if table else ""
    if told or data_element not in places["words"]:
        return told
    return load_words().get(places["words"][data_element], {}).get(code, "")
