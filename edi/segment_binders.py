"""Segment binders: compiled functions that put a segment's values into JSON and say whether it is regular.

There is one function for each binding and number of elements, compiled when the first such segment comes:
what a segment is too short for takes no line. It does what `Layout.spread`, the binding's extractor and its
test of regularity would do one after the other, as `edi/comparison.py` still does; properties compare both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from edi.extractors import Object, compile_extract, open_object
from edi.fillers import format_of
from edi.guide import Slot
from edi.guides.naming import (
    Choice,
    Field,
    Name,
    PairsField,
    PeriodField,
    RunsField,
    SpreadField,
    ValueField,
)
from edi.regularity import is_whole, regular_lines
from edi.repetitions import MARK

if TYPE_CHECKING:
    from edi.plans import SegmentPlan

#: Takes elements, scope, root and component separator. True: regular. False: it may not come back as it was.
#: None: nothing was put, and the segment is to be spread over its cells.
Bind = Callable[[list[str], Object, Object, str], "bool | None"]
NO_PAIR = "('', ''),"  # a pair that the segment is too short for
CELL = re.compile(r"cells\[(\d+)\]")
Lines = Iterator[str]


def leave(elements: list[str], scope: Object, root: Object, separator: str) -> bool | None:
    """Stands where a segment has more elements than its use."""
    return None


def fit(parts: list[str], count: int) -> list[str]:
    """The first components of a composite, empty ones for those that are missing."""
    return [*parts[:count], *[""] * (count - len(parts))]


def append_item(start: Object, steps: tuple[str, ...], item: object) -> None:
    """Add an item to the array at `steps`."""
    items = open_object(start, steps[:-1]).setdefault(steps[-1], [])
    if isinstance(items, list):
        items.append(item)


def read_integer(text: str) -> int | str:
    """A whole number as a JSON integer; anything else stays text."""
    return int(text) if is_whole(text) else text


class SegmentBinders(dict[int, Bind]):
    """The functions of one binding by the number of elements."""

    def __init__(self, plan: SegmentPlan) -> None:
        super().__init__()
        self.plan = plan

    def __missing__(self, count: int) -> Bind:
        fits = 0 < count <= len(self.plan.layout.spans)
        bind = self[count] = BinderSource(self.plan, count).compile() if fits else leave
        return bind


class BinderSource:
    """The lines of one function. `cells` are the expressions of the cells that a segment may fill."""

    def __init__(self, plan: SegmentPlan, count: int) -> None:
        self.plan = plan
        self.count = count
        self.names: dict[str, object] = {
            "append_item": append_item,
            "fit": fit,
            "format_of": format_of,
            "is_whole": is_whole,
            "open_object": open_object,
            "read_integer": read_integer,
        }
        self.cells = [repr("")] * len(plan.layout.places)
        self.lines: list[str] = []

    def add(self, lines: Lines, indent: int = 1) -> None:
        """Add lines to the function."""
        self.lines += ["    " * indent + line for line in lines]

    def compile(self) -> Bind:
        """The function."""
        plan = self.plan
        variables = "".join(f"e{position}, " for position in range(self.count))
        self.add(iter([f"{variables}= elements"]))
        self.add(self.open_composites())
        self.add(self.open_scope())
        late: dict[Name, list[tuple[str, str]]] = {}
        for field in plan.binding.fields:
            name = plain_name(field)
            if name is None or not isinstance(field, ValueField):
                self.add(self.field_lines(field))
            elif self.cell(field.slot) != "''":
                owner = Name(name.steps[:-1], name.root)
                late.setdefault(owner, []).append((name.steps[-1], self.cell(field.slot)))
        for owner, leaves in late.items():
            self.add(self.text_lines(owner, leaves))
        if plan.texts and plan.binding.scope is not None:
            self.add(iter([f"append_item(start, {plan.binding.scope.steps!r}, scope.get('', ''))"]))
        self.add(self.close())
        body = "\n".join(["def bind(elements, scope, root, separator):", *self.lines])
        exec(compile(body, f"<binder of {plan.full_key}>", "exec"), self.names)  # noqa: S102 -- our own data
        return self.names["bind"]  # type: ignore[return-value]  # just defined

    def cell(self, slot: Slot) -> str:
        """The expression of a place."""
        return self.cells[self.plan.layout.cell(slot)]

    def open_composites(self) -> Lines:
        """Components of the composites, as many as the binding can say anything of."""
        covered = self.plan.covered | self.plan.condition_cells
        for position, (first, components) in enumerate(self.plan.layout.spans[: self.count]):
            if not components:
                self.cells[first] = f"e{position}"
                continue
            told = [at for at in range(1, components + 1) if first + at - 1 in covered]
            known = max(told, default=1)
            parts = [f"e{position}_{number}" for number in range(1, known + 1)]
            self.cells[first : first + known] = parts
            if position in self.plan.composites:
                yield f"if {MARK!r} in e{position}:"
                yield "    return None"
            yield f"parts = e{position}.split(separator)"
            yield f"if len(parts) != {known}:"
            yield f"    if len(parts) > {known}:"
            yield "        return None"
            yield f"    parts = fit(parts, {known})"
            yield f"{', '.join(parts)}{',' * (known == 1)} = parts"

    def open_scope(self) -> Lines:
        """The object that the names of the binding start from."""
        name = self.plan.binding.scope
        if name is None:
            return
        start = "root" if name.root else "scope"
        if self.plan.texts:
            yield f"start, scope = {start}, {{}}"
        elif self.plan.many:
            yield f"start, scope = {start}, {{}}"
            yield f"append_item(start, {name.steps!r}, scope)"
        else:
            yield f"scope = open_object({start}, {name.steps!r})"

    def put(self, name: Name, value: str, scope: str = "scope") -> str:
        """The line that puts a value at a name, where there is none."""
        *way, last = name.steps or ("",)
        owner = "root" if name.root else scope
        if way:
            owner = f"open_object({owner}, {tuple(way)!r})"
        return f"{owner}.setdefault({last!r}, {value})"

    def text_lines(self, owner: Name, leaves: list[tuple[str, str]]) -> Lines:
        """Texts of one object, made only where there is one of them."""
        start = "root" if owner.root else "scope"
        if owner.steps:
            yield f"if {' or '.join(cell for _, cell in leaves)}:"
            if len(owner.steps) == 1:
                yield f"    owner = {start}.setdefault({owner.steps[0]!r}, {{}})"
                yield "    if owner.__class__ is not dict:"
                yield "        owner = {}"
            else:
                yield f"    owner = open_object({start}, {owner.steps!r})"
        for leaf, cell in leaves:
            if owner.steps:
                yield f"    if {cell}:"
                yield f"        owner.setdefault({leaf!r}, {cell})"
            else:
                yield f"if {cell}:"
                yield f"    {start}.setdefault({leaf!r}, {cell})"

    def field_lines(self, field: Field) -> Lines:
        """One field that is not a text under one name."""
        if isinstance(field, ValueField):
            return self.value_lines(field)
        if isinstance(field, SpreadField):
            return self.spread_lines(field)
        if isinstance(field, RunsField) and is_simple(field):
            return self.runs_lines(field)
        if isinstance(field, PairsField) and field.each is None:
            return self.pairs_lines(field)
        if isinstance(field, PeriodField):
            return self.period_lines(field)
        return self.call_lines(field)

    def call_lines(self, field: Field) -> Lines:
        """A field that is left to its extractor."""
        label = f"k{len(self.names)}"
        self.names[label] = compile_extract(field, self.plan.use, self.plan.layout)
        yield f"{label}([{', '.join(self.cells)}], scope, root)"

    def value_lines(self, field: ValueField) -> Lines:
        """A boolean, an integer, or a text under the name whose condition holds."""
        cell = self.cell(field.slot)
        name = field.choices[0].name
        if cell == "''":
            return
        if field.kind == "boolean":
            yield f"if {cell} and {cell} in {(field.true, field.false)!r}:"
            yield f"    {self.put(name, f'{cell} == {field.true!r}')}"
        elif field.kind == "integer":
            yield f"if {cell}:"
            yield f"    {self.put(name, f'read_integer({cell})')}"
        else:
            yield from self.choice_lines(cell, field.choices, "scope")

    def choice_lines(self, cell: str, choices: tuple[Choice, ...], scope: str) -> Lines:
        """A text under the first name whose condition holds."""
        yield f"if {cell}:"
        for number, choice in enumerate(choices):
            test = "True"
            if choice.condition is not None:
                test = f"{self.cell(choice.condition.slot)} in {choice.condition.codes!r}"
            yield f"    {'elif' if number else 'if'} {test}:"
            yield f"        {self.put(choice.name, cell, scope)}"

    def spread_lines(self, field: SpreadField) -> Lines:
        """Texts of several places as an array."""
        cells = [self.cell(slot) for slot in field.slots]
        while cells and cells[-1] == "''":
            cells.pop()
        if not cells:
            return
        yield f"if {' or '.join(cell for cell in cells if cell != repr(''))}:"
        yield f"    texts = [{', '.join(cells)}]"
        yield "    while not texts[-1]:"
        yield "        texts.pop()"
        yield f"    {self.put(field.name, 'texts')}"

    def runs_lines(self, field: RunsField) -> Lines:
        """Runs of elements as an array of objects."""
        runs = [
            [(self.cell(Slot(start + part.offset, part.component)), part.choices) for part in field.parts]
            for start in field.starts
        ]
        while runs and all(cell == "''" for cell, _ in runs[-1]):
            runs.pop()
        if not runs:
            return
        yield "items, filled = [], 0"
        for number, run in enumerate(runs, 1):
            yield "item = {}"
            yield "items.append(item)"
            for cell, choices in run:
                if cell != "''":
                    yield f"if {cell}:"
                    yield f"    filled = {number}"
                    yield from self.choice_lines(cell, choices, "item")
        yield "if filled:"
        yield f"    {self.put(field.each, 'items[:filled]')}"

    def pairs_lines(self, field: PairsField) -> Lines:
        """Values under the names of their qualifiers."""
        for start in field.starts:
            code, value = self.cell(Slot(start, 0)), self.cell(Slot(start + 1, 0))
            if value == "''":
                continue
            yield f"if {value}:"
            for number, (known, name) in enumerate(dict(field.names).items()):
                yield f"    {'elif' if number else 'if'} {code} == {known!r}:"
                yield f"        {self.put(name, value)}"

    def period_lines(self, field: PeriodField) -> Lines:
        """A date, or both ends of a range."""
        cell, form = self.cell(field.slot), self.cell(Slot(field.slot.element - 1, 0))
        if cell == "''":
            return
        if field.span:
            yield f"if {form} == 'RD8' and '-' in {cell}:"
            yield f"    first, _, last = {cell}.partition('-')"
            yield f"    {self.put(field.span[0], 'first')}"
            yield f"    {self.put(field.span[1], 'last')}"
        if field.single:
            yield f"{'elif' if field.span else 'if'} {form} == 'D8' and {cell}:"
            yield f"    {self.put(field.single, cell)}"

    def close(self) -> Lines:
        """The test of regularity, over the expressions of the cells."""
        lines = regular_lines(self.plan)
        if lines is None:
            yield "return False"
            return
        for line in lines:
            told = CELL.sub(lambda found: self.cells[int(found[1])], line)
            if told.strip() != NO_PAIR:
                yield told
        yield "return True"


def plain_name(field: Field) -> Name | None:
    """The name of a field that is one text under one name; None for other fields."""
    if not isinstance(field, ValueField) or field.kind != "text" or len(field.choices) > 1:
        return None
    choice = field.choices[0]
    return choice.name if choice.condition is None and choice.name.steps else None


def is_simple(field: RunsField) -> bool:
    """True where all values of the runs are texts."""
    return not any(part.coded or part.span for part in field.parts)
