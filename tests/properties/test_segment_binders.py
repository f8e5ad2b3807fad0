"""Compiled binders put the same values as spreading and extracting; what they call regular comes back."""

from __future__ import annotations

from random import Random

import pytest

from edi.comparison import Binder, reading_context
from edi.extractors import Object
from edi.generation import Generation, Scope
from edi.generator import write_segment
from edi.guides.registry import load_sources
from edi.plans import LoopPlan, SegmentPlan, load_plan
from edi.segments import Delimiters
from edi.written import WrittenLoop, WrittenSegment

DELIMITERS = Delimiters()
TEXTS = (
    "",
    "",
    "A",
    "1",
    "07",
    "20260102",
    "20260102-20260131",
    "D8",
    "RD8",
    "Y",
    "N",
    "X:Y",
    "HC:99213::",
    "é",
)
ROUNDS = 12


def list_plans(plan: LoopPlan) -> list[tuple[LoopPlan, SegmentPlan]]:
    """Every segment binding of a guide that has names, with its loop."""
    own = [(plan, segment) for segment in plan.segments if segment.written and segment.key in plan.ranks]
    return [*own, *(below for loop in plan.loops for below in list_plans(loop))]


def make_elements(plan: SegmentPlan, chance: Random) -> list[str]:
    """A segment that is often right: its constants, codes of its binding, and any texts."""
    cells = [
        fixed or (chance.choice(TEXTS) if cell else plan.use.id) for cell, fixed in enumerate(plan.blank)
    ]
    if plan.codes:
        cells[plan.code_cell] = chance.choice(sorted(plan.codes))
    cells = [
        text.replace(":", "") if plan.layout.slot(at).component else text for at, text in enumerate(cells)
    ]
    elements = plan.layout.gather(cells, ":")
    for _ in range(chance.choice((0, 0, 0, 1))):
        elements[chance.randrange(1, len(elements)) if len(elements) > 1 else 0 :] = chance.choices(
            TEXTS, k=3
        )
    return [plan.use.id, *elements[1:]]


@pytest.mark.parametrize("guide", sorted(load_sources()))
def test_a_compiled_binder_puts_what_the_cells_say(guide: str) -> None:
    chance = Random(guide)
    root = load_plan(guide).root
    put = 0
    for _, plan in list_plans(root):
        for _ in range(ROUNDS):
            elements = make_elements(plan, chance)
            scope: Object = {}
            binder = Binder(":")
            told = plan.binders[len(elements)](elements, scope, scope, ":")
            if told is None:
                assert scope == {}, "what is left to the long way is not touched"
                continue
            cells = plan.layout.spread(elements, ":")
            assert cells is not None
            binder.extract(plan, cells, binder.root)
            assert scope == binder.root, (plan.full_key, elements)
            assert list(scope) == list(binder.root), "names come in the same order"
            put += 1
    assert put


@pytest.mark.parametrize("guide", sorted(load_sources()))
def test_what_a_binder_calls_regular_is_written_again_as_it_was(guide: str) -> None:
    chance = Random(guide)
    regular = 0
    for loop, plan in list_plans(load_plan(guide).root):
        for _ in range(ROUNDS):
            elements = make_elements(plan, chance)
            scope: Object = {}
            if not plan.binders[len(elements)](elements, scope, scope, ":") or plan.hidden or plan.hierarchy:
                continue
            written = WrittenLoop(loop, Scope(scope))
            write_segment(plan, written, Generation(scope, reading_context(DELIMITERS)))
            made = [child for child in written.children if isinstance(child, WrittenSegment)]
            expected = plan.layout.spread(elements, ":")
            assert [segment.cells for segment in made] == [expected], (plan.full_key, elements)
            regular += 1
    assert regular
