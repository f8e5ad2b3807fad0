"""Repetitions: elements that may come several times, kept apart from the separator of one file.

While a document is bound or generated, repetitions in a cell are told apart by `MARK`, a control character
that no value may hold. It is the file's repetition separator in X12 only.
"""

from __future__ import annotations

from collections.abc import Iterator

from edi.guide import ElementUse, SegmentUse
from edi.segments import Segment
from edi.tree import Loop

MARK = "\x1d"


def repeating(use: SegmentUse) -> frozenset[int]:
    """The positions of the simple elements of a segment that may repeat."""
    return frozenset(
        element.position
        for element in use.elements
        if isinstance(element, ElementUse) and element.repeat > 1 and element.usage != "N"
    )


def mark_repetitions(tree: Loop, repetition: str) -> Loop:
    """The tree with marked repetitions: itself where nothing repeats, else a copy."""
    if not repetition or not any(is_repeated(segment, repetition) for segment in tree.all_segments()):
        return tree
    return copy_marked(tree, None, repetition)


def is_repeated(segment: Segment, repetition: str) -> bool:
    """True where a repeating element of the segment holds several values."""
    use = segment.use
    if use is None or not any(repetition in text for text in segment.elements):
        return False
    return any(repetition in segment.element(position) for position in repeating(use))


def copy_marked(loop: Loop, parent: Loop | None, repetition: str) -> Loop:
    """A copy of a loop and all in it, repetitions marked."""
    copy = Loop(loop.use, parent, loop.component_separator, loop.repetition_separator)
    for child in loop.children:
        if isinstance(child, Loop):
            copy.children.append(copy_marked(child, copy, repetition))
        else:
            copy.children.append(mark_segment(child, repetition))
    return copy


def mark_segment(segment: Segment, repetition: str) -> Segment:
    """A segment with marked repetitions: itself where nothing repeats."""
    if segment.use is None or not is_repeated(segment, repetition):
        return segment
    positions = repeating(segment.use)
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


def split_marked(text: str) -> Iterator[str]:
    """The values of a cell."""
    yield from text.split(MARK)
