"""`x12Extra`: what the JSON shape has no name for, kept beside its loop so that nothing is lost.

At the scope of a loop, `x12Extra` is an object:

- `"2010AA/NM1"` (loop id and segment key of the overlay): one entry for each occurrence, in order. An entry
  is null (as generated), false (not written), or a list of elements in which null means as generated; a
  composite is a list of components in the same way.
- `"2310A"` (the id of a loop right below): one entry for each occurrence: null, false, or a list of raw
  segments, each a list of elements that begins with the segment id.
- `"2010AA/order"`: keys of the loop's segments and loops in the order of the file, where that is not the
  guide's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from edi.findings import find
from edi.generation import Generation, Step, make_pointer
from edi.plans import LoopPlan, SegmentPlan
from edi.repetitions import MARK
from edi.written import WrittenLoop, WrittenSegment

Entry = list[Any]


def diff_cells(plan: SegmentPlan, wanted: Sequence[str], made: Sequence[str], separator: str) -> Entry | None:
    """The entry that turns `made` into `wanted`, or None where they are the same."""
    skipped = plan.hierarchy.values()
    differs = [
        cell
        for cell, (old, new) in enumerate(zip(wanted, made, strict=True))
        if old != new and cell not in skipped
    ]
    if not differs:
        return None
    entry: Entry = []
    for cell in differs:
        slot = plan.layout.slot(cell)
        entry.extend([None] * (slot.element - len(entry)))
        if not slot.component:
            entry[slot.element - 1] = split_composite(wanted[cell], separator)
            continue
        parts = entry[slot.element - 1] or []
        parts.extend([None] * (slot.component - len(parts)))
        parts[slot.component - 1] = wanted[cell]
        entry[slot.element - 1] = parts
    return entry


def split_composite(text: str, separator: str) -> str | list[str]:
    """An element as kept: composites as lists of components, so that no separator is kept."""
    return text.split(separator) if separator in text else text


def raw_entry(elements: Sequence[str], separator: str) -> Entry:
    """All elements of a segment that nothing was generated for."""
    return [split_composite(text, separator) for text in elements[1:]]


def kept_cells(plan: SegmentPlan, entry: Entry) -> Iterator[int]:
    """The cells that an entry gives a value."""
    for position, value in enumerate(entry, 1):
        first, components = plan.layout.spans[position] if position < len(plan.layout.spans) else (0, 0)
        parts = value if isinstance(value, list) and components else [value]
        yield from (first + at for at, part in enumerate(parts) if part is not None and first)


def trim(entries: list[Any]) -> list[Any]:
    """Entries without the nulls at the end."""
    while entries and entries[-1] is None:
        entries.pop()
    return entries


# --- putting them back


class ExtraReader:
    """Applies the `x12Extra` of one scope to one generated loop; wrong shapes are findings."""

    def __init__(self, loop: WrittenLoop, generation: Generation) -> None:
        self.loop = loop
        self.generation = generation
        self.separator = generation.context.delimiters.component

    def fault(self, *steps: Step) -> None:
        """Note an entry of the wrong shape."""
        pointer = make_pointer((*self.loop.scope.path(), "x12Extra", *steps))
        self.generation.findings.append(
            find("json.wrong_type", pointer=pointer, expected="a list of elements")
        )

    def apply(self, extras: Any) -> None:
        """Put back every entry that belongs to the loop."""
        if extras is None:
            return
        if not isinstance(extras, dict):
            self.fault()
            return
        plan = self.loop.plan
        for key, entries in extras.items():
            owner, _, rest = key.partition("/")
            if not (owner == plan.id if rest else owner in plan.by_loop):
                continue
            if not isinstance(entries, list):
                self.fault(key)
            elif rest in plan.by_key:
                self.apply_segments(plan.by_key[rest], key, entries)
            elif not rest:
                self.apply_loops(plan.by_loop[owner], key, entries)
        order = extras.get(f"{plan.id}/order")
        if isinstance(order, list):
            self.loop.children = reorder(self.loop, [str(name) for name in order])

    def apply_segments(self, plan: SegmentPlan, key: str, entries: list[Any]) -> None:
        """Put back the entries of one segment key."""
        made: list[WrittenSegment | WrittenLoop] = [
            child for child in self.loop.children if isinstance(child, WrittenSegment) and child.plan is plan
        ]
        result: list[WrittenSegment | WrittenLoop] = []
        for at, entry in enumerate(entries):
            segment = (
                made[at]
                if at < len(made)
                else WrittenSegment(plan, self.loop.scope, plan.layout.blank.copy())
            )
            if isinstance(entry, list) and isinstance(segment, WrittenSegment):
                segment.extra = ("x12Extra", key, at)
                if self.apply_entry(segment, plan, entry):
                    result.append(segment)
                    self.loop.found = True
                elif at < len(made):
                    result.append(segment)
            elif entry is not False:
                result += made[at : at + 1]
                if entry is not None:
                    self.fault(key, at)
        self.replace(plan.key, made, [*result, *made[len(entries) :]])

    def apply_entry(self, segment: WrittenSegment, plan: SegmentPlan, entry: Entry) -> bool:
        """Put the elements of one entry into a segment; false where they are no texts."""
        for position, value in enumerate(entry, 1):
            parts = value if isinstance(value, list) else [value]
            if not all(part is None or self.is_text(part) for part in parts):
                self.fault(*(segment.extra or ())[1:], position - 1)
                return False
        elements = segment.render(self.separator)
        elements.extend([""] * (len(entry) + 1 - len(elements)))
        for position, value in enumerate(entry, 1):
            if value is not None:
                elements[position] = self.merge(value, elements[position])
        cells = plan.layout.spread(elements, self.separator)
        if cells is None:
            segment.elements = elements
            return True
        segment.cells = cells
        segment.kept = frozenset(kept_cells(plan, entry))
        return True

    def merge(self, value: Any, made: str) -> str:
        """An element of an entry as text; components that are null come from what was made."""
        if not isinstance(value, list):
            return str(value)
        parts = made.split(self.separator)
        parts.extend([""] * (len(value) - len(parts)))
        for at, part in enumerate(value):
            if part is not None:
                parts[at] = part
        return self.separator.join(parts).rstrip(self.separator)

    def is_text(self, value: Any) -> bool:
        """True for a text that cannot break the file."""
        return isinstance(value, str) and not self.generation.bad.search(value.replace(MARK, ""))

    def apply_loops(self, plan: LoopPlan, key: str, entries: list[Any]) -> None:
        """Put back whole loops."""
        made: list[WrittenSegment | WrittenLoop] = [
            child for child in self.loop.children if isinstance(child, WrittenLoop) and child.plan is plan
        ]
        result: list[WrittenSegment | WrittenLoop] = []
        for at, entry in enumerate(entries):
            if isinstance(entry, list) and entry:
                result += self.raw_loop(plan, key, at, entry)
            elif entry is not False:
                result += made[at : at + 1]
                if entry is not None:
                    self.fault(key, at)
        self.replace(plan.key, made, [*result, *made[len(entries) :]])

    def raw_loop(self, plan: LoopPlan, key: str, at: int, segments: list[Any]) -> list[WrittenLoop]:
        """A loop of raw segments."""
        loop = WrittenLoop(plan, self.loop.scope)
        loop.found = True
        for number, elements in enumerate(segments):
            if not isinstance(elements, list) or not elements or not isinstance(elements[0], str):
                self.fault(key, at, number)
                return []
            parts = [part for value in elements for part in (value if isinstance(value, list) else [value])]
            if not all(self.is_text(part) for part in parts):
                self.fault(key, at, number)
                return []
            segment = WrittenSegment(None, self.loop.scope, [])
            segment.elements = [self.merge(value, "") for value in elements]
            segment.extra = ("x12Extra", key, at, number)
            loop.children.append(segment)
        return [loop]

    def replace(
        self,
        key: str,
        made: list[WrittenSegment | WrittenLoop],
        result: list[WrittenSegment | WrittenLoop],
    ) -> None:
        """Put `result` where `made` stood, or at the guide's place for `key`."""
        children = self.loop.children
        if made:
            at = children.index(made[0])
        else:
            rank = self.loop.plan.ranks
            mine = rank[key]
            at = next((n for n, child in enumerate(children) if rank[key_of(child)] > mine), len(children))
        kept = [child for child in children if child not in made]
        at -= sum(1 for child in children[:at] if child in made)
        self.loop.children = [*kept[:at], *result, *kept[at:]]


def key_of(child: WrittenSegment | WrittenLoop) -> str:
    """The key of a child of a loop that has plans for all its segments."""
    if child.plan is None:
        raise AssertionError("raw segments stand in raw loops only")
    return child.plan.key


def reorder(loop: WrittenLoop, order: list[str]) -> list[WrittenSegment | WrittenLoop]:
    """The children in the order of their keys; those that the order does not name stay last."""
    queues: dict[str, list[WrittenSegment | WrittenLoop]] = {}
    for child in loop.children:
        queues.setdefault(key_of(child), []).append(child)
    ordered = [queues[key].pop(0) for key in order if queues.get(key)]
    return [*ordered, *(child for child in loop.children if child in queues.get(key_of(child), ()))]


def apply_extras(loop: WrittenLoop, extras: Any, generation: Generation) -> None:
    """Put what `x12Extra` keeps for a loop back into it."""
    ExtraReader(loop, generation).apply(extras)


def raw_segments(segments: Iterator[list[str]], separator: str) -> list[Entry]:
    """The segments of a whole loop as raw lists."""
    return [[split_composite(text, separator) for text in elements] for elements in segments]
