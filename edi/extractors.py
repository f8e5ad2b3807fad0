"""Extractors: how the fields of an overlay read the cells of a segment into JSON.

Each field becomes one function at load; `extract(cells, scope, root)` puts what it finds into the objects
`scope` (of the segment) or `root` (of the document) and never overwrites a value that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from edi.fillers import format_of
from edi.guide import SegmentUse, Slot
from edi.guides.naming import (
    Choice,
    Coded,
    CodedField,
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
from edi.layouts import Layout
from edi.repetitions import MARK

Object = dict[str, Any]
Extract = Callable[[list[str], Object, Object], None]
Put = Callable[[Object, Object, Any], None]
MAX_DIGITS = 9


def open_object(start: Object, steps: tuple[str, ...]) -> Object:
    """The object at the end of `steps`, made where it is not there."""
    for step in steps:
        inner = start.setdefault(step, {})
        start = inner if isinstance(inner, dict) else {}
    return start


def compile_put(name: Name) -> Put:
    """How to put a value at a name."""
    *way, last = name.steps or ("",)
    steps = tuple(way)
    if name.root:
        return lambda scope, root, value: open_object(root, steps).setdefault(last, value)
    if not steps:
        return lambda scope, root, value: scope.setdefault(last, value)
    return lambda scope, root, value: open_object(scope, steps).setdefault(last, value)


def compile_extract(field: Field, use: SegmentUse, layout: Layout) -> Extract:
    """The extractor of one field."""
    if isinstance(field, ValueField):
        if field.kind == "boolean":
            return extract_boolean(field, layout)
        if field.kind == "integer":
            return extract_integer(field, layout)
        return extract_choices(field.slot, field.choices, layout)
    if isinstance(field, SpreadField):
        return extract_spread(field, layout)
    if isinstance(field, RunsField):
        return extract_runs(field, use, layout)
    if isinstance(field, PairsField):
        return extract_pairs(field, layout)
    if isinstance(field, CodedField):
        return extract_coded(field.coded, layout.cell(field.slot), many=field.many)
    if isinstance(field, MomentField):
        return extract_moment(field, layout)
    return extract_period(field, layout)


def compile_extractor(fields: Sequence[Field], use: SegmentUse, layout: Layout) -> Extract:
    """One function for all fields of a segment: plain texts are lines of code, others their extractors."""
    names: dict[str, object] = {"open_object": open_object}
    lines = ["def extract(cells, scope, root):"]
    texts: dict[Name, list[tuple[str, int]]] = {}
    for field in fields:
        name = plain_name(field)
        if name is not None and isinstance(field, ValueField):
            owner = Name(name.steps[:-1], name.root)
            texts.setdefault(owner, []).append((name.steps[-1], layout.cell(field.slot)))
            continue
        label = f"k{len(names)}"
        names[label] = compile_extract(field, use, layout)
        lines.append(f"    {label}(cells, scope, root)")
    for owner, leaves in texts.items():
        lines += text_lines(owner, leaves)
    lines.append("    return None")
    exec(compile("\n".join(lines), f"<extractor of {use.key}>", "exec"), names)  # noqa: S102 -- our own data
    return names["extract"]  # type: ignore[return-value]  # just defined


def plain_name(field: Field) -> Name | None:
    """The name of a field that is one text under one name; None for other fields."""
    if not isinstance(field, ValueField) or field.kind != "text" or len(field.choices) > 1:
        return None
    choice = field.choices[0]
    return choice.name if choice.condition is None and choice.name.steps else None


def text_lines(owner: Name, leaves: list[tuple[str, int]]) -> list[str]:
    """The lines that put texts into one object, made only where there is one of them."""
    start = "root" if owner.root else "scope"
    if not owner.steps:
        return [
            line
            for leaf, cell in leaves
            for line in (f"    if cells[{cell}]:", f"        {start}.setdefault({leaf!r}, cells[{cell}])")
        ]
    lines = [f"    if {' or '.join(f'cells[{cell}]' for _, cell in leaves)}:"]
    lines.append(f"        owner = open_object({start}, {owner.steps!r})")
    for leaf, cell in leaves:
        lines += [f"        if cells[{cell}]:", f"            owner.setdefault({leaf!r}, cells[{cell}])"]
    return lines


def extract_choices(slot: Slot, choices: tuple[Choice, ...], layout: Layout) -> Extract:
    """One text, under the name whose condition holds."""
    cell = layout.cell(slot)
    ways = [
        (
            compile_put(choice.name),
            layout.cell(choice.condition.slot) if choice.condition else 0,
            choice.condition.codes if choice.condition else None,
        )
        for choice in choices
    ]
    if ways[0][2] is None:
        put = ways[0][0]

        def extract_one(cells: list[str], scope: Object, root: Object) -> None:
            if cells[cell]:
                put(scope, root, cells[cell])

        return extract_one

    def extract(cells: list[str], scope: Object, root: Object) -> None:
        text = cells[cell]
        if not text:
            return
        for put, condition, codes in ways:
            if codes is None or cells[condition] in codes:
                put(scope, root, text)
                return

    return extract


def extract_boolean(field: ValueField, layout: Layout) -> Extract:
    """A code as a JSON boolean; other codes are left to `x12Extra`."""
    cell = layout.cell(field.slot)
    put = compile_put(field.choices[0].name)

    def extract(cells: list[str], scope: Object, root: Object) -> None:
        text = cells[cell]
        if text and text in (field.true, field.false):
            put(scope, root, text == field.true)

    return extract


def extract_integer(field: ValueField, layout: Layout) -> Extract:
    """A whole number as a JSON integer; anything else stays text."""
    cell = layout.cell(field.slot)
    put = compile_put(field.choices[0].name)

    def extract(cells: list[str], scope: Object, root: Object) -> None:
        text = cells[cell]
        if text:
            whole = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and str(int(text)) == text
            put(scope, root, int(text) if whole else text)

    return extract


def extract_spread(field: SpreadField, layout: Layout) -> Extract:
    """The texts of several places as an array; empty ones inside it keep their place."""
    cells_of = [layout.cell(slot) for slot in field.slots]
    put = compile_put(field.name)

    def extract(cells: list[str], scope: Object, root: Object) -> None:
        texts = [cells[cell] for cell in cells_of]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            put(scope, root, texts)

    return extract


def extract_runs(field: RunsField, use: SegmentUse, layout: Layout) -> Extract:
    """Runs of elements as an array of objects."""
    runs = []
    for start in field.starts:
        slots = [(Slot(start + part.offset, part.component), part) for part in field.parts]
        runs.append(
            (
                [layout.cell(slot) for slot, _ in slots],
                [extract_part(slot, part, layout) for slot, part in slots],
            )
        )
    put = compile_put(field.each)

    def extract(cells: list[str], scope: Object, root: Object) -> None:
        items: list[Object] = []
        filled = 0
        for cells_of, extracts in runs:
            item: Object = {}
            if any(cells[cell] for cell in cells_of):
                for extract_value in extracts:
                    extract_value(cells, item, root)
                filled = len(items) + 1
            items.append(item)
        if filled:
            put(scope, root, items[:filled])

    return extract


def extract_part(slot: Slot, part: Part, layout: Layout) -> Extract:
    """One value of a run: a text, or both ends of a range of dates."""
    if part.coded is not None:
        return extract_coded(part.coded, layout.cell(slot))
    if part.span is None:
        return extract_choices(slot, part.choices, layout)
    cell = layout.cell(slot)
    puts = tuple(compile_put(name) for name in part.span)

    def extract(cells: list[str], scope: Object, root: Object) -> None:
        for put, text in zip(puts, cells[cell].split("-", 1), strict=False):
            if text:
                put(scope, root, text)

    return extract


def extract_coded(coded: Coded, cell: int, *, many: bool = False) -> Extract:
    """A code and its word; several of each where the element repeats.

    A code without a word has no word in JSON, except among several, where it stands for itself.
    """
    words = dict(coded.words)
    put_code = compile_put(coded.code) if coded.code else None
    put_word = compile_put(coded.meaning) if coded.meaning else None

    def extract(cells: list[str], scope: Object, root: Object) -> None:
        text = cells[cell]
        if not text:
            return
        if put_code is not None:
            put_code(scope, root, text.split(MARK) if many else text)
        if put_word is None:
            return
        if many:
            put_word(scope, root, [words.get(code, code) for code in text.split(MARK)])
        elif text in words:
            put_word(scope, root, words[text])

    return extract


def extract_moment(field: MomentField, layout: Layout) -> Extract:
    """A date, a range of dates or a date with a time, where the format before it says so."""
    cell = layout.cell(field.slot)
    format_cell = layout.cell(Slot(field.slot.element - 1, 0))
    put = compile_put(field.name)

    def extract(cells: list[str], scope: Object, root: Object) -> None:
        if cells[cell] and cells[format_cell] == format_of(cells[cell]):
            put(scope, root, cells[cell])

    return extract


def extract_pairs(field: PairsField, layout: Layout) -> Extract:
    """Pairs of qualifier and value under the names of the qualifiers."""
    pairs = [(layout.cell(Slot(start, 0)), layout.cell(Slot(start + 1, 0))) for start in field.starts]
    puts = {code: compile_put(name) for code, name in field.names}
    put_each = compile_put(field.each) if field.each else None

    def extract(cells: list[str], scope: Object, root: Object) -> None:
        items: list[Object] = []
        for code_cell, cell in pairs:
            put = puts.get(cells[code_cell])
            if put is None or not cells[cell]:
                continue
            if put_each is None:
                put(scope, root, cells[cell])
            else:
                item: Object = {}
                items.append(item)
                put(item, root, cells[cell])
        if put_each is not None and items:
            put_each(scope, root, items)

    return extract


def extract_period(field: PeriodField, layout: Layout) -> Extract:
    """A date, or both ends of a range."""
    cell = layout.cell(field.slot)
    format_cell = layout.cell(Slot(field.slot.element - 1, 0))
    single = compile_put(field.single) if field.single else None
    span = tuple(compile_put(name) for name in field.span) if field.span else ()

    def extract(cells: list[str], scope: Object, root: Object) -> None:
        text = cells[cell]
        if cells[format_cell] == "RD8" and span and "-" in text:
            first, _, last = text.partition("-")
            span[0](scope, root, first)
            span[1](scope, root, last)
        elif cells[format_cell] == "D8" and single and text:
            single(scope, root, text)

    return extract
