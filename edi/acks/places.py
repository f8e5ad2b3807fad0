"""Where in a transaction set the notes of a 999 are: the loops around them, where what is missing belongs.

Source: 005010X231A1 IK302 (position), CTX (business unit).
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache, cached_property
from importlib.resources import files

import msgspec

from edi.findings import Place
from edi.guide import LoopUse, SegmentUse
from edi.segments import Segment
from edi.tree import Loop

Child = SegmentUse | LoopUse


class BusinessUnit(msgspec.Struct, frozen=True):
    """How the unit that a note is about is named (CTX01-1), and where its reference stands (CTX01-2)."""

    name: str
    loops: tuple[str, ...]
    segment: str
    element: int
    at: str = ""
    qualifier: str = ""

    def read_reference(self, loop: Loop | None) -> str:
        """The reference of the unit that `loop` belongs to, or ""."""
        while loop is not None:
            if loop.use.id in self.loops or (not self.loops and loop.parent is None):
                holder = next(loop.descend(self.at), None) if self.at else loop
                segment = holder.segment(self.segment, self.qualifier) if holder else None
                if segment is not None and segment.element(self.element):
                    return segment.element(self.element)
            loop = loop.parent
        return ""


@cache
def load_units() -> dict[str, BusinessUnit]:
    """The business unit of each transaction set, from `schemas/business_units.toml`."""
    raw = tomllib.loads((files("schemas") / "business_units.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw["unit"], dict[str, BusinessUnit])


class SetPlaces:
    """The loop of each segment of a transaction set that was read by a guide."""

    def __init__(self, tree: Loop | None) -> None:
        self.tree = tree

    @cached_property
    def placed(self) -> list[tuple[int, Loop, Segment]]:
        """Every segment that the guide places, in order, with its loop."""
        return list(walk(self.tree)) if self.tree is not None else []

    def find(self, ordinal: int) -> tuple[Loop, Segment] | None:
        """The segment at `ordinal`, or the last placed one before it, with its loop."""
        index = bisect_right(self.placed, ordinal, key=lambda entry: entry[0]) - 1
        return self.placed[index][1:] if index >= 0 else None

    def loop_of(self, place: Place, *, missing: bool) -> Loop | None:
        """The loop that a finding is about; what is missing was noticed one segment after it."""
        found = self.find((place.ordinal or 1) - missing)
        loop = found[0] if found else None
        around = loop
        while around is not None:
            if around.use.id == place.loop or (missing and holds(around.use, place.loop or "")):
                return around
            around = around.parent
        return loop

    def expect(self, place: Place, key: str) -> tuple[Child, int] | None:
        """What `key` (`2300/REF[F8]02`, `2310A`) names, missing near `place`, and where it belongs."""
        found = self.find(place.ordinal or 1)
        for loop in surround(found[0]) if found else ():
            use = find_child(loop.use, key)
            if use is not None:
                return use, position_of(loop, use)
        return None


def surround(loop: Loop) -> Iterator[Loop]:
    """A loop and those around it from the inside out, then those below it."""
    around: Loop | None = loop
    while around is not None:
        yield around
        around = around.parent
    below = list(loop.loops())
    for inner in below:
        yield inner
        below += inner.loops()


def walk(loop: Loop) -> Iterator[tuple[int, Loop, Segment]]:
    """Every segment below a loop with its ordinal and its own loop."""
    for child in loop.children:
        if isinstance(child, Loop):
            yield from walk(child)
        else:
            yield child.ordinal, loop, child


def holds(use: LoopUse, loop: str) -> bool:
    """True where a loop with this id is right below."""
    return any(isinstance(child, LoopUse) and child.id == loop for child in use.children)


def find_child(use: LoopUse, key: str) -> Child | None:
    """The use right below a loop that a rule names by its key, with or without an element behind it."""
    for child in use.children:
        if isinstance(child, LoopUse) and child.id == key:
            return child
        if isinstance(child, SegmentUse) and key.startswith(child.key):
            return child
    return None


def position_of(loop: Loop, missing: Child) -> int:
    """Where a segment or loop that is missing from `loop` belongs: what stands there now comes after it."""
    ranks = {id(use): rank for rank, use in enumerate(loop.use.children)}
    last = 0
    for child in loop.children:
        first = child if isinstance(child, Segment) else next(child.all_segments(), None)
        if first is None:
            continue
        if ranks.get(id(child.use), -1) > ranks[id(missing)]:
            return first.ordinal
        last = max(last, *(segment.ordinal for segment in segments_of(child)))
    return last + 1


def segments_of(child: Segment | Loop) -> Iterator[Segment]:
    """The segments of a child of a loop."""
    if isinstance(child, Segment):
        yield child
    else:
        yield from child.all_segments()
