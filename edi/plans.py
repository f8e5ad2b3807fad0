"""Plans: an overlay made ready to run. Each segment binding knows its cells, fillers and extractors.

A plan is compiled once for each guide; nothing of the overlay is looked up while documents are read or
written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from edi.contested import Contested, mark_contested
from edi.derivations import DERIVATIONS, HIERARCHY, Derivation
from edi.extractors import compile_extractor
from edi.fillers import Look, compile_look, compile_pairs
from edi.generation import Generation, Scope
from edi.guide import UNBOUNDED, CompositeUse, Guide, SegmentUse, Slot
from edi.guides.naming import LoopBinding, Name, Overlay, PairsField, Presence, SegmentBinding, ValueField
from edi.guides.overlay import load_overlay
from edi.guides.proof import ENVELOPE, field_names, field_slots, filled_slots
from edi.guides.registry import load_guide
from edi.layouts import Layout
from edi.repetitions import repeating, repeating_composites, repeating_uses
from edi.segment_binders import SegmentBinders
from edi.use_bindings import UseBindings, find_gaps
from edi.writers import compile_writer

if TYPE_CHECKING:
    from edi.sure.narrow import NarrowWriters, Step

#: Of so many sets of names that a scope had is remembered which children they are for.
SHAPES = 512


class Implied:
    """A code that stands wherever one of the cells it qualifies has a value."""

    __slots__ = ("cell", "code", "triggers")

    def __init__(self, cell: int, code: str, triggers: tuple[int, ...]) -> None:
        self.cell = cell
        self.code = code
        self.triggers = triggers


class PairsPlan:
    """The pairs of a segment: how to collect them and the cells of each pair."""

    def __init__(self, field: PairsField, layout: Layout) -> None:
        self.field = field
        self.collect = compile_pairs(field)
        self.cells = [
            (layout.cell(Slot(start, 0)), layout.cell(Slot(start + 1, 0))) for start in field.starts
        ]

    def fill(self, cells: list[str], scope: Scope, generation: Generation) -> bool:
        """Write the pairs that have room; the others wait in `generation.leftover`."""
        pairs = self.collect(scope, generation)
        self.put(cells, pairs, generation)
        return bool(pairs)

    def put(self, cells: list[str], pairs: list[tuple[str, str]], generation: Generation) -> None:
        """Put pairs into the cells; those that have no room wait in `generation.leftover`."""
        self.place(cells, pairs)
        generation.leftover = pairs[len(self.cells) :]

    def place(self, cells: list[str], pairs: list[tuple[str, str]]) -> None:
        """Put pairs of qualifier and value into their cells."""
        for (code_cell, cell), (code, value) in zip(self.cells, pairs, strict=False):
            cells[code_cell], cells[cell] = code, value


class SegmentPlan:
    """One segment binding, compiled. A `plain` one starts from its loop's scope, and that always."""

    def __init__(self, binding: SegmentBinding, opens: bool) -> None:
        use = binding.use
        layout = Layout(use)
        self.binding = binding
        self.use = use
        self.key = binding.key
        self.full_key = f"{use.key.rpartition('/')[0]}/{binding.key}"
        self.layout = layout
        self.opens = opens
        self.written = binding.named or opens
        self.codes = frozenset(binding.codes)
        self.code_cell = layout.cell(binding.slot) if binding.slot else 0
        self.look = compile_look(binding.scope) if binding.scope else None
        self.only = compile_presence(binding.only) if binding.only else None
        pairs = [field for field in binding.fields if isinstance(field, PairsField)]
        self.pairs = PairsPlan(pairs[0], layout) if pairs else None
        self.extract = compile_extractor(binding.fields, use, layout)
        self.blank = blank_of(binding, layout)
        self.implied = implied_of(binding, layout)
        self.derived: tuple[tuple[int, Derivation], ...] = tuple(
            (layout.cell(slot), DERIVATIONS[name]) for slot, name in binding.derived if name not in HIERARCHY
        )
        self.hierarchy = {name: layout.cell(slot) for slot, name in binding.derived if name in HIERARCHY}
        self.defaults = tuple((layout.cell(slot), text) for slot, text in binding.defaults)
        self.required = tuple(required_cells(use, layout))
        self.completes = use.usage == "R" and use.id not in ENVELOPE and self.can_complete()
        self.gate = None if opens or self.completes else gate_of(binding)
        self.many = binding.scope is not None and binding.scope.many
        self.texts = any(
            not name.steps for field in binding.fields for name in field_names(field) if not name.root
        )
        self.capacity = UNBOUNDED if self.many else use.max_use if self.pairs else 1
        self.covered = frozenset(covered_cells(self))
        self.gaps = find_gaps(self)
        self.named_cells = frozenset(named_cells(binding, layout))
        self.condition_cells = frozenset(condition_cells(binding, layout))
        self.completed = frozenset(cell for cell, _ in (*self.derived, *self.defaults))
        self.hidden = tuple(entry for entry in self.derived if entry[0] not in self.named_cells)
        self.binders = SegmentBinders(self)
        self.rank = 0
        self.plain = self.only is None and self.look is None
        self.repeating = bool(repeating(use))
        self.contested: tuple[Contested, ...] = ()
        self.composites = repeating_composites(use)
        self.write = compile_writer(self)
        self.narrow: NarrowWriters | None = None

    def can_complete(self) -> bool:
        """True where constants, derived and default values fill every required element."""
        given = {cell for cell, text in enumerate(self.blank) if text}
        given.update(cell for cell, _ in (*self.derived, *self.defaults))
        return given.issuperset(self.required)


