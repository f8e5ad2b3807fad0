"""A transaction set as sections of sections: its loops, each told from its neighbours, units numbered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from edi.findings import Finding
from edi.outline.contents import read_unit
from edi.outline.rows import RowMaker
from edi.outline.shapes import Kind, Row, Section, Unit
from edi.outline.words import Contents, load_words
from edi.segments import Segment
from edi.tree import Loop

Children = tuple[Section | Row, ...]
Placed = dict[int, list[Finding]]


class LoopMaker:
    """Makes the sections of one transaction set; `units` are those of the whole file so far."""

    def __init__(self, rows: RowMaker, contents: Contents | None, placed: Placed, units: list[Unit]) -> None:
        self.rows = rows
        self.contents = contents
        self.placed = placed
        self.units = units

    def make(self, loop: Loop) -> Children:
        """The sections and rows of a loop; a loop without a segment of its own is passed over."""
        return tuple(self._children(loop))

    def _children(self, loop: Loop) -> Iterator[Section | Row]:
        for child in loop.children:
            if isinstance(child, Segment):
                yield self.rows.make(child, self.placed.pop(child.ordinal, ()))
            elif child.use.wrapper:
                yield from self._children(child)
            else:
                yield self._section(child)

    def _section(self, loop: Loop) -> Section:
        number = 0
        if self.contents is not None and loop.use.id in self.contents.loop:
            number = len(self.units) + 1
            self.units.append(read_unit(loop, self.contents, number, redacted=self.rows.redacted))
        children = self.make(loop)
        return Section(
            kind=Kind.LOOP,
            id=loop.use.id,
            name=loop.use.name,
            children=children,
            hint=find_hint(children),
            unit=number,
            units=(*((number,) if number else ()), *list_units(children)),
        )


def list_units(children: Children) -> Iterator[int]:
    """The numbers of the units in sections."""
    for child in children:
        if isinstance(child, Section):
            yield from child.units


def count_units(children: Children, units: list[Unit], shared: tuple[str, ...] = ()) -> None:
    """Count the findings of each unit: its own, and those of what it shares with others (`shared`).

    Its own are those of the largest section that has no other unit in it; a provider or subscriber with
    several claims is shared by them.
    """
    for child in children:
        if not isinstance(child, Section) or not child.units:
            continue
        if len(child.units) > 1:
            count_units(child.children, units, (*shared, *list_shared(child)))
        else:
            number, own = child.units[0], (note.severity for note in child.all_notes())
            units[number - 1] = count_notes(units[number - 1], (*shared, *own))


def list_shared(section: Section) -> Iterator[str]:
    """The severities of what stands in a section beside the sections with units."""
    yield from (note.severity for note in section.notes)
    for child in section.children:
        if isinstance(child, Row) or not child.units:
            yield from (note.severity for note in child.all_notes())


def count_notes(unit: Unit, severities: Iterable[str]) -> Unit:
    """A unit with its findings counted."""
    counts = Counter(severities)
    return msgspec.structs.replace(
        unit,
        errors=counts["fatal"] + counts["error"],
        warnings=counts["warning"],
        remarks=counts["info"],
    )


def find_hint(children: Children) -> str:
    """What tells a loop from its neighbours: a name, a number, an amount."""
    hints = load_words().hint
    for row in children:
        if isinstance(row, Row) and row.id in hints:
            shown = {field.place: field.meaning or field.shown for field in row.fields}
            texts = (shown.get(f"{row.id}{place}") for place in hints[row.id])
            return ", ".join(dict.fromkeys(text for text in texts if text))
    return ""
