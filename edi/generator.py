"""The generator: a document becomes loops of segments, each knowing the JSON place it came from.

Source of the rules on which segments are made: `edi/guides/overlay.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edi.extras import apply_extras
from edi.findings import find
from edi.generation import Context, Generation, Scope
from edi.plans import LoopPlan, SegmentPlan, SetPlan
from edi.pointers import point_at
from edi.written import WrittenLoop, WrittenSegment

EMPTY: dict[str, Any] = {}


def write_document(
    plan: SetPlan, document: Mapping[str, Any], context: Context
) -> tuple[WrittenLoop, Generation]:
    """The loops of one document (without ST and SE) and what was found while writing them."""
    generation = Generation(document, context)
    return write_loop(plan.root, generation.root, generation), generation


def write_loop(plan: LoopPlan, scope: Scope, generation: Generation) -> WrittenLoop:
    """One occurrence of a loop; its first segment is always there."""
    loop = WrittenLoop(plan, scope)
    values = scope.values
    for child in plan.order:
        if child.__class__ is SegmentPlan:
            gate = child.gate
            if gate is None or child.opens or not gate.isdisjoint(values) or child.completes:
                write_segment(child, loop, generation)
        elif child.step is None or child.required or child.step in values:  # type: ignore[union-attr]
            write_child(child, loop, generation)  # type: ignore[arg-type]  # the only other class
    if "x12Extra" in values:
        apply_extras(loop, values["x12Extra"], generation)
    return loop


def write_child(plan: LoopPlan, parent: WrittenLoop, generation: Generation) -> None:
    """The occurrences of a loop inside its parent."""
    if plan.when is not None and not plan.when(parent.scope, generation):
        return
    if plan.rivals and any(rival.when and rival.when(parent.scope, generation) for rival in plan.rivals):
        return
    if plan.scope is None or plan.look is None:
        loop = write_loop(plan, parent.scope, generation)
        if loop.found or plan.required or plan.when is not None:
            parent.add_loop(loop)
        return
    start = generation.root if plan.scope.root else parent.scope
    values = plan.look(parent.scope, generation)
    if plan.many:
        write_repeats(plan, values, parent, start, generation)
        return
    if values is not None and values.__class__ is not dict:
        generation.fault_type(start, plan.scope.steps, "an object")
    if values.__class__ is dict or plan.required:
        inner = Scope(values if values.__class__ is dict else EMPTY, start, plan.scope.steps)
        loop = write_loop(plan, inner, generation)
        loop.found |= values.__class__ is dict
        parent.add_loop(loop)


def write_repeats(
    plan: LoopPlan, values: Any, parent: WrittenLoop, start: Scope, generation: Generation
) -> None:
    """One loop for each object of an array."""
    steps = plan.scope.steps if plan.scope else ()
    if values.__class__ is not list:
        if values is not None:
            generation.fault_type(start, steps, "an array")
        return
    outer = generation.ordinal_in_loop
    for at, item in enumerate(values):
        if item is None:
            continue
        if item.__class__ is not dict:
            generation.fault_type(start, (*steps, at), "an object")
            continue
        generation.ordinal_in_loop = at + 1
        loop = write_loop(plan, Scope(item, start, (*steps, at)), generation)
        loop.found = True
        parent.add_loop(loop)
    generation.ordinal_in_loop = outer


def write_segment(plan: SegmentPlan, loop: WrittenLoop, generation: Generation) -> None:
    """The occurrences of one segment binding."""
    scope = loop.scope
    if plan.only is not None and not plan.only(scope, generation):
        return
    name = plan.binding.scope
    if name is None or plan.look is None:
        write_occurrence(plan, scope, loop, generation, plan.opens)
        return
    start = generation.root if name.root else scope
    values = plan.look(scope, generation)
    if not plan.many:
        if values is not None and values.__class__ is not dict:
            generation.fault_type(start, name.steps, "an object")
        elif values is not None or plan.opens:
            inner = Scope(EMPTY if values is None else values, start, name.steps)
            write_occurrence(plan, inner, loop, generation, True)
            loop.found |= values is not None
        return
    write_items(plan, values, loop, start, generation)


def write_items(
    plan: SegmentPlan, values: Any, loop: WrittenLoop, start: Scope, generation: Generation
) -> None:
    """One occurrence for each item of an array; items are texts where the binding names the item itself."""
    steps = plan.binding.scope.steps if plan.binding.scope else ()
    if values.__class__ is not list:
        if values is not None:
            generation.fault_type(start, steps, "an array")
        return
    for at, item in enumerate(values):
        if item is None:
            continue
        if item.__class__ is not dict and not plan.texts:
            generation.fault_type(start, (*steps, at), "an object")
            continue
        loop.found = True
        write_occurrence(plan, Scope(item, start, (*steps, at)), loop, generation, not plan.texts)


def write_occurrence(
    plan: SegmentPlan, scope: Scope, loop: WrittenLoop, generation: Generation, forced: bool
) -> None:
    """One segment, and further ones for pairs that have no room in it."""
    cells = plan.blank.copy()
    found = False
    for fill in plan.fills:
        if fill(cells, scope, generation):
            found = True
    pairs = plan.pairs.collect(scope, generation) if plan.pairs else []
    if not (found or pairs or forced or plan.completes):
        return
    loop.found |= found or bool(pairs)
    room = len(plan.pairs.cells) if plan.pairs else 0
    place_pairs(plan, cells, pairs[:room])
    plan.complete(cells, loop.scope, generation)
    if not (found or pairs or forced) and not all(cells[cell] for cell in plan.required):
        return
    add_segment(WrittenSegment(plan, scope, cells), loop, generation)
    for at in range(room, len(pairs), room or 1):
        if at // room >= plan.use.max_use:
            fault_pairs(plan, pairs[at][0], scope, generation)
            return
        further = plan.blank.copy()
        place_pairs(plan, further, pairs[at : at + room])
        add_segment(WrittenSegment(plan, scope, further), loop, generation)


def place_pairs(plan: SegmentPlan, cells: list[str], pairs: list[tuple[str, str]]) -> None:
    """Put pairs of qualifier and value into their cells."""
    if plan.pairs is None:
        return
    for (code_cell, cell), (code, value) in zip(plan.pairs.cells, pairs, strict=False):
        cells[code_cell], cells[cell] = code, value


def fault_pairs(plan: SegmentPlan, code: str, scope: Scope, generation: Generation) -> None:
    """Note a pair that the guide has no room for."""
    if plan.pairs is None:
        return
    name = dict(plan.pairs.field.names)[code]
    each = plan.pairs.field.each
    steps = (*each.steps,) if each else name.steps
    generation.fault_room(scope, steps, len(plan.pairs.cells) * plan.use.max_use, plan.use.name)


def add_segment(segment: WrittenSegment, loop: WrittenLoop, generation: Generation) -> None:
    """Add a segment after making sure that no value can break the file."""
    cells = segment.cells
    if generation.bad.search("".join(cells)):
        for cell, text in enumerate(cells):
            if generation.bad.search(text):
                pointer = point_at(segment, segment.plan.layout.slot(cell) if segment.plan else None)
                generation.findings.append(find("value.bad_character", pointer=pointer, value=text))
                cells[cell] = generation.bad.sub("?", text)
    loop.children.append(segment)


def every_segment(loop: WrittenLoop) -> Iterator[WrittenSegment]:
    """The segments of a loop and of all loops in it, in order."""
    for child in loop.children:
        if isinstance(child, WrittenLoop):
            yield from every_segment(child)
        else:
            yield child
