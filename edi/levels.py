"""Levels of a claim as text: what stands in one loop of the hierarchy on the way to the claim.

2000A, 2000B, 2000C and 2300 of 005010X222A1 are such levels. A level's text is final but for the numbers of
its HL, which depend on the claims around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import msgspec

from edi.envelope_writer import write_segments
from edi.fold import Part, Source
from edi.plain_chunks import holds_plain
from edi.plans import LoopPlan
from edi.segments import Delimiters, Segment
from edi.written import WrittenSegment

PLAIN = Delimiters()
"""The separators that a claim is checked with, and that its text is kept in."""


class Run(msgspec.Struct, frozen=True, gc=False):
    """Segments that stand one after the other, as text without line ends."""

    text: str
    segments: int


class Heading(msgspec.Struct, frozen=True, gc=False):
    """A segment with numbers of the hierarchy, which are not in it yet: `places` are the elements of its own
    number, its parent's and its child code, 0 for what it does not have. `depth` is that of its loop.
    """

    elements: tuple[str, ...]
    places: tuple[int, int, int]
    depth: int


Level = tuple[Run | Heading, ...]


def is_plain(text: str, segments: int, separators: int) -> bool:
    """True for text of so many segments with so many element separators, all of them plain as
    `edi.segments.Segment` says, and without an empty component at an end.
    """
    return (
        text.count(PLAIN.element) == separators
        and text.count(PLAIN.segment) == segments
        and ":*" not in text
        and ":~" not in text
        and text.isascii()
        and holds_plain(text, PLAIN.segment, PLAIN)
    )


def make_heading(segment: WrittenSegment, elements: Sequence[str], depth: int) -> Heading:
    """A segment of the hierarchy without its numbers."""
    hierarchy = segment.plan.hierarchy if segment.plan is not None and segment.elements is None else {}
    blank = [*elements, *[""] * (max(hierarchy.values(), default=0) + 1 - len(elements))]
    for cell in hierarchy.values():
        blank[cell] = ""
    places = (hierarchy.get("hl.id", 0), hierarchy.get("hl.parent", 0), hierarchy.get("hl.child", 0))
    return Heading(tuple(blank), places, depth)


@cache
def has_headings(plan: LoopPlan) -> bool:
    """True for a loop on the way to the claim that has a segment with numbers of the hierarchy."""
    below = any(has_headings(loop) for loop in plan.loops if not loop.spine)
    return below or any(segment.hierarchy for segment in plan.segments)


def join_level(part: Part, segments: Sequence[Segment], lines: Sequence[str]) -> Level:
    """The level of a part whose segments are plain; `lines` are their texts."""
    if not has_headings(part.plan):
        return (Run(PLAIN.segment.join([*lines, ""]), len(lines)),)
    level: list[Run | Heading] = []
    run: list[str] = []
    for (written, loop, _), segment, line in zip(part.sources, segments, lines, strict=True):
        if written.plan is None or not written.plan.hierarchy:
            run.append(line)
            continue
        if run:
            level.append(Run(PLAIN.segment.join([*run, ""]), len(run)))
            run = []
        level.append(make_heading(written, segment.elements, loop.plan.depth))
    if run:
        level.append(Run(PLAIN.segment.join([*run, ""]), len(run)))
    return tuple(level)


def make_level(sources: Sequence[Source], delimiters: Delimiters) -> Level:
    """The level of these segments. Raises DelimiterInValue."""
    level: list[Run | Heading] = []
    run: list[Segment] = []
    for segment, loop, _ in sources:
        elements = segment.write(delimiters)
        if segment.plan is None or not segment.plan.hierarchy:
            run.append(Segment(elements))
            continue
        if run:
            level.append(Run(write_segments(run, delimiters), len(run)))
            run = []
        level.append(make_heading(segment, elements, loop.plan.depth))
    if run:
        level.append(Run(write_segments(run, delimiters), len(run)))
    return tuple(level)


def number_headings(level: Iterable[Run | Heading]) -> Iterator[Run | list[str]]:
    """The pieces of a set in their order, headings as elements with numbers as `edi.fold` gives them."""
    open_levels: list[tuple[int, str, list[str], int]] = []
    count = 0
    for piece in level:
        if isinstance(piece, Run):
            yield piece
            continue
        count += 1
        elements = list(piece.elements)
        own, above, child = piece.places
        while open_levels and open_levels[-1][0] >= piece.depth:
            open_levels.pop()
        if own:
            elements[own] = str(count)
        if child:
            elements[child] = "0"
        if open_levels:
            _, number, parent, place = open_levels[-1]
            if above:
                elements[above] = number
            if place:
                parent[place] = "1"
        open_levels.append((piece.depth, str(count), elements, child))
        yield elements
