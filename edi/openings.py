"""Openings: what stands before the subscriber in the transaction set of a claim, made and read once.

The claims of a practice differ in the patient and in what was done. Submitter, receiver and billing provider
(1000A to 2010AC of 005010X222A1) are the same in hundreds of them, and so are the segments and the verdict.
An opening is kept by what the document says there, some hundreds of them in a process, and is made from
nothing else: of subscribers, patients and services nothing is kept.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from edi.derivations import ASKED, CONTEXTUAL, Derivation
from edi.edits.tables import CodeTables
from edi.findings import Finding, Place
from edi.fold import Source, add_sources, number_hierarchy, set_cell, split_parts
from edi.generation import Context, Generation
from edi.generator import check_characters, write_loop
from edi.guides.naming import Name
from edi.guides.proof import field_names
from edi.levels import Level, make_level
from edi.plans import LoopPlan, SegmentPlan, SetPlan, load_plan
from edi.reader import Reading, SetReader
from edi.segments import Delimiters, Segment
from edi.shapes import Shapes
from edi.tree import Loop
from edi.written import WrittenLoop, WrittenSegment

MOST_OPENINGS = 512
LONGEST_KEY = 4_096
WHOLE = ""
"""Stands for a name that asks for the whole document."""
EXTRAS = "x12Extra"


class OpeningPlan(NamedTuple):
    """How the sets of a guide open: the loops down to the `holder` of the first level (2000A), the loops of
    the `rest` in it, and the names of the document that the opening, and in it the header, are made of.
    """

    plan: SetPlan
    way: tuple[LoopPlan, ...]
    rest: tuple[LoopPlan, ...]
    header_names: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def holder(self) -> LoopPlan:
        """The loop of the first level."""
        return self.way[-1]


class WrittenOpening(NamedTuple):
    """The loops of an opening: the set's, and the one that the rest belongs in; and the segment that the rest
    begins with.
    """

    root: WrittenLoop
    holder: WrittenLoop
    following: WrittenSegment


class Opening(NamedTuple):
    """An opening as it was written and read: everything about it that the claims which begin so share.

    `way` are the loops of `tree` that are open, the last being that which the next segment is read in;
    `heading` is the segment of the holder that has numbers of the hierarchy, `rows` are the elements of the
    segments by their id.
    """

    written: WrittenOpening
    sources: list[Source]
    segments: list[Segment]
    heading: Source
    level: Level
    tree: Loop
    way: tuple[Loop, ...]
    findings: tuple[Finding, ...]
    anchors: tuple[Loop, ...]
    rows: dict[str, list[list[str]]]

    @property
    def counts(self) -> dict[str, int]:
        """How many segments of each id there are."""
        return {name: len(rows) for name, rows in self.rows.items()}


def is_spine(child: SegmentPlan | LoopPlan) -> bool:
    """True for a loop on the way to the claim."""
    return isinstance(child, LoopPlan) and child.spine


@cache
def plan_opening(guide_id: str) -> OpeningPlan | None:
    """How the sets of a guide open; None where they do not open alike, or the guide has no levels."""
    plan = load_plan(guide_id)
    if not plan.unit:
        return None
    way = [plan.root]
    while way[-1] is plan.root or way[-1].use.wrapper:
        way.append(next(child for child in way[-1].loops if child.spine))
    holder = way[-1]
    rest = tuple(child for child in holder.loops if child.spine)
    header = frozenset(name for loop in way[:-1] for name in list_names(loop, True))
    names = header | frozenset(list_names(holder, True))
    last = all(sorted(loop.order, key=is_spine) == loop.order for loop in way)
    if not last or holder.unit or holder.scope is not None or WHOLE in names:
        return None
    return OpeningPlan(plan, tuple(way), rest, tuple(sorted(header)), tuple(sorted(names)))


def list_names(loop: LoopPlan, at_root: bool) -> Iterator[str]:
    """The names at the root of a document that a loop asks for, without the loops on the way to the claim."""
    for child in loop.order:
        if isinstance(child, SegmentPlan):
            yield from list_names_of(child, at_root)
        elif not child.spine:
            given = [child.binding.scope, child.binding.when.name if child.binding.when else None]
            yield from root_steps(given, at_root)
            yield from list_names(child, at_root and child.binding.scope is None)


def list_names_of(plan: SegmentPlan, at_root: bool) -> Iterator[str]:
    """The names at the root of a document that a segment asks for."""
    binding = plan.binding
    names = [name for field in binding.fields for name in field_names(field)]
    yield from root_steps([binding.scope, binding.only.name if binding.only else None], at_root)
    yield from root_steps(names, at_root and binding.scope is None)
    for _, derive in plan.derived:
        yield from names_asked(derive, at_root)


def names_asked(derive: Derivation, at_root: bool) -> Iterator[str]:
    """The names at the root of a document that a derived value asks for."""
    if derive in ASKED:
        yield from ASKED[derive]
    elif at_root and derive not in CONTEXTUAL:
        yield WHOLE


def root_steps(names: list[Name | None] | list[Name], at_root: bool) -> Iterator[str]:
    """The first steps of the names that start at the root of the document."""
    for name in names:
        if name is not None and (at_root or name.root):
            yield name.steps[0] if name.steps else WHOLE


def key_of(names: tuple[str, ...], document: Mapping[str, Any]) -> bytes | None:
    """What a document says under `names`, as bytes; None where it cannot be told so, or is too much.

    `marshal` tells numbers from texts, and its version 0 writes equal values alike. It is not read back.
    """
    if EXTRAS in document:
        return None
    try:
        key = marshal.dumps([document.get(name) for name in names], 0)
    except ValueError:  # a Decimal, for one
        return None
    return key if len(key) <= LONGEST_KEY else None


def strip_document(names: tuple[str, ...], document: Mapping[str, Any]) -> dict[str, Any]:
    """A document of what stands under `names` alone."""
    return {name: document[name] for name in names if document.get(name) is not None}


def write_opening(opening: OpeningPlan, generation: Generation) -> WrittenOpening:
    """The loops of an opening. What was found while writing it is in `generation`."""
    root = holder = write_loop(opening.plan.root, generation.root, generation)
    for plan in opening.way[1:]:
        holder = next(it for it in holder.children if isinstance(it, WrittenLoop) and it.plan is plan)
    rest = [it for it in holder.children if isinstance(it, WrittenLoop) and it.plan.spine]
    holder.children = [it for it in holder.children if it not in rest]
    check_characters(generation)
    return WrittenOpening(root, holder, add_sources(rest[0], 0, [])[0][0])


class Openings:
    """The openings that are kept; all are forgotten when they have become too many."""

    def __init__(self) -> None:
        self.known: dict[tuple[Shapes, CodeTables | None, bytes], Opening] = {}

    def find(
        self,
        plan: OpeningPlan,
        document: Mapping[str, Any],
        context: Context,
        reading: Reading,
        tables: CodeTables | None,
    ) -> Opening | None:
        """The opening of a document for one reading; None where it cannot stand for others.

        `context` is the same for all.
        """
        key = key_of(plan.names, document)
        if key is None:
            return None
        found = self.known.get((reading.shapes, tables, key))
        if found is None:
            found = make_opening(plan, strip_document(plan.names, document), context, reading, tables)
            if found is not None:
                if len(self.known) >= MOST_OPENINGS:
                    self.known.clear()
                self.known[reading.shapes, tables, key] = found
        return found


def make_opening(
    plan: OpeningPlan,
    document: Mapping[str, Any],
    context: Context,
    reading: Reading,
    tables: CodeTables | None,
) -> Opening | None:
    """Write and read an opening; None where the document is not right there, or the walk lost its way."""
    generation = Generation(document, context)
    written = write_opening(plan, generation)
    sources = add_sources(written.root, 0, [])
    headings = [source for source in sources if source[0].plan is not None and source[0].plan.hierarchy]
    if generation.findings or len(headings) != 1:
        return None
    number_hierarchy(sources)
    heading = headings[0][0]
    if heading.plan is not None:
        set_cell(heading, heading.plan, "hl.child", "1")
    segments = [Segment(open_set(plan.plan, context.control_number), 1)]
    segments += [Segment(it.write(context.delimiters), at) for at, (it, _, _) in enumerate(sources, 2)]
    reader = SetReader(reading, context.delimiters, Place())
    reader.tables = tables
    reader.read_known(segments)
    reader.close_before([Segment(written.following.write(context.delimiters), len(segments) + 1)])
    if reader.recoveries:
        return None
    way = [reader.loop]
    while way[0].parent is not None:
        way.insert(0, way[0].parent)
    rows: dict[str, list[list[str]]] = {}
    for segment in segments:
        rows.setdefault(segment.id, []).append(segment.elements)
    found, anchors = tuple(reader.findings), tuple(reader.anchors)
    level = make_level(split_parts(written.root, 0, context.delimiters)[-1].sources, context.delimiters)
    return Opening(
        written, sources, segments, headings[0], level, reader.tree, tuple(way), found, anchors, rows
    )


def open_set(plan: SetPlan, number: str) -> list[str]:
    """The elements of ST."""
    header = ["ST", plan.guide.transaction_set, number]
    return [*header, plan.guide.version] if plan.implementation else header


def resume(opening: Opening, reading: Reading, delimiters: Delimiters) -> SetReader:
    """A reader that has read the opening, and may go on with the rest of a claim's set."""
    reader = SetReader(reading, delimiters, Place())
    tree = loop = copy_loop(opening.tree, None)
    for _ in opening.way[1:]:
        inner = loop.children[-1]
        assert isinstance(inner, Loop), "the loops that are open stand last"
        loop = inner
    reader.tree, reader.loop, reader.last = tree, loop, opening.segments[-1]
    reader.begin_anew(opening.counts)
    reader.findings += opening.findings
    reader.anchors += opening.anchors
    return reader


def copy_loop(loop: Loop, parent: Loop | None) -> Loop:
    """A copy of a loop and those in it, with the same segments."""
    copy = Loop(loop.use, parent, loop.component_separator, loop.repetition_separator, shape=loop.shape)
    copy.children = [
        child if child.__class__ is Segment else copy_loop(child, copy)  # type: ignore[arg-type]  # a Loop
        for child in loop.children
    ]
    return copy
