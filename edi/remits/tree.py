"""A remittance straight from the tree of an 835: what `read_remittance` reads of its document, but sooner:
no document of the claims is made.

Which element has which JSON name is the overlay's to say: the places are compiled from it, once.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import msgspec

from edi.binding import bind_tree
from edi.collector import resting_collector
from edi.guide import Slot
from edi.guides.naming import Name, SpreadField, ValueField
from edi.guides.registry import load_guide
from edi.models import ClaimPayment, Remittance
from edi.plans import LoopPlan, SegmentPlan, load_plan
from edi.remits.claims import MODIFIERS, AmountReading, PartTexts, make_claim, make_service
from edi.remits.reading import read_remittance
from edi.segments import Delimiters, Segment
from edi.tree import Loop
from edi.units import strip

CLAIM, LINES = "2100", "serviceLines"


class Take(NamedTuple):
    """A text to take: from a place, where the condition (a place and its codes) holds, under a name."""

    slot: Slot
    name: str
    condition: Slot | None
    codes: frozenset[str]


class SegmentTexts:
    """What one segment binding has names for. With `entries` its texts go into a new object of that list."""

    def __init__(self, plan: SegmentPlan) -> None:
        scope = plan.binding.scope
        self.many = scope is not None and scope.many
        self.entries = "/".join(scope.steps) if scope is not None and scope.many else ""
        self.prefix = "/".join(scope.steps) + "/" if scope is not None and not scope.many else ""
        self.key = plan.key
        self.capacity = plan.capacity
        self.slot = plan.binding.slot
        self.codes = plan.codes
        self.spans = plan.layout.spans
        self.composites = [(at, count) for at, (_, count) in enumerate(self.spans) if count]
        fields = plan.binding.fields
        self.takes = sorted(
            Take(
                field.slot,
                self._name(choice.name),
                choice.condition.slot if choice.condition else None,
                frozenset(choice.condition.codes) if choice.condition else frozenset(),
            )
            for field in fields
            if isinstance(field, ValueField)
            for choice in field.choices
        )
        plain = all(not take.slot.component and take.condition is None for take in self.takes)
        self.plain = [(take.slot.element, take.name) for take in self.takes] if plain else []
        named = [(it.slots, self._name(it.name)) for it in fields if isinstance(it, SpreadField)]
        self.spreads = [(slots, name) for slots, name in named if name == MODIFIERS]

    def _name(self, name: Name) -> str:
        return self.prefix + "/".join(name.steps)

    def fits(self, elements: list[str], separator: str) -> bool:
        """True where the segment has the binding's code."""
        return not self.codes or self.slot is None or read_slot(elements, self.slot, separator) in self.codes

    def take(self, elements: list[str], part: PartTexts, separator: str) -> None:
        """Put the texts of a segment into `part`; none where it has more places than its use."""
        count = len(elements)
        if count > len(self.spans):
            return
        for at, most in self.composites:
            if at < count and elements[at].count(separator) >= most:
                return
        if self.plain and not self.spreads:
            found = {name: elements[at] for at, name in self.plain if at < count and elements[at]}
            if self.many:
                part.entries.setdefault(self.entries, []).append(found)
            else:
                part.texts = found | part.texts
            return
        self._take_each(elements, part, separator)

    def _take_each(self, elements: list[str], part: PartTexts, separator: str) -> None:
        texts = part.texts
        if self.many:
            texts = {}
            part.entries.setdefault(self.entries, []).append(texts)
        taken = None
        for slot, name, condition, codes in self.takes:
            if slot.element >= len(elements):
                break
            text = elements[slot.element] if not slot.component else read_slot(elements, slot, separator)
            if not text or slot == taken:
                continue
            if condition is None or read_slot(elements, condition, separator) in codes:
                texts.setdefault(name, text)
                taken = slot
        for slots, name in self.spreads:
            first = slots[0]
            text = elements[first.element] if first.element < len(elements) else ""
            if text.count(separator) < first.component - 1:
                continue
            found = [read_slot(elements, slot, separator) for slot in slots]
            while found and not found[-1]:
                found.pop()
            if found:
                part.spread.setdefault(name, tuple(found))


