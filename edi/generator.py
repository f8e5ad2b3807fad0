"""The generator: a document becomes loops of segments, each knowing the JSON place it came from.

Source of the rules on which segments are made: `edi/guides/overlay.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edi.binary import BINARY_SEGMENTS, is_writable
from edi.extras import apply_extras
from edi.findings import find
from edi.generation import Context, Generation, Scope
from edi.guide import UNBOUNDED
from edi.plans import LoopPlan, SegmentPlan, SetPlan
from edi.pointers import point_at
from edi.repetitions import MARK, repeating
from edi.segments import Delimiters
from edi.writers import Written
from edi.written import WrittenLoop, WrittenSegment

EMPTY: dict[str, Any] = {}
#: A claim with 50 lines of 100 segments has 5,000; what goes far beyond is an attack or a mistake.
SEGMENTS_PER_CLAIM = 20_000


def write_document(
    plan: SetPlan, document: Mapping[str, Any], context: Context
) -> tuple[WrittenLoop, Generation]:
    """The loops of one document (without ST and SE) and what was found while writing them."""
    generation = Generation(document, context, SEGMENTS_PER_CLAIM if plan.unit else UNBOUNDED)
    root = write_loop(plan.root, generation.root, generation)
    check_characters(generation)
    return root, generation


def write_loop(plan: LoopPlan, scope: Scope, generation: Generation) -> WrittenLoop:
    """One occurrence of a loop; its first segment is always there."""
    loop = WrittenLoop(plan, scope)
    values = scope.values
    names = tuple(values)
    children, segments = loop.children, generation.segments
    for child in plan.shapes.get(names) or plan.choose(names):
        if isinstance(child, LoopPlan):
            write_child(child, loop, generation)
        elif child.plain:
            written = child.write(scope, values, generation, scope, child.opens)
            if written is not None:
                cells, found = written
                loop.found = found or loop.found
                segment = WrittenSegment(child, scope, cells)
                children.append(segment)
                segments.append(segment)
                if generation.leftover:
                    write_leftover(child, scope, loop, generation)
        else:
            write_segment(child, loop, generation)
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
    pick = plan.scope.pick if plan.scope else None
    if values.__class__ is not list:
        if values is not None:
            generation.fault_type(start, steps, "an array")
        return
    outer = generation.ordinal_in_loop
    number = 0
    for at, item in enumerate(values):
        if item is None:
            continue
        if item.__class__ is not dict:
            generation.fault_type(start, (*steps, at), "an object")
            continue
        if pick is not None and item.get(pick[0]) != pick[1]:
            continue
        if generation.is_full(start, (*steps, at), plan.use.name):
            break
        number += 1
        generation.ordinal_in_loop = number
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
        if generation.is_full(start, (*steps, at), plan.use.name):
            break
        loop.found = True
        write_occurrence(plan, Scope(item, start, (*steps, at)), loop, generation, not plan.texts)


def write_occurrence(
    plan: SegmentPlan, scope: Scope, loop: WrittenLoop, generation: Generation, forced: bool
) -> None:
    """One segment, and further ones for pairs that have no room in it."""
    written = plan.write(scope, scope.values, generation, loop.scope, forced)
    if written is not None:
        keep_segment(plan, scope, written, loop, generation)


def keep_segment(
    plan: SegmentPlan, scope: Scope, written: Written, loop: WrittenLoop, generation: Generation
) -> None:
    """Put a written segment into its loop."""
    cells, found = written
    if found:
        loop.found = True
    segment = WrittenSegment(plan, scope, cells)
    loop.children.append(segment)
    generation.segments.append(segment)
    if generation.leftover:
        write_leftover(plan, scope, loop, generation)


def write_leftover(plan: SegmentPlan, scope: Scope, loop: WrittenLoop, generation: Generation) -> None:
    """Further segments for the pairs that had no room; pairs beyond the guide's repeats are a finding."""
    pairs = generation.leftover
    generation.leftover = []
    if plan.pairs is None:
        return
    room = len(plan.pairs.cells)
    for number, at in enumerate(range(0, len(pairs), room), 2):
        if number > plan.use.max_use:
            fault_pairs(plan, pairs[at][0], scope, generation)
            return
        cells = plan.blank.copy()
        plan.pairs.place(cells, pairs[at : at + room])
        segment = WrittenSegment(plan, scope, cells)
        loop.children.append(segment)
        generation.segments.append(segment)


def fault_pairs(plan: SegmentPlan, code: str, scope: Scope, generation: Generation) -> None:
    """Note a pair that the guide has no room for."""
    if plan.pairs is None:
        return
    name = dict(plan.pairs.field.names)[code]
    each = plan.pairs.field.each
    steps = (*each.steps,) if each else name.steps
    generation.fault_room(scope, steps, len(plan.pairs.cells) * plan.use.max_use, plan.use.name)


def without_marks(segment: WrittenSegment, cell: int, text: str) -> str:
    """The values of a cell: those of a repeating element are kept apart by a mark of our own."""
    if MARK not in text or segment.plan is None:
        return text
    slot = segment.plan.layout.slot(cell)
    repeats = not slot.component and slot.element in repeating(segment.plan.use)
    return text.replace(MARK, "") if repeats else text


def holds_content(segment: WrittenSegment, cell: int) -> bool:
    """True for binary content with its right length, by which it is read: it may hold separators."""
    plan = segment.plan
    if plan is None or plan.use.id not in BINARY_SEGMENTS:
        return False
    length, content = BINARY_SEGMENTS[plan.use.id]
    cells = segment.cells
    return cell == content and is_writable(cells[length], cells[content])


def check_characters(generation: Generation) -> None:
    """Make sure that no value breaks the file: a bad character is a finding and becomes a question mark.

    Of a document that was read, and is generated only to be compared, no file is made.
    """
    if generation.context.reading:
        return
    bad = generation.bad
    segments = generation.segments
    text = "".join(["".join(segment.cells) for segment in segments])
    if is_harmless(text, generation.context.delimiters) or not bad.search(text):
        return
    for segment in segments:
        for cell, text in enumerate(segment.cells):
            if cell in segment.kept or not bad.search(without_marks(segment, cell, text)):
                continue
            if not holds_content(segment, cell):
                pointer = point_at(segment, segment.plan.layout.slot(cell) if segment.plan else None)
                generation.findings.append(find("value.bad_character", pointer=pointer, value=text))
                segment.cells[cell] = bad.sub("?", text)


def is_harmless(text: str, delimiters: Delimiters) -> bool:
    """True for printable ASCII without a separator, which is known of most texts sooner than by a pattern."""
    return (
        text.isascii()
        and text.isprintable()
        and delimiters.element not in text
        and delimiters.component not in text
        and delimiters.repetition not in text
        and delimiters.segment not in text
    )
