"""Lines of writers for arrays, periods and pairs: right values take no call for each of them.

Where a value is not as these lines expect, they leave the field to its filler (`edi/fillers.py`), which
writes all of it and says what is wrong. So they need to know right values only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edi.fillers import compile_fill
from edi.guide import Slot
from edi.guides.naming import Field, Name, PairsField, PeriodField, RunsField, SpreadField

if TYPE_CHECKING:
    from edi.writers import WriterSource

Lines = list[str]


def are_texts(items: Any, room: int) -> bool:
    """True for an array of texts, `room` at most."""
    if items.__class__ is not list or len(items) > room:
        return False
    for item in items:  # noqa: SIM110 -- half the time of all() over so few
        if item.__class__ is not str:
            return False
    return True


def fill_items(cells: list[str], items: Any, starts: tuple[int, ...], parts: dict[str, int]) -> bool | None:
    """Write an array of objects of texts, each from its cell in `starts` on; None where it is no such one.

    `parts` counts the cell of each name from the first of its object.
    """
    if items.__class__ is not list or len(items) > len(starts):
        return None
    found = False
    for start, item in zip(starts, items, strict=False):
        if item.__class__ is not dict:
            return None
        for name, offset in parts.items():
            text = item.get(name, "")
            if text.__class__ is not str:
                return None
            if text:
                cells[start + offset] = text
                found = True
    return found


def field_lines(source: WriterSource, field: Field) -> Lines:
    """The lines that write one field which is not a single text."""
    if isinstance(field, PairsField):
        return pairs_lines(source, field)
    fill = source.bind(compile_fill(field, source.plan.use, source.plan.layout))
    if isinstance(field, SpreadField) and field.name.steps:
        return spread_lines(source, field, fill)
    if isinstance(field, RunsField) and field.each.steps:
        return runs_lines(source, field, fill)
    if isinstance(field, PeriodField) and field.single is not None:
        return period_lines(source, field, field.single, fill)
    return call_lines(fill)


def call_lines(fill: str) -> Lines:
    """The lines that leave a field to its filler."""
    return [f"if {fill}(cells, scope, generation):", "    found = True"]


def spread_lines(source: WriterSource, field: SpreadField, fill: str) -> Lines:
    """An array of texts whose cells stand side by side."""
    cells = [source.plan.layout.cell(slot) for slot in field.slots]
    start, room = cells[0], len(cells)
    if cells != [*range(start, start + room)]:
        return call_lines(fill)
    value = source.look_late(field.name)
    return [
        f"if {source.bind(are_texts)}({value}, {room}):",
        f"    cells[{start}:{start} + len({value})] = {value}",
        f"    if any({value}):",
        "        found = True",
        f"elif {value} is not None and {fill}(cells, scope, generation):",
        "    found = True",
    ]


def runs_lines(source: WriterSource, field: RunsField, fill: str) -> Lines:
    """An array of objects whose values are plain texts."""
    layout = source.plan.layout
    names: list[str] = []
    for part in field.parts:
        choice = part.choices[0] if len(part.choices) == 1 else None
        if part.coded or part.span or choice is None or choice.condition or len(choice.name.steps) != 1:
            return call_lines(fill)
        names.append(choice.name.steps[0])
    rows = [
        [layout.cell(Slot(start + part.offset, part.component)) for part in field.parts]
        for start in field.starts
    ]
    offsets = [[cell - row[0] for cell in row] for row in rows]
    if len({*names}) < len(names) or any(row != offsets[0] for row in offsets):
        return call_lines(fill)
    value = source.look_late(field.each)
    starts, parts = tuple(row[0] for row in rows), dict(zip(names, offsets[0], strict=True))
    return [
        f"if {value} is not None:",
        f"    filled = {source.bind(fill_items)}(cells, {value}, {starts!r}, {parts!r})",
        "    if filled is None:",
        f"        filled = {fill}(cells, scope, generation)",
        "    found = found or filled",
    ]


def period_lines(source: WriterSource, field: PeriodField, single: Name, fill: str) -> Lines:
    """A date that is a text and no range."""
    cell = source.plan.layout.cell(field.slot)
    form = source.plan.layout.cell(Slot(field.slot.element - 1, 0))
    value = source.look_late(single)
    others = [source.look_late(name) for name in field.span or () if name != single]
    alone = "".join(f" and {other} is None" for other in others)
    given = " or ".join(f"{variable} is not None" for variable in (value, *others))
    return [
        f"if {value}.__class__ is str{alone}:",
        f"    if {value}:",
        f"        cells[{form}], cells[{cell}] = 'D8', {value}",
        "        found = True",
        f"elif ({given}) and {fill}(cells, scope, generation):",
        "    found = True",
    ]


def pairs_lines(source: WriterSource, field: PairsField) -> Lines:
    """Qualifiers and values under names of their own that are all texts."""
    pairs = source.plan.pairs
    if pairs is None:
        raise AssertionError("a plan knows its pairs")
    names = dict(field.names)
    if field.each is not None or len(names) < len(field.names) or not all(it.steps for it in names.values()):
        return call_lines(source.bind(pairs.fill))
    values = [(code, source.look_late(name, "''")) for code, name in field.names]
    listed = ", ".join(f"({code!r}, {value})" for code, value in values)
    return [
        f"if {' is '.join(f'{value}.__class__' for _, value in values)} is str:",
        f"    pairs = [pair for pair in ({listed},) if pair[1]]",
        "    if pairs:",
        f"        {source.bind(pairs.put)}(cells, pairs, generation)",
        "        found = True",
        f"elif {source.bind(pairs.fill)}(cells, scope, generation):",
        "    found = True",
    ]
