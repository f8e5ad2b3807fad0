"""Binding: the tree of a transaction set becomes JSON documents by the guide's names.

Most documents need no second look: each of their segments is one that its JSON gives back
(`edi/regularity.py`), and stands where generation would put it. Only doubtful segments are generated again;
where the loops themselves are not as generation makes them, the whole document is (`edi/comparison.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

from edi.collector import resting_collector
from edi.comparison import (
    Binder,
    BoundSegment,
    bind_document,
    name_control_number,
    reading_context,
    segment_entry,
)
from edi.derivations import CONTEXTUAL
from edi.extractors import Object, open_object
from edi.extras import Entry, diff_cells, trim
from edi.generation import Context, Generation, Scope, Step
from edi.generator import write_segment
from edi.guide import Guide
from edi.guides.proof import Steps
from edi.plans import LoopPlan, SegmentPlan, SetPlan, load_plan
from edi.repetitions import mark_repetitions
from edi.segments import Delimiters, Segment
from edi.tree import Loop
from edi.use_bindings import read_slot
from edi.written import WrittenLoop

Inner = tuple[tuple[Step, "Inner"], ...]


class Irregular(Exception):
    """The loops of a document are not as generation would make them."""


class Group(NamedTuple):
    """All segments of one binding in a loop. `derived` says that only derived values may differ; `entries`
    are those of `x12Extra` where they are known already.
    """

    plan: SegmentPlan
    read: list[BoundSegment]
    derived: bool
    entries: list[Entry | None] | None = None


class Pending(NamedTuple):
    """Segments of a loop that may differ from what their names give back."""

    plan: LoopPlan
    steps: tuple[Step, ...]
    groups: list[Group]


class Shared(NamedTuple):
    """What a document has in common with the next: `depth` loops of its way, bound. `inner` are the objects
    and arrays in it: what a copy must not share.
    """

    depth: int
    document: Object
    pending: list[Pending]
    inner: Inner
    taken: Mapping[Steps, frozenset[str]]


NOTHING_SHARED = Shared(0, {}, [], (), {})


class RegularBinder:
    """Binds documents whose loops are as generation makes them, comparing only the doubtful segments.

    What claims of one provider or subscriber share is bound once and copied.
    """

    def __init__(self, plan: SetPlan, context: Context) -> None:
        self.plan = plan
        self.context = context
        self.binder = Binder(context.delimiters.component)
        self.pending: list[Pending] = []
        self.taken: dict[Steps, frozenset[str]] = {}
        self.shared: list[Shared] = []

    def bind(self, way: list[Loop], following: list[Loop]) -> Object | None:
        """The document of the loops on the way to it, or None where it needs the full comparison.

        `following` is the way to the next document.
        """
        try:
            self.bind_way(way, common_depth(way, following))
            self.check_rivals(way)
        except Irregular:
            self.shared.clear()
            return None
        document = self.binder.root
        if self.pending:
            generation = Generation(document, self.context)
            for pending in self.pending:
                keep_differences(pending, generation, self.binder.separator)
        name_control_number(self.plan, way[0], document)
        return document

    def bind_way(self, way: list[Loop], common: int) -> None:
        """Bind the loops of a way, from a copy of what the document before had in common with it."""
        shared = self.shared[-1] if self.shared else NOTHING_SHARED
        known = shared.depth
        self.binder.root = copy_by(shared.document, shared.inner)
        self.pending = [*shared.pending]
        self.taken = {**shared.taken}
        plan, scope = self.plan.root, self.binder.root
        steps: tuple[Step, ...] = ()
        for depth, loop in enumerate(way):
            if depth:
                plan = plan.by_loop[loop.use.id]
                scope, steps = self.open_scope(plan, scope, steps)
            if depth >= known:
                self.bind_loop(loop, plan, scope, steps)
            if depth + 1 == common > known:
                document = copy_json(self.binder.root)
                self.shared.append(
                    Shared(common, document, [*self.pending], list_inner(document), {**self.taken})
                )
        while self.shared and self.shared[-1].depth > common:
            self.shared.pop()

    def open_scope(
        self, plan: LoopPlan, scope: Object, steps: tuple[Step, ...]
    ) -> tuple[Object, tuple[Step, ...]]:
        """The object that the names of a loop start from, and the steps to it."""
        name = plan.scope
        if name is None:
            return scope, steps
        if plan.contested is not None:
            self.taken[plan.contested.steps] = plan.contested.rivals
        start = self.binder.root if name.root else scope
        way = name.steps if name.root else (*steps, *name.steps)
        if not plan.many:
            return open_object(start, name.steps), way
        owner = open_object(start, name.steps[:-1]) if len(name.steps) > 1 else start
        items: list[Object] = owner.setdefault(name.steps[-1], [])
        inner: Object = {} if name.pick is None else {name.pick[0]: name.pick[1]}
        items.append(inner)
        return inner, (*way, len(items) - 1)

    def bind_loop(self, loop: Loop, plan: LoopPlan, scope: Object, steps: tuple[Step, ...]) -> None:
        """Bind a loop and what is in it. Raises Irregular."""
        used: dict[str, int] = {}
        doubtful: dict[int, bool] = {}
        ranks: list[int] = []
        root, separator, uses = self.binder.root, self.binder.separator, plan.bindings
        last = -1
        for child in loop.children:
            if isinstance(child, Segment):
                bindings = uses.get(child.use.key) if child.use is not None else None
                if bindings is None:
                    continue
                elements = child.elements
                chosen = bindings.sole or bindings.choose(elements, separator, used)
                regular = None
                if chosen is not None:
                    regular = chosen.binders[len(elements)](elements, scope, root, separator)
                if chosen is None or regular is None:
                    chosen = self.bind_slowly(child, chosen, plan, scope, used)
                rank = chosen.rank
                if chosen.contested:
                    self.take(chosen, elements)
                if not regular or (rank == last and not chosen.many):
                    doubtful[rank] = False
                elif chosen.hidden:
                    doubtful.setdefault(rank, True)
            else:
                below = plan.by_loop[child.use.id]
                rank = below.rank
                if plan.unit or not below.spine:
                    self.bind_child(child, below, scope, steps, repeated=rank == last)
            if rank != last:
                if rank < last:
                    raise Irregular
                ranks.append(rank)
                last = rank
        if not plan.musts.issubset(ranks):
            raise Irregular
        if doubtful:
            self.pending.append(Pending(plan, steps, self.group_doubtful(loop, plan, doubtful)))

    def group_doubtful(self, loop: Loop, plan: LoopPlan, doubtful: dict[int, bool]) -> list[Group]:
        """All segments of each binding that has a doubtful one."""
        used: dict[str, int] = {}
        groups: dict[int, Group] = {}
        for child in loop.children:
            if isinstance(child, Segment) and child.use is not None and child.use.key in plan.bindings:
                bound = self.binder.spread(child, plan, used)
                rank = bound.plan.rank
                if rank in doubtful:
                    groups.setdefault(rank, Group(bound.plan, [], doubtful[rank])).read.append(bound)
        return [self.settle(group) for group in groups.values()]

    def settle(self, group: Group) -> Group:
        """The group with its entries of `x12Extra`, where they depend on nothing but the segments."""
        if not group.derived or not all(derive in CONTEXTUAL for _, derive in group.plan.hidden):
            return group
        generation = Generation({}, self.context)
        separator = self.binder.separator
        entries = [derived_entry(group.plan, it, {}, generation, separator) for it in group.read]
        return group._replace(entries=entries)

    def check_rivals(self, way: list[Loop]) -> None:
        """Raises Irregular where a name was filled from one loop and would be written in another as well."""
        rivals = frozenset[str]().union(*self.taken.values())
        if rivals and any(loop.use.id in rivals for loop in list_loops(way)):
            raise Irregular

    def take(self, plan: SegmentPlan, elements: list[str]) -> None:
        """Note the names that a segment fills and another may. Raises Irregular where another has."""
        for cell, name, rivals in plan.contested:
            if read_slot(elements, plan.layout.slot(cell), self.binder.separator):
                if name in self.taken:
                    raise Irregular
                self.taken[name] = rivals

    def bind_slowly(
        self,
        segment: Segment,
        chosen: SegmentPlan | None,
        loop: LoopPlan,
        scope: Object,
        used: dict[str, int],
    ) -> SegmentPlan:
        """Bind a segment by its cells, which its binder left alone; the binding that takes it."""
        if chosen is not None and chosen.key in used:
            used[chosen.key] -= 1
        return self.binder.bind_segment(segment, loop, scope, used).plan

    def bind_child(
        self, loop: Loop, plan: LoopPlan, scope: Object, steps: tuple[Step, ...], *, repeated: bool
    ) -> None:
        """Bind a loop inside another."""
        bare = plan.scope is None and not plan.required
        if not plan.written or bare or plan.when is not None or (repeated and not plan.many):
            raise Irregular
        if plan.single:
            if (name := ("", plan.id)) in self.taken:
                raise Irregular
            self.taken[name] = frozenset()
        inner, inner_steps = self.open_scope(plan, scope, steps)
        self.bind_loop(loop, plan, inner, inner_steps)


def list_loops(way: list[Loop]) -> Iterator[Loop]:
    """The loops that a document is made of: those on its way, and all that are below without another way."""
    for at, loop in enumerate(way):
        yield loop
        spine = way[at + 1].use.id if at + 1 < len(way) else None
        below = [child for child in loop.children if isinstance(child, Loop) and child.use.id != spine]
        while below:
            inner = below.pop()
            if spine is None or not any(use.id == way[-1].use.id for use in inner.use.loop_uses()):
                yield inner
                below += [child for child in inner.children if isinstance(child, Loop)]


def common_depth(way: list[Loop], other: list[Loop]) -> int:
    """How many loops two ways to documents have in common."""
    depth = 0
    while depth < min(len(way), len(other)) and way[depth] is other[depth]:
        depth += 1
    return depth


def copy_json(value: Any) -> Any:
    """A copy of objects and arrays all the way down."""
    if value.__class__ is dict:
        return {key: copy_json(inner) for key, inner in value.items()}
    if value.__class__ is list:
        return [copy_json(inner) for inner in value]
    return value


def list_inner(value: Any) -> Inner:
    """The keys or places of what is no text in an object or array, with the same of each."""
    entries = value.items() if value.__class__ is dict else enumerate(value)
    return tuple((key, list_inner(inner)) for key, inner in entries if inner.__class__ in (dict, list))


def copy_by(value: Any, inner: Inner) -> Any:
    """The same as `copy_json` for what `list_inner` has looked at."""
    copied = value.copy()
    for key, below in inner:
        copied[key] = copy_by(copied[key], below)
    return copied


def keep_differences(pending: Pending, generation: Generation, separator: str) -> None:
    """Keep in `x12Extra` what differs of the doubtful segments of a loop from what is generated."""
    scope: Any = generation.root.values
    for step in pending.steps:
        scope = scope[step]
    generation.ordinal_in_loop = next(
        (step + 1 for step in reversed(pending.steps) if isinstance(step, int)), 1
    )
    extras: Object = {}
    entries: list[Entry | bool | None]
    for group in pending.groups:
        if group.entries is not None:
            entries = copy_json(group.entries)
        elif group.derived:
            entries = [derived_entry(group.plan, it, scope, generation, separator) for it in group.read]
        else:
            loop = WrittenLoop(pending.plan, Scope(scope))
            if group.plan.written:
                write_segment(group.plan, loop, generation)
            pairs = zip_longest(group.read, loop.children)
            entries = [segment_entry(left, right, separator) for left, right in pairs]
        if trim(entries):
            extras[f"{pending.plan.id}/{group.plan.key}"] = entries
    if extras:
        scope.setdefault("x12Extra", {}).update(extras)


def derived_entry(
    plan: SegmentPlan, read: BoundSegment, scope: Object, generation: Generation, separator: str
) -> Entry | None:
    """What `x12Extra` keeps of a segment that can differ in derived values only."""
    if read.cells is None:
        raise AssertionError("a regular segment has cells")
    made = read.cells.copy()
    for cell, derive in plan.hidden:
        made[cell] = plan.blank[cell] or derive(generation, scope)
    return diff_cells(plan, read.cells, made, separator) if made != read.cells else None


def bind_tree(guide: Guide, tree: Loop, *, delimiters: Delimiters | None = None) -> list[Object]:
    """The documents of a transaction set: one for each claim of an 837, else one.

    Dates are CCYYMMDD texts, money is text as sent. What has no name is in `x12Extra`.
    """
    plan = load_plan(guide.id)
    delimiters = delimiters or Delimiters(
        component=tree.component_separator, repetition=tree.repetition_separator
    )
    tree = mark_repetitions(tree, delimiters.repetition, plan.repeats)
    separator = delimiters.component
    context = reading_context(delimiters)
    ways = [*unit_ways(tree, plan.root)] if plan.unit else [[tree]]
    binder = RegularBinder(plan, context)
    with resting_collector():
        return [
            binder.bind(way, following) or bind_document(plan, way, separator, context)
            for way, following in zip(ways, [*ways[1:], []], strict=False)
        ]


def unit_ways(loop: Loop, plan: LoopPlan, above: tuple[Loop, ...] = ()) -> Iterator[list[Loop]]:
    """The loops from the set down to each loop that makes a document."""
    way = (*above, loop)
    if plan.unit:
        yield [*way]
        return
    for child in loop.children:
        if isinstance(child, Loop):
            below = plan.by_loop[child.use.id]
            if below.spine:
                yield from unit_ways(child, below, way)
