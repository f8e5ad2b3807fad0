"""Units: the documents of a streamed file, each made as soon as its loop is complete.

An 837 is told by its claims (2300), and each is the document that `edi.binding` makes of it. An 835 is one
document for the whole set; it is told by its claim payments (2100), each the object that stands in that
document, and by the rest of it at the end.
"""

from __future__ import annotations

from typing import Any

from edi.binding import Irregular, RegularBinder, bind_tree, common_depth, keep_differences
from edi.comparison import bind_document, reading_context
from edi.extractors import Object
from edi.generation import Generation
from edi.guides.registry import load_guide
from edi.plans import LoopPlan, load_plan
from edi.repetitions import is_repeated
from edi.segments import Delimiters, Segment
from edi.tree import Loop


class UnitBinder:
    """Binds the loops that one transaction set hands on, in their order."""

    def __init__(self, guide_id: str, delimiters: Delimiters) -> None:
        self.guide = load_guide(guide_id)
        self.plan = load_plan(guide_id)
        self.delimiters = delimiters
        self.context = reading_context(delimiters)
        self.regular = RegularBinder(self.plan, self.context)
        self.before: list[Loop] = []
        self.repeats = self.plan.repeats

    def bind(self, unit: Loop) -> Object:
        """The document of a claim, or the object of a claim payment."""
        way = way_to(unit)
        if self.repeats and self._repeats(way):
            self.before = []
            self.regular.shared.clear()
            return self._bind_whole(way, plans_of(self.plan.root, way))
        return self._bind_document(way) if self.plan.unit else self._bind_part(way)

    def _repeats(self, way: list[Loop]) -> bool:
        """True where an element has several values; such a document takes the long way."""
        mark = self.delimiters.repetition
        segments = (it for it in way[-1].all_segments() if is_repeated(it, mark, self.repeats))
        around = (it for loop in way[:-1] for it in strip(loop, way[-1].use.id).all_segments())
        return next(segments, None) is not None or any(is_repeated(it, mark, self.repeats) for it in around)

    def bind_rest(self, tree: Loop) -> list[Object]:
        """The documents of a set whose loops were handed on: none for an 837, else all that is left."""
        if self.plan.unit:
            return []
        handed_on = self.guide.handed_on
        return bind_tree(
            self.guide, strip(tree, handed_on) if handed_on else tree, delimiters=self.delimiters
        )

    def _bind_document(self, way: list[Loop]) -> Object:
        regular, shared = self.regular, self.regular.shared
        common = common_depth(way, self.before)
        while shared and shared[-1].depth > common:
            shared.pop()
        self.before = way
        # The next claim may share everything but itself with this one.
        document = regular.bind(way, way[:-1])
        return document or bind_document(self.plan, way, self.delimiters.component, self.context)

    def _bind_part(self, way: list[Loop]) -> Object:
        plans = plans_of(self.plan.root, way)
        regular = RegularBinder(self.plan, self.context)
        try:
            regular.bind_child(way[-1], plans[-1], regular.binder.root, (), repeated=False)
        except Irregular:
            return self._bind_whole(way, plans)
        if regular.pending:
            generation = Generation(regular.binder.root, self.context)
            for pending in regular.pending:
                keep_differences(pending, generation, self.delimiters.component)
        return find_part(regular.binder.root, plans[-1:])

    def _bind_whole(self, way: list[Loop], plans: list[LoopPlan]) -> Object:
        """The part of a document of the whole set as if it had nothing else handed on."""
        tree = strip(way[0], way[-1].use.id, way)
        (document,) = bind_tree(self.guide, tree, delimiters=self.delimiters)
        return document if self.plan.unit else find_part(document, plans[1:])


def way_to(unit: Loop) -> list[Loop]:
    """The loops from the set down to `unit`."""
    way = [unit]
    while way[0].parent is not None:
        way.insert(0, way[0].parent)
    return way


def plans_of(root: LoopPlan, way: list[Loop]) -> list[LoopPlan]:
    """The plans of the loops on a way."""
    plans = [root]
    for loop in way[1:]:
        plans.append(plans[-1].by_loop[loop.use.id])
    return plans


def find_part(document: Object, plans: list[LoopPlan]) -> Object:
    """The object that the names of the last plan start from, where each array has one item."""
    at: Any = document
    for plan in plans:
        for step in plan.scope.steps if plan.scope is not None else ():
            at = at[step]
        at = at[-1] if plan.many else at
    found: Object = at
    return found


def strip(tree: Loop, handed_on: str, way: list[Loop] | None = None) -> Loop:
    """A copy of a tree without the loops `handed_on` and those around them, except for those on `way`."""
    kept = Loop(tree.use, None, tree.component_separator, tree.repetition_separator)
    for child in tree.children:
        if isinstance(child, Segment) or not holds(child, handed_on):
            kept.children.append(child)
    below = way[1:] if way else []
    if below:
        kept.children.append(strip(below[0], handed_on, below) if len(below) > 1 else below[0])
        if way is not None and tree.parent is None:
            kept.children.sort(key=lambda child: rank_of(tree, child))
    return kept


def rank_of(tree: Loop, child: Segment | Loop) -> int:
    """The position of a child of the set in its guide."""
    return child.use.position if child.use is not None else 0


def holds(loop: Loop, name: str) -> bool:
    """True for a loop of this id and for one that the guide lets hold it."""
    return any(use.id == name for use in loop.use.loop_uses())
