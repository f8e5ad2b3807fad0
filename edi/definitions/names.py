"""The JSON names of a guide's elements as people write them: `claimInformation.serviceLines[].notes`."""

from __future__ import annotations

from collections.abc import Iterator

from edi.guide import Slot
from edi.guides.naming import (
    Choice,
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

Named = tuple[Slot, str]


class LoopNames:
    """What one loop is called: its own names, and those of its segment uses' places by key."""

    def __init__(self) -> None:
        self.own: list[str] = []
        self.segments: dict[str, list[str]] = {}
        self.places: dict[str, dict[Slot, list[str]]] = {}
        self.written: dict[str, dict[Slot, list[str]]] = {}


def join(scope: str, name: Name) -> str:
    """A name after its scope, dots between; `[]` is an array, `[member=value]` the items with that member."""
    steps = ".".join(name.steps)
    if name.many:
        steps += f"[{name.pick[0]}={name.pick[1]}]" if name.pick else "[]"
    return steps if name.root or not scope else f"{scope}.{steps}" if steps else scope


def gather_names(overlay: Overlay) -> dict[str, LoopNames]:
    """The names of every loop by its id; a loop that stands in two places has those of both."""
    gathered: dict[str, LoopNames] = {}
    _gather_loop(overlay.root, "", gathered)
    return gathered


def _gather_loop(loop: LoopBinding, scope: str, gathered: dict[str, LoopNames]) -> None:
    names = gathered.setdefault(loop.use.id, LoopNames())
    if loop.scope is not None:
        scope = join(scope, loop.scope)
        add(names.own, scope)
    for segment in loop.segments:
        _gather_segment(segment, scope, names)
    for child in loop.loops:
        _gather_loop(child, scope, gathered)


def _gather_segment(segment: SegmentBinding, scope: str, names: LoopNames) -> None:
    key = segment.use.key
    if segment.scope is not None:
        scope = join(scope, segment.scope)
        add(names.segments.setdefault(key, []), scope)
    only = f" ({segment.key})" if segment.codes and f"/{segment.key}" not in key else ""
    places = names.places.setdefault(key, {})
    for field in segment.fields:
        for slot, name in list_names(field, scope):
            add(places.setdefault(slot, []), name + only)
    written = names.written.setdefault(key, {})
    for values, word in ((segment.constants, "always"), (segment.defaults, "by default")):
        for slot, text in values:
            add(written.setdefault(slot, []), f"{text} {word}")
    for slot, name in segment.derived:
        add(written.setdefault(slot, []), f"derived: {name}")


def add(names: list[str], name: str) -> None:
    """Add what is not there yet."""
    if name not in names:
        names.append(name)


def list_names(field: Field, scope: str) -> Iterator[Named]:
    """The places of a field, each with its name."""
    if isinstance(field, ValueField):
        yield from ((field.slot, write_choice(choice, scope)) for choice in field.choices)
    elif isinstance(field, SpreadField):
        yield from ((slot, join(scope, field.name)) for slot in field.slots)
    elif isinstance(field, RunsField):
        yield from _list_runs(field, scope)
    elif isinstance(field, PairsField):
        yield from _list_pairs(field, scope)
    elif isinstance(field, CodedField):
        for name in (field.coded.code, field.coded.meaning):
            if name is not None:
                yield field.slot, join(scope, name)
    elif isinstance(field, MomentField):
        yield field.slot, join(scope, field.name)
    else:
        yield from _list_period(field, scope)


def write_choice(choice: Choice, scope: str) -> str:
    """A name, and the condition under which it is taken."""
    name = join(scope, choice.name)
    if choice.condition is None:
        return name
    slot = choice.condition.slot
    place = f"{slot.element:02d}" + (f"-{slot.component}" if slot.component else "")
    return f"{name} (where {place} is {' or '.join(choice.condition.codes)})"


def _list_period(field: PeriodField, scope: str) -> Iterator[Named]:
    for name in (field.single, *(field.span or ())):
        if name is not None:
            yield field.slot, join(scope, name)


def _list_pairs(field: PairsField, scope: str) -> Iterator[Named]:
    inner = join(scope, field.each) if field.each is not None else scope
    for start in field.starts:
        for code, name in field.names:
            yield Slot(start + 1, 0), f"{join(inner, name)} ({code})"


def _list_runs(field: RunsField, scope: str) -> Iterator[Named]:
    each = join(scope, field.each)
    for start in field.starts:
        for part in field.parts:
            slot = Slot(start + part.offset, part.component)
            if part.coded is not None:
                for name in (part.coded.code, part.coded.meaning):
                    if name is not None:
                        yield slot, join(each, name)
            elif part.span is not None:
                yield from ((slot, join(each, name)) for name in part.span)
            else:
                yield from ((slot, write_choice(choice, each)) for choice in part.choices)
