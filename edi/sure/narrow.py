"""Narrow writers: a segment's writer for objects that have certain names, compiled when such are first met.

A writer (`edi/writers.py`) asks for every name that a segment may have, most of which no claim has. A narrow
one asks for those that are there and writes the elements that they fill. Names that no segment asks for make
no difference, so that clients' own names cost nothing; so many are compiled at most, then the writers that
ask for all names do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from edi.generation import Generation, Scope
from edi.guides.naming import Name, PairsField, RunsField, ValueField
from edi.guides.proof import field_names, field_slots
from edi.levels import PLAIN
from edi.plans import LoopPlan, SegmentPlan
from edi.rows import Row
from edi.sure.doubts import Doubtful
from edi.writer_lines import field_lines
from edi.writers import WriterSource

MOST_WRITERS = 4_000
MOST_SHAPES = 256
SEPARATOR = PLAIN.component
NarrowWrite = Callable[[Scope, Any, Generation, Scope], "tuple[Row, bool] | None"]
"""The elements of a segment and whether the document had any value for them; None where there is none."""


class Asked(NamedTuple):
    """What a segment asks for: first names, and those inside the one object (`inner`) that it looks into."""

    names: frozenset[str]
    inner: str
    inner_names: frozenset[str]


class NarrowSource(WriterSource):
    """The lines of a writer for objects that have `names`, and `inner` names in the object `asked.inner`."""

    def __init__(self, plan: SegmentPlan, asked: Asked, names: frozenset[str], inner: frozenset[str]) -> None:
        super().__init__(plan)
        self.asked, self.present, self.inner = asked, names, inner
        self.names["Doubtful"] = Doubtful
        self.filled: set[int] = set()

    def lacks(self, name: Name) -> bool:
        """True for a name that is not there."""
        if name.root or not name.steps:
            return False
        if name.steps[0] not in self.present:
            return True
        nested = len(name.steps) > 1 and name.steps[0] == self.asked.inner
        return nested and name.steps[1] not in self.inner

    def has(self, name: Name) -> bool:
        """True for a name that is surely there."""
        if name.root or len(name.steps) > 2:
            return False
        if len(name.steps) == 1:
            return name.steps[0] in self.present
        return len(name.steps) == 2 and name.steps[0] == self.asked.inner and name.steps[1] in self.inner

    def fetch(self, name: Name, numeric: bool) -> str:
        """A variable with the text of a name, asked for at once where it is there."""
        if not self.has(name):
            return super().fetch(name, numeric)
        owner = self.object_of(name, name.steps[:-1])
        variable = f"v{len(self.lines)}"
        self.line(f"{variable} = {owner}[{name.steps[-1]!r}]")
        self.line(f"if {variable}.__class__ is not str:")
        convert = f"generation.text({variable}, {numeric}, {self.start(name)}, {name.steps!r})"
        self.line(f"    {variable} = '' if {variable} is None else {convert}")
        return variable

    def compile_narrow(self) -> NarrowWrite:
        """The function."""
        plan = self.plan
        runs = self._write_fields()
        self.line(f"found = bool({' or '.join(self.found) or 'False'})")
        head = len(self.lines)
        for text in self.late:
            self.line(text)
        if not plan.completes and not plan.opens:
            self.line("if not found:")
            self.line("    return None")
        self._fill_in()
        last = len(self.cells) - 1 if runs else max(self.filled)
        self.lines.insert(head, f"    cells = [{', '.join(self.cells[: last + 1])}]")
        self._gather(last, runs=runs)
        body = "\n".join(["def write(scope, values, generation, owner):", *self.lines])
        exec(compile(body, f"<narrow writer of {plan.full_key}>", "exec"), self.names)  # noqa: S102 -- our own data
        return self.names["write"]  # type: ignore[return-value]  # just defined

    def _write_fields(self) -> bool:
        """The lines of the fields that may have a value; true where one of them is an array of objects."""
        layout, runs = self.plan.layout, False
        for field in self.plan.binding.fields:
            if all(self.lacks(name) for name in field_names(field)):
                continue
            runs = runs or isinstance(field, RunsField)
            if isinstance(field, ValueField) and field.kind != "boolean":
                choices = tuple(it for it in field.choices if not self.lacks(it.name))
                field = msgspec.structs.replace(field, choices=choices)
                self.value(field)
            elif not isinstance(field, PairsField):
                self.late += field_lines(self, field)
            self.filled.update(layout.cell(slot) for slot in field_slots(field))
        pairs = self.plan.pairs
        if pairs is not None and not all(self.lacks(name) for name in field_names(pairs.field)):
            self.late += field_lines(self, pairs.field)
        self.filled.update(cell for cell, text in enumerate(self.cells) if text != "''")
        return runs

    def _fill_in(self) -> None:
        """Derived, default and implied values."""
        plan = self.plan
        for cell, derive in plan.derived:
            self.line(f"if not cells[{cell}]:")
            self.line(f"    cells[{cell}] = {self.bind(derive)}(generation, owner.object)")
        for cell, text in plan.defaults:
            self.line(f"if not cells[{cell}]:")
            self.line(f"    cells[{cell}] = {text!r}")
        self.filled.update(cell for cell, _ in (*plan.derived, *plan.defaults))
        for implied in plan.implied:
            triggers = " or ".join(f"cells[{it}]" for it in implied.triggers if it in self.filled)
            if triggers:
                self.line(f"if not cells[{implied.cell}] and ({triggers}):")
                self.line(f"    cells[{implied.cell}] = {implied.code!r}")
                self.filled.add(implied.cell)
        if plan.completes and plan.required and not plan.opens:
            missing = " and ".join(f"cells[{cell}]" for cell in plan.required)
            self.line(f"if not found and not ({missing}):")
            self.line("    return None")
            self.filled.update(plan.required)

    def _gather(self, last: int, *, runs: bool) -> None:
        """The lines that put the cells together as elements."""
        layout = self.plan.layout
        if layout.flat:
            self.line("while not cells[-1]:")
            self.line("    cells.pop()")
            self.line("return cells, found")
            return
        self.line(f"if {SEPARATOR!r} in ''.join(cells):")
        self.line("    raise Doubtful")
        if runs:
            self.line(f"return {self.bind(layout.gather)}(cells, {SEPARATOR!r}), found")
            return
        self.line(f"elements = [{', '.join(self._join_spans(last))}]")
        self.line("while not elements[-1]:")
        self.line("    elements.pop()")
        self.line("return elements, found")

    def _join_spans(self, last: int) -> Iterator[str]:
        """The expression of each element."""
        for cell, components in self.plan.layout.spans:
            if cell > last:
                return
            filled = [it for it in range(cell, cell + max(components, 1)) if it in self.filled]
            if filled and filled[-1] > cell:
                yield f"{SEPARATOR!r}.join(cells[{cell}:{filled[-1] + 1}]).rstrip({SEPARATOR!r})"
            else:
                yield f"cells[{cell}]" if filled else "''"


def list_asked(plan: SegmentPlan) -> Asked | None:
    """What a segment asks for; None where it has no narrow writers."""
    names = [name for field in plan.binding.fields for name in field_names(field) if not name.root]
    if not plan.plain or plan.hierarchy or any(not name.steps for name in names):
        return None
    inner = {name.steps[0] for name in names if len(name.steps) > 1}
    one = inner.pop() if len(inner) == 1 else ""
    below = frozenset(name.steps[1] for name in names if len(name.steps) > 1 and name.steps[0] == one)
    return Asked(frozenset(name.steps[0] for name in names), one, below)


class NarrowWriters:
    """The narrow writers of one segment, by the names that are there."""

    compiled = 0

    def __init__(self, plan: SegmentPlan) -> None:
        self.plan = plan
        self.asked = list_asked(plan)
        self.known: dict[tuple[frozenset[str], frozenset[str]], NarrowWrite] = {}

    def find(self, names: frozenset[str], inner: frozenset[str]) -> NarrowWrite | None:
        """The writer for objects with these names; None where there is none, or are too many already."""
        asked = self.asked
        if asked is None:
            return None
        key = names & asked.names, inner & asked.inner_names
        found = self.known.get(key)
        if found is None and NarrowWriters.compiled < MOST_WRITERS:
            NarrowWriters.compiled += 1
            found = self.known[key] = NarrowSource(self.plan, asked, *key).compile_narrow()
        return found


class Step:
    """A child of a loop to be written: `write` where its names are all in the loop's object, or `inner`, the
    name of an object in that, whose names choose the writer. Neither: the writer that asks for all.
    """

    __slots__ = ("child", "flat", "inner", "known", "names", "write", "writers")

    def __init__(self, child: SegmentPlan | LoopPlan, names: frozenset[str]) -> None:
        self.child = child
        self.names = names
        self.flat = isinstance(child, SegmentPlan) and child.layout.flat
        self.write: NarrowWrite | None = None
        self.inner = ""
        self.known: dict[tuple[str, ...], NarrowWrite | None] = {}
        if not isinstance(child, SegmentPlan):
            return
        if child.narrow is None:
            child.narrow = NarrowWriters(child)
        self.writers = child.narrow
        asked = self.writers.asked
        if asked is not None and asked.inner in names:
            self.inner = asked.inner
        else:
            self.write = self.writers.find(names, frozenset())

    def choose(self, inner: Any) -> NarrowWrite | None:
        """The writer for an object whose inner object has other names than were met before."""
        if inner.__class__ is not dict or len(self.known) >= MOST_SHAPES:
            return None
        write = self.known[tuple(inner)] = self.writers.find(self.names, frozenset(inner))
        return write


def list_steps(plan: LoopPlan, names: tuple[str, ...]) -> list[Step]:
    """The children of a loop whose object has these names."""
    if len(plan.recipes) >= MOST_SHAPES:
        plan.recipes.clear()
    present = frozenset(names)
    steps = plan.recipes[names] = [
        Step(child, present) for child in plan.shapes.get(names) or plan.choose(names)
    ]
    return steps