def required_cells(use: SegmentUse, layout: Layout) -> Iterator[int]:
    """Cells of the elements that the guide requires in every occurrence."""
    for element in use.elements:
        if element.usage != "R":
            continue
        if isinstance(element, CompositeUse):
            for part in element.components:
                if part.usage == "R":
                    yield layout.cell(Slot(element.position, part.position))
        else:
            yield layout.cell(Slot(element.position, 0))


def compile_presence(presence: Presence) -> Callable[[Scope, Generation], bool]:
    """A test of whether a path has (or has no) value."""
    look = compile_look(presence.name)
    absent = presence.absent
    return lambda scope, generation: (look(scope, generation) is None) is absent


def gate_of(binding: SegmentBinding) -> frozenset[str] | None:
    """The first steps of all names of a binding, where they all start at its scope; else None."""
    if binding.scope is not None:
        return frozenset(binding.scope.steps[:1]) if binding.scope.steps and not binding.scope.root else None
    names = [name for field in binding.fields for name in field_names(field)]
    if any(name.root or not name.steps for name in names):
        return None
    return frozenset(name.steps[0] for name in names)


def blank_of(binding: SegmentBinding, layout: Layout) -> list[str]:
    """The cells that are always the same: constants, and required elements with one code."""
    cells = layout.blank.copy()
    for element in binding.use.elements:
        parts = element.components if isinstance(element, CompositeUse) else (element,)
        if element.usage != "R":
            continue
        for part in parts:
            if part.usage == "R" and part.codes is not None and len(part.codes) == 1:
                component = part.position if isinstance(element, CompositeUse) else 0
                cells[layout.cell(Slot(element.position, component))] = next(iter(part.codes))
    for slot, text in binding.constants:
        cells[layout.cell(slot)] = text
    return cells


