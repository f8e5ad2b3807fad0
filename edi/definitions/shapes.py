"""The definition of a guide, loop, segment or element, ready to be shown: text, no objects of the engine."""

from __future__ import annotations

import msgspec


class Correction(msgspec.Struct, frozen=True):
    """A correction of the map: where, and why."""

    where: str
    reason: str


class RuleDefinition(msgspec.Struct, frozen=True):
    """A named rule or edit: the loops it runs on, what it says, what it cites, the findings it may raise."""

    name: str
    kind: str
    loops: tuple[str, ...]
    says: str
    cites: str
    findings: tuple[str, ...]


class CodeDefinition(msgspec.Struct, frozen=True, omit_defaults=True):
    """A code that the guide allows, and what it means where we have words for it."""

    code: str
    meaning: str = ""


class ElementDefinition(msgspec.Struct, frozen=True, omit_defaults=True):
    """An element, composite or component. `place` is CLM05-1; usage is required, situational or not used.

    `type` is the X12 type, "" for a composite. `json` are the names that its value has. `written` says what
    we write without being told: a constant, a default, a derived value.
    """

    place: str
    name: str
    usage: str
    type: str = ""
    shortest: int = 0
    longest: int = 0
    repeats: int = 1
    data_element: str = ""
    codes: tuple[CodeDefinition, ...] = ()
    table: str = ""
    json: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    components: tuple[ElementDefinition, ...] = ()


class SegmentDefinition(msgspec.Struct, frozen=True, omit_defaults=True):
    """One use of a segment. `key` is unique in the guide; `repeats` 0 is without limit."""

    key: str
    loop: str
    id: str
    name: str
    usage: str
    repeats: int
    source: str
    elements: tuple[ElementDefinition, ...]
    json: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    told_by: str = ""
    rules: tuple[RuleDefinition, ...] = ()
    corrections: tuple[Correction, ...] = ()


class LoopDefinition(msgspec.Struct, frozen=True, omit_defaults=True):
    """A loop: the loops it stands in, its segments, the ids of those in it. `repeats` 0 is without limit."""

    id: str
    name: str
    usage: str
    repeats: int
    parents: tuple[str, ...]
    segments: tuple[SegmentDefinition, ...]
    loops: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    rules: tuple[RuleDefinition, ...] = ()
    corrections: tuple[Correction, ...] = ()
    table: bool = False


class OutlineEntry(msgspec.Struct, frozen=True):
    """A loop in the outline of a guide, `depth` from 0."""

    depth: int
    id: str
    name: str
    usage: str
    repeats: int
    segments: tuple[str, ...]


class GuideDefinition(msgspec.Struct, frozen=True):
    """A whole guide. `source` says what it is made of."""

    id: str
    name: str
    short: str
    transaction_set: str
    functional_group: str
    versions: tuple[str, ...]
    source: str
    outline: tuple[OutlineEntry, ...]
    loops: tuple[LoopDefinition, ...]
    rules: tuple[RuleDefinition, ...]
    corrections: tuple[Correction, ...]