def read_slot(elements: list[str], slot: Slot, separator: str) -> str:
    """The text of an element or component, or ""."""
    text = elements[slot.element] if slot.element < len(elements) else ""
    if not slot.component:
        return text
    parts = text.split(separator)
    return parts[slot.component - 1] if slot.component <= len(parts) else ""


class LoopTexts:
    """What the segments of one loop have names for, by their use."""

    def __init__(self, plan: LoopPlan) -> None:
        self.by_use = {key: [SegmentTexts(it) for it in plans] for key, plans in plan.by_use.items()}

    def read(self, loop: Loop) -> PartTexts:
        """The texts of a loop's own segments."""
        part = PartTexts()
        separator = loop.component_separator
        by_use = self.by_use
        used: dict[str, int] = {}
        for child in loop.children:
            if not isinstance(child, Segment) or child.use is None:
                continue
            bindings = by_use[child.use.key]
            binding = bindings[0]
            if len(bindings) > 1 or binding.codes:
                binding = self._choose(bindings, child.elements, separator, used)
            binding.take(child.elements, part, separator)
        return part

    def _choose(
        self, bindings: list[SegmentTexts], elements: list[str], separator: str, used: dict[str, int]
    ) -> SegmentTexts:
        """The first binding with the segment's code and room for it, else the last: as `choose_plan` does."""
        for binding in bindings:
            count = used.get(binding.key, 0)
            if count < binding.capacity and binding.fits(elements, separator):
                used[binding.key] = count + 1
                return binding
        return bindings[-1]


@cache
def load_texts(guide_id: str) -> tuple[LoopTexts, LoopTexts, str]:
    """How claims and services of a guide are read, and the id of the loop of services."""
    root = load_plan(guide_id).root
    claim = next(plan for plan in every_plan(root) if plan.id == CLAIM)
    service = next(plan for plan in claim.loops if plan.scope is not None and plan.scope.steps == (LINES,))
    return LoopTexts(claim), LoopTexts(service), service.id


def every_plan(plan: LoopPlan) -> list[LoopPlan]:
    """A loop plan and all below it."""
    return [plan, *(below for loop in plan.loops for below in every_plan(loop))]


def read_payment(
    claim: Loop, pointer: str, amounts: AmountReading, guide_id: str = "005010X221A1"
) -> ClaimPayment:
    """The claim payment of a loop 2100."""
    claims, lines, service = load_texts(guide_id)
    loops = claim.loops(service)
    services = [
        make_service(lines.read(loop), f"{pointer}/{LINES}/{at}", amounts) for at, loop in enumerate(loops)
    ]
    return make_claim(claims.read(claim), tuple(services), pointer, amounts)


@resting_collector()
def read_tree(tree: Loop, delimiters: Delimiters, guide_id: str = "005010X221A1") -> Remittance:
    """The remittance of the tree of an 835. Never raises for what it says or leaves out."""
    (document,) = bind_tree(load_guide(guide_id), strip(tree, CLAIM), delimiters=delimiters)
    rest = read_remittance(document)
    amounts = AmountReading()
    claims = []
    for at, header in enumerate(parent for parent in headers_of(tree)):
        for number, claim in enumerate(header.loops(CLAIM)):
            pointer = f"/detailInfo/{at}/paymentInfo/{number}"
            claims.append(read_payment(claim, pointer, amounts, guide_id))
    unreadable = (*rest.unreadable, *amounts.unreadable)
    return msgspec.structs.replace(rest, claims=tuple(claims), unreadable=unreadable)


def headers_of(tree: Loop) -> list[Loop]:
    """The loops that hold claim payments (2000), in the order of the file."""
    found: dict[int, Loop] = {}
    for claim in tree.descend(CLAIM):
        if claim.parent is not None:
            found.setdefault(id(claim.parent), claim.parent)
    if not found:
        return []
    name = next(iter(found.values())).use.id
    return list(tree.descend(name))