def implied_of(binding: SegmentBinding, layout: Layout) -> tuple[Implied, ...]:
    """Single codes of optional composites and of optional elements paired with another (condition P)."""
    found: list[Implied] = []
    for element in binding.use.elements:
        if isinstance(element, CompositeUse):
            if element.usage == "R":
                continue
            cells = {part: layout.cell(Slot(element.position, part.position)) for part in element.components}
            found += [
                Implied(
                    cell, next(iter(part.codes)), tuple(other for other in cells.values() if other != cell)
                )
                for part, cell in cells.items()
                if part.usage == "R" and part.codes is not None and len(part.codes) == 1
            ]
        elif element.usage == "S" and element.codes is not None and len(element.codes) == 1:
            triggers = paired_with(binding.use, element.position)
            if triggers:
                cell = layout.cell(Slot(element.position, 0))
                others = tuple(layout.cell(Slot(position, 0)) for position in triggers)
                found.append(Implied(cell, next(iter(element.codes)), others))
    return tuple(found)


def paired_with(use: SegmentUse, position: int) -> list[int]:
    """The other positions of the use's P conditions with `position`."""
    known = {element.position for element in use.elements}
    return [
        other
        for note in use.syntax
        if note.kind == "P" and position in note.positions
        for other in note.positions
        if other != position and other in known
    ]


def named_cells(binding: SegmentBinding, layout: Layout) -> Iterator[int]:
    """Cells whose values have a JSON name."""
    for field in binding.fields:
        slots = field_slots(field)
        if isinstance(field, ValueField):
            yield layout.cell(field.slot)
        else:
            yield from (layout.cell(slot) for slot in slots)


def condition_cells(binding: SegmentBinding, layout: Layout) -> Iterator[int]:
    """Cells that say which of several names a value has."""
    for field in binding.fields:
        if isinstance(field, ValueField):
            yield from (layout.cell(it.condition.slot) for it in field.choices if it.condition)


def covered_cells(plan: SegmentPlan) -> list[int]:
    """Cells that the binding can give back after reading: named, constant, derived or implied."""
    named = [plan.layout.cell(slot) for slot in filled_slots(plan.binding)]
    fixed = [cell for cell, text in enumerate(plan.blank) if text]
    return [*named, *fixed, *(implied.cell for implied in plan.implied)]


class LoopPlan:
    """One loop binding, compiled.

    `spine` is true on the way from the set to the loop of one document; `rivals` are loops that hold that
    loop too, and take it from this place where they are generated (2300 in 2000C instead of 2000B). A
    `single` loop has one object of the document for itself, however often the loops around it come.
    """

    def __init__(self, binding: LoopBinding, unit: str, depth: int = 0) -> None:
        self.binding = binding
        self.use = binding.use
        self.id = binding.use.id
        self.depth = depth
        self.key = self.id
        self.rank = 0
        self.unit = bool(unit) and self.id == unit
        self.required = binding.use.usage == "R" or binding.use.wrapper or self.unit
        self.written = binding.listed or self.required
        self.look: Look | None = compile_look(binding.scope) if binding.scope else None
        self.scope: Name | None = binding.scope
        self.many = binding.scope is not None and binding.scope.many
        self.contested: Contested | None = None
        self.single = binding.scope is not None and binding.scope.root and not binding.scope.many
        free = self.required or binding.scope is None or binding.scope.root
        self.gate = None if free or not binding.scope else frozenset(binding.scope.steps[:1])
        self.when = compile_presence(binding.when) if binding.when else None
        self.segments = [SegmentPlan(segment, at == 0) for at, segment in enumerate(binding.segments)]
        self.loops = [LoopPlan(loop, unit, depth + 1) for loop in binding.loops]
        self.spine: bool = self.unit or any(loop.spine for loop in self.loops)
        self.rivals: list[LoopPlan] = []
        for loop in self.loops:
            if loop.unit:
                loop.rivals = [
                    other for other in self.loops if other.spine and other is not loop and other.when
                ]
        every = order_of(self)
        self.ranks = {child.key: at for at, child in enumerate(every)}
        for child in every:
            child.rank = self.ranks[child.key]
        self.order = [child for child in every if child.written]
        self.always, self.by_step = index_children(self.order)
        self.shapes: dict[tuple[str, ...], list[SegmentPlan | LoopPlan]] = {}
        self.recipes: dict[tuple[str, ...], list[Step]] = {}
        self.by_key = {segment.key: segment for segment in self.segments}
        self.musts = frozenset(child.rank for child in self.order if is_must(child))
        self.by_use: dict[str, list[SegmentPlan]] = {}
        for segment in self.segments:
            self.by_use.setdefault(segment.use.key, []).append(segment)
        self.bindings = {
            key: UseBindings(plans) for key, plans in self.by_use.items() if plans[0].use.id not in ENVELOPE
        }
        self.by_loop = {loop.id: loop for loop in self.loops}

    def choose(self, names: tuple[str, ...]) -> list[SegmentPlan | LoopPlan]:
        """The children, in guide order, that a scope with these names may have values for."""
        wanted = set(self.always)
        for name in self.by_step.keys() & set(names):
            wanted.update(self.by_step[name])
        chosen = [self.order[at] for at in sorted(wanted)]
        if len(self.shapes) >= SHAPES:
            self.shapes.clear()
        self.shapes[names] = chosen
        return chosen

    def find_segment(self, key: str) -> SegmentPlan | None:
        """The first plan for a segment use key (or segment id) that has names, else the first."""
        plans = self.by_use.get(key) or [plan for plan in self.segments if plan.use.id == key]
        return next((plan for plan in plans if plan.binding.fields), plans[0] if plans else None)


