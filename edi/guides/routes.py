"""Routes: where each segment may go next. The walk is resolved once for each pair of places and remembered.

From the segment read last, the next segment is looked for in the same loop from its position on, then in the
loops around it, outwards; the first use whose id and telling codes fit is taken. X12.59 orders segments by
position, so nothing before the current position can match.
"""

from __future__ import annotations

from typing import NamedTuple

from edi.guide import Guide, LoopUse, SegmentUse, Slot


class Station:
    """One loop or segment use in the walk, with its parent (the frozen definitions have none)."""

    __slots__ = ("accepts", "children", "index", "loop", "parent", "position", "required", "segment")

    def __init__(self, index: int, use: LoopUse | SegmentUse, parent: Station | None) -> None:
        self.index = index
        self.loop = use if isinstance(use, LoopUse) else None
        self.segment = use if isinstance(use, SegmentUse) else None
        self.position = use.position
        self.parent = parent
        self.children: list[Station] = []
        self.required: frozenset[int] = frozenset()

    @property
    def opener(self) -> Station | None:
        """The segment that begins this loop; None for the set itself and for wrappers."""
        if self.loop is None or self.loop.wrapper or self.parent is None:
            return None
        return self.children[0]


class Step(NamedTuple):
    """What reading a segment does: loops closed, loops opened, and the use it is."""

    closes: int
    opens: tuple[Station, ...]
    station: Station


class Routes:
    """The walk of one guide for one component separator."""

    def __init__(self, guide: Guide, component: str) -> None:
        self.component = component
        self.stations: list[Station] = []
        self.root = self._build(guide.root, None)
        self.slots = self._collect_slots()
        self.memory: dict[tuple[int, str, str], Step] = {}

    def _build(self, use: LoopUse | SegmentUse, parent: Station | None) -> Station:
        station = Station(len(self.stations), use, parent)
        self.stations.append(station)
        if isinstance(use, LoopUse):
            station.children = [self._build(child, station) for child in use.children if child.usage != "N"]
            station.required = frozenset(
                child.index
                for child in station.children
                if (child.loop or child.segment).usage == "R"  # type: ignore[union-attr]  # one of the two is set
            )
        return station

    def _collect_slots(self) -> dict[str, tuple[Slot, ...]]:
        found: dict[str, set[Slot]] = {}
        for station in self.stations:
            if station.segment is not None:
                known = found.setdefault(station.segment.id, set())
                if station.segment.slot is not None:
                    known.add(station.segment.slot)
        return {name: tuple(sorted(places)) for name, places in found.items()}

    def _slot_value(self, elements: list[str], slot: Slot) -> str:
        text = elements[slot.element] if slot.element < len(elements) else ""
        if not slot.component:
            return text
        parts = text.split(self.component)
        return parts[slot.component - 1] if slot.component <= len(parts) else ""

    def _fits(self, station: Station, elements: list[str]) -> bool:
        use = station.segment
        if use is None or use.id != elements[0]:
            return False
        return use.slot is None or self._slot_value(elements, use.slot) in use.slot_codes

    def _enter(self, loop: Station, elements: list[str]) -> tuple[tuple[Station, ...], Station] | None:
        opener = loop.opener
        if opener is not None:
            return ((loop,), opener) if self._fits(opener, elements) else None
        for child in loop.children:
            if child.loop is not None:
                inner = self._enter(child, elements)
                if inner is not None:
                    return (loop, *inner[0]), inner[1]
            elif self._fits(child, elements):
                return (loop,), child
        return None

    def _step_in(self, loop: Station, child: Station, elements: list[str], closes: int) -> Step | None:
        if child.loop is not None:
            entered = self._enter(child, elements)
            return Step(closes, *entered) if entered else None
        if not self._fits(child, elements):
            return None
        if child is loop.opener:
            return Step(closes + 1, (loop,), child)
        return Step(closes, (), child)

    def _find(self, current: Station, elements: list[str]) -> Step | None:
        loop, position, closes = current.parent, current.position, 0
        while loop is not None:
            for child in loop.children:
                if child.position >= position:
                    step = self._step_in(loop, child, elements, closes)
                    if step is not None:
                        return step
            position, loop, closes = loop.position, loop.parent, closes + 1
        return None

    def next(self, current: Station, elements: list[str]) -> Step | None:
        """The step from `current` for a segment, or None where the guide has no place for it."""
        slots = self.slots.get(elements[0])
        if slots is None:
            return None
        told = "".join([self._slot_value(elements, slot) + "\0" for slot in slots]) if slots else ""
        key = (current.index, elements[0], told)
        step = self.memory.get(key)
        if step is None:
            step = self._find(current, elements)
            if step is not None:
                self.memory[key] = step
        return step

    def start(self, elements: list[str]) -> Station | None:
        """The first station of the set, where `elements` is its ST segment."""
        first = self.root.children[0]
        return first if self._fits(first, elements) else None
