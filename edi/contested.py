"""Contested names: JSON names that more than one place of a transaction set may fill.

The claim number of a property and casualty insurer stands with the subscriber or with the patient; a name
outside of an array may belong to a segment that comes several times. Where a set fills such a name twice, or
in a place that another loop of it would be written from as well, its document takes the careful way
(`edi/comparison.py`), which keeps what differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from edi.guides.proof import Steps, field_names, field_slots, join_path

if TYPE_CHECKING:
    from edi.plans import LoopPlan, SegmentPlan

ARRAY = "["  # in the steps of a name whose value stands in an item of an array


class Contested(NamedTuple):
    """A cell whose name another segment may fill: one of the loops `rivals`, or one in the same loop."""

    cell: int
    steps: Steps
    rivals: frozenset[str]


def mark_contested(root: LoopPlan) -> None:
    """Tells each segment binding which of its cells have names that another segment may fill as well.

    Such are the names that two loops have (the claim number of a property and casualty insurer stands with
    the subscriber or with the patient), and names outside of an array for what stands in it several times.
    """
    homes: dict[Steps, list[tuple[SegmentPlan, int, bool]]] = {}
    for segment, scope, repeated in list_scopes(root, (), False):
        for field in segment.binding.fields:
            for name in field_names(field):
                steps = join_path(scope, name)
                cells = [segment.layout.cell(slot) for slot in field_slots(field)]
                if ARRAY not in "".join(steps):
                    homes.setdefault(steps, []).extend((segment, cell, repeated) for cell in cells)
    mark_contested_loops(root)
    for steps, found in homes.items():
        keys = {segment.full_key for segment, _, _ in found}
        for segment, cell, repeated in found:
            if repeated or len(keys) > 1:
                rivals = frozenset(key.partition("/")[0] for key in keys) - {segment.use.loop}
                segment.contested = (*segment.contested, Contested(cell, steps, rivals))


def mark_contested_loops(root: LoopPlan) -> None:
    """Tells each loop which other loops put their items into the same array or object."""
    homes: dict[Steps, list[LoopPlan]] = {}
    for loop, steps in list_loop_scopes(root, ()):
        if loop.scope is not None and loop.scope.root:
            homes.setdefault(steps, []).append(loop)
    for steps, found in homes.items():
        for loop in found:
            rivals = frozenset(other.id for other in found) - {loop.id}
            if rivals:
                loop.contested = Contested(0, steps, rivals)


def list_loop_scopes(loop: LoopPlan, scope: Steps) -> Iterator[tuple[LoopPlan, Steps]]:
    """Every loop with the steps that its names start from."""
    scope = join_path(scope, loop.scope) if loop.scope is not None else scope
    yield loop, scope
    for below in loop.loops:
        yield from list_loop_scopes(below, scope)


def list_scopes(loop: LoopPlan, scope: Steps, repeated: bool) -> Iterator[tuple[SegmentPlan, Steps, bool]]:
    """Every segment binding with the steps that its names start from, and whether there may be several."""
    if loop.scope is not None:
        scope = join_path(scope, loop.scope)
    repeated = repeated or loop.many
    for segment in loop.segments:
        inner = segment.binding.scope
        yield segment, join_path(scope, inner) if inner else scope, repeated or segment.many
    for below in loop.loops:
        yield from list_scopes(below, scope, repeated)
