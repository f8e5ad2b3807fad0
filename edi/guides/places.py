"""Places of an overlay key: which segment use, element and component a key names."""

from __future__ import annotations

import re

from edi.guide import CompositeUse, ElementUse, LoopUse, SegmentUse, Slot

SEGMENT_KEY = re.compile(r"[A-Z][A-Z0-9]{1,2}(\[[^\]]+\])?$")
PLACE = re.compile(r"(\d\d(?:(?:\.\.|,)\d\d)*)(?:-(\d+)(?:\.\.(\d+))?)?$")


class Faults:
    """The faults of one overlay, each once."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, fault: str) -> None:
        """Note one fault."""
        if fault not in self.found:
            self.found.append(fault)

    def extend(self, faults: list[str]) -> None:
        """Note several."""
        for fault in faults:
            self.add(fault)


def split_key(key: str) -> tuple[str, str]:
    """`REF[0B]/02` as (`REF[0B]`, `02`); codes may hold a slash."""
    head, bracket, tail = key.partition("]")
    if not bracket:
        segment, _, place = key.partition("/")
        return segment, place
    return head + bracket, tail.lstrip("/")


def parse_places(text: str) -> list[Slot]:
    """Every place of `03..07`, `01-3..6`, `01..12-2` or `01,10,11`, in order; none where malformed."""
    found = PLACE.match(text)
    if not found:
        return []
    low = int(found[2] or 0)
    high = int(found[3] or low)
    return [Slot(e, c) for e in parse_elements(found[1]) for c in range(low, high + 1)]


def parse_elements(text: str) -> list[int]:
    """Element positions of a list of single elements and ranges."""
    positions: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("..")
        positions += range(int(first), int(last or first) + 1)
    return positions


def element_use(use: SegmentUse, slot: Slot) -> ElementUse | CompositeUse | None:
    """The definition at a place, or None where the use has none that is used."""
    for element in use.elements:
        if element.position != slot.element:
            continue
        if not slot.component:
            return element
        if isinstance(element, CompositeUse):
            return next((part for part in element.components if part.position == slot.component), None)
    return None


def qualifier_slot(use: SegmentUse) -> Slot | None:
    """Where the qualifier codes of a use stand: its own slot, else its first coded element."""
    if use.slot is not None:
        return use.slot
    for element in use.elements:
        if isinstance(element, ElementUse):
            if element.codes:
                return Slot(element.position, 0)
        elif element.components and element.components[0].codes:
            return Slot(element.position, 1)
    return None


def qualifier_codes(use: SegmentUse) -> frozenset[str]:
    """The codes that may stand at the use's qualifier slot."""
    if use.slot is not None and use.slot_codes:
        return use.slot_codes
    slot = qualifier_slot(use)
    definition = element_use(use, slot) if slot else None
    return (definition.codes if isinstance(definition, ElementUse) else None) or frozenset()


def resolve_segment(loop: LoopUse, key: str) -> SegmentUse | None:
    """The only segment use of `loop` that `key` can mean, or None."""
    if not SEGMENT_KEY.match(key):
        return None
    uses = [child for child in loop.children if isinstance(child, SegmentUse)]
    for use in uses:
        if use.key.rpartition("/")[2] == key:
            return use
    segment, _, rest = key.partition("[")
    uses = [use for use in uses if use.id == segment]
    if rest:
        codes = set(rest.rstrip("]").split("|"))
        uses = [use for use in uses if codes <= qualifier_codes(use)]
    return uses[0] if len(uses) == 1 else None
