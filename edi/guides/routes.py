"""Routes: where each segment may go next. The walk is resolved once for each pair of places and remembered.

From the segment read last, the next segment is looked for in the same loop from its position on, then in the
loops around it, outwards; the first use whose id and telling codes fit is taken. X12.59 orders segments by
position, so nothing before the current position can match. Where nothing fits, `edi.recovery` chooses among
the places of `Routes.alternatives`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from edi.guide import ElementUse, Guide, LoopUse, SegmentUse, Slot

QUALIFIER = Slot(1, 0)


class Station:
    """One loop or segment use in the walk, with its parent (the frozen definitions have none)."""

    __slots__ = (
        "children",
        "codes",
        "index",
        "loop",
        "parent",
        "position",
        "required",
        "segment",
        "slot",
        "steps",
    )

    def __init__(self, index: int, use: LoopUse | SegmentUse, parent: Station | None) -> None:
        self.index = index
        self.loop = use if isinstance(use, LoopUse) else None
        self.segment = use if isinstance(use, SegmentUse) else None
        self.position = use.position
        self.parent = parent
        self.children: list[Station] = []
        self.required: frozenset[int] = frozenset()
        self.steps: dict[str, Step] = {}
        self.slot, self.codes = _tell(self.segment)

    @property
    def name(self) -> str:
        """The id of the segment that begins this use; "" for the set itself and for wrappers."""
        first = self.segment or (self.opener.segment if self.opener else None)
        return first.id if first else ""

    @property
    def use(self) -> LoopUse | SegmentUse:
        """The definition: of the loop or of the segment."""
        found = self.loop or self.segment
        assert found is not None, "a station is a loop or a segment"
        return found

    @property
    def opener(self) -> Station | None:
        """The segment that begins this loop; None for the set itself and for wrappers."""
        if self.loop is None or self.loop.wrapper or self.parent is None:
            return None
        return self.children[0]


def _tell(use: SegmentUse | None) -> tuple[Slot | None, frozenset[str]]:
    """The place and codes that tell a use from others: those among its siblings, else its qualifier."""
    if use is None:
        return None, frozenset()
    if use.slot is not None:
        return use.slot, use.slot_codes
    first = use.elements[0] if use.elements else None
    if isinstance(first, ElementUse) and is_qualifier(first):
        return QUALIFIER, first.codes or frozenset()
    return None, frozenset()


def is_qualifier(first: ElementUse) -> bool:
    """True for an element 1 that must be there, with one of the guide's own codes (EQ01 may be absent)."""
    return bool(first.position == 1 and first.codes and first.external is None and first.usage == "R")


class Step(NamedTuple):
    """What reading a segment does: loops closed, loops opened, and the use it is."""

    closes: int
    opens: tuple[Station, ...]
    station: Station


def is_behind(child: Station, position: int) -> bool:
    """True for the wrapper that the walk has just left: a table of the set does not begin again."""
    return child.loop is not None and child.loop.wrapper and child.position == position


Tell = Callable[[list[str]], str]


