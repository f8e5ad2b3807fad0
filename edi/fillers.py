"""Fillers: how the fields of an overlay write JSON values into the cells of a segment.

Each field becomes one function at load; `fill(cells, scope, generation)` says whether it wrote anything.
"""

from __future__ import annotations

from collections.abc import Callable

from edi.generation import Generation, Json, Scope, Step
from edi.guide import ElementUse, SegmentUse, Slot
from edi.guides.naming import (
    Choice,
    Coded,
    CodedField,
    Field,
    MomentField,
    Name,
    PairsField,
    PeriodField,
    RunsField,
    SpreadField,
    ValueField,
)
from edi.guides.places import element_use
from edi.layouts import Layout
from edi.repetitions import MARK, NO_MARK

Fill = Callable[[list[str], Scope, Generation], bool]
Look = Callable[[Scope, Generation], Json]
DAY_LENGTH = len("CCYYMMDD")
NUMERIC = frozenset("RN")


def compile_look(name: Name) -> Look:
    """How to find the value of a name; a way through anything but objects is a finding."""
    steps = name.steps
    if not steps:
        return lambda scope, generation: scope.values
    if len(steps) == 1 and not name.root:
        step = steps[0]
        return lambda scope, generation: scope.values.get(step)
    if len(steps) == 2 and not name.root:
        return compile_deep_look(steps)

    def look(scope: Scope, generation: Generation) -> Json:
        start = generation.root if name.root else scope
        values = start.values
        for depth, step in enumerate(steps):
            if values.__class__ is not dict:
                if values is not None:
                    generation.fault_type(start, steps[:depth], "an object")
                return None
            values = values.get(step)
        return values

    return look


def compile_deep_look(steps: tuple[str, ...]) -> Look:
    """The frequent case of a name inside an object of the scope."""
    first, second = steps

    def look(scope: Scope, generation: Generation) -> Json:
        inner = scope.values.get(first)
        if inner is None:
            return None
        if inner.__class__ is not dict:
            generation.fault_type(scope, (first,), "an object")
            return None
        return inner.get(second)

    return look


def is_numeric(use: SegmentUse, slot: Slot) -> bool:
    """True for elements that hold a number (X12 types R and Nn)."""
    definition = element_use(use, slot)
    return isinstance(definition, ElementUse) and definition.type[:1] in NUMERIC


def start_of(name: Name, scope: Scope, generation: Generation) -> Scope:
    """Where a name starts."""
    return generation.root if name.root else scope


def compile_text(name: Name, numeric: bool) -> Callable[[Scope, Generation], str]:
    """The text of a name, "" where there is none."""
    look = compile_look(name)
    steps = name.steps

    def text(scope: Scope, generation: Generation) -> str:
        value = look(scope, generation)
        if value.__class__ is str:
            return value
        if value is None:
            return ""
        return generation.text(value, numeric, start_of(name, scope, generation), steps)

    return text


def compile_fill(field: Field, use: SegmentUse, layout: Layout) -> Fill:
    """The filler of one field (pairs are written by the segment's plan, which may need a second segment)."""
    if isinstance(field, ValueField):
        if field.kind == "boolean":
            return fill_boolean(field, layout)
        if len(field.choices) == 1 and field.choices[0].condition is None:
            return fill_value(field.choices[0], is_numeric(use, field.slot), layout.cell(field.slot))
        return fill_choices(field.slot, field.choices, use, layout)
    if isinstance(field, SpreadField):
        return fill_spread(field, use, layout)
    if isinstance(field, RunsField):
        return fill_runs(field, use, layout)
    if isinstance(field, PeriodField):
        return fill_period(field, layout)
    if isinstance(field, CodedField):
        return fill_coded(field.coded, layout.cell(field.slot), many=field.many)
    if isinstance(field, MomentField):
        return fill_moment(field, layout)
    raise TypeError("pairs have no filler")


def fill_value(choice: Choice, numeric: bool, cell: int) -> Fill:
    """One text at one place."""
    text = compile_text(choice.name, numeric)

    def fill(cells: list[str], scope: Scope, generation: Generation) -> bool:
        value = text(scope, generation)
        if not value:
            return False
        cells[cell] = value
        return True

    return fill


