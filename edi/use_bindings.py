"""The bindings of one segment use, and which of them takes an occurrence, told from the elements alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edi.guide import Slot

if TYPE_CHECKING:
    from edi.plans import SegmentPlan


def read_slot(elements: Sequence[str], slot: Slot, separator: str) -> str:
    """The text of an element or component, or ""."""
    text = elements[slot.element] if slot.element < len(elements) else ""
    if not slot.component:
        return text
    parts = text.split(separator)
    return parts[slot.component - 1] if slot.component <= len(parts) else ""


class UseBindings(dict[str, list["SegmentPlan"]]):
    """The bindings of one use, by the code that tells them apart; `sole` where there is one only."""

    def __init__(self, plans: list[SegmentPlan]) -> None:
        super().__init__()
        self.plans = plans
        self.sole = plans[0] if len(plans) == 1 else None
        slots = {plan.binding.slot for plan in plans if plan.codes}
        self.slot = slots.pop() if len(slots) == 1 else None
        self.certain = not slots

    def __missing__(self, code: str) -> list[SegmentPlan]:
        """Those that take a code. Only codes of the overlay are remembered."""
        found = [plan for plan in self.plans if not plan.codes or code in plan.codes]
        if any(code in plan.codes for plan in self.plans):
            self[code] = found
        return found

    def choose(self, elements: list[str], separator: str, used: dict[str, int]) -> SegmentPlan | None:
        """The binding that `choose_plan` takes, and counted as used; None where that needs the cells."""
        if not self.certain:
            return None
        code = read_slot(elements, self.slot, separator) if self.slot is not None else ""
        for plan in self[code]:
            count = used.get(plan.key, 0)
            if count < plan.capacity:
                if not covers(plan, elements, separator):
                    return None
                used[plan.key] = count + 1
                return plan
        return None


def covers(plan: SegmentPlan, elements: list[str], separator: str) -> bool:
    """True where a binding surely names every value of a segment."""
    for position, known in plan.gaps:
        text = elements[position] if position < len(elements) else ""
        if text and (not known or text.count(separator) >= known):
            return False
    return len(elements) <= len(plan.layout.spans)


def find_gaps(plan: SegmentPlan) -> tuple[tuple[int, int], ...]:
    """The elements that a binding has no value for, or for some components only: those it has come first."""
    gaps: list[tuple[int, int]] = []
    for position, (first, components) in enumerate(plan.layout.spans[1:], 1):
        cells = range(first, first + max(components, 1))
        known = next((at for at, cell in enumerate(cells) if cell not in plan.covered), len(cells))
        if known < len(cells):
            gaps.append((position, known))
    return tuple(gaps)
