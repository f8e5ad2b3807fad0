"""What the codes of a file mean: our own words, and titles of the code tables that may be shipped."""

from __future__ import annotations

from functools import lru_cache

from edi.codes import find_meaning, load_meanings, meaning
from edi.edits.tables import load_shipped
from edi.guide import ElementUse
from edi.outline.words import load_words

MODIFIER = "1339"
FACILITY = "1331"
FACILITY_KIND = "1332"
PLACE_OF_SERVICE = "Place of Service Code"
MEANT_PLACE = "B"


@lru_cache(16_384)
def find_title(table: str, code: str) -> str:
    """What a table calls a code: ours, or the newest entry of a shipped one; "" where none does."""
    if table in load_meanings():
        return (meaning(table, code) or "").rstrip(".")
    held = load_shipped().table(table)
    entries = held.entries(code) if held is not None else ()
    return held.title(entries[-1]) if held is not None and entries else ""


def explain_code(use: ElementUse, code: str, before: str, facility_kind: str) -> str:
    """What a code means in its place; "" where we have no words for it.

    `before` is the code that stands before it and says which list it is of; `facility_kind` is CLM05-2 of
    the same composite.
    """
    listed = load_words().listed
    if use.data_element == FACILITY:
        kind = MEANT_PLACE if use.name == PLACE_OF_SERVICE else facility_kind
        return find_title(listed.place[kind], code) if kind in listed.place else ""
    if use.data_element == MODIFIER:
        return find_title(listed.modifier[before], code) if before in listed.modifier else ""
    told = find_meaning(use.data_element, code, use.name)
    if not told and use.data_element in listed.elements and before in listed.table:
        return find_title(listed.table[before], code)
    return told
