"""Stencils: the JSON text of a loop with holes for its values, made by example.

Loops that have the same segments, of the same lengths and with values at the same places, differ in their
values alone. So one of them, its values replaced by marks, is bound as any loop is; what comes of it, written
as JSON, is the text of all of them with a hole where a mark stands. A stencil is that text as a compiled
function: it takes the elements apart, makes sure that they are like the example's where it matters, and fills
the holes.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, Self, TypeVar

import msgspec

from edi.fillers import DAY_LENGTH, format_of
from edi.guide import SegmentUse, Slot
from edi.guides.naming import MomentField, PairsField, PeriodField, RunsField, SpreadField, ValueField
from edi.layouts import Layout
from edi.plans import SegmentPlan
from edi.regularity import is_whole

#: What a cell is for the text: kept as it is in the example, a hole of some kind, or of no matter.
KEPT, TEXT, TAIL, INTEGER, PERIOD, MOMENT, AMOUNT, DAY, ANY = range(9)
Roles = Mapping[int, int]
Row = list[str]  # the elements of a segment; the first is its id
MARK = re.compile(r"@(\d+)@|(87\d{7})")
FIRST_NUMBER = 870_000_000
SPECIAL = re.compile(r'["\\\x00-\x1f]')  # what JSON does not write as it is
OFTEN = 3  # loops of one pattern come before a stencil is made for them, which costs some ten bindings
MOST_STENCILS = 8  # of one pattern: for codes and gaps that lengths do not tell apart
MOST_PATTERNS = 2_000  # of one loop; then all are forgotten, so that no file can fill the memory
NEVER = -1_000_000_000  # loops seen of a pattern that no stencil can be made for
Fill = Callable[[Sequence[Row], Any, str], Any]
"""Fills a stencil with the segments of a loop, as they stand in JSON; None where they do not fit."""
Kind = TypeVar("Kind", bound="Stencils")


class Unfit(Exception):
    """No stencil can be made of an example."""


def cell_roles(plan: SegmentPlan) -> Roles:
    """What each named cell of a segment binding is; cells that are not named are kept."""
    cell = plan.layout.cell
    roles: dict[int, int] = {}
    for field in plan.binding.fields:
        if isinstance(field, ValueField) and field.kind != "boolean":
            roles[cell(field.slot)] = INTEGER if field.kind == "integer" else TEXT
        elif isinstance(field, SpreadField):
            roles |= dict.fromkeys(map(cell, field.slots), TAIL if is_tail(field, plan.layout) else TEXT)
        elif isinstance(field, RunsField):
            slots = (Slot(start + it.offset, it.component) for start in field.starts for it in field.parts)
            roles |= {cell(slot): TEXT for slot in slots}
        elif isinstance(field, PairsField):
            roles |= {cell(Slot(start + 1, 0)): TEXT for start in field.starts}
        elif isinstance(field, PeriodField | MomentField):
            roles[cell(field.slot)] = PERIOD if isinstance(field, PeriodField) else MOMENT
    kept = {*plan.condition_cells, *(it.cell for it in plan.implied)} | (
        {plan.code_cell} if plan.codes else set()
    )
    roles = {at: role for at, role in roles.items() if at not in kept and not plan.blank[at]}
    ignored = (*plan.hierarchy.values(), *(at for at, _ in plan.hidden))
    return roles | dict.fromkeys(ignored, ANY)


def is_tail(field: SpreadField, layout: Layout) -> bool:
    """True for an array of the last components of a composite element."""
    cells = [layout.cell(slot) for slot in field.slots]
    first, components = layout.spans[field.slots[0].element]
    return cells == list(range(cells[0], first + components)) and components > 0


class Example:
    """A loop marked segment by segment: what others have to have like it, and what goes into the holes."""

    def __init__(self, separator: str) -> None:
        self.separator = separator
        self.unpacked: list[str] = []
        self.split: list[str] = []
        self.filled: list[str] = []
        self.empty: list[str] = []
        self.same: list[str] = []
        self.holes: list[str] = []

    def add(self, layout: Layout, roles: Roles, elements: list[str]) -> list[str]:
        """The next segment, its values replaced by marks. Raises Unfit."""
        if len(elements) > len(layout.spans):
            raise Unfit
        start = f"e{len(self.unpacked)}"
        names = [f"{start}_{position}" for position in range(1, len(elements))]
        self.unpacked.append(f"[{', '.join(['_', *names])}]")
        marked = [elements[0]]
        for name, text, (first, components) in zip(names, elements[1:], layout.spans[1:], strict=False):
            if components and text:
                marked.append(self.add_composite(name, text, range(first, first + components), roles))
            else:
                marked.append(self.mark(name, text, roles.get(first, KEPT), elements))
        return marked

    def add_composite(self, name: str, text: str, cells: range, roles: Roles) -> str:
        """A composite element, each component marked."""
        parts = text.split(self.separator)
        if len(parts) > len(cells):
            raise Unfit
        tail = next((at for at, cell in enumerate(cells) if roles.get(cell) == TAIL), len(cells))
        if len(parts) > tail and all(parts):
            return self.add_tailed(name, parts[:tail], cells, roles)
        names = [f"{name}_{number}" for number in range(1, len(parts) + 1)]
        self.split.append(f"if {name}.count(separator) != {len(parts) - 1}:")
        self.split.append("    return None")
        self.split.append(f"[{', '.join(names)}] = {name}.split(separator)")
        return self.mark_parts(names, parts, cells, roles)

    def add_tailed(self, name: str, parts: list[str], cells: range, roles: Roles) -> str:
        """A composite element that ends in an array of however many components."""
        count = len(parts)
        names = [f"{name}_{number}" for number in range(1, count + 1)]
        self.split.append(f"parts = {name}.split(separator)")
        self.split.append(f"if not {count} < len(parts) <= {len(cells)} or '' in parts:")
        self.split.append("    return None")
        if names:
            self.split.append(f"[{', '.join(names)}] = parts[:{count}]")
        self.split.append(f"{name}_tail = '\",\"'.join(parts[{count}:])")
        return self.separator.join(
            [
                *([self.mark_parts(names, parts, cells, roles)] if names else []),
                self.open_hole(f"{name}_tail"),
            ]
        )

    def mark_parts(self, names: list[str], parts: list[str], cells: range, roles: Roles) -> str:
        """Components, each marked."""
        told = zip(names, parts, (roles.get(cell, KEPT) for cell in cells), strict=False)
        return self.separator.join(self.mark(*it) for it in told)

    def mark(self, name: str, text: str, role: int, elements: Iterable[str] = ()) -> str:
        """The mark of a value, or the text that stays."""
        if role == ANY:
            return text
        if not text:
            self.empty.append(name)
            return text
        if role == KEPT:
            if "@" in text or MARK.search(text) or SPECIAL.search(text):
                raise Unfit  # It would be taken for a mark, or be escaped twice.
            self.same.append(f"{name} != {text!r}")
            return text
        if role == MOMENT:
            self.same.append(f"format_of({name}) != {format_of(text)!r}")
        if role in (PERIOD, MOMENT) and "RD8" in elements:
            return self.mark_range(name)
        self.filled.append(name)
        if role == INTEGER:
            self.same.append(f"not is_whole({name})")
            return self.open_hole(name, str(FIRST_NUMBER + len(self.holes)))
        if role == MOMENT and format_of(text) == "DT":
            return self.open_hole(name, f"@{len(self.holes):0{DAY_LENGTH}}@")  # longer than a day is
        return self.open_hole(name)

    def mark_range(self, name: str) -> str:
        """Both ends of a range of dates."""
        first, last = f"{name}_first", f"{name}_last"
        self.split.append(f"{first}, _, {last} = {name}.partition('-')")
        self.filled += [first, last]
        return f"{self.open_hole(first)}-{self.open_hole(last)}"

    def open_hole(self, expression: str, mark: str = "") -> str:
        """The mark of a new hole, into which an expression goes."""
        self.holes.append(expression)
        return mark or f"@{len(self.holes) - 1}@"

    def cut(self, bound: Mapping[str, Any]) -> str:
        """What stands in a bound object, without its braces, as the source of an f-string with the holes."""
        text = msgspec.json.encode(bound)[1:-1].decode().replace("{", "{{").replace("}", "}}")
        return "f" + repr(MARK.sub(self.fill, text))

    def fill(self, found: re.Match[str]) -> str:
        """The hole in place of a mark."""
        number = found[1] or int(found[2]) - FIRST_NUMBER
        return f"{{{self.holes[int(number)]}}}"

    def lines(self) -> Iterator[str]:
        """The lines that take the elements apart, and leave where they are not like the example's."""
        if self.unpacked:
            yield f"[{', '.join(self.unpacked)}] = rows"
        yield from self.split
        faults = [*(f"not {name}" for name in self.filled), *self.empty, *self.same]
        for at in range(0, len(faults), 8):
            yield f"if {' or '.join(faults[at : at + 8])}:"
            yield "    return None"


