"""Every rule and edit there is, listed for people: what it says, where it comes from, what it looks at."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from edi.edits.catalogue import load_edits
from edi.edits.registry import CLAIM_EDITS, CLAIM_LOOP, LOOP_EDITS
from edi.guide import Guide
from edi.guides.registry import load_guide, load_heads
from edi.json_schema import FILES, make_schema
from edi.rules import load_rules
from edi.rules.registry import RULES

DESCRIBED = re.compile(r"\(([0-9A-Z]+|HEADER|DETAIL|SUMMARY) ([A-Z][A-Z0-9]{1,2})(\d\d)(?:-(\d+))?\)$")
CITED = re.compile(r"\b(\d{4}[A-Z]{0,2}) ([A-Z]{2,3}|[A-Z]{2}\d)(\d\d)(?:-(\d+))?\b")


class ListedRule(NamedTuple):
    """A rule (SNIP 1 to 4) or edit (5 and 6): its sentence, source, loops, guides and, where its source names
    elements, their JSON fields.
    """

    name: str
    kind: str
    sentence: str
    cites: str
    loops: tuple[str, ...]
    guides: tuple[str, ...]
    fields: tuple[str, ...]


@cache
def list_rules() -> tuple[ListedRule, ...]:
    """All of them, by name."""
    load_rules()
    load_edits()
    guides = [load_guide(guide_id) for guide_id in load_heads()]
    listed = [describe(one.name, "rule", one.check, one.cites, one.loops, guides) for one in RULES.values()]
    for edit in LOOP_EDITS.values():
        listed.append(describe(edit.name, "edit", edit.check, edit.cites, edit.loops, guides))
    for edit_of_claim in CLAIM_EDITS.values():
        named, cites = edit_of_claim.name, edit_of_claim.cites
        listed.append(describe(named, "edit", edit_of_claim.check, cites, (CLAIM_LOOP,), guides))
    return tuple(sorted(listed))


def describe(
    name: str, kind: str, check: object, cites: str, loops: tuple[str, ...], guides: list[Guide]
) -> ListedRule:
    """One rule or edit with the guides that use it."""
    users = tuple(guide.id for guide in guides if name in (*guide.rules, *guide.edits))
    sentence = " ".join((inspect.getdoc(check) or "").split("\n\n")[0].split())
    return ListedRule(name, kind, sentence, cites, loops, users, tuple(find_fields(cites, users)))


def find_fields(cites: str, guides: tuple[str, ...]) -> Iterator[str]:
    """The JSON fields of the elements that a source names, each once."""
    known: Mapping[str, str] = {}
    for guide in guides:
        known = {**fields_by_place(guide), **known}
    for place in dict.fromkeys("".join(map(str, match)) for match in CITED.findall(cites)):
        if place in known:
            yield known[place]


@cache
def fields_by_place(guide: str) -> Mapping[str, str]:
    """The JSON path of each element that a guide names, by loop, segment, element and component."""
    found: dict[str, str] = {}
    if guide in FILES:
        for place, path in walk(make_schema(guide), ""):
            found.setdefault(place, path)
    return found


def walk(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Every described leaf of a schema: its X12 place and its path."""
    described = DESCRIBED.search(str(schema.get("description", "")))
    if described:
        yield "".join(part or "" for part in described.groups()), path
    for name, inner in schema.get("properties", {}).items():
        yield from walk(inner, f"{path}.{name}" if path else name)
    if isinstance(schema.get("items"), dict):
        yield from walk(schema["items"], f"{path}[]")
