"""From a place of a generated segment to the JSON Pointer that says where its value comes from."""

from __future__ import annotations

from collections.abc import Iterator

from edi.generation import Step, make_pointer
from edi.guide import CompositeUse, ElementUse, Slot
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
from edi.guides.places import element_use
from edi.plans import LoopPlan, SegmentPlan
from edi.written import WrittenLoop, WrittenSegment

Steps = tuple[Step, ...]


def point_at(segment: WrittenSegment, slot: Slot | None) -> str:
    """The JSON Pointer of a place of a generated segment; of the segment's object where `slot` is None."""
    plan = segment.plan
    if plan is None or segment.elements is not None:
        return make_pointer((*segment.scope.path(), *(segment.extra or ())))
    steps = steps_of_slot(plan, segment.cells, slot) if slot else steps_of_segment(plan)
    if segment.extra and (steps is None or (slot and plan.layout.cell(slot) in segment.kept)):
        return make_pointer((*segment.scope.path(), *segment.extra))
    if steps is None:
        return make_pointer(segment.scope.path())
    name, rest = steps
    start: Steps = () if name.root else segment.scope.path()
    return make_pointer((*start, *name.steps, *rest))


def steps_of_slot(plan: SegmentPlan, cells: list[str], slot: Slot) -> tuple[Name, Steps] | None:
    """The name that a place comes from and the steps below it."""
    for field in plan.binding.fields:
        found = steps_of_field(field, plan, cells, slot)
        if found is not None:
            return found
    return None


def steps_of_field(
    field: Field, plan: SegmentPlan, cells: list[str], slot: Slot
) -> tuple[Name, Steps] | None:
    """The name and steps of one field, where it has the place."""
    if isinstance(field, ValueField):
        if is_at(slot, field.slot) or any(c.condition and c.condition.slot == slot for c in field.choices):
            return pick_choice(field.choices, plan, cells).name, ()
    elif isinstance(field, SpreadField):
        for at, place in enumerate(field.slots):
            if is_at(slot, place):
                return field.name, (at,)
    elif isinstance(field, RunsField):
        return steps_of_run(field, plan, cells, slot)
    elif isinstance(field, PairsField):
        return steps_of_pair(field, plan, cells, slot)
    elif isinstance(field, CodedField) and is_at(slot, field.slot):
        return name_of_coded(field.coded), ()
    elif isinstance(field, MomentField) and slot.element in (field.slot.element, field.slot.element - 1):
        return field.name, ()
    elif isinstance(field, PeriodField) and slot.element in (field.slot.element, field.slot.element - 1):
        name = field.single or (field.span[0] if field.span else None)
        return (name, ()) if name else None
    return None


def is_at(asked: Slot, place: Slot) -> bool:
    """True where `asked` is the place, or the composite that the place is in."""
    return asked == place or (not asked.component and asked.element == place.element)


def name_of_coded(coded: Coded) -> Name:
    """The name of a code, or of its meaning where the code has none."""
    return coded.code or coded.meaning or Name(())


def name_of_part(part: Part, plan: SegmentPlan, cells: list[str]) -> Name:
    """The name of a value of a run."""
    if part.coded is not None:
        return name_of_coded(part.coded)
    return part.span[0] if part.span else pick_choice(part.choices, plan, cells).name


def pick_choice(choices: tuple[Choice, ...], plan: SegmentPlan, cells: list[str]) -> Choice:
    """The alternative whose condition the segment meets, else the first."""
    for choice in choices:
        condition = choice.condition
        if condition is None or cells[plan.layout.cell(condition.slot)] in condition.codes:
            return choice
    return choices[0]


def steps_of_run(
    field: RunsField, plan: SegmentPlan, cells: list[str], slot: Slot
) -> tuple[Name, Steps] | None:
    """The item of an array that a run of elements comes from, and the name in it."""
    for at, start in enumerate(field.starts):
        if not start <= slot.element < start + field.stride:
            continue
        for part in field.parts:
            if is_at(slot, Slot(start + part.offset, part.component)):
                return field.each, (at, *name_of_part(part, plan, cells).steps)
        return field.each, (at,)
    return None


def steps_of_pair(
    field: PairsField, plan: SegmentPlan, cells: list[str], slot: Slot
) -> tuple[Name, Steps] | None:
    """The name that a qualifier and its value come from."""
    for at, start in enumerate(field.starts):
        if slot.element not in (start, start + 1):
            continue
        names = dict(field.names)
        code = cells[plan.layout.cell(Slot(start, 0))]
        name = names.get(code) or next(iter(names.values()))
        return (field.each, (at, *name.steps)) if field.each else (name, ())
    return None


def steps_of_segment(plan: SegmentPlan) -> tuple[Name, Steps] | None:
    """What to fill in for a segment: its first required name, else its first."""
    if plan.binding.scope is not None:
        return (Name(()), ())
    named = [(field_slot(field), field) for field in plan.binding.fields]
    for slot, field in named:
        definition = element_use(plan.use, slot)
        if isinstance(definition, ElementUse | CompositeUse) and definition.usage == "R":
            if isinstance(field, RunsField | SpreadField):
                return field.each if isinstance(field, RunsField) else field.name, ()
            return steps_of_field(field, plan, plan.blank, slot)
    return steps_of_field(named[0][1], plan, plan.blank, named[0][0]) if named else None


def field_slot(field: Field) -> Slot:
    """The first place of a field."""
    if isinstance(field, ValueField | PeriodField | CodedField | MomentField):
        return field.slot
    if isinstance(field, SpreadField):
        return field.slots[0]
    if isinstance(field, RunsField):
        return Slot(field.starts[0] + field.parts[0].offset, field.parts[0].component)
    return Slot(field.starts[0], 0)


def point_at_missing(loop: WrittenLoop, key: str) -> str:
    """What to fill in for a missing segment (by use key) or loop (by id) inside a generated loop."""
    child = loop.plan.by_loop.get(key)
    if child is not None:
        return point_at_loop(child, loop)
    plan = loop.plan.find_segment(key)
    if plan is None:
        scopes = (inner.scope for inner in loops_below(loop.plan) if inner.id == key)
        rooted = next((scope for scope in scopes if scope is not None and scope.root), None)
        return make_pointer(rooted.steps if rooted else loop.scope.path())
    if plan.binding.scope is not None:
        start: Steps = () if plan.binding.scope.root else loop.scope.path()
        return make_pointer((*start, *plan.binding.scope.steps))
    return point_at(WrittenSegment(plan, loop.scope, plan.blank), None)


def loops_below(plan: LoopPlan) -> Iterator[LoopPlan]:
    """Every loop below a loop."""
    for inner in plan.loops:
        yield inner
        yield from loops_below(inner)


def point_at_loop(plan: LoopPlan, parent: WrittenLoop) -> str:
    """The JSON place of a loop that is not there."""
    if plan.scope is None:
        return make_pointer(parent.scope.path())
    start: Steps = () if plan.scope.root else parent.scope.path()
    return make_pointer((*start, *plan.scope.steps))