def compile_stencil(
    title: str, parameters: str, lines: Iterable[str], known: Mapping[str, object] | None = None
) -> Callable[..., Any]:
    """A function of these parameters and lines, which know some names."""
    body = "\n    ".join(lines)
    names: dict[str, Any] = {"format_of": format_of, "is_whole": is_whole, **(known or {})}
    code = f"def stencil({parameters}):\n    {body}\n"
    exec(compile(code, f"<stencil of {title}>", "exec"), names)  # noqa: S102 -- our own data
    found: Callable[..., Any] = names["stencil"]
    return found


def escape(row: Row) -> Row:
    """The elements of a segment as they stand in a JSON text."""
    if SPECIAL.search(" ".join(row)) is None:
        return row
    return [msgspec.json.encode(text)[1:-1].decode() for text in row]


class Pattern(Generic[Kind]):
    """Loops with the same segments of the same lengths: their stencils, and how many came that none fits."""

    __slots__ = ("hits", "loop", "seen", "stencils", "uses")

    def __init__(self, loop: Kind, uses: tuple[SegmentUse, ...]) -> None:
        self.loop = loop
        self.uses = uses
        self.seen = 0
        self.stencils: list[Fill] = []
        self.hits: list[int] = []

    def fill(self, rows: Sequence[Row], around: Any, separator: str) -> Any:
        """Fill a stencil with the elements of a loop's segments; None where there is none that fits."""
        hits = self.hits
        for place, stencil in enumerate(self.stencils):
            text = stencil(rows, around, separator)
            if text is not None:
                hits[place] += 1
                if place and hits[place] > hits[place - 1]:
                    self.promote(place)
                return text
        return self.learn(rows, around, separator)

    def promote(self, place: int) -> None:
        """Try a stencil sooner: those that have fitted most stand first."""
        hits, stencils = self.hits, self.stencils
        hits[place - 1], hits[place] = hits[place], hits[place - 1]
        stencils[place - 1], stencils[place] = stencils[place], stencils[place - 1]

    def learn(self, rows: Sequence[Row], around: Any, separator: str) -> Any:
        """Make a stencil of a loop that none fits, where such loops have come often enough, and fill it."""
        self.seen += 1
        if self.seen < OFTEN or len(self.stencils) >= MOST_STENCILS:
            return None
        self.seen = 0
        try:
            stencil = self.loop.make(self.uses, rows, separator)
        except Unfit:
            self.seen = NEVER
            return None
        self.stencils.append(stencil)
        self.hits.append(0)
        return stencil(rows, around, separator)


