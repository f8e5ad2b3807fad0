"""Repetitions: elements that may come several times, kept apart from the separator of one file.

While a document is bound or generated, repetitions in a cell are told apart by `MARK`, a control character
that no value may hold. It is the file's repetition separator in X12 only. Of a composite element that comes
several times, the first has the names of the guide, and `x12Extra` keeps all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from edi.guide import CompositeUse, LoopUse, SegmentUse
from edi.segments import Segment
from edi.tree import Loop

MARK = "\x1d"
NO_MARK = (
    "\x1c"  # stands for a mark inside one value of a document, which is a finding like any other control
)
Repeats = dict[str, frozenset[int]]


def repeating(use: SegmentUse) -> frozenset[int]:
    """The positions of the elements of a segment that may repeat."""
    return frozenset(
        element.position for element in use.elements if element.repeat > 1 and element.usage != "N"
    )


def repeating_composites(use: SegmentUse) -> tuple[int, ...]:
    """The positions of the composite elements of a segment that may repeat."""
    return tuple(
        element.position
        for element in use.elements
        if isinstance(element, CompositeUse) and element.repeat > 1 and element.usage != "N"
    )


def take_first(elements: list[str], positions: Sequence[int]) -> list[str]:
    """The elements with the first repetition alone of those at `positions`."""
    return [
        text.partition(MARK)[0] if position in positions else text for position, text in enumerate(elements)
    ]


def repeating_uses(root: LoopUse) -> Repeats:
    """The repeating positions of each segment use of a guide that has any, by its key."""
    found = ((use.key, repeating(use)) for use in root.segment_uses())
    return {key: positions for key, positions in found if positions}


def mark_repetitions(tree: Loop, repetition: str, repeats: Repeats) -> Loop:
    """The tree with marked repetitions: itself where the guide or the file has none, else a copy."""
    if not repeats or not repetition:
        return tree
    if not any(is_repeated(segment, repetition, repeats) for segment in tree.all_segments()):
        return tree
    return copy_marked(tree, None, repetition, repeats)


def is_repeated(segment: Segment, repetition: str, repeats: Repeats) -> bool:
    """True where a repeating element of the segment holds several values."""
    positions = repeats.get(segment.use.key, ()) if segment.use is not None else ()
    return any(repetition in segment.element(position) for position in positions)


def copy_marked(loop: Loop, parent: Loop | None, repetition: str, repeats: Repeats) -> Loop:
    """A copy of a loop and all in it, repetitions marked."""
    copy = Loop(loop.use, parent, loop.component_separator, loop.repetition_separator)
    for child in loop.children:
        if isinstance(child, Loop):
            copy.children.append(copy_marked(child, copy, repetition, repeats))
        else:
            copy.children.append(mark_segment(child, repetition, repeats))
    return copy


def mark_segment(segment: Segment, repetition: str, repeats: Repeats) -> Segment:
    """A segment with marked repetitions: itself where nothing repeats."""
    if segment.use is None or not is_repeated(segment, repetition, repeats):
        return segment
    positions = repeats[segment.use.key]
    elements = [
        text.replace(repetition, MARK) if position in positions else text
        for position, text in enumerate(segment.elements)
    ]
    marked = Segment(elements, segment.ordinal, segment.offset)
    marked.use = segment.use
    return marked


def write_repetitions(elements: list[str], repetition: str) -> list[str]:
    """Elements with the file's separator in place of the mark."""
    return [text.replace(MARK, repetition) for text in elements]
