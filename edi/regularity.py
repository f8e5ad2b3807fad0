"""Regular segments: those that their JSON gives back exactly, as can be told from the segment alone.

The test of a segment binding is part of its binder (`edi/segment_binders.py`). It is conservative: a segment
it doubts is generated again and compared (`edi/binding.py`), so that a wrong False costs time only. A wrong
True would lose something; a property test holds both ways of binding against each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edi.extractors import MAX_DIGITS
from edi.guide import Slot
from edi.guides.naming import (
    CodedField,
    Field,
    MomentField,
    PairsField,
    PeriodField,
    RunsField,
    ValueField,
)

if TYPE_CHECKING:
    from edi.plans import SegmentPlan


def is_whole(text: str) -> bool:
    """True for a whole number that a JSON integer gives back as it was."""
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and str(int(text)) == text


def regular_lines(plan: SegmentPlan) -> list[str] | None:
    """The lines of the test of a segment binding, which leave at a fault; None where no segment of it can be
    told from itself. Values that are derived and have no name are not looked at.
    """
    if not plan.written or plan.only is not None:
        return None
    fields = plan.binding.fields
    if any(isinstance(field, CodedField) for field in fields):
        return None
    if any(isinstance(field, RunsField) and has_conditions(field) for field in fields):
        return None
    completed = {*dict(plan.defaults), *(cell for it in plan.implied for cell in (it.cell, *it.triggers))}
    if any(cell in completed for cell, _ in plan.hidden):
        return None
    lines: list[str] = []
    for test in (*fixed_tests(plan), *implied_tests(plan), *value_tests(plan)):
        lines += [f"if {test}:", "    return False"]
    for field in fields:
        lines += field_lines(field, plan)
    return lines


def has_conditions(field: RunsField) -> bool:
    """True where the runs of a field have alternatives, ranges or words."""
    return any(
        part.span or part.coded or len(part.choices) > 1 or part.choices[0].condition for part in field.parts
    )


def fixed_tests(plan: SegmentPlan) -> Iterator[str]:
    """Faults of the cells that no name fills: constants must be themselves, others empty."""
    named = plan.named_cells
    defaults = dict(plan.defaults)
    implied = {entry.cell for entry in plan.implied}
    hidden = {cell for cell, _ in plan.hidden}
    for cell, text in enumerate(plan.blank):
        if not cell or cell in plan.hierarchy.values() or cell in implied or cell in hidden:
            continue
        if cell in named:
            if text or cell in plan.completed:
                yield f"not cells[{cell}]"
        elif text:
            yield f"cells[{cell}] != {text!r}"
        elif cell not in plan.condition_cells:
            yield f"cells[{cell}] != {defaults[cell]!r}" if cell in defaults else f"cells[{cell}]"


def implied_tests(plan: SegmentPlan) -> Iterator[str]:
    """Faults of the codes that stand beside a value."""
    for implied in plan.implied:
        triggers = " or ".join(f"cells[{trigger}]" for trigger in implied.triggers)
        yield f"cells[{implied.cell}] != ({implied.code!r} if ({triggers}) else '')"


def value_tests(plan: SegmentPlan) -> Iterator[str]:
    """The fault of having no value that would make the segment come back."""
    kept = plan.opens or (plan.binding.scope is not None and not plan.texts)
    if not kept and plan.named_cells:
        yield "not (" + " or ".join(f"cells[{cell}]" for cell in sorted(plan.named_cells)) + ")"


def field_lines(field: Field, plan: SegmentPlan) -> list[str]:
    """Faults of one field, as lines."""
    if isinstance(field, ValueField):
        return value_lines(field, plan)
    if isinstance(field, PeriodField):
        cell, form = plan.layout.cell(field.slot), plan.layout.cell(Slot(field.slot.element - 1, 0))
        known = [f"cells[{form}] == 'D8'"] if field.single else []
        if field.span:
            whole = f"cells[{cell}].find('-') > 0 and cells[{cell}][-1] != '-'"
            known.append(f"(cells[{form}] == 'RD8' and {whole})")
        test = f"cells[{cell}] and ({' or '.join(known)})"
        return [f"if not ({test}):", "    return False"]
    if isinstance(field, MomentField):
        cell, form = plan.layout.cell(field.slot), plan.layout.cell(Slot(field.slot.element - 1, 0))
        test = f"cells[{cell}] and cells[{form}] == format_of(cells[{cell}])"
        return [f"if not ({test}):", "    return False"]
    return pairs_lines(field, plan) if isinstance(field, PairsField) else []


def value_lines(field: ValueField, plan: SegmentPlan) -> list[str]:
    """Faults of a single value."""
    cell = plan.layout.cell(field.slot)
    if field.kind == "boolean":
        codes = tuple({"", field.true, field.false})
        return [f"if cells[{cell}] not in {codes!r}:", "    return False"]
    if field.kind == "integer":
        return [f"if cells[{cell}] and not is_whole(cells[{cell}]):", "    return False"]
    conditions = [choice.condition for choice in field.choices if choice.condition]
    if not conditions:
        return []
    tests = [f"cells[{plan.layout.cell(it.slot)}] == {it.codes[0]!r}" for it in conditions]
    return [f"if not (cells[{cell}] and ({' or '.join(tests)})):", "    return False"]


def pairs_lines(field: PairsField, plan: SegmentPlan) -> list[str]:
    """Faults of qualifiers and values: known, each once, in the overlay's order, without gaps."""
    order = {code: at for at, (code, _) in enumerate(field.names)}
    lines = ["last = -1", "for code, value in ("]
    for start in field.starts:
        code, value = plan.layout.cell(Slot(start, 0)), plan.layout.cell(Slot(start + 1, 0))
        lines.append(f"    (cells[{code}], cells[{value}]),")
    end = len(order)
    return [
        *lines,
        "):",
        f"    rank = {order!r}.get(code, -1) if code else {end}",
        f"    if (rank <= last and rank != {end}) or bool(code) != bool(value):",
        "        return False",
        "    last = rank",
    ]
