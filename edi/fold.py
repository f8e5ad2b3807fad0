"""The fold: many claims become few transaction sets, sharing the hierarchy that they have in common.

Claims whose header segments are equal go into one set (at most 5,000, the guide's recommendation for
005010X222A1); within it, equal billing providers, subscribers and patients are written once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from edi.generation import Generation
from edi.plans import LoopPlan, SegmentPlan
from edi.segments import Delimiters
from edi.written import WrittenLoop, WrittenSegment

CLAIMS_PER_SET = 5_000
Source = tuple[WrittenSegment, WrittenLoop, int]
Rendered = tuple[tuple[str, ...], ...]
Piece = TypeVar("Piece", covariant=True)


class Part:
    """The segments of one loop on the way to the claim, without that way's next loop."""

    def __init__(self, plan: LoopPlan, sources: list[Source], delimiters: Delimiters) -> None:
        self.plan = plan
        self.sources = sources
        self.delimiters = delimiters

    @property
    def repeat(self) -> int:
        """How often the guide allows the loop."""
        return self.plan.use.repeat

    @cached_property
    def rendered(self) -> Rendered:
        """The segments as they are written, without the numbers of the hierarchy."""
        return tuple([tuple(segment.write(self.delimiters)) for segment, _, _ in self.sources])


class Folded(Protocol[Piece]):
    """What can be folded: its segments or their texts, and what tells equals."""

    @property
    def sources(self) -> Sequence[Piece]:
        """The segments, or the texts of them."""

    @property
    def rendered(self) -> Hashable:
        """The same in equal parts."""

    @property
    def repeat(self) -> int:
        """How often the guide allows the loop."""


class Node(Generic[Piece]):
    """A part that is written once, the claims right below it and the nodes below it."""

    def __init__(self, part: Folded[Piece] | None) -> None:
        self.part = part
        self.units: list[tuple[int, Folded[Piece]]] = []
        self.nodes: list[Node[Piece]] = []
        self.latest: dict[Hashable, Node[Piece]] = {}

    def descend(self, part: Folded[Piece], limit: int) -> Node[Piece]:
        """The node of `part` below this one: the one that is there while it has room, else a new one."""
        rendered = part.rendered
        node = self.latest.get(rendered)
        if node is None or len(node.units) >= limit:
            node = Node(part)
            self.nodes.append(node)
            self.latest[rendered] = node
        return node

    def sources(self) -> Iterator[Piece]:
        """The segments of this node and below, in guide order."""
        if self.part is not None:
            yield from self.part.sources
        for _, part in self.units:
            yield from part.sources
        for node in self.nodes:
            yield from node.sources()

    def claims(self) -> Iterator[int]:
        """The indexes of the documents below this node, in the order they are written."""
        yield from (index for index, _ in self.units)
        for node in self.nodes:
            yield from node.claims()


class SetDraft(Generic[Piece]):
    """One transaction set before it has a number."""

    def __init__(self, header: Folded[Piece] | None) -> None:
        self.root = Node(header)
        self.open = [self.root]
        self.count = 0

    def sources(self) -> list[Piece]:
        """Every segment between ST and SE."""
        return list(self.root.sources())

    def add(self, index: int, parts: Sequence[Folded[Piece]]) -> None:
        """Fold one document in."""
        *way, unit = parts
        node = self.root
        for part in way:
            node = node.descend(part, unit.repeat if part is way[-1] else CLAIMS_PER_SET)
        node.units.append((index, unit))
        self.count += 1

    def add_again(self, index: int, parts: Sequence[Folded[Piece]], shared: int) -> None:
        """Put one document below the first `shared` levels of the one before it, where it still has them."""
        *way, unit = parts
        for depth, part in enumerate(way):
            kept = self.open[depth + 1] if depth < min(shared, len(self.open) - 1) else None
            if kept is not None and kept.part is not None and kept.part.rendered == part.rendered:
                continue
            del self.open[depth + 1 :]
            node = Node(part)
            self.open[-1].nodes.append(node)
            self.open.append(node)
        del self.open[len(way) + 1 :]
        self.open[-1].units.append((index, unit))
        self.count += 1


