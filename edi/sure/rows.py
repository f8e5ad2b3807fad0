"""The rows of a claim, straight from its document: what stands after the opening of its set.

A row is the elements of a segment. `edi.generator` keeps beside each segment where in the document it comes
from, which only a finding needs. Here nothing of that is kept, and nothing is said: where a document is not
surely as it should be, `Doubtful` is raised, and the claim is written again by the generator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from edi.generation import Context, Generation, Scope
from edi.generator import SEGMENTS_PER_CLAIM
from edi.levels import PLAIN, Heading, Level, Run, is_plain
from edi.openings import Opening, OpeningPlan, is_spine, plan_opening
from edi.plans import LoopPlan, SegmentPlan
from edi.sure.doubts import Doubtful
from edi.sure.narrow import list_steps
from edi.written_claims import ClaimText

EMPTY: dict[str, Any] = {}
EXTRAS = "x12Extra"
COMPONENT = PLAIN.component


@cache
def keeps_order(guide_id: str) -> bool:
    """True where each level on the way to the claim says all it has before the next, and numbers it in cells
    that are elements.
    """
    plan = plan_opening(guide_id)
    loops, spines = [*plan.rest] if plan is not None else [], []
    while loops:
        loop = loops.pop()
        spines.append(loop)
        loops += [child for child in loop.loops if child.spine]
    ordered = all(sorted(loop.order, key=is_spine) == loop.order for loop in spines)
    numbered = [segment for loop in spines for segment in loop.segments if segment.hierarchy]
    return ordered and all(segment.layout.flat and segment.plain for segment in numbered)


class ClaimRows:
    """The rows of one claim after its opening, as elements and as lines, and where its levels begin.

    Raises Doubtful, also from its methods.
    """

    __slots__ = ("generation", "headings", "levels", "limit", "lines", "numbered", "opening", "rows")

    def __init__(
        self, plan: OpeningPlan, opening: Opening, document: Mapping[str, Any], context: Context
    ) -> None:
        self.opening = opening
        self.limit = SEGMENTS_PER_CLAIM - len(opening.sources)
        self.generation = Generation(document, context)
        self.rows: list[list[str]] = []
        self.lines: list[str] = []
        self.levels: list[tuple[int, LoopPlan]] = []
        self.headings: list[tuple[int, Heading]] = []
        self.numbered: list[tuple[int, str, list[str], int]] = [(opening.heading[1].plan.depth, "1", [], 0)]
        for child in plan.rest:
            self._write_child(child, self.generation.root)
        if self.generation.findings or not self.levels or len(self.rows) >= self.limit:
            raise Doubtful

    def _write_loop(self, plan: LoopPlan, scope: Scope) -> bool:
        """One occurrence of a loop; true where the document has values for it."""
        values, generation = scope.values, self.generation
        if EXTRAS in values:
            raise Doubtful
        if plan.spine and not plan.use.wrapper:
            self._begin_level(plan)
        names, found, join = tuple(values), False, PLAIN.element.join
        rows, lines = self.rows, self.lines
        for step in plan.recipes.get(names) or list_steps(plan, names):
            child, write = step.child, step.write
            if step.inner:
                inner = values[step.inner]
                write = step.known.get(tuple(inner)) if inner.__class__ is dict else None
                if write is None:
                    write = step.choose(inner)
            if write is not None:
                narrow = write(scope, values, generation, scope)
                if narrow is not None:
                    elements, told = narrow
                    line = join(elements)
                    if (step.flat and COMPONENT in line) or generation.leftover:
                        raise Doubtful
                    rows.append(elements)
                    lines.append(line)
                    found = told or found
            elif isinstance(child, LoopPlan):
                found = self._write_child(child, scope) or found
            else:
                found = self._write_segment(child, scope, plan) or found
        return found

    def _begin_level(self, plan: LoopPlan) -> None:
        """A loop on the way to the claim begins."""
        if self.levels and plan.depth <= self.levels[-1][1].depth:
            raise Doubtful
        self.levels.append((len(self.rows), plan))

    def _write_child(self, plan: LoopPlan, scope: Scope) -> bool:
        """The occurrences of a loop inside its parent; true where the parent has values by them."""
        generation = self.generation
        if plan.when is not None and not plan.when(scope, generation):
            return False
        if plan.rivals and any(rival.when and rival.when(scope, generation) for rival in plan.rivals):
            return False
        if plan.scope is None or plan.look is None:
            return self._write_bare(plan, scope)
        values = plan.look(scope, generation)
        if plan.many:
            return self._write_repeats(plan, values)
        if values is None:
            return plan.required and self._write_loop(plan, Scope(EMPTY))
        if values.__class__ is not dict:
            raise Doubtful
        self._write_loop(plan, Scope(values))
        return True

    def _write_bare(self, plan: LoopPlan, scope: Scope) -> bool:
        """A loop whose names start where those of its parent do; it is there where it has values."""
        begin = len(self.rows)
        found = self._write_loop(plan, scope)
        if not (found or plan.required or plan.when is not None):
            if plan.spine:
                raise Doubtful
            del self.rows[begin:], self.lines[begin:]
        return found

    def _write_repeats(self, plan: LoopPlan, values: Any) -> bool:
        """One loop for each object of an array."""
        if values is None:
            return False
        if values.__class__ is not list:
            raise Doubtful
        generation, pick = self.generation, plan.scope.pick if plan.scope else None
        outer, number = generation.ordinal_in_loop, 0
        for item in values:
            if item.__class__ is not dict or len(self.rows) >= self.limit:
                raise Doubtful
            if pick is None or item.get(pick[0]) == pick[1]:
                number += 1
                generation.ordinal_in_loop = number
                self._write_loop(plan, Scope(item))
        generation.ordinal_in_loop = outer
        return number > 0

    def _write_segment(self, plan: SegmentPlan, scope: Scope, loop: LoopPlan) -> bool:
        """The occurrences of one segment binding; true where the document has values for them."""
        if plan.only is not None and not plan.only(scope, self.generation):
            return False
        if plan.look is None:
            return self._write_occurrence(plan, scope, scope, loop, forced=plan.opens)
        values = plan.look(scope, self.generation)
        if values is None:
            if plan.opens and not plan.many:
                self._write_occurrence(plan, Scope(EMPTY), scope, loop, forced=True)
            return False
        if not plan.many:
            if values.__class__ is not dict:
                raise Doubtful
            self._write_occurrence(plan, Scope(values), scope, loop, forced=True)
            return True
        return self._write_items(plan, values, scope, loop)

    def _write_items(self, plan: SegmentPlan, values: Any, scope: Scope, loop: LoopPlan) -> bool:
        """One occurrence for each item of an array."""
        if values.__class__ is not list or len(values) + len(self.rows) > self.limit:
            raise Doubtful
        for item in values:
            if item is None or (item.__class__ is not dict and not plan.texts):
                raise Doubtful
            self._write_occurrence(plan, Scope(item), scope, loop, forced=not plan.texts)
        return bool(values)

    def _write_occurrence(
        self, plan: SegmentPlan, scope: Scope, owner: Scope, loop: LoopPlan, *, forced: bool
    ) -> bool:
        """One segment, if there is anything to write."""
        written = plan.write(scope, scope.values, self.generation, owner, forced)
        if written is None:
            return False
        self._keep(plan, written[0], loop)
        return written[1]

    def _keep(self, plan: SegmentPlan, cells: list[str], loop: LoopPlan) -> None:
        """Put a segment to the rows."""
        if plan.hierarchy:
            self._number(plan, cells, loop)
        if plan.layout.flat:
            while not cells[-1]:
                cells.pop()
            line = PLAIN.element.join(cells)
            separated = line
        else:
            separated = "".join(cells)
            cells = plan.layout.gather(cells, PLAIN.component)
            line = PLAIN.element.join(cells)
        if PLAIN.component in separated or self.generation.leftover:
            raise Doubtful
        self.rows.append(cells)
        self.lines.append(line)

    def _number(self, plan: SegmentPlan, cells: list[str], loop: LoopPlan) -> None:
        """Write the numbers of a level into its HL, as `edi.fold.number_hierarchy` does."""
        hierarchy, numbered = plan.hierarchy, self.numbered
        places = (hierarchy.get("hl.id", 0), hierarchy.get("hl.parent", 0), hierarchy.get("hl.child", 0))
        own, above, child = places
        while not cells[-1] and len(cells) > max(places) + 1:
            cells.pop()
        self.headings.append((len(self.rows), Heading(tuple(cells), places, loop.depth)))
        number = str(len(self.headings) + 1)
        while numbered and numbered[-1][0] >= loop.depth:
            numbered.pop()
        _, outer, row, place = numbered[-1] if numbered else (0, "", [], 0)
        for cell, text in ((own, number), (above, outer), (child, "0")):
            if cell:
                cells[cell] = text
        if row and place:
            self._mark_parent(row, place)
        numbered.append((loop.depth, number, cells, child))

    def _mark_parent(self, row: list[str], place: int) -> None:
        """Tell in the HL of the level around that there is one below."""
        row[place] = "1"
        at = next(at for at, other in enumerate(self.rows) if other is row)
        self.lines[at] = PLAIN.element.join(row)

    def finish(self) -> None:
        """Add the end of the set, and see that every row is plain."""
        count = len(self.opening.segments) + len(self.rows) + 1
        row = ["SE", str(count), self.generation.control_number]
        self.rows.append(row)
        self.lines.append(PLAIN.element.join(row))
        separators = sum(map(len, self.rows)) - len(self.rows)
        text = PLAIN.segment.join([*self.lines, ""])
        if not is_plain(text, len(self.lines), separators):
            raise Doubtful

    def join_levels(self) -> ClaimText:
        """The text of the claim."""
        levels: list[Level] = [self.opening.level]
        begins = [begin for begin, _ in self.levels]
        for begin, end in zip(begins, [*begins[1:], len(self.rows) - 1], strict=True):
            headings = [held for held in self.headings if begin <= held[0] < end]
            levels.append(join_lines(self.lines, begin, end, headings))
        return ClaimText(tuple(levels), self.levels[-1][1].use.repeat)


def join_lines(lines: list[str], begin: int, end: int, headings: Sequence[tuple[int, Heading]]) -> Level:
    """A level of the lines from `begin` to `end`, some of which are headings."""
    level: list[Run | Heading] = []
    for at, heading in headings:
        if begin < at:
            level.append(join_run(lines[begin:at]))
        level.append(heading)
        begin = at + 1
    if begin < end:
        level.append(join_run(lines[begin:end]))
    return tuple(level)


def join_run(lines: list[str]) -> Run:
    """Lines as one text."""
    return Run(PLAIN.segment.join([*lines, ""]), len(lines))
