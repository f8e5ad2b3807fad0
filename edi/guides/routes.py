"""Routes: where each segment may go next. The walk is resolved once for each pair of places and remembered.

From the segment read last, the next segment is looked for in the same loop from its position on, then in the
loops around it, outwards; the first use whose id and telling codes fit is taken. X12.59 orders segments by
position, so nothing before the current position can match.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from edi.guide import Guide, LoopUse, SegmentUse, Slot


class Station:
    """One loop or segment use in the walk, with its parent (the frozen definitions have none)."""

    __slots__ = ("children", "index", "loop", "parent", "position", "required", "segment", "steps")

    def __init__(self, index: int, use: LoopUse | SegmentUse, parent: Station | None) -> None:
        self.index = index
        self.loop = use if isinstance(use, LoopUse) else None
        self.segment = use if isinstance(use, SegmentUse) else None
        self.position = use.position
        self.parent = parent
        self.children: list[Station] = []
        self.required: frozenset[int] = frozenset()
        self.steps: dict[str, Step] = {}

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


Tell = Callable[[list[str]], str]


class Routes:
    """The walk of one guide for one component separator.

    `tells` has, for each segment id of the guide, what tells its uses apart: a function that gives the same
    text for segments that go the same way, or None where the id says it all. Each station remembers by that
    text (`steps`) where a segment goes next; values that the guide does not know are all told as one.
    """

    def __init__(self, guide: Guide, component: str) -> None:
        self.component = component
        self.stations: list[Station] = []
        self.root = self._build(guide.root, None)
        self.tells = {name: self._tell(name, slots) for name, slots in self._collect_slots().items()}

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

    def _collect_slots(self) -> dict[str, dict[Slot, frozenset[str]]]:
        found: dict[str, dict[Slot, frozenset[str]]] = {}
        for station in self.stations:
            use = station.segment
            if use is not None:
                known = found.setdefault(use.id, {})
                if use.slot is not None:
                    known[use.slot] = known.get(use.slot, frozenset()) | use.slot_codes
        return found

    def _tell(self, name: str, slots: dict[Slot, frozenset[str]]) -> Tell | None:
        if not slots:
            return None
        tells = [self._tell_slot(name, slot, codes) for slot, codes in sorted(slots.items())]
        return tells[0] if len(tells) == 1 else lambda elements: "".join([tell(elements) for tell in tells])

    def _tell_slot(self, name: str, slot: Slot, codes: frozenset[str]) -> Tell:
        at = slot.element
        labels = {code: f"{name}*{code}*" for code in codes}
        other = f"{name}**"
        if not slot.component:
            return lambda elements: labels.get(elements[at], other) if at < len(elements) else other
        return lambda elements: labels.get(self._slot_value(elements, slot), other)

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

    def find_step(self, current: Station, told: str, elements: list[str]) -> Step | None:
        """The step from `current` for a segment that is told by `told`, or None where there is no place."""
        step = self._find(current, elements)
        if step is not None:
            current.steps[told] = step
        return step