class Stencils(ABC):
    """The stencils of loops of one kind. `patterns` are by the keys and lengths of the segments, `aliases` by
    whatever tells the same sooner.
    """

    def __init__(self) -> None:
        self.patterns: dict[tuple[object, ...], Pattern[Self]] = {}
        self.aliases: dict[tuple[object, ...], Pattern[Self]] = {}

    def recognise(self, uses: Sequence[SegmentUse], rows: Sequence[Row]) -> Pattern[Self]:
        """The pattern of a loop, by its segments."""
        key = (*(use.key for use in uses), *map(len, rows))
        found = self.patterns.get(key)
        if found is None:
            if len(self.patterns) >= MOST_PATTERNS:
                self.patterns.clear()
                self.aliases.clear()
            found = self.patterns[key] = Pattern(self, tuple(uses))
        return found

    def remember(
        self, alias: tuple[object, ...], uses: Sequence[SegmentUse], rows: Sequence[Row]
    ) -> Pattern[Self]:
        """The same, to be found by `alias` from now on."""
        if len(self.aliases) >= 2 * MOST_PATTERNS:
            self.aliases.clear()
        found = self.aliases[alias] = self.recognise(uses, rows)
        return found

    @abstractmethod
    def make(self, uses: Sequence[SegmentUse], rows: Sequence[Row], separator: str) -> Fill:
        """A stencil of these segments. Raises Unfit."""
