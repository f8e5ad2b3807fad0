"""Fields of an overlay: from `place -> JSON name` in TOML to the frozen definitions of `naming`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from edi.guide import CompositeUse, SegmentUse, Slot
from edi.guides.naming import (
    Choice,
    Coded,
    CodedField,
    Condition,
    Field,
    MomentField,
    Name,
    PairsField,
    Part,
    PeriodField,
    RunsField,
    SpreadField,
    ValueField,
)
from edi.guides.places import Faults, element_use, parse_places
from edi.guides.words import load_words

NAME = re.compile(r"/?([A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*)?(\[\])?$")
CONDITION = re.compile(r"(\d\d)(?:-(\d+))?=(.+)$")
PICK = re.compile(r"([^\[\]]+)\[(\w+)=(\w+)\]$")
TABLE_KEYS = frozenset(
    {
        "boolean",
        "true",
        "false",
        "integer",
        "D8",
        "RD8",
        "each",
        "stride",
        "parts",
        "pairs",
        "moment",
        "repeats",
    }
    | {"code", "meaning", "words"}
)
CODED_KEYS = frozenset({"code", "meaning", "words"})


def split_pick(text: str) -> tuple[str, tuple[str, str] | None]:
    """`items[kind=x]` as the array `items[]` and what it picks."""
    found = PICK.match(text)
    return (f"{found[1]}[]", (found[2], found[3])) if found else (text, None)


class FieldParser:
    """Parses field entries, noting every fault."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults

    def parse(
        self, use: SegmentUse, entries: Mapping[str, tuple[Any, str]], *, inside: bool
    ) -> tuple[Field, ...]:
        """All fields of one segment binding; `inside` an object of its own, templates add no inner path."""
        fields = (
            self.field(use, place, value, "" if inside else at) for place, (value, at) in entries.items()
        )
        return tuple(field for field in fields if field is not None)

    def field(self, use: SegmentUse, place: str, value: Any, at: str) -> Field | None:
        """One field, or None after a fault."""
        slots = parse_places(place)
        if not self.known(use, place):
            return None
        if isinstance(value, str) and value.endswith("[]"):
            return SpreadField(tuple(self.checked(use, slots)), self.name(value, at))
        if isinstance(value, str | list):
            return ValueField(self.slot(use, place), self.choices(use, value, at))
        if isinstance(value, dict) and value and set(value) <= TABLE_KEYS:
            return self.table_field(use, place, value, at)
        self.faults.add(f"{use.key}/{place} has a value that is no field")
        return None

    def table_field(self, use: SegmentUse, place: str, table: dict[str, Any], at: str) -> Field | None:
        """A field that is written as a table."""
        slots = parse_places(place)
        if set(table) <= CODED_KEYS:
            return CodedField(self.slot(use, place), self.coded(use, table, at))
        if "repeats" in table:
            return CodedField(self.slot(use, place), self.coded(use, table, at), many=True)
        if "moment" in table:
            return MomentField(slots[0], self.name(table["moment"], at))
        if "boolean" in table:
            choices = (Choice(self.name(table["boolean"], at)),)
            return ValueField(slots[0], choices, "boolean", table.get("true", "Y"), table.get("false", ""))
        if "integer" in table:
            return ValueField(slots[0], (Choice(self.name(table["integer"], at)),), "integer")
        if "pairs" in table:
            return self.pairs_field(slots, table, at)
        if "parts" in table:
            return self.runs_field(use, slots, table, at)
        return self.period_field(slots[0], table, at)

    def coded(self, use: SegmentUse, table: dict[str, Any], at: str) -> Coded:
        """A code with its words."""
        code = table.get("code") or table.get("repeats")
        meaning = table.get("meaning")
        words = load_words().get(table.get("words", ""), {})
        if not words and "words" in table:
            self.faults.add(f"{use.key}: there are no words {table['words']}")
        return Coded(
            self.name(code, at) if code else None,
            self.name(meaning, at) if meaning else None,
            tuple(words.items()),
        )

    def period_field(self, slot: Slot, table: dict[str, Any], at: str) -> PeriodField:
        """A date or a range of dates."""
        span = table.get("RD8")
        single = self.name(table["D8"], at) if "D8" in table else None
        return PeriodField(slot, single, (self.name(span[0], at), self.name(span[1], at)) if span else None)

    def pairs_field(self, slots: list[Slot], table: dict[str, Any], at: str) -> PairsField:
        """Pairs of qualifier and value."""
        inner = "" if "each" in table else at
        names = tuple((code, self.name(name, inner)) for code, name in table["pairs"].items())
        each = self.name(table["each"], at) if "each" in table else None
        return PairsField(tuple(slot.element for slot in slots[::2]), names, each)

    def runs_field(self, use: SegmentUse, slots: list[Slot], table: dict[str, Any], at: str) -> RunsField:
        """Runs of elements, one for each item of an array."""
        stride = int(table.get("stride", 1))
        starts = tuple(slot.element for slot in slots[::stride])
        parts = []
        for key, value in table["parts"].items():
            offset, _, component = str(key).partition("-")
            part = self.part(use, Slot(int(offset) - 1, int(component or 0)), value)
            self.checked(use, [Slot(starts[0] + part.offset, part.component)])
            parts.append(part)
        return RunsField(starts, stride, self.name(table["each"], at), tuple(parts))

    def part(self, use: SegmentUse, slot: Slot, value: Any) -> Part:
        """One value of a run: a text, or a range of dates."""
        if not isinstance(value, dict):
            return Part(slot.element, slot.component, self.choices(use, value, ""))
        if set(value) <= CODED_KEYS:
            return Part(slot.element, slot.component, (), coded=self.coded(use, value, ""))
        if set(value) != {"RD8"}:
            self.faults.add(f"{use.key}: a part of a run is a text, a range RD8 or a code with words")
            return Part(slot.element, slot.component, ())
        first, last = (self.name(text, "") for text in value["RD8"])
        return Part(slot.element, slot.component, (), (first, last))

    def choices(self, use: SegmentUse, value: str | list[str], at: str) -> tuple[Choice, ...]:
        """One name, or several with their conditions."""
        return tuple(self.choice(use, text, at) for text in ([value] if isinstance(value, str) else value))

    def choice(self, use: SegmentUse, text: str, at: str) -> Choice:
        """`name` or `name ? 02=1`."""
        name, _, condition = (part.strip() for part in text.partition("?"))
        if not condition:
            return Choice(self.name(name, at))
        found = CONDITION.match(condition)
        if not found:
            self.faults.add(f"{use.key}: {condition} is no condition")
            return Choice(self.name(name, at))
        slot = Slot(int(found[1]), int(found[2] or 0))
        self.checked(use, [slot])
        return Choice(self.name(name, at), Condition(slot, tuple(found[3].split("|"))))

    def name(self, text: str, at: str) -> Name:
        """A JSON path; `at` is the inner path of the template it comes from."""
        if text == ".":
            return Name(steps=tuple(at.split(".")) if at else ())
        text, pick = split_pick(text)
        if not NAME.match(text):
            self.faults.add(f"{text} is no JSON path")
        many = text.endswith("[]")
        steps = text.removesuffix("[]").lstrip("/")
        root = text.startswith("/")
        if at and not root:
            steps = f"{at}.{steps}"
        return Name(steps=tuple(steps.split(".")) if steps else (), root=root, many=many, pick=pick)

    def known(self, use: SegmentUse, place: str) -> bool:
        """True where every place of the key is in the segment; a fault otherwise."""
        slots = parse_places(place)
        if not slots:
            self.faults.add(f"{use.key}/{place} is no place")
        before = len(self.faults.found)
        self.checked(use, slots)
        return bool(slots) and len(self.faults.found) == before

    def checked(self, use: SegmentUse, slots: list[Slot]) -> list[Slot]:
        """The places; each that the segment does not have or use is a fault."""
        for element, component in slots:
            definition = element_use(use, Slot(element, component))
            if definition is None or definition.usage == "N":
                self.faults.add(f"{use.key}/{element:02}-{component} is not used by the guide")
        return slots

    def slot(self, use: SegmentUse, place: str) -> Slot:
        """The single place of a key; a composite named without a component is a fault."""
        slots = parse_places(place)
        if len(slots) != 1:
            self.faults.add(f"{use.key}/{place} is not a single place")
        slot = slots[0] if slots else Slot(0, 0)
        if isinstance(element_use(use, slot), CompositeUse):
            self.faults.add(f"{use.key}/{place} is a composite; name a component")
        return slot