def fill_boolean(field: ValueField, layout: Layout) -> Fill:
    """A JSON boolean as its code."""
    name = field.choices[0].name
    look = compile_look(name)
    cell = layout.cell(field.slot)

    def fill(cells: list[str], scope: Scope, generation: Generation) -> bool:
        value = generation.truth(look(scope, generation), start_of(name, scope, generation), name.steps)
        code = "" if value is None else field.true if value else field.false
        if code:
            cells[cell] = code
        return bool(code)

    return fill


def fill_choices(slot: Slot, choices: tuple[Choice, ...], use: SegmentUse, layout: Layout) -> Fill:
    """The first alternative that has a value; its condition's element gets its code."""
    numeric = is_numeric(use, slot)
    cell = layout.cell(slot)
    ways = [
        (
            compile_text(choice.name, numeric),
            layout.cell(choice.condition.slot) if choice.condition else 0,
            choice.condition.codes if choice.condition else (),
        )
        for choice in choices
    ]

    def fill(cells: list[str], scope: Scope, generation: Generation) -> bool:
        for text, condition, codes in ways:
            value = text(scope, generation)
            if value:
                cells[cell] = value
                if codes and cells[condition] not in codes:
                    cells[condition] = codes[0]
                return True
        return False

    return fill


def items_of(look: Look, name: Name, scope: Scope, generation: Generation) -> list[Json]:
    """The items of an array; anything but an array is a finding."""
    items = look(scope, generation)
    if items.__class__ is list:
        return items
    if items is not None:
        generation.fault_type(start_of(name, scope, generation), name.steps, "an array")
    return []


def fill_spread(field: SpreadField, use: SegmentUse, layout: Layout) -> Fill:
    """An array of texts over several places."""
    look = compile_look(field.name)
    steps = field.name.steps
    numeric = is_numeric(use, field.slots[0])
    cells_of = [layout.cell(slot) for slot in field.slots]

    def fill(cells: list[str], scope: Scope, generation: Generation) -> bool:
        items = items_of(look, field.name, scope, generation)
        if not items:
            return False
        start = start_of(field.name, scope, generation)
        texts = [generation.text(item, numeric, start, (*steps, at)) for at, item in enumerate(items)]
        if len(texts) > len(cells_of):
            generation.fault_room(start, (*steps, len(cells_of)), len(cells_of), use.name)
        for cell, text in zip(cells_of, texts, strict=False):
            cells[cell] = text
        return any(texts)

    return fill


def fill_runs(field: RunsField, use: SegmentUse, layout: Layout) -> Fill:
    """An array of objects over runs of elements."""
    look = compile_look(field.each)
    runs = [compile_run(field, start, use, layout) for start in field.starts]

    def fill(cells: list[str], scope: Scope, generation: Generation) -> bool:
        items = items_of(look, field.each, scope, generation)
        start = start_of(field.each, scope, generation)
        found = False
        for at, item in enumerate(items):
            steps: tuple[Step, ...] = (*field.each.steps, at)
            if at >= len(runs):
                generation.fault_room(start, steps, len(runs), use.name)
                break
            if item.__class__ is not dict:
                if item is not None:
                    generation.fault_type(start, steps, "an object")
                continue
            inner = Scope(item, start, steps)
            for part in runs[at]:
                found |= part(cells, inner, generation)
        return found

    return fill


def compile_run(field: RunsField, start: int, use: SegmentUse, layout: Layout) -> list[Fill]:
    """The fillers of one run."""
    fills = []
    for part in field.parts:
        slot = Slot(start + part.offset, part.component)
        if part.coded is not None:
            fills.append(fill_coded(part.coded, layout.cell(slot)))
        elif part.span is not None:
            fills.append(fill_span(part.span, layout.cell(slot)))
        else:
            fills.append(compile_fill(ValueField(slot, part.choices), use, layout))
    return fills


