"""What the segments of a claim payment or service say, by their JSON names, taken straight from the elements.

Which element has which name is the overlay's to say; for each segment binding the lines that take its texts
are compiled from it, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from edi.guide import Slot
from edi.guides.naming import Choice, Name, SpreadField, ValueField
from edi.plans import LoopPlan, SegmentPlan
from edi.remits.claims import MODIFIERS, PartTexts
from edi.tree import Loop

Take = Callable[[list[str], PartTexts, str], None]


class Places(NamedTuple):
    """Where in a segment a name's texts stand (several for an array), or the alternatives of one place."""

    slot: Slot
    choices: tuple[Choice, ...]
    slots: tuple[Slot, ...] = ()


class TextSource:
    """The lines that take the texts of one segment binding."""

    def __init__(self, plan: SegmentPlan) -> None:
        scope = plan.binding.scope
        self.plan = plan
        self.many = scope is not None and scope.many
        self.entries = "/".join(scope.steps) if scope is not None and scope.many else ""
        self.prefix = "/".join(scope.steps) + "/" if scope is not None and not scope.many else ""
        self.lines = ["def take(e, part, separator):", "    n = len(e)"]
        self.composites = {at: count for at, (_, count) in enumerate(plan.layout.spans) if count}

    def name(self, name: Name) -> str:
        """The path of a name in the object of its loop (or in its entry of a list)."""
        return repr(self.prefix + "/".join(name.steps))

    def places(self) -> list[Places]:
        """The places to take, in the order of the segment."""
        found: list[Places] = []
        for field in self.plan.binding.fields:
            if isinstance(field, ValueField):
                found.append(Places(field.slot, field.choices))
            elif isinstance(field, SpreadField) and self.name(field.name) == repr(MODIFIERS):
                found.append(Places(field.slots[0], (Choice(field.name),), field.slots))
        return sorted(found, key=lambda places: places.slot)

    def text(self, slot: Slot) -> str:
        """The expression of a place that the segment has."""
        if not slot.component:
            return f"e[{slot.element}]"
        at = slot.component - 1
        return f"(c{slot.element}[{at}] if len(c{slot.element}) > {at} else '')"

    def anywhere(self, slot: Slot) -> str:
        """The expression of a place that the segment may not reach."""
        return f"({self.text(slot)} if n > {slot.element} else '')"

    def compile(self) -> Take:
        """`take(elements, part, separator)`: nothing is taken where the segment has more than its use."""
        self.lines += [f"    if n > {len(self.plan.layout.spans)}:", "        return"]
        for at, most in self.composites.items():
            self.lines += [
                f"    c{at} = e[{at}].split(separator) if n > {at} else ('',)",
                f"    if len(c{at}) > {most}:",
                "        return",
            ]
        self.lines.append("    texts = {}" if self.many else "    texts = part.texts")
        if self.many:
            self.lines.append(f"    part.entries.setdefault({self.entries!r}, []).append(texts)")
        reached = 0
        for places in self.places():
            if places.slot.element > reached:
                reached = places.slot.element
                self.lines += [f"    if n <= {reached}:", "        return"]
            self.lines += [*(self.spread_lines(places) if places.slots else self.value_lines(places))]
        names: dict[str, object] = {"trim": trim}
        code = "\n".join(self.lines)
        exec(compile(code, f"<texts of {self.plan.full_key}>", "exec"), names)  # noqa: S102 -- our own data
        return names["take"]  # type: ignore[return-value]  # just defined

    def value_lines(self, places: Places) -> Iterator[str]:
        """One text, under the first name whose condition holds."""
        yield f"    text = {self.text(places.slot)}"
        yield "    if text:"
        for number, choice in enumerate(places.choices):
            test = "True"
            if choice.condition is not None:
                test = f"{self.anywhere(choice.condition.slot)} in {choice.condition.codes!r}"
            yield f"        {'elif' if number else 'if'} {test}:"
            yield f"            texts.setdefault({self.name(choice.name)}, text)"

    def spread_lines(self, places: Places) -> Iterator[str]:
        """The texts of several components, without empty ones at the end."""
        first, last = places.slot, places.slots[-1]
        yield f"    if len(c{first.element}) >= {first.component}:"
        yield f"        found = trim(c{first.element}[{first.component - 1}:{last.component}])"
        yield "        if found:"
        yield f"            part.spread.setdefault({self.name(places.choices[0].name)}, found)"


def trim(texts: list[str]) -> tuple[str, ...]:
    """Texts without empty ones at the end."""
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


class SegmentTexts:
    """How the texts of one segment binding are taken."""

    def __init__(self, plan: SegmentPlan) -> None:
        self.key = plan.key
        self.capacity = plan.capacity
        self.slot = plan.binding.slot
        self.codes = plan.codes
        self.take = TextSource(plan).compile()


class Bindings(dict[str, list[SegmentTexts]]):
    """The bindings of one segment use, by the code that tells them apart."""

    def __init__(self, plans: list[SegmentPlan]) -> None:
        super().__init__()
        self.every = [SegmentTexts(plan) for plan in plans]
        slots = {binding.slot for binding in self.every if binding.codes}
        if len(slots) > 1:
            raise ValueError(f"the bindings of {plans[0].use.key} are told apart in several places")
        self.slot = slots.pop() if slots else None

    def __missing__(self, code: str) -> list[SegmentTexts]:
        """Those that take a code; codes are as many as the guide knows."""
        found = [binding for binding in self.every if not binding.codes or code in binding.codes]
        if any(code in binding.codes for binding in self.every):
            self[code] = found
        return found

    def choose(self, elements: list[str], separator: str, used: dict[str, int]) -> Take:
        """The first binding with the segment's code and room for it, else the last: as `choose_plan` does."""
        code = read_slot(elements, self.slot, separator) if self.slot is not None else ""
        for binding in self[code]:
            count = used.get(binding.key, 0)
            if count < binding.capacity:
                used[binding.key] = count + 1
                return binding.take
        return self.every[-1].take


def read_slot(elements: list[str], slot: Slot, separator: str) -> str:
    """The text of an element or component, or ""."""
    text = elements[slot.element] if slot.element < len(elements) else ""
    if not slot.component:
        return text
    parts = text.split(separator)
    return parts[slot.component - 1] if slot.component <= len(parts) else ""


class LoopTexts:
    """What the segments of one loop have names for; `sole` are the takes of uses with one binding."""

    def __init__(self, plan: LoopPlan) -> None:
        self.by_use = {key: Bindings(plans) for key, plans in plan.by_use.items()}
        self.sole = {
            key: bindings.every[0].take
            for key, bindings in self.by_use.items()
            if len(bindings.every) == 1 and not bindings.every[0].codes
        }

    def read(self, loop: Loop) -> tuple[PartTexts, list[Loop]]:
        """The texts of a loop's own segments, and the loops right below it."""
        part = PartTexts()
        below: list[Loop] = []
        separator = loop.component_separator
        sole = self.sole
        used: dict[str, int] = {}
        for child in loop.children:
            if isinstance(child, Loop):
                below.append(child)
            elif child.use is not None:
                key = child.use.key
                elements = child.elements
                take = sole.get(key) or self.by_use[key].choose(elements, separator, used)
                take(elements, part, separator)
        return part, below
