"""Parts of an outline: one claim with what stands around it, some claims, or what has findings."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from edi.outline.shapes import Left, Outline, Row, Section, Unit
from edi.outline.words import plural


class NoSuchUnitError(Exception):
    """The file holds no claim (payment, member ...) of that number; the text says what it holds."""


def choose_unit(outline: Outline, asked: str) -> Outline:
    """The outline with one unit and no other: by its number in the contents or by its own number.

    What holds no unit (headers, providers) stays. Raises NoSuchUnitError.
    """
    unit = find_unit(outline, asked)
    return msgspec.structs.replace(
        outline,
        sections=_keep_units(outline.sections, {unit.number}),
        units=(unit,),
        selected=f"{unit.word} {unit.number} of {len(outline.units)}",
    )


def choose_units(outline: Outline, start: int, count: int) -> Outline:
    """The outline with at most `count` units (0: all) of those numbered `start` and higher.

    What holds no unit (headers, providers) stays; `left` tells what is left out. Raises NoSuchUnitError.
    """
    following = [unit for unit in outline.units if unit.number >= start]
    kept = tuple(following[:count] if count else following)
    if len(kept) == len(outline.units):
        return outline
    if not kept:
        raise NoSuchUnitError(f"there is no {outline.units[0].word} {start}; {tell_numbers(outline)}")
    sections = _keep_units(outline.sections, {unit.number for unit in kept})
    lost = count_notes(outline.sections) - count_notes(sections)
    following_number = following[count].number if count and count < len(following) else 0
    span = f"{kept[0].number:,} to {kept[-1].number:,}" if len(kept) > 1 else f"{kept[0].number:,}"
    selected = f"{plural(kept[0].word, len(kept))} {span} of {outline.units[-1].number:,}"
    return msgspec.structs.replace(
        outline,
        sections=sections,
        units=kept,
        selected=", ".join(filter(None, (outline.selected, selected))),
        left=Left(len(outline.units) - len(kept), kept[0].word, lost, following_number),
    )


def count_notes(sections: tuple[Section, ...]) -> int:
    """How many findings stand in sections."""
    return sum(1 for section in sections for _ in section.all_notes())


def tell_numbers(outline: Outline) -> str:
    """How the units of an outline are numbered."""
    return f"they are numbered {outline.units[0].number} to {outline.units[-1].number}"


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
    raise NoSuchUnitError(f"there is no {word} {asked}; {tell_numbers(outline)}")


def _keep_units(sections: tuple[Section, ...], numbers: set[int]) -> tuple[Section, ...]:
    """The sections with these units, and those without any."""
    return tuple(_keep_in(section, numbers) for section in sections if _holds(section, numbers))


def _holds(section: Section | Row, numbers: set[int]) -> bool:
    return isinstance(section, Row) or not section.units or not numbers.isdisjoint(section.units)


def _keep_in(section: Section, numbers: set[int]) -> Section:
    if numbers.issuperset(section.units):
        return section
    children = tuple(
        _keep_in(child, numbers) if isinstance(child, Section) else child
        for child in section.children
        if _holds(child, numbers)
    )
    kept = tuple(number for number in section.units if number in numbers)
    return msgspec.structs.replace(section, children=children, units=kept)


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
