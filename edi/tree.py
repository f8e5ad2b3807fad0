"""The tree of a transaction set: loops with their segments, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from edi.guide import LoopUse
from edi.segments import Segment

if TYPE_CHECKING:
    from edi.rules.registry import Tally
    from edi.shapes import Shape

    T = TypeVar("T", bound=Tally)


class Loop(msgspec.Struct, eq=False):
    """One occurrence of a loop. `children` holds segments and loops in file order.

    `shape` tells what a loop that was read has among its children; `tallies` is for rules while it is read.
    """

    use: LoopUse
    parent: Loop | None
    component_separator: str = ":"
    repetition_separator: str = "^"
    children: list[Segment | Loop] = []
    shape: Shape | None = None
    tallies: dict[type[Tally], Tally] | None = None

    @property
    def id(self) -> str:
        return self.use.id

    def segments(self, name: str = "") -> list[Segment]:
        """This loop's own segments: all, those with segment id `name`, or those of the use key `name`."""
        if not name:
            return [child for child in self.children if isinstance(child, Segment)]
        place = self.shape.places.get(name) if self.shape is not None else 0
        if place is None:
            return []
        children = islice(self.children, max(place, 0), None)
        if "/" in name:
            return [
                child
                for child in children
                if isinstance(child, Segment) and child.use is not None and child.use.key == name
            ]
        return [child for child in children if isinstance(child, Segment) and child.elements[0] == name]

    def segment(self, name: str, qualifier: str = "") -> Segment | None:
        """The first own segment `name` whose element 1 is `qualifier` (any, where that is "")."""
        place = 0
        if self.shape is not None:
            found = self.shape.places.get(name)
            if found is None:
                return None
            if found >= 0:
                first: Segment = self.children[found]  # type: ignore[assignment]  # by its shape
                if not qualifier or first.element(1) == qualifier:
                    return first
                place = found + 1
        if "/" in name:
            return next(iter(self.segments(name)), None)
        for child in islice(self.children, place, None):
            if (
                isinstance(child, Segment)
                and child.elements[0] == name
                and (not qualifier or child.element(1) == qualifier)
            ):
                return child
        return None

    def value(self, name: str, element: int, component: int = 0, qualifier: str = "") -> str:
        """The text of an element (or component) of the first own segment `name`; "" where there is none."""
        segment = self.segment(name, qualifier)
        if segment is None:
            return ""
        if not component:
            return segment.element(element)
        return segment.component(element, component, self.component_separator)

    def loops(self, name: str = "") -> list[Loop]:
        """The loops right below this one: all, or those with id `name`."""
        if self.shape is not None and name and name not in self.shape.names:
            return []
        return [
            child for child in self.children if isinstance(child, Loop) and (not name or child.use.id == name)
        ]

    def tally(self, kind: type[T]) -> T:
        """The loop's tally of a kind, begun where it is not there."""
        if self.tallies is None:
            self.tallies = {}
        return cast("T", self.tallies.get(kind) or self.tallies.setdefault(kind, kind()))

    def descend(self, name: str) -> Iterator[Loop]:
        """Every loop with id `name` at any depth below this one, in file order."""
        for child in self.children:
            if isinstance(child, Loop):
                if child.use.id == name:
                    yield child
                yield from child.descend(name)

    def ascend(self, name: str) -> Loop | None:
        """This loop or the nearest loop above it with id `name`."""
        loop: Loop | None = self
        while loop is not None and loop.use.id != name:
            loop = loop.parent
        return loop

    def all_segments(self) -> Iterator[Segment]:
        """Every segment of this loop and below, in file order."""
        for child in self.children:
            if isinstance(child, Loop):
                yield from child.all_segments()
            else:
                yield child

    def let_go(self) -> None:
        """Take the tree below this loop apart: no loop knows the one around it any more.

        A loop and those in it know each other, so that a tree which nobody needs would wait for the cyclic
        collector. This frees it at once.
        """
        for child in self.children:
            if isinstance(child, Loop):
                child.let_go()
        self.parent = None

    def __repr__(self) -> str:
        return f"Loop({self.use.path})"