def split_parts(root: WrittenLoop, index: int, delimiters: Delimiters) -> list[Part]:
    """The parts of a document: header, then one for each loop down to the claim."""
    parts: list[Part] = []
    loop: WrittenLoop | None = root
    held: list[Source] = []
    while loop is not None:
        sources, below = split_loop(loop, index)
        sources = [*held, *sources]
        if loop.plan.use.wrapper or not sources:
            held = sources
        else:
            held = []
            parts.append(Part(loop.plan, sources, delimiters))
        loop = below
    return parts


def split_loop(loop: WrittenLoop, index: int) -> tuple[list[Source], WrittenLoop | None]:
    """The segments of a loop, and the loop below it on the way to the claim."""
    sources: list[Source] = []
    below: WrittenLoop | None = None
    for child in loop.children:
        if isinstance(child, WrittenLoop) and child.plan.spine and not loop.plan.unit:
            below = child
        elif isinstance(child, WrittenLoop):
            add_sources(child, index, sources)
        else:
            sources.append((child, loop, index))
    return sources, below


def add_sources(loop: WrittenLoop, index: int, sources: list[Source]) -> list[Source]:
    """`sources` and the segments of a loop and of all loops in it, with their loop and document."""
    for child in loop.children:
        if child.__class__ is WrittenSegment:
            sources.append((child, loop, index))
        elif isinstance(child, WrittenLoop):
            add_sources(child, index, sources)
    return sources


def fold(
    written: Sequence[tuple[int, WrittenLoop, Generation]],
    delimiters: Delimiters,
    unit: bool,
) -> list[SetDraft[Source]]:
    """The sets that hold the written documents; without a `unit` loop each document is a set."""
    drafts: list[SetDraft[Source]] = []
    open_drafts: dict[Rendered, SetDraft[Source]] = {}
    for index, root, _ in written:
        if not unit or len(written) == 1:
            draft = SetDraft(Part(root.plan, add_sources(root, index, []), delimiters))
            draft.root.units.append((index, Part(root.plan, [], delimiters)))
            drafts.append(draft)
            continue
        header, *parts = split_parts(root, index, delimiters)
        held = open_drafts.get(header.rendered)
        if held is None or held.count >= CLAIMS_PER_SET:
            held = open_drafts[header.rendered] = SetDraft(header)
            drafts.append(held)
        held.add(index, parts)
    return drafts


def fold_again(
    written: Sequence[tuple[int, WrittenLoop, Generation]], delimiters: Delimiters, shared: Sequence[int]
) -> SetDraft[Source]:
    """The one set that claims were read from: `shared` levels of each are those of the claim before it.

    Raises ValueError where the headers of the claims differ.
    """
    draft: SetDraft[Source] | None = None
    for (index, root, _), levels in zip(written, shared, strict=True):
        header, *parts = split_parts(root, index, delimiters)
        if draft is None:
            draft = SetDraft(header)
        elif draft.root.part is None or draft.root.part.rendered != header.rendered:
            raise ValueError("the documents of one transaction set differ in its header")
        draft.add_again(index, parts, levels)
    if draft is None:
        raise ValueError("there are no documents to write")
    return draft


def number_hierarchy(sources: list[Source]) -> None:
    """Write HL01, HL02 and HL04: running numbers, parents and child codes, from the nesting of the loops."""
    open_levels: list[tuple[int, str, WrittenSegment]] = []
    count = 0
    for segment, loop, _ in sources:
        plan = segment.plan
        if plan is None or not plan.hierarchy:
            continue
        count += 1
        while open_levels and open_levels[-1][0] >= loop.plan.depth:
            open_levels.pop()
        set_cell(segment, plan, "hl.id", str(count))
        set_cell(segment, plan, "hl.child", "0")
        if open_levels:
            set_cell(segment, plan, "hl.parent", open_levels[-1][1])
            parent = open_levels[-1][2]
            if parent.plan is not None:
                set_cell(parent, parent.plan, "hl.child", "1")
        open_levels.append((loop.plan.depth, str(count), segment))


def set_cell(segment: WrittenSegment, plan: SegmentPlan, name: str, text: str) -> None:
    """Write a number of the hierarchy where the guide has a place for it."""
    cell = plan.hierarchy.get(name)
    if cell is not None:
        segment.change(cell, text)
