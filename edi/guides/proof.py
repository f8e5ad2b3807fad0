"""The load-time proof of an overlay: every JSON path has one home, every required element gets a value."""

from __future__ import annotations

from collections.abc import Iterator

from edi.guide import CompositeUse, ElementUse, SegmentUse, Slot
from edi.guides.naming import (
    CodedField,
    Field,
    LoopBinding,
    MomentField,
    Name,
    Overlay,
    PairsField,
    PeriodField,
    Presence,
    RunsField,
    SegmentBinding,
    SpreadField,
    ValueField,
)

ENVELOPE = frozenset({"ST", "SE"})
Steps = tuple[str, ...]


def prove(overlay: Overlay) -> list[str]:
    """Every fault of the overlay; none for one that may load."""
    return [*prove_paths(overlay), *prove_values(overlay)]


def field_names(field: Field) -> Iterator[Name]:
    """The names of a field relative to the scope of its segment (parts of an array stay inside it)."""
    if isinstance(field, ValueField):
        yield from (choice.name for choice in field.choices)
    elif isinstance(field, SpreadField):
        yield field.name
    elif isinstance(field, RunsField):
        yield field.each
    elif isinstance(field, PairsField):
        yield from (name for _, name in field.names) if field.each is None else (field.each,)
    elif isinstance(field, CodedField):
        yield from (name for name in (field.coded.code, field.coded.meaning) if name is not None)
    elif isinstance(field, MomentField):
        yield field.name
    else:
        yield from (name for name in (field.single, *(field.span or ())) if name is not None)


def join_path(scope: Steps, name: Name) -> Steps:
    """The steps of `name` from the document root; arrays keep their mark."""
    steps = name.steps if name.root else (*scope, *name.steps)
    mark = f"[{name.pick[1]}]" if name.pick else "[]"
    return (*steps[:-1], steps[-1] + mark) if name.many and steps else steps


class Home:
    """Where a JSON path stands: the segment use and the conditions on the way to it."""

    def __init__(self, use: SegmentUse, conditions: tuple[Presence, ...]) -> None:
        self.use = use
        self.conditions = conditions

    def excludes(self, other: Home) -> bool:
        """True where one needs a path that the other needs absent, or both are one segment use."""
        if self.use.key == other.use.key:
            return True
        return any(
            mine.name == theirs.name and mine.absent != theirs.absent
            for mine in self.conditions
            for theirs in other.conditions
        )


def prove_paths(overlay: Overlay) -> list[str]:
    """A fault for each JSON path that two segments claim at the same time."""
    homes: dict[Steps, list[Home]] = {}
    faults: list[str] = []
    for path, home in walk_paths(overlay.root, (), ()):
        others = homes.setdefault(path, [])
        faults += [
            f"/{'/'.join(path)} has two homes: {other.use.key} and {home.use.key}"
            for other in others
            if not other.excludes(home)
        ]
        others.append(home)
    return faults


def walk_paths(
    loop: LoopBinding, scope: Steps, conditions: tuple[Presence, ...]
) -> Iterator[tuple[Steps, Home]]:
    """Every JSON path from the document root and its home."""
    inner = join_path(scope, loop.scope) if loop.scope else scope
    held = (*conditions, loop.when) if loop.when else conditions
    for segment in loop.segments:
        start = join_path(inner, segment.scope) if segment.scope else inner
        home = Home(segment.use, (*held, segment.only) if segment.only else held)
        for field in segment.fields:
            for name in field_names(field):
                yield join_path(start, name), home
    for child in loop.loops:
        yield from walk_paths(child, inner, held)


def prove_values(overlay: Overlay) -> list[str]:
    """A fault for each required element that generation could not fill."""
    return [fault for loop in generated_loops(overlay.root) for fault in prove_loop(loop)]


def generated_loops(loop: LoopBinding) -> Iterator[LoopBinding]:
    """Loops that generation can make: with an entry, or required by the guide."""
    yield loop
    for child in loop.loops:
        if child.listed or child.use.usage == "R" or child.use.wrapper:
            yield from generated_loops(child)


def prove_loop(loop: LoopBinding) -> Iterator[str]:
    """Faults of the segments of one loop."""
    named = {segment.use.key for segment in loop.segments if segment.named}
    for segment in loop.segments:
        if segment.use.id in ENVELOPE:
            continue
        needed = segment.use.usage == "R" and segment.use.key not in named
        if segment.named or needed:
            yield from prove_segment(segment)


def prove_segment(segment: SegmentBinding) -> Iterator[str]:
    """Faults of the required elements of one segment binding."""
    filled = filled_slots(segment)
    for element in segment.use.elements:
        if isinstance(element, ElementUse):
            if element.usage == "R" and not is_filled(element, Slot(element.position, 0), filled):
                yield missing(segment, f"{element.position:02}", element.name)
            continue
        if element.usage == "R" or any(slot.element == element.position for slot in filled):
            yield from prove_composite(segment, element, filled)


def prove_composite(segment: SegmentBinding, composite: CompositeUse, filled: set[Slot]) -> Iterator[str]:
    """Faults of the required components of one composite."""
    for part in composite.components:
        if part.usage == "R" and not is_filled(part, Slot(composite.position, part.position), filled):
            yield missing(segment, f"{composite.position:02}-{part.position}", part.name)


def missing(segment: SegmentBinding, place: str, name: str) -> str:
    """The sentence for an element without a value."""
    loop = segment.use.key.rpartition("/")[0]
    return f"{loop}/{segment.key}/{place} ({name}) is required and gets no value"


def is_filled(element: ElementUse, slot: Slot, filled: set[Slot]) -> bool:
    """True where the overlay or a single code gives the element a value."""
    return slot in filled or (element.codes is not None and len(element.codes) == 1)


def filled_slots(segment: SegmentBinding) -> set[Slot]:
    """Places that the binding gives a value."""
    entries = (*segment.constants, *segment.defaults, *segment.derived)
    filled = {slot for slot, _ in entries}
    for field in segment.fields:
        filled.update(field_slots(field))
    return filled


def field_slots(field: Field) -> Iterator[Slot]:
    """Places that one field fills when it has a value (of the first run or pair)."""
    if isinstance(field, ValueField):
        yield field.slot
        yield from (choice.condition.slot for choice in field.choices if choice.condition)
    elif isinstance(field, SpreadField):
        yield from field.slots
    elif isinstance(field, RunsField):
        yield from (
            Slot(start + part.offset, part.component) for start in field.starts for part in field.parts
        )
    elif isinstance(field, PairsField):
        yield from (Slot(start + offset, 0) for start in field.starts for offset in (0, 1))
    elif isinstance(field, PeriodField | MomentField):
        yield from (Slot(field.slot.element - 1, 0), field.slot)
    elif isinstance(field, CodedField):
        yield field.slot