def fill_coded(coded: Coded, cell: int, *, many: bool = False) -> Fill:
    """A code, or without one the code of its word; several of each where the element repeats."""
    codes = {word: code for code, word in reversed(coded.words)}
    names = [(coded.code, {}), (coded.meaning, codes)]
    texts = [(compile_texts(name, many=many), known) for name, known in names if name is not None]

    def fill(cells: list[str], scope: Scope, generation: Generation) -> bool:
        for read, known in texts:
            found = read(scope, generation)
            if any(found):
                cells[cell] = MARK.join(known.get(text, text).replace(MARK, NO_MARK) for text in found)
                return True
        return False

    return fill


def compile_texts(name: Name, *, many: bool) -> Callable[[Scope, Generation], list[str]]:
    """The texts of a name: of its array, where it is one."""
    if not many:
        text = compile_text(name, False)
        return lambda scope, generation: [text(scope, generation)]
    look = compile_look(name)

    def texts(scope: Scope, generation: Generation) -> list[str]:
        start = start_of(name, scope, generation)
        return [
            generation.text(item, False, start, (*name.steps, at))
            for at, item in enumerate(items_of(look, name, scope, generation))
        ]

    return texts


def fill_moment(field: MomentField, layout: Layout) -> Fill:
    """A date, a range of dates or a date with a time, with its format in the element before."""
    cell = layout.cell(field.slot)
    format_cell = layout.cell(Slot(field.slot.element - 1, 0))
    text = compile_text(field.name, False)

    def fill(cells: list[str], scope: Scope, generation: Generation) -> bool:
        value = text(scope, generation)
        if value:
            cells[format_cell], cells[cell] = format_of(value), value
        return bool(value)

    return fill


def format_of(text: str) -> str:
    """The X12 format (element 1250) of a date, range or moment."""
    if "-" in text:
        return "RD8"
    return "D8" if len(text) <= DAY_LENGTH else "DT"


def fill_span(span: tuple[Name, Name], cell: int) -> Fill:
    """Both ends of a range of dates in one place whose format is always RD8."""
    first, last = (compile_text(name, False) for name in span)

    def fill(cells: list[str], scope: Scope, generation: Generation) -> bool:
        begin, end = first(scope, generation), last(scope, generation)
        if begin or end:
            cells[cell] = f"{begin}-{end}"
        return bool(begin or end)

    return fill


def fill_period(field: PeriodField, layout: Layout) -> Fill:
    """A date or a range of dates, with its format in the element before."""
    cell = layout.cell(field.slot)
    format_cell = layout.cell(Slot(field.slot.element - 1, 0))
    single = compile_text(field.single, False) if field.single else None
    span = tuple(compile_text(name, False) for name in field.span) if field.span else ()

    def fill(cells: list[str], scope: Scope, generation: Generation) -> bool:
        if span:
            first, last = span[0](scope, generation), span[1](scope, generation)
            if first and last:
                cells[format_cell], cells[cell] = "RD8", f"{first}-{last}"
                return True
        value = single(scope, generation) if single else ""
        if value:
            cells[format_cell], cells[cell] = "D8", value
        return bool(value)

    return fill


def collect_pairs(
    field: PairsField, looks: list[tuple[str, Callable[[Scope, Generation], str], Name]]
) -> Callable[[Scope, Generation], list[tuple[str, str]]]:
    """Qualifier and value of each name that has one, in the overlay's order or that of the array."""
    look = compile_look(field.each) if field.each else None

    def collect(scope: Scope, generation: Generation) -> list[tuple[str, str]]:
        if look is None or field.each is None:
            return [(code, value) for code, text, _ in looks if (value := text(scope, generation))]
        pairs: list[tuple[str, str]] = []
        for at, item in enumerate(items_of(look, field.each, scope, generation)):
            inner = Scope(item if item.__class__ is dict else {}, scope, (*field.each.steps, at))
            pairs += [(code, value) for code, text, _ in looks if (value := text(inner, generation))]
        return pairs

    return collect


def compile_pairs(field: PairsField) -> Callable[[Scope, Generation], list[tuple[str, str]]]:
    """How to collect the pairs of a segment."""
    return collect_pairs(field, [(code, compile_text(name, False), name) for code, name in field.names])
