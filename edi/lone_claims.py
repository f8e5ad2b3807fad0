"""A claim by itself: the rest of its set after an opening that it shares with others."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from typing import Any

from edi.edits.tables import CodeTables
from edi.fold import Source, number_hierarchy, split_parts
from edi.generation import Context, Generation
from edi.generator import SEGMENTS_PER_CLAIM, check_characters, write_child
from edi.levels import PLAIN, Level, has_headings, is_plain, join_level
from edi.openings import Opening, OpeningPlan, resume
from edi.reader import Reading, SetReading
from edi.segments import Segment
from edi.writer import GeneratedSet
from edi.written import WrittenLoop, WrittenSegment
from edi.written_claims import ClaimText


class LoneClaim:
    """One claim, written after its opening. `text` is there where it may stand in a batch as it is."""

    def __init__(
        self,
        plan: OpeningPlan,
        opening: Opening,
        document: Mapping[str, Any],
        context: Context,
        reading: Reading,
        tables: CodeTables | None,
    ) -> None:
        self.opening = opening
        self.context = context
        self.reading = reading
        self.tables = tables
        self.generation = Generation(document, context, SEGMENTS_PER_CLAIM - len(opening.sources))
        self.holder = WrittenLoop(plan.holder, self.generation.root)
        for child in plan.rest:
            write_child(child, self.holder, self.generation)
        check_characters(self.generation)
        self.parts = split_parts(self.holder, 0, context.delimiters)
        self.sources = [source for part in self.parts for source in part.sources]
        self._number()
        component = context.delimiters.component
        written = [render(segment, component, context) for segment, _, _ in self.sources]
        count = len(opening.segments) + len(written) + 1
        written.append(["SE", str(count), context.control_number])
        lines = list(map(PLAIN.element.join, written))
        separators = sum(map(len, written)) - len(lines)
        plain = is_plain(PLAIN.segment.join([*lines, ""]), len(lines), separators)
        ordinals = range(len(opening.segments) + 1, count + 1)
        self.segments = list(map(Segment, written, ordinals, repeat(0), repeat(None), repeat(plain)))
        self.text = self._join_levels(lines) if plain and not self.generation.findings else None

    def _number(self) -> None:
        """Write the numbers of the hierarchy."""
        above, loop, index = self.opening.heading
        heading = WrittenSegment(above.plan, above.scope, above.cells.copy())
        numbered = [source for part in self.parts if has_headings(part.plan) for source in part.sources]
        number_hierarchy([(heading, loop, index), *numbered])

    def _join_levels(self, lines: list[str]) -> ClaimText:
        """The text of the claim, whose segments are plain."""
        levels: list[Level] = [self.opening.level]
        start = 0
        for part in self.parts:
            end = start + len(part.sources)
            levels.append(join_level(part, self.segments[start:end], lines[start:end]))
            start = end
        return ClaimText(tuple(levels), self.parts[-1].repeat)

    def read(self) -> SetReading:
        """The claim's set, read on from its opening."""
        reader = resume(self.opening, self.reading, self.context.delimiters)
        reader.tables = self.tables
        reader.read_known(self.segments)
        reader.end()
        return SetReading(reader.tree, tuple(reader.findings), tuple(reader.anchors))

    def join(self) -> GeneratedSet:
        """The whole set, opening and rest, to tell where in the document its places come from."""
        written = self.opening.written
        joined: dict[int, WrittenLoop] = {}
        root = join_loops(written.root, written.holder, self.holder, joined)
        sources: list[Source] = [
            (segment, joined.get(id(loop), loop), index)
            for segment, loop, index in (*self.opening.sources, *self.sources)
        ]
        findings = [(0, finding) for finding in self.generation.findings]
        return GeneratedSet([*self.opening.segments, *self.segments], sources, [0], findings, [root])


def render(segment: WrittenSegment, component: str, context: Context) -> list[str]:
    """The elements of a segment that is written once."""
    plan = segment.plan
    if plan is None or plan.repeating or segment.elements is not None or segment.extra is not None:
        return segment.write(context.delimiters)
    return plan.layout.gather(segment.cells, component)


def join_loops(
    loop: WrittenLoop, holder: WrittenLoop, rest: WrittenLoop, joined: dict[int, WrittenLoop]
) -> WrittenLoop:
    """A copy of the way from `loop` to `holder`, with the children of `rest` at its end; `joined` knows the
    copy of each by its id.
    """
    if loop is not holder and not loop.plan.spine:
        return loop
    children = list(loop.children)
    if loop is holder:
        children += rest.children
    else:
        children = [
            join_loops(it, holder, rest, joined) if isinstance(it, WrittenLoop) else it for it in children
        ]
    joined[id(loop)] = copy = WrittenLoop(loop.plan, loop.scope, children, found=True)
    # of the rest, the holder stands for the copy
    joined[id(rest)] = copy
    return copy
