"""A claim by itself: the rest of its set after an opening that it shares with others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edi.edits.tables import CodeTables
from edi.fold import Source, number_hierarchy, split_parts
from edi.generation import Context, Generation
from edi.generator import SEGMENTS_PER_CLAIM, check_characters, write_child
from edi.levels import PLAIN, Level, is_plain, join_level
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
        above, loop, index = opening.heading
        heading = WrittenSegment(above.plan, above.scope, above.cells.copy())
        number_hierarchy([(heading, loop, index), *self.sources])
        self.segments = self._make_segments()
        self.text = self._make_text()

    def _make_segments(self) -> list[Segment]:
        """The segments from the subscriber to SE."""
        delimiters = self.context.delimiters
        first = len(self.opening.segments) + 1
        segments = [
            Segment(written.write(delimiters), ordinal)
            for ordinal, (written, _, _) in enumerate(self.sources, first)
        ]
        count = first + len(segments)
        segments.append(Segment(["SE", str(count), self.context.control_number], count))
        return segments

    def _make_text(self) -> ClaimText | None:
        """The text, and the mark of plain segments; None where the segments are not plain."""
        lines = [PLAIN.element.join(segment.elements) for segment in self.segments]
        separators = sum([len(segment.elements) for segment in self.segments]) - len(lines)
        if not is_plain(PLAIN.segment.join([*lines, ""]), len(lines), separators):
            return None
        for segment in self.segments:
            segment.plain = True
        if self.generation.findings:
            return None
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
        reader.read(self.segments)
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
