"""Comparison: a document is bound, generated again, and what differs is kept.

Every document is generated again, and where the result differs from what was read, the difference is kept in
its `x12Extra` (`edi/extras.py`), so that X12 to JSON to X12 loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from edi.extractors import Object, open_object
from edi.extras import Entry, diff_cells, raw_entry, raw_segments, split_composite, trim
from edi.generation import Context
from edi.generator import write_document
from edi.guides.proof import ENVELOPE
from edi.plans import LoopPlan, SegmentPlan, SetPlan
from edi.repetitions import MARK, take_first
from edi.segment_binders import append_item
from edi.segments import Delimiters, Segment
from edi.tree import Loop
from edi.written import WrittenLoop, WrittenSegment

UNKNOWN = datetime(1, 1, 1, tzinfo=UTC)
#: Stands for a number or id that an envelope will give, so that a value which is absent is kept as absent.
GIVEN = "-"


def reading_context(delimiters: Delimiters) -> Context:
    """The context in which what was read is generated again."""
    return Context("", UNKNOWN, GIVEN, GIVEN, GIVEN, delimiters, reading=True)


class BoundSegment:
    """A segment read: its binding and cells; `cells` is None where it has more elements than its use.

    `repeated` are the composite elements of which the cells hold the first alone.
    """

    __slots__ = ("cells", "plan", "repeated", "segment")

    def __init__(
        self,
        segment: Segment,
        plan: SegmentPlan,
        cells: list[str] | None,
        repeated: tuple[int, ...] = (),
    ) -> None:
        self.segment = segment
        self.plan = plan
        self.cells = cells
        self.repeated = repeated


class BoundLoop:
    """A loop read and the object that its names were put into. A loop without plan is kept raw."""

    __slots__ = ("children", "loop", "plan", "scope")

    def __init__(self, loop: Loop, plan: LoopPlan, scope: Object | None) -> None:
        self.loop = loop
        self.plan = plan
        self.scope = scope
        self.children: list[BoundSegment | BoundLoop] = []

    @property
    def key(self) -> str:
        """The id of the loop."""
        return self.plan.id


class Binder:
    """Binds the loops of one transaction set into one document."""

    def __init__(self, separator: str) -> None:
        self.separator = separator
        self.root: Object = {}
        self.singles: set[str] = set()

    def bind_loop(self, loop: Loop, plan: LoopPlan, scope: Object) -> BoundLoop:
        """Bind a loop and what is in it, without the next loop on the way to a document."""
        bound = BoundLoop(loop, plan, scope)
        used: dict[str, int] = {}
        seen: dict[str, int] = {}
        for child in loop.children:
            if isinstance(child, Segment):
                if child.id not in ENVELOPE and child.use is not None:
                    bound.children.append(self.bind_segment(child, plan, scope, used))
                continue
            below = plan.by_loop[child.use.id]
            if below.spine and not plan.unit:
                continue
            seen[below.id] = seen.get(below.id, 0) + 1
            bound.children.append(self.bind_child(child, below, scope, seen[below.id]))
        return bound

    def bind_child(self, loop: Loop, plan: LoopPlan, scope: Object, number: int) -> BoundLoop:
        """Bind the n-th occurrence of a loop; kept raw where its names have room for one only."""
        if not plan.written or (number > 1 and not plan.many) or (plan.single and plan.id in self.singles):
            return BoundLoop(loop, plan, None)
        self.singles |= {plan.id} if plan.single else set()
        return self.bind_loop(loop, plan, self.open_scope(plan, scope))

    def open_scope(self, plan: LoopPlan, scope: Object) -> Object:
        """The object that the names of a loop start from."""
        name = plan.scope
        if name is None:
            return scope
        start = self.root if name.root else scope
        if not plan.many:
            return open_object(start, name.steps)
        item = append_object(start, name.steps)
        if name.pick is not None:
            item[name.pick[0]] = name.pick[1]
        return item

    def bind_segment(
        self, segment: Segment, loop: LoopPlan, scope: Object, used: dict[str, int]
    ) -> BoundSegment:
        """Bind one segment under the binding that fits it."""
        bound = self.spread(segment, loop, used)
        if bound.cells is not None:
            self.extract(bound.plan, bound.cells, scope)
        return bound

    def spread(self, segment: Segment, loop: LoopPlan, used: dict[str, int]) -> BoundSegment:
        """A segment as cells, under the binding that fits it."""
        plans = loop.by_use[segment.use.key if segment.use else ""]
        plan = plans[0]
        elements = segment.elements
        repeated: tuple[int, ...] = ()
        if plan.composites:
            repeated = tuple(at for at in plan.composites if MARK in segment.element(at))
            elements = take_first(elements, repeated) if repeated else elements
        cells = plan.layout.spread(elements, self.separator)
        if cells is None:
            return BoundSegment(segment, plans[-1], None)
        if len(plans) > 1:
            plan = choose_plan(plans, cells, used)
        return BoundSegment(segment, plan, cells, repeated)

    def extract(self, plan: SegmentPlan, cells: list[str], scope: Object) -> None:
        """Put the values of a segment into its object."""
        name = plan.binding.scope
        if name is None:
            plan.extract(cells, scope, self.root)
            return
        start = self.root if name.root else scope
        if plan.texts:
            item: Object = {}
            plan.extract(cells, item, self.root)
            append_item(start, name.steps, item.get("", ""))
            return
        inner = append_object(start, name.steps) if plan.many else open_object(start, name.steps)
        plan.extract(cells, inner, self.root)


def append_object(start: Object, steps: tuple[str, ...]) -> Object:
    """A new object at the end of the array at `steps`."""
    item: Object = {}
    append_item(start, steps, item)
    return item


def choose_plan(plans: list[SegmentPlan], cells: list[str], used: dict[str, int]) -> SegmentPlan:
    """The binding of a use that takes this occurrence.

    The first that has its code, has room and names all its values; else the first with code and room; else
    the one without names.
    """
    fitting = [
        plan
        for plan in plans
        if (not plan.codes or cells[plan.code_cell] in plan.codes) and used.get(plan.key, 0) < plan.capacity
    ]
    filled = {cell for cell, text in enumerate(cells) if text and cell}
    chosen = next((plan for plan in fitting if filled <= plan.covered), None)
    chosen = chosen or next(iter(fitting), plans[-1])
    used[chosen.key] = used.get(chosen.key, 0) + 1
    return chosen


def segment_entry(
    read: BoundSegment | None, made: WrittenSegment | WrittenLoop | None, separator: str
) -> list[Any] | bool | None:
    """What `x12Extra` keeps for one occurrence of a segment."""
    if read is None:
        return False
    if read.cells is None or not isinstance(made, WrittenSegment):
        return raw_entry(read.segment.elements, separator)
    entry = diff_cells(read.plan, read.cells, made.cells, separator)
    return keep_repeated(entry, read, separator) if read.repeated else entry


def keep_repeated(entry: Entry | None, read: BoundSegment, separator: str) -> Entry:
    """The entry with every repetition of the composite elements that repeat."""
    kept = entry or []
    for position in read.repeated:
        kept.extend([None] * (position - len(kept)))
        kept[position - 1] = split_composite(read.segment.element(position), separator)
    return kept


class Comparison:
    """Compares what was read with what its document generates, and keeps the difference in `x12Extra`."""

    def __init__(self, separator: str) -> None:
        self.separator = separator

    def compare(self, bound: BoundLoop, written: WrittenLoop, below: LoopPlan | None = None) -> None:
        """Compare one loop; `below` is the next loop of the spine, which has its own comparison."""
        if bound.scope is None:
            raise AssertionError("raw loops are not compared")
        extras: Object = {}
        made = group_written(written, below)
        read = group_bound(bound)
        for key in [*read, *(key for key in made if key not in read)]:
            pairs = pair_up(read.get(key, []), made.get(key, []))
            entries = trim([self.entry(left, right) for left, right in pairs])
            if entries:
                is_loop = key in bound.plan.by_loop
                extras[key if is_loop else f"{bound.plan.id}/{key}"] = entries
        order = [key_of(child) for child in bound.children]
        if order != sorted(order, key=bound.plan.ranks.__getitem__):
            extras[f"{bound.plan.id}/order"] = order
        if extras:
            bound.scope.setdefault("x12Extra", {}).update(extras)

    def entry(
        self, read: BoundSegment | BoundLoop | None, made: WrittenSegment | WrittenLoop | None
    ) -> list[Any] | bool | None:
        """What `x12Extra` keeps for one occurrence."""
        if not isinstance(read, BoundLoop):
            return segment_entry(read, made, self.separator)
        if read.scope is None or not isinstance(made, WrittenLoop):
            elements = (segment.elements for segment in read.loop.all_segments())
            return raw_segments(elements, self.separator)
        self.compare(read, made)
        return None


def pair_up(
    read: list[BoundSegment | BoundLoop], made: list[WrittenSegment | WrittenLoop]
) -> Iterator[tuple[BoundSegment | BoundLoop | None, WrittenSegment | WrittenLoop | None]]:
    """What was read beside what was made of it: in order, or loops by the item that they share.

    Two loops may put their items into one array (the lines of a subscriber and of a dependent); then each is
    generated for all of them.
    """
    shared = {id(child.scope.values) for child in made if isinstance(child, WrittenLoop)}
    if len(made) <= len(read) or any(
        id(child.scope) not in shared for child in read if isinstance(child, BoundLoop)
    ):
        yield from zip_longest(read, made)
        return
    waiting = [*read]
    for child in made:
        first = waiting[0] if waiting else None
        if isinstance(first, BoundLoop) and first.scope is not child.scope.values:
            first = None
        yield first, child
        del waiting[: first is not None]
    yield from ((child, None) for child in waiting)


def key_of(child: BoundSegment | BoundLoop) -> str:
    """The key of a child: of its binding, or the loop id."""
    return child.key if isinstance(child, BoundLoop) else child.plan.key


def group_bound(bound: BoundLoop) -> dict[str, list[BoundSegment | BoundLoop]]:
    """What was read, by key."""
    groups: dict[str, list[BoundSegment | BoundLoop]] = {}
    for child in bound.children:
        groups.setdefault(key_of(child), []).append(child)
    return groups


def group_written(
    written: WrittenLoop, below: LoopPlan | None
) -> dict[str, list[WrittenSegment | WrittenLoop]]:
    """What was generated, by key, without the next loop of the spine."""
    groups: dict[str, list[WrittenSegment | WrittenLoop]] = {}
    for child in written.children:
        plan = child.plan
        if plan is None or (isinstance(plan, LoopPlan) and plan.spine and not written.plan.unit):
            continue
        if isinstance(child, WrittenLoop) and not child.children:
            continue  # a table (wrapper) with nothing in it is no segment of the file
        groups.setdefault(plan.key, []).append(child)
    return groups


def bind_document(plan: SetPlan, way: list[Loop], separator: str, context: Context) -> Object:
    """One document from the loops on the way to it."""
    binder = Binder(separator)
    bound: list[BoundLoop] = []
    loop_plan, scope = plan.root, binder.root
    for depth, loop in enumerate(way):
        if depth:
            loop_plan = loop_plan.by_loop[loop.use.id]
            scope = binder.open_scope(loop_plan, scope)
        bound.append(binder.bind_loop(loop, loop_plan, scope))
    written, _ = write_document(plan, binder.root, context)
    comparison = Comparison(separator)
    at: WrittenLoop | None = written
    for depth, level in enumerate(bound):
        below = bound[depth + 1].plan if depth + 1 < len(bound) else None
        if at is None:
            break
        comparison.compare(level, at, below)
        at = next((c for c in at.children if isinstance(c, WrittenLoop) and c.plan is below), None)
    name_control_number(plan, way[0], binder.root)
    return binder.root


def name_control_number(plan: SetPlan, tree: Loop, document: Object) -> None:
    """Put ST02 into the document where the overlay names it."""
    name = plan.control_name
    if name is not None:
        document.setdefault(name.steps[-1], tree.value("ST", 2))
