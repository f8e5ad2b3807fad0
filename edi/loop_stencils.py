"""The stencils of the loops of one guide: made of loops as they come, kept by the pattern of their segments.

What a loop says goes into *chunks*: the texts of the names right below the document, in the order in which
they came. What an item of an array says is one text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, Self

from edi.contested import ARRAY, list_scopes
from edi.derivations import BY_PRESENCE, CONTEXTUAL, Derivation
from edi.extractors import Object, open_object
from edi.guide import SegmentUse
from edi.guides.naming import Name
from edi.guides.proof import ENVELOPE, Steps, field_names, join_path
from edi.plans import LoopPlan, SegmentPlan, load_plan
from edi.stencils import (
    MOST_PATTERNS,
    Example,
    Fill,
    Pattern,
    Roles,
    Row,
    Stencils,
    Unfit,
    cell_roles,
    compile_stencil,
)
from edi.use_bindings import UseBindings, read_slot

Step = tuple[int, int, "LoopStencils | None", bool]
"""From which to which part of a list: one loop that goes into chunks, or an array of loops; true where these
hold no others.
"""


class Hidden(NamedTuple):
    """A segment, by its place in a loop, with derived values that have no name. `told` are those that the
    names of the document tell, by their elements; without them all are told by the context.
    """

    place: int
    plan: SegmentPlan
    told: tuple[tuple[int, Derivation], ...]

    def values(self, rows: Sequence[Row]) -> tuple[tuple[Derivation, str], ...]:
        """The values, each with its derivation."""
        row = rows[self.place]
        return tuple([(derive, row[at] if at < len(row) else "") for at, derive in self.told])


class Home(NamedTuple):
    """Where the names of a loop start: `steps` from the document, or from the item at `array`."""

    array: Steps = ()
    steps: Steps = ()

    def find(self, scope: Name | None) -> Home:
        """The home of a loop in this one."""
        if scope is None:
            return self
        if scope.many:
            return Home(join_path((*self.array, *self.steps), scope))
        return Home((), scope.steps) if scope.root else Home(self.array, (*self.steps, *scope.steps))


class LoopStencils(Stencils):
    """The stencils of one loop. `able` is false where no text is made of such loops; `inner` where none is
    made of them inside of another.
    """

    def __init__(
        self, plan: LoopPlan, up: LoopStencils | None, shared: Mapping[Steps, frozenset[Steps]]
    ) -> None:
        super().__init__()
        self.plan = plan
        self.up = up
        self.home: Home = up.home.find(plan.scope) if up is not None else Home()
        self.shared = shared.get(self.home.array, frozenset())
        self.hidden: dict[Pattern[Self], tuple[Hidden, ...]] = {}
        self.outlines: dict[tuple[LoopStencils, ...], tuple[Step, ...]] = {}
        self.orders: dict[tuple[str, ...], bool] = {}
        self.below = {loop.id: LoopStencils(loop, self, shared) for loop in plan.loops}
        ranks = [child.rank for child in plan.segments if child.use.id not in ENVELOPE]
        ordered = not plan.loops or max(ranks, default=-1) < min(loop.rank for loop in plan.loops)
        self.able = ordered and plan.contested is None and not (plan.single and self.home.array)
        self.inner = self.able and plan.written and plan.when is None
        self.inner &= plan.scope is not None or plan.required
        self.many = plan.many
        self.spine = plan.spine
        self.hides = any(segment.hidden for segment in plan.segments if segment.use.id not in ENVELOPE)
        self.wraps = any(segment.use.id in ENVELOPE for segment in plan.segments)
        self.owner, self.name = self.find_array()

    def find_array(self) -> tuple[str | None, str]:
        """The chunk that the array of these loops goes into ("" for one of its own), and its name."""
        scope = self.plan.scope
        if scope is None or self.up is None:
            return None, ""
        *way, name = scope.steps if scope.root else (*self.up.home.steps, *scope.steps)
        return "" if not way else way[0] if len(way) == 1 else None, name

    def make(self, uses: Sequence[SegmentUse], rows: Sequence[Row], separator: str) -> Fill:
        """A stencil that puts texts into chunks, or returns that of an item. Raises Unfit."""
        return StencilMaker(self, separator).make(uses, rows)

    def list_hidden(self, pattern: Pattern[Self]) -> tuple[Hidden, ...]:
        """The segments of a loop with derived values that have no name."""
        found = self.hidden.get(pattern)
        if found is None:
            found = self.hidden[pattern] = tuple(self.find_hidden(pattern.uses))
        return found

    def find_hidden(self, uses: tuple[SegmentUse, ...]) -> Iterator[Hidden]:
        """The same for uses that are met for the first time."""
        for place, use in enumerate(uses):
            plan = self.plan.bindings[use.key].sole
            if plan is not None and plan.hidden:
                slots = [(plan.layout.slot(cell), derive) for cell, derive in plan.hidden]
                told = not all(derive in CONTEXTUAL for _, derive in slots)
                yield Hidden(place, plan, tuple((slot.element, derive) for slot, derive in slots if told))

    def follows(self, order: tuple[str, ...]) -> bool:
        """True where loops right below, in this order, are as generation makes them; each name once."""
        known = self.orders.get(order)
        if known is None:
            found = [self.below[name].plan for name in order]
            ranks = [plan.rank for plan in found]
            musts = {plan.rank for plan in self.plan.loops} & self.plan.musts
            known = ranks == sorted(set(ranks)) and musts.issubset(ranks)
            if len(self.orders) < MOST_PATTERNS:
                self.orders[order] = known
        return known


class StencilMaker:
    """Makes one stencil of one loop."""

    def __init__(self, loop: LoopStencils, separator: str) -> None:
        self.loop = loop
        self.separator = separator
        self.example = Example(separator)
        self.used: dict[str, int] = {}
        self.ranks: list[int] = []
        self.hidden: list[SegmentPlan] = []
        self.document: Object = {}
        self.item: Object = {}

    def make(self, uses: Sequence[SegmentUse], rows: Sequence[Row]) -> Fill:
        """The stencil. Raises Unfit."""
        loop, plan = self.loop, self.loop.plan
        if not loop.able:
            raise Unfit
        top = self.item if loop.home.array else self.document
        if plan.scope is not None and plan.scope.many and plan.scope.pick is not None:
            top[plan.scope.pick[0]] = plan.scope.pick[1]
        scope = open_object(top, loop.home.steps)
        for use, row in zip(uses, rows, strict=True):
            self.add(plan.bindings[use.key], row, scope)
        own = {it.rank for it in plan.segments if it.use.id not in ENVELOPE}
        if not own & plan.musts <= set(self.ranks):
            raise Unfit
        least = 1 if loop.home.array else 2
        if any(len(path) >= least and path in loop.shared for path in list_paths(top)):
            raise Unfit
        lines = [*self.example.lines(), *(self.item_lines() if loop.home.array else self.chunk_lines())]
        return compile_stencil(plan.use.path, "rows, chunks, separator", lines)

    def add(self, bindings: UseBindings, row: Row, scope: Object) -> None:
        """Bind the marks of one segment."""
        plan = bindings.sole or bindings.choose(row, self.separator, self.used)
        if plan is None or any(self.has_value(plan, cell, row) for cell, _, _ in plan.contested):
            raise Unfit
        last = self.ranks[-1] if self.ranks else -1
        if plan.rank < last or (plan.rank == last and not plan.many):
            raise Unfit
        marked = self.example.add(plan.layout, roles_among(plan, bindings), row)
        if not plan.binders[len(marked)](marked, scope, self.document, self.separator):
            raise Unfit
        if plan.hidden:
            self.note_hidden(plan, alone=plan is bindings.sole)
        self.ranks.append(plan.rank)

    def has_value(self, plan: SegmentPlan, cell: int, row: Row) -> bool:
        """True where a cell is not empty."""
        return bool(read_slot(row, plan.layout.slot(cell), self.separator))

    def note_hidden(self, plan: SegmentPlan, *, alone: bool) -> None:
        """A segment with derived values that have no name. Raises Unfit where one look is not enough."""
        kinds = {CONTEXTUAL if derive in CONTEXTUAL else BY_PRESENCE for _, derive in plan.hidden}
        known = len(kinds) == 1 and all(derive in kind for kind in kinds for _, derive in plan.hidden)
        if not (known and alone) or plan in self.hidden or self.loop.home != Home():
            raise Unfit
        self.hidden.append(plan)

    def item_lines(self) -> Iterator[str]:
        """The line that returns the text of an item, or of what a loop adds to one."""
        if self.document:
            raise Unfit
        yield f"return {self.example.cut(self.item)}"

    def chunk_lines(self) -> Iterator[str]:
        """The lines that put texts into chunks; nothing is put before all is sure."""
        single = [name for name, value in self.document.items() if not isinstance(value, dict)]
        for name in single:
            yield f"if {name!r} in chunks:"
            yield "    return None"
        for name, value in self.document.items():
            if name in single:
                yield f"chunks[{name!r}] = {self.example.cut({name: value})}"
                continue
            if not value:
                raise Unfit
            yield f"text = {self.example.cut(value)}"
            yield f"held = chunks.get({name!r})"
            opened = repr(f'"{name}":{{')
            yield f"chunks[{name!r}] = (held[:-1] + ',' if held else {opened}) + text + '}}'"
        yield "return ''"


def roles_among(plan: SegmentPlan, bindings: UseBindings) -> Roles:
    """The roles of a segment's cells; the code that tells the bindings of its use apart is kept."""
    roles = cell_roles(plan)
    if bindings.slot is None:
        return roles
    code = plan.layout.cell(bindings.slot)
    return {cell: role for cell, role in roles.items() if cell != code}


def list_paths(value: Any, above: Steps = ()) -> Iterator[Steps]:
    """The ways to all names in an object, without those in arrays."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*above, name)
            yield from list_paths(inner, (*above, name))


def list_shared(root: LoopPlan) -> dict[Steps, frozenset[Steps]]:
    """The ways to names that several loops give values to, for the document and each array of items."""
    owners: dict[Steps, dict[Steps, set[str]]] = {}
    for segment, scope, _ in list_scopes(root, (), False):
        for field in segment.binding.fields:
            for name in field_names(field):
                steps = join_path(scope, name)
                start = max((at + 1 for at, step in enumerate(steps[:-1]) if ARRAY in step), default=0)
                told = owners.setdefault(steps[:start], {})
                for end in range(start + 1, len(steps) + 1):
                    path = tuple(step.partition(ARRAY)[0] for step in steps[start:end])
                    told.setdefault(path, set()).add(segment.use.loop)
    return {
        array: frozenset(path for path, loops in told.items() if len(loops) > 1)
        for array, told in owners.items()
    }


@cache
def load_stencils(guide_id: str) -> LoopStencils:
    """The stencils of a guide's loops, for all files."""
    root = load_plan(guide_id).root
    return LoopStencils(root, None, list_shared(root))
