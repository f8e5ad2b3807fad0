"""Layouts: a segment as a flat list of cells, one for each element or component of its use.

Cell 0 is the segment id. Binding and generation work on cells, so that both see the same places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from edi.guide import CompositeUse, SegmentUse, Slot

Gather = Callable[[list[str], str], list[str]]
LOOK_AHEAD = 4  # elements, after which it pays to see whether anything follows


def gather_lines(spans: Sequence[tuple[int, int]]) -> Iterator[str]:
    """The lines that put cells together as elements."""
    for start, (first, _) in enumerate(spans[::LOOK_AHEAD]):
        part = []
        for cell, components in spans[start * LOOK_AHEAD : (start + 1) * LOOK_AHEAD]:
            whole = f"separator.join(cells[{cell}:{cell + components}]).rstrip(separator)"
            part.append(whole if components else f"cells[{cell}]")
        if start:
            yield f"    if any(cells[{first}:]):"
            yield f"        elements += [{', '.join(part)}]"
        else:
            yield f"    elements = [{', '.join(part)}]"


def compile_gather(key: str, spans: Sequence[tuple[int, int]]) -> Gather:
    """`gather(cells, separator)`: cells as elements, composites joined, nothing empty at the end."""
    if not any(components for _, components in spans):
        return gather_flat
    lines = [
        "def gather(cells, separator):",
        *gather_lines(spans),
        "    while not elements[-1]:",
        "        elements.pop()",
        "    return elements",
    ]
    names: dict[str, object] = {}
    exec(compile("\n".join(lines), f"<gathering of {key}>", "exec"), names)  # noqa: S102 -- our own places
    return names["gather"]  # type: ignore[return-value]  # just defined


def gather_flat(cells: list[str], separator: str) -> list[str]:
    """The elements of a segment without composites: its cells, without the empty ones at the end."""
    elements = cells[:]
    while not elements[-1]:
        elements.pop()
    return elements


class Layout:
    """Which cell each place of a segment use has. `spans[n]` is (first cell, components) of element n;
    components are 0 for a simple element."""

    def __init__(self, use: SegmentUse) -> None:
        self.id = use.id
        self.spans: list[tuple[int, int]] = [(0, 0)]
        self.places: list[Slot] = [Slot(0, 0)]
        composites = {e.position: len(e.components) for e in use.elements if isinstance(e, CompositeUse)}
        for position in range(1, max((e.position for e in use.elements), default=0) + 1):
            components = composites.get(position, 0)
            self.spans.append((len(self.places), components))
            places = [Slot(position, c) for c in range(1, components + 1)] or [Slot(position, 0)]
            self.places.extend(places)
        self.flat = not composites
        self.blank = [use.id, *[""] * (len(self.places) - 1)]
        self.gather = compile_gather(use.key, self.spans)

    def cell(self, slot: Slot) -> int:
        """The cell of a place, 0 where the use has none."""
        if slot.element >= len(self.spans):
            return 0
        return self.spans[slot.element][0] + max(slot.component - 1, 0)

    def slot(self, cell: int) -> Slot:
        """The place of a cell."""
        return self.places[cell]

    def spread(self, elements: Sequence[str], separator: str) -> list[str] | None:
        """Elements as cells, or None where the segment has values beyond the places of its use.

        Empty elements and components at an end say nothing and have no cell.
        """
        if len(elements) > len(self.spans):
            if any(elements[len(self.spans) :]):
                return None
            elements = elements[: len(self.spans)]
        if self.flat:
            return [*elements, *self.blank[len(elements) :]]
        cells = self.blank.copy()
        for text, (start, components) in zip(elements, self.spans, strict=False):
            if not components:
                cells[start] = text
            elif text:
                parts = text.split(separator)
                if any(parts[components:]):
                    return None
                cells[start : start + min(len(parts), components)] = parts[:components]
        return cells
