"""Parts of an outline: one claim with what stands around it, or what has findings."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from edi.outline.shapes import Outline, Row, Section, Unit


class NoSuchUnitError(Exception):
    """The file holds no claim (payment, member ...) of that number; the text says what it holds."""


def choose_unit(outline: Outline, asked: str) -> Outline:
    """The outline with one unit and no other: by its number in the contents or by its own number.

    What holds no unit (headers, providers) stays. Raises NoSuchUnitError.
    """
    unit = find_unit(outline, asked)
    sections = tuple(
        _keep_unit(section, unit.number) for section in outline.sections if _holds(section, unit.number)
    )
    return msgspec.structs.replace(
        outline,
        sections=sections,
        units=(unit,),
        selected=f"{unit.word} {unit.number} of {len(outline.units)}",
    )


def find_unit(outline: Outline, asked: str) -> Unit:
    """The unit of that number. Raises NoSuchUnitError."""
    by_label = [unit for unit in outline.units if unit.label == asked]
    by_number = [unit for unit in outline.units if str(unit.number) == asked]
    found = by_label or by_number
    if found:
        return found[0]
    if not outline.units:
        raise NoSuchUnitError("the file has no contents to choose from")
    word = outline.units[0].word
    raise NoSuchUnitError(f"there is no {word} {asked}; they are numbered 1 to {len(outline.units)}")


def _holds(section: Section | Row, number: int) -> bool:
    return isinstance(section, Row) or not section.units or number in section.units


def _keep_unit(section: Section, number: int) -> Section:
    if section.units in ((), (number,)):
        return section
    children = tuple(
        _keep_unit(child, number) if isinstance(child, Section) else child
        for child in section.children
        if _holds(child, number)
    )
    return msgspec.structs.replace(section, children=children, units=(number,))


def choose_findings(outline: Outline) -> Outline:
    """The outline with only the segments that findings are about, in their loops."""
    units = tuple(unit for unit in outline.units if unit.errors or unit.warnings or unit.remarks)
    return msgspec.structs.replace(
        outline, sections=tuple(_keep_findings(outline.sections)), units=units, selected="findings alone"
    )


def _keep_findings(children: tuple[Section | Row, ...] | tuple[Section, ...]) -> Iterator[Section]:
    for child in children:
        if isinstance(child, Section) and any(True for _ in child.all_notes()):
            kept = tuple(_keep_below(child))
            yield msgspec.structs.replace(child, children=kept)


def _keep_below(section: Section) -> Iterator[Section | Row]:
    for child in section.children:
        if isinstance(child, Section):
            yield from _keep_findings((child,))
        elif any(True for _ in child.all_notes()):
            yield child
