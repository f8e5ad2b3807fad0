"""Written loops and segments: what generation makes, with the JSON place of each."""

from __future__ import annotations

import msgspec

from edi.generation import Scope, Step
from edi.plans import LoopPlan, SegmentPlan
from edi.repetitions import write_repetitions
from edi.segments import Delimiters

NOTHING_KEPT: frozenset[int] = frozenset()


class WrittenSegment(msgspec.Struct, gc=False, eq=False):
    """A generated segment: its plan, the scope of its names and its cells.

    A segment kept in `x12Extra` has `elements` instead where its plan has no cells for them; `extra` holds
    the steps to its entry, `kept` the cells that come from it. `rendered` remembers its elements; who changes
    a cell forgets them.
    """

    plan: SegmentPlan | None
    scope: Scope
    cells: list[str]
    elements: list[str] | None = None
    extra: tuple[Step, ...] | None = None
    kept: frozenset[int] = NOTHING_KEPT
    rendered: list[str] | None = None

    def render(self, separator: str) -> list[str]:
        """The elements of the segment."""
        plan = self.plan
        if plan is None or self.elements is not None:
            return self.elements or []
        return plan.layout.gather(self.cells, separator)

    def write(self, delimiters: Delimiters) -> list[str]:
        """The elements as they stand in the file, made once."""
        elements = self.rendered
        if elements is None:
            elements = self.render(delimiters.component)
            if self.plan is None or self.plan.repeating or self.extra is not None:
                elements = write_repetitions(elements, delimiters.repetition)
            self.rendered = elements
        return elements

    def change(self, cell: int, text: str) -> None:
        """Give a cell another text."""
        self.cells[cell] = text
        self.rendered = None


class WrittenLoop(msgspec.Struct, gc=False, eq=False):
    """A generated loop. `found` says that the document has values for it; a loop of `x12Extra` has no plan
    of its own for its segments."""

    plan: LoopPlan
    scope: Scope
    children: list[WrittenSegment | WrittenLoop] = []
    found: bool = False

    def add_loop(self, loop: WrittenLoop) -> None:
        """Add a loop below this one."""
        self.children.append(loop)
        self.found |= loop.found