def index_children(
    order: list[SegmentPlan | LoopPlan],
) -> tuple[frozenset[int], dict[str, tuple[int, ...]]]:
    """Which children are always looked at, and which only where the scope has a certain name."""
    always: set[int] = set()
    by_step: dict[str, list[int]] = {}
    for at, child in enumerate(order):
        steps = child.gate
        if steps is None:
            always.add(at)
        for step in steps or ():
            by_step.setdefault(step, []).append(at)
    return frozenset(always), {step: tuple(found) for step, found in by_step.items()}


def is_must(child: SegmentPlan | LoopPlan) -> bool:
    """True for a child that generation makes even where the document has no value for it."""
    if isinstance(child, SegmentPlan):
        return child.opens or child.completes
    empty = child.use.wrapper and child.use.usage != "R"  # table 3 without a segment leaves no trace
    return child.required and not child.spine and not child.many and not empty


def order_of(plan: LoopPlan) -> list[SegmentPlan | LoopPlan]:
    """The plans of a loop's children in guide order, without the envelope."""
    ordered: list[SegmentPlan | LoopPlan] = []
    loops = {loop.use.id: loop for loop in plan.loops}
    for child in plan.use.children:
        if isinstance(child, SegmentUse):
            if child.id not in ENVELOPE:
                ordered += [segment for segment in plan.segments if segment.use is child]
        else:
            ordered.append(loops[child.id])
    return ordered


class SetPlan:
    """A guide and its overlay, compiled."""

    def __init__(self, guide: Guide, overlay: Overlay) -> None:
        self.guide = guide
        self.unit = overlay.unit
        self.root = LoopPlan(overlay.root, overlay.unit)
        self.control_name = control_name(overlay.root)
        self.implementation = names_implementation(overlay.root)
        self.repeats = repeating_uses(guide.root)
        mark_contested(self.root)


def control_name(root: LoopBinding) -> Name | None:
    """The name of ST02, where the overlay gives it one."""
    for segment in root.segments:
        for field in segment.fields:
            if segment.use.id == "ST" and isinstance(field, ValueField) and field.slot == Slot(2, 0):
                return field.choices[0].name
    return None


def names_implementation(root: LoopBinding) -> bool:
    """True where ST03 names the guide."""
    return any(
        element.position == 3 and element.usage != "N"
        for segment in root.segments
        for element in segment.use.elements
        if segment.use.id == "ST"
    )


@cache
def load_plan(guide_id: str) -> SetPlan:
    """The plan of a guide, compiled once. Raises what loading the guide or its overlay raises."""
    guide = load_guide(guide_id)
    return SetPlan(guide, load_overlay(guide))