class Routes:
    """The walk of one guide for one pair of separators.

    `tells` has, for each segment id of the guide, what tells its uses apart: a function that gives the same
    text for segments that go the same way, or None where the id says it all. Each station remembers by that
    text (`steps`) where a segment goes next.
    """

    def __init__(self, guide: Guide, component: str, repetition: str = "") -> None:
        self.component = component
        self.repetition = repetition
        self.stations: list[Station] = []
        self.root = self._build(guide.root, None)
        self.slots = self._collect_slots()
        self.codes = self._collect_codes()
        self.qualifiers = self._collect_qualifiers()
        self.tells = {name: self._compile_tell(name) for name in self.slots}

    def _build(self, use: LoopUse | SegmentUse, parent: Station | None) -> Station:
        station = Station(len(self.stations), use, parent)
        self.stations.append(station)
        if isinstance(use, LoopUse):
            station.children = [self._build(child, station) for child in use.children if child.usage != "N"]
            station.required = frozenset(child.index for child in station.children if child.use.usage == "R")
        return station

    def _collect_slots(self) -> dict[str, tuple[Slot, ...]]:
        found: dict[str, set[Slot]] = {}
        for station in self.stations:
            if station.segment is not None:
                known = found.setdefault(station.segment.id, set())
                if station.slot is not None:
                    known.add(station.slot)
        return {name: tuple(sorted(places)) for name, places in found.items()}

    def _collect_codes(self) -> dict[str, frozenset[str]]:
        """The telling codes of each segment id; every other value goes the way of every other."""
        found: dict[str, set[str]] = {}
        for station in self.stations:
            found.setdefault(station.name, set()).update(station.codes)
        return {name: frozenset(codes) for name, codes in found.items()}

    def _collect_qualifiers(self) -> dict[str, int]:
        """Where one simple element tells every use of a segment id: the quick way to the step. An id that
        nothing tells apart is told by itself (element 0).
        """
        untold = {station.name for station in self.stations if station.segment and station.slot is None}
        quick = {name: 0 for name, places in self.slots.items() if not places}
        for name, places in self.slots.items():
            if len(places) == 1 and not places[0].component and name not in untold:
                quick[name] = places[0].element
        return quick

    def _compile_tell(self, name: str) -> Tell | None:
        position = self.qualifiers.get(name)
        if position is None:
            return (lambda elements: f"{name}*{self._tell_step(elements)}") if self.slots[name] else None
        labels = {code: f"{name}*{code}" for code in self.codes[name]}
        other = f"{name}*"
        return lambda elements: labels.get(elements[position], other) if position < len(elements) else other

    def _tell_step(self, elements: list[str]) -> str:
        """What tells the step of a segment, out of the codes that the guide knows."""
        name = elements[0]
        values = (self._slot_value(elements, slot) for slot in self.slots[name])
        return "\0".join([value if value in self.codes[name] else "" for value in values])

    def _slot_value(self, elements: list[str], slot: Slot) -> str:
        text = elements[slot.element] if slot.element < len(elements) else ""
        if not slot.component:
            return text
        if self.repetition and self.repetition in text:
            text = text.partition(self.repetition)[0]
        parts = text.split(self.component)
        return parts[slot.component - 1] if slot.component <= len(parts) else ""

    def _fits(self, station: Station, elements: list[str]) -> bool:
        use = station.segment
        if use is None or use.id != elements[0]:
            return False
        return station.slot is None or self._slot_value(elements, station.slot) in station.codes

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
                if child.position >= position and not (closes and is_behind(child, position)):
                    step = self._step_in(loop, child, elements, closes)
                    if step is not None:
                        return step
            position, loop, closes = loop.position, loop.parent, closes + 1
        return None

    def next(self, current: Station, elements: list[str]) -> Step | None:
        """The step from `current` for a segment, or None where the guide has no place for it."""
        tell = self.tells.get(elements[0], unknown)
        told = elements[0] if tell is None else tell(elements)
        return current.steps.get(told) or self.find_step(current, told, elements)

    def find_step(self, current: Station, told: str, elements: list[str]) -> Step | None:
        """The same for a segment that is told by `told` and that did not come this way before."""
        step = self._find(current, elements) if elements[0] in self.slots else None
        if step is not None:
            current.steps[told] = step
        return step

    def branch(self, name: str) -> tuple[int, str]:
        """Which element tells the ways of a segment id apart, where one does (0: the id itself), and the
        separator of which only the first component counts ("": all of it).
        """
        slots = self.slots[name]
        if len(slots) == 1 and slots[0].component < 2:
            return slots[0].element, self.component if slots[0].component else ""
        return 0, ""

    def branch_key(self, elements: list[str]) -> str | None:
        """The text that tells the way of a segment by `branch`; None where it does not tell."""
        slots, codes = self.slots[elements[0]], self.codes[elements[0]]
        if not slots:
            return elements[0]
        value = self._slot_value(elements, slots[0])
        return value if len(slots) == 1 and slots[0].component < 2 and value in codes else None

    # --- where nothing fits

    def alternatives(self, current: Station, elements: list[str]) -> Iterator[Step]:
        """Every step that would place a segment if its telling code were right, or if a loop began without
        its first segment; the nearest first. A step of the second kind ends at a station that opens nothing.
        """
        loop, position, closes = current.parent, current.position, 0
        while loop is not None:
            for child in loop.children:
                if child.position >= position and not (closes and is_behind(child, position)):
                    yield from self._suppose(loop, child, elements, closes)
            position, loop, closes = loop.position, loop.parent, closes + 1

    def _suppose(self, loop: Station, child: Station, elements: list[str], closes: int) -> Iterator[Step]:
        if child.name == elements[0]:
            if child.loop is not None:
                yield Step(closes, (child,), child.children[0])
            elif child is loop.opener:
                yield Step(closes + 1, (loop,), child)
            else:
                yield Step(closes, (), child)
        if child.loop is not None:
            for opens, station in self._inside(child, elements):
                yield Step(closes, opens, station)

    def _inside(self, loop: Station, elements: list[str]) -> Iterator[tuple[tuple[Station, ...], Station]]:
        """The places right inside a loop, past its first segment; wrappers are looked through."""
        for child in loop.children:
            if child.loop is None:
                if child is not loop.opener and self._fits(child, elements):
                    yield (loop,), child
            elif child.opener is not None:
                if self._fits(child.opener, elements):
                    yield (loop, child), child.opener
                elif loop.opener is None:
                    yield from (((loop, *opens), station) for opens, station in self._inside(child, elements))

    def earlier(self, current: Station, elements: list[str]) -> Iterator[Step]:
        """Every step back to before the current place: to a segment of the same loop, or to a loop beside it
        or around it, without leaving the hierarchical level.
        """
        loop, position, closes = current.parent, current.position, 0
        while loop is not None:
            for child in loop.children:
                if child.position >= position or child is loop.opener:
                    continue
                if child.opener is not None and self._fits(child.opener, elements):
                    yield Step(closes, (child,), child.opener)
                elif not closes and self._fits(child, elements):
                    yield Step(0, (), child)
            if loop.name == "HL":
                return
            position, loop, closes = loop.position, loop.parent, closes + 1


def limit_of(station: Station) -> int:
    """How often the guide allows the use in its place."""
    use = station.use
    return use.max_use if isinstance(use, SegmentUse) else use.repeat


def unknown(elements: list[str]) -> str:
    """What tells segments apart whose id the guide does not know: nothing, they have no place."""
    return ""
