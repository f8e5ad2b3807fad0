"""JSON Schema (2020-12) of a guide's documents, generated from the guide and its overlay.

`python -m edi.json_schema GUIDE` writes it to standard output; a test compares it with `schemas/json`.
The schema describes the recommended form: texts for codes, dates (CCYYMMDD) and money (numbers are taken
too). Explicit nulls and names it does not list are accepted and ignored by the reader of claims.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from edi.claim_forms import DENTAL, INSTITUTIONAL, PROFESSIONAL, PROVIDER_ROLES
from edi.display import DisplayText, find_text, load_texts
from edi.guide import ElementUse, SegmentUse, Slot
from edi.guides.naming import (
    Choice,
    Coded,
    CodedField,
    Field,
    LoopBinding,
    MomentField,
    Name,
    Overlay,
    PairsField,
    PeriodField,
    RunsField,
    SegmentBinding,
    SpreadField,
    ValueField,
)
from edi.guides.overlay import load_overlay
from edi.guides.places import element_use
from edi.guides.proof import ENVELOPE, field_names
from edi.guides.registry import load_guide

Node = dict[str, Any]
FILES = {
    PROFESSIONAL: "837P.json",
    INSTITUTIONAL: "837I.json",
    DENTAL: "837D.json",
    "005010X279A1-270": "270.json",
    "005010X279A1-271": "271.json",
    "005010X212-276": "276.json",
    "005010X212-277": "277.json",
    "005010X210": "275.json",
    "005010X217": "278.json",
    "005010X186A1": "824.json",
    "005010X214": "277CA.json",
    "005010X218": "820.json",
    "005010X220A1": "834.json",
    "005010X221A1": "835.json",
    "005010X231A1": "999.json",
}
PERIOD = "1251"  # the data element that holds a date, a time or a range, as the element before it says
DAY_FORMAT = frozenset({"D8"})
DAY_DIGITS = 8
DAY = r"^\d{8}$"
MOMENT = r"^\d{8}(-\d{8}|\d{4})?$"


def open_node(start: Node, steps: tuple[str, ...], *, many: bool = False) -> Node:
    """The object schema at the end of `steps`, made where it is not there; of the items, where `many`."""
    for number, step in enumerate(steps, 1):
        properties = start.setdefault("properties", {})
        if many and number == len(steps):
            properties.setdefault(step, {"type": "array", "items": {"type": "object"}})
        start = properties.setdefault(step, {"type": "object"})
        if start.get("type") == "array":
            start = start["items"]
    return start


def add_kind(items: Node, member: str, value: str) -> None:
    """One more value of the member that tells the items of an array apart."""
    leaf = items.setdefault("properties", {}).setdefault(member, {"type": "string", "enum": []})
    leaf["enum"].append(value)
    items["required"] = [member]


def require(start: Node, steps: tuple[str, ...]) -> None:
    """Make every step of a path required."""
    for step in steps:
        required = start.setdefault("required", [])
        if step not in required:
            required.append(step)
        start = start["properties"][step]
        if start.get("type") == "array":
            start = start["items"]


class SchemaWriter:
    """Collects the names of an overlay into one schema."""

    def __init__(self, overlay: Overlay) -> None:
        self.overlay = overlay
        self.root: Node = {"type": "object"}

    def write(self) -> Node:
        """The schema of one document."""
        self.loop(self.overlay.root, self.root, True)
        return self.root

    def loop(self, loop: LoopBinding, scope: Node, needed: bool) -> None:
        """The names of a loop; `needed` says that every document has the loop (or its object)."""
        if loop.scope is not None:
            start = self.root if loop.scope.root else scope
            inner = open_node(start, loop.scope.steps, many=loop.scope.many)
            if loop.scope.pick is not None:
                add_kind(inner, *loop.scope.pick)
            unit = bool(self.overlay.unit) and loop.use.id == self.overlay.unit
            if (needed and loop.use.usage == "R" and loop.when is None) or unit:
                require(start, loop.scope.steps)
            scope, needed = inner, True
        else:
            needed = needed and (loop.use.usage == "R" or loop.use.wrapper) and loop.when is None
        for segment in loop.segments:
            if segment.named:
                self.segment(segment, scope, needed and segment.use.id not in ENVELOPE)
        for child in loop.loops:
            if child.listed or child.use.wrapper:
                self.loop(child, scope, needed)

    def segment(self, segment: SegmentBinding, scope: Node, needed: bool) -> None:
        """The names of one segment binding."""
        needed = needed and segment.use.usage == "R" and segment.only is None
        needed = needed and set(segment.codes) in (set(), set(segment.use.slot_codes))
        if segment.scope is not None:
            start = self.root if segment.scope.root else scope
            if any(not name.steps for field in segment.fields for name in field_names(field)):
                self.items(segment, segment.scope, start)
                return
            scope = open_node(start, segment.scope.steps, many=segment.scope.many)
            needed = True
        given = {slot for slot, _ in (*segment.defaults, *segment.derived)}
        for field in segment.fields:
            self.field(field, segment.use, scope, needed and not given.intersection(slots_of(field)))

    def items(self, segment: SegmentBinding, name: Name, start: Node) -> None:
        """An array with a text, or an array of objects, for each occurrence of the segment."""
        field = segment.fields[0]
        owner = open_node(start, name.steps[:-1]).setdefault("properties", {})
        if isinstance(field, ValueField):
            owner[name.steps[-1]] = {"type": "array", "items": leaf_of(segment.use, field.slot)}
        elif isinstance(field, SpreadField):
            owner[name.steps[-1]] = {"type": "array", "items": spread_leaf(field, segment.use)}
        elif isinstance(field, RunsField):
            inner: Node = {"type": "object"}
            runs = {"type": "array", "items": inner, "maxItems": len(field.starts)}
            owner[name.steps[-1]] = {"type": "array", "items": runs}
            self.parts(field, segment.use, inner)
        else:
            raise TypeError("an array of segments has texts, runs or objects")

    def put(self, scope: Node, name: Name, leaf: Node, needed: bool) -> None:
        """A leaf at a name."""
        start = self.root if name.root else scope
        owner = open_node(start, name.steps[:-1])
        owner.setdefault("properties", {}).setdefault(name.steps[-1], leaf)
        if needed and not name.root:
            require(start, name.steps)

    def field(self, field: Field, use: SegmentUse, scope: Node, needed: bool) -> None:
        """The names of one field."""
        if isinstance(field, ValueField):
            needed = needed and len(field.choices) == 1 and is_required(use, field.slot)
            for choice in field.choices:
                self.put(scope, choice.name, value_leaf(field, use), needed)
        elif isinstance(field, SpreadField):
            needed = needed and is_required(use, field.slots[0])
            self.put(scope, field.name, spread_leaf(field, use), needed)
        elif isinstance(field, RunsField):
            self.runs(field, use, scope, needed)
        elif isinstance(field, CodedField):
            self.coded(field.coded, leaf_of(use, field.slot), scope, many=field.many)
        elif isinstance(field, MomentField):
            self.put(scope, field.name, moment_leaf(use, field.slot), needed)
        elif isinstance(field, PeriodField):
            for name in (field.single, *(field.span or ())):
                if name is not None:
                    alone = name is field.single and (field.span is None or name in field.span)
                    self.put(scope, name, day_leaf(use, field.slot), needed and alone)
        else:
            self.pairs(field, use, scope)

    def runs(self, field: RunsField, use: SegmentUse, scope: Node, needed: bool) -> None:
        """An array of objects over runs of elements."""
        start = self.root if field.each.root else scope
        items = open_node(start, field.each.steps, many=True)
        owner = open_node(start, field.each.steps[:-1])
        owner["properties"][field.each.steps[-1]]["maxItems"] = len(field.starts)
        self.parts(field, use, items)
        if needed:
            require(start, field.each.steps)

    def parts(self, field: RunsField, use: SegmentUse, items: Node) -> None:
        """The names of one run."""
        for part in field.parts:
            slot = Slot(field.starts[0] + part.offset, part.component)
            every = [Slot(first + part.offset, part.component) for first in field.starts]
            for choice in part.choices:
                leaf = merge_codes(leaf_of(use, slot), use, every)
                self.put(items, choice.name, leaf, is_required(use, slot) and is_single(part.choices))
            if part.coded is not None:
                self.coded(part.coded, merge_codes(leaf_of(use, slot), use, every), items)
            for name in part.span or ():
                self.put(items, name, day_leaf(use, slot), False)

    def coded(self, coded: Coded, leaf: Node, scope: Node, *, many: bool = False) -> None:
        """A code and its word, or arrays of them."""
        word = {"type": "string", "description": leaf["description"]}
        if coded.words and not many:
            word["enum"] = list(dict.fromkeys(text for _, text in coded.words))
        for name, entry in ((coded.code, leaf), (coded.meaning, word)):
            if name is not None:
                self.put(scope, name, {"type": "array", "items": entry} if many else entry, False)

    def pairs(self, field: PairsField, use: SegmentUse, scope: Node) -> None:
        """Names by qualifier."""
        inner = open_node(scope, field.each.steps, many=True) if field.each else scope
        for _, name in field.names:
            self.put(inner, name, leaf_of(use, Slot(field.starts[0] + 1, 0)), False)


def slots_of(field: Field) -> set[Slot]:
    """The single place of a value field."""
    return {field.slot} if isinstance(field, ValueField) else set()


def is_single(choices: tuple[Choice, ...]) -> bool:
    """True for one name without condition."""
    return len(choices) == 1 and choices[0].condition is None


def is_required(use: SegmentUse, slot: Slot) -> bool:
    """True where the guide requires the element, and its composite."""
    definition = element_use(use, slot)
    whole = element_use(use, Slot(slot.element, 0))
    return all(found is not None and found.usage == "R" for found in (definition, whole))


def leaf_of(use: SegmentUse, slot: Slot) -> Node:
    """The schema of one element: length, codes, and where it stands in X12."""
    definition = element_use(use, slot)
    if not isinstance(definition, ElementUse):
        raise TypeError(f"{use.key} has no element at {slot}")
    place = f"{use.id}{slot.element:02}" + (f"-{slot.component}" if slot.component else "")
    leaf: Node = {"type": "string", "description": f"{definition.name} ({use.loop} {place})"}
    if definition.type[:1] in "RN":
        leaf = {**leaf, "type": ["string", "number"], "pattern": r"^-?(\d+(\.\d+)?|\.\d+)$"}
    elif definition.codes and not definition.external:
        leaf["enum"] = sorted(definition.codes)
    elif is_day(use, slot, definition):
        leaf["pattern"] = DAY
    else:
        leaf |= {"minLength": definition.min_length, "maxLength": definition.max_length}
    return leaf


def is_day(use: SegmentUse, slot: Slot, definition: ElementUse) -> bool:
    """True for a date of eight digits: of type DT, or one whose format element says D8 only."""
    if definition.type == "DT":
        return definition.min_length == DAY_DIGITS
    before = element_use(
        use, Slot(slot.element, slot.component - 1) if slot.component else Slot(slot.element - 1, 0)
    )
    return definition.data_element == PERIOD and isinstance(before, ElementUse) and before.codes == DAY_FORMAT


def spread_leaf(field: SpreadField, use: SegmentUse) -> Node:
    """The schema of an array of texts over several places."""
    items = merge_codes(leaf_of(use, field.slots[0]), use, list(field.slots))
    return {"type": "array", "items": items, "maxItems": len(field.slots)}


def merge_codes(leaf: Node, use: SegmentUse, slots: list[Slot]) -> Node:
    """The leaf with the codes of every run, which may differ; without any, where one run has no list."""
    leaves = [leaf_of(use, slot) for slot in slots]
    free = next((each for each in leaves if "enum" not in each), None)
    if free is not None:
        return {**free, "description": leaf["description"]}
    return {**leaf, "enum": sorted({code for each in leaves for code in each["enum"]})}


def value_leaf(field: ValueField, use: SegmentUse) -> Node:
    """The schema of a value field by its kind."""
    leaf = leaf_of(use, field.slot)
    if field.kind == "text":
        return leaf
    if field.kind == "integer" and "pattern" in leaf:  # a decimal in X12, which need not be a whole number
        return {**leaf, "type": ["integer", "string"]}
    return {"type": field.kind, "description": leaf["description"]}


def moment_leaf(use: SegmentUse, slot: Slot) -> Node:
    """The schema of a date, a range or a date with a time."""
    return {**day_leaf(use, slot), "pattern": MOMENT}


def day_leaf(use: SegmentUse, slot: Slot) -> Node:
    """The schema of a date."""
    return {"type": "string", "description": leaf_of(use, slot)["description"], "pattern": DAY}


def add_forms(schema: Node, guide_id: str) -> None:
    """The other forms in which claims are posted (`edi/claim_forms.py`)."""
    properties = schema["properties"]
    if guide_id == PROFESSIONAL:
        line = properties["claimInformation"]["properties"]["serviceLines"]["items"]["properties"]
        properties["ordering"] = line["orderingProvider"] | {"description": "For every line without one"}
    roles = sorted({role for role in PROVIDER_ROLES.values() if role in properties})
    provider = {name: leaf for role in roles for name, leaf in role_properties(properties, role).items()}
    kinds = [f"{role.title()}Provider" for role in roles]
    properties["providers"] = {
        "type": "array",
        "description": f"Another form of {', '.join(roles)}",
        "items": {
            "type": "object",
            "properties": {"providerType": {"type": "string", "enum": kinds}, **provider},
            "required": ["providerType"],
        },
    }
    properties["usageIndicator"] = {"type": "string", "enum": ["P", "T"], "description": "ISA15"}
    properties["controlNumber"] = {"type": "string", "description": "Ignored: the server numbers its sets"}
    properties["x12Extra"] = {"type": "object", "description": "What X12 says that the shape has no name for"}
    schema["required"] = [name for name in schema["required"] if name != "billing"]
    schema["anyOf"] = [{"required": ["billing"]}, {"required": ["providers"]}]


def role_properties(properties: Node, role: str) -> Node:
    """The properties of one provider role."""
    found: Node = properties.get(role, {}).get("properties", {})
    return found


def make_schema(guide_id: str) -> Node:
    """The JSON Schema of one document of the guide."""
    guide = load_guide(guide_id)
    schema = SchemaWriter(load_overlay(guide)).write()
    head: Node = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:claimwire:{guide_id}",
        "title": guide.name,
    }
    if guide.transaction_set == "837":
        add_forms(schema, guide_id)
    describe_texts(schema, load_texts().get(guide_id, {}), "")
    return head | schema


def describe_texts(node: Node, texts: Mapping[str, DisplayText], within: str) -> None:
    """The texts that a report carries beside its codes."""
    properties = node.get("properties", {})
    for key, leaf in list(properties.items()):
        found = find_text(texts, key, within)
        if found is not None and leaf.get("type") == "string":
            properties.setdefault(found.text, {"type": "string", "description": f"What {key} means"})
        describe_texts(leaf.get("items", leaf), texts, key)


def write_schema(guide_id: str) -> str:
    """The schema as the text of its file."""
    return json.dumps(make_schema(guide_id), indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(write_schema(sys.argv[1]))
