"""Writers: one compiled Python function for each segment binding, which turns JSON into cells.

The overlay is data; walking it for every element of every claim would cost more than the work itself. So the
lines that a careful programmer would write by hand for one segment are generated once, as `dataclasses` does
for its classes. Only names and codes of our own overlays and guides become code, as literals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edi.fillers import is_numeric
from edi.generation import Generation, Scope, Step
from edi.guides.naming import Choice, Name, PairsField, ValueField
from edi.writer_lines import field_lines

if TYPE_CHECKING:
    from edi.plans import SegmentPlan

Written = tuple[list[str], bool]
Write = Callable[[Scope, Any, Generation, Scope, bool], Written | None]
EMPTY: dict[str, Any] = {}


def as_object(value: Any, scope: Scope, steps: tuple[Step, ...], generation: Generation) -> dict[str, Any]:
    """An empty object for a value that is none; anything but null is a finding."""
    if value is not None:
        generation.fault_type(scope, steps, "an object")
    return EMPTY


class WriterSource:
    """The lines of one writer and the objects that they name."""

    def __init__(self, plan: SegmentPlan) -> None:
        self.plan = plan
        self.names: dict[str, object] = {"as_object": as_object}
        self.lines: list[str] = []
        self.objects: dict[tuple[bool, tuple[str, ...]], str] = {(False, ()): "values"}
        self.cells = [repr(text) for text in plan.blank]
        self.found: list[str] = []
        self.late: list[str] = []

    def bind(self, thing: object) -> str:
        """A name for an object that the code uses."""
        label = f"k{len(self.names)}"
        self.names[label] = thing
        return label

    def line(self, text: str) -> None:
        """One line of the function's body."""
        self.lines.append("    " + text)

    def start(self, name: Name) -> str:
        """The scope that a name starts from."""
        return "generation.root" if name.root else "scope"

    def object_of(self, name: Name, steps: tuple[str, ...]) -> str:
        """The variable that holds the object at `steps`, fetched once."""
        key = (name.root, steps)
        if key in self.objects:
            return self.objects[key]
        variable = f"o{len(self.objects)}"
        if not steps:
            self.line(f"{variable} = generation.root.values")
        else:
            owner = self.object_of(name, steps[:-1])
            self.line(f"{variable} = {owner}.get({steps[-1]!r})")
            self.line(f"if {variable}.__class__ is not dict:")
            self.line(f"    {variable} = as_object({variable}, {self.start(name)}, {steps!r}, generation)")
        self.objects[key] = variable
        return variable

    def look_late(self, name: Name, missing: str = "None") -> str:
        """A variable with the value of a name, fetched once the cells are there."""
        lines, self.lines = self.lines, []
        owner = self.object_of(name, name.steps[:-1])
        variable = f"w{len(self.names)}_{len(self.late)}"
        self.late += [
            *(line[4:] for line in self.lines),
            f"{variable} = {owner}.get({name.steps[-1]!r}, {missing})",
        ]
        self.lines = lines
        return variable

    def fetch(self, name: Name, numeric: bool) -> str:
        """A variable with the text of a name."""
        variable = f"v{len(self.lines)}"
        if name.steps:
            owner = self.object_of(name, name.steps[:-1])
            self.line(f"{variable} = {owner}.get({name.steps[-1]!r}, '')")
        else:
            self.line(f"{variable} = {'generation.root.values' if name.root else 'values'}")
        self.line(f"if {variable}.__class__ is not str:")
        convert = f"generation.text({variable}, {numeric}, {self.start(name)}, {name.steps!r})"
        self.line(f"    {variable} = '' if {variable} is None else {convert}")
        return variable

    def value(self, field: ValueField) -> None:
        """A text at one place, or the first of several names."""
        plan = self.plan
        numeric = is_numeric(plan.use, field.slot)
        cell = plan.layout.cell(field.slot)
        if len(field.choices) == 1 and field.choices[0].condition is None:
            self.cells[cell] = self.or_fixed(self.fetch(field.choices[0].name, numeric), cell)
            return
        variables = [self.fetch(choice.name, numeric) for choice in field.choices]
        self.found += variables
        for number, (variable, choice) in enumerate(zip(variables, field.choices, strict=True)):
            self.late.append(f"{'elif' if number else 'if'} {variable}:")
            self.late.append(f"    cells[{cell}] = {variable}")
            self.late += self.condition(choice)

    def or_fixed(self, variable: str, cell: int) -> str:
        """The expression of a cell: the variable, or what is always there."""
        self.found.append(variable)
        fixed = self.cells[cell]
        return variable if fixed == "''" else f"{variable} or {fixed}"

    def condition(self, choice: Choice) -> list[str]:
        """The lines that set the code which an alternative stands for."""
        if choice.condition is None:
            return []
        cell = self.plan.layout.cell(choice.condition.slot)
        codes = choice.condition.codes
        return [f"    if cells[{cell}] not in {codes!r}:", f"        cells[{cell}] = {codes[0]!r}"]

    def complete(self) -> None:
        """Derived, default and implied values."""
        plan = self.plan
        for cell, derive in plan.derived:
            self.line(f"if not cells[{cell}]:")
            self.line(f"    cells[{cell}] = {self.bind(derive)}(generation, owner.object)")
        for cell, text in plan.defaults:
            self.line(f"if not cells[{cell}]:")
            self.line(f"    cells[{cell}] = {text!r}")
        for implied in plan.implied:
            triggers = " or ".join(f"cells[{trigger}]" for trigger in implied.triggers)
            self.line(f"if not cells[{implied.cell}] and ({triggers}):")
            self.line(f"    cells[{implied.cell}] = {implied.code!r}")

    def compile(self) -> Write:
        """The function."""
        plan = self.plan
        for field in plan.binding.fields:
            if isinstance(field, ValueField) and field.kind != "boolean":
                self.value(field)
            elif not isinstance(field, PairsField):
                self.late += field_lines(self, field)
        if plan.pairs is not None:
            self.late += field_lines(self, plan.pairs.field)
        self.line(f"found = bool({' or '.join(self.found) or 'False'})")
        self.line(f"cells = [{', '.join(self.cells)}]")
        for text in self.late:
            self.line(text)
        self.line(f"if not found and not forced and not {plan.completes}:")
        self.line("    return None")
        self.complete()
        if plan.completes and plan.required:
            missing = " and ".join(f"cells[{cell}]" for cell in plan.required)
            self.line(f"if not found and not forced and not ({missing}):")
            self.line("    return None")
        self.line("return cells, found")
        body = "\n".join(["def write(scope, values, generation, owner, forced):", *self.lines])
        exec(compile(body, f"<writer of {plan.full_key}>", "exec"), self.names)  # noqa: S102 -- our own data
        return self.names["write"]  # type: ignore[return-value]  # just defined


def compile_writer(plan: SegmentPlan) -> Write:
    """The writer of a segment: `write(scope, scope.values, generation, loop scope, forced)`.

    It returns the cells and whether the document had any value for them, or None where there is no segment.
    """
    return WriterSource(plan).compile()
