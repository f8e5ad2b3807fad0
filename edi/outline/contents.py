"""The contents of a file: for each claim, payment or member what a person looks it up by."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edi.guide import CompositeUse, ElementUse, Slot
from edi.guides.places import element_use
from edi.notation import parse_amount
from edi.outline.meanings import explain_code
from edi.outline.shapes import HIDDEN, Unit
from edi.outline.values import make_visible, write_money
from edi.outline.words import Contents, Places
from edi.segments import Segment
from edi.tree import Loop

PLACE = re.compile(r"(?:(\w+):)?(\w+)(?:\[(\w+)\])?(?:/(\d\d)(?:-(\d+))?)?")
FIRST, LAST = 4, 3


def read_unit(loop: Loop, contents: Contents, number: int, *, redacted: bool) -> Unit:
    """The entry of a loop."""
    status, meaning = read_status(loop, contents.status)
    label = HIDDEN if redacted else make_visible(read_first(loop, contents.number))
    return Unit(
        number=number,
        word=contents.word,
        label=label or "(no number)",
        person=HIDDEN if redacted else read_person(loop, contents.person),
        charge=read_amount(loop, contents.charge),
        paid=read_amount(loop, contents.paid),
        status=HIDDEN if redacted and status and not meaning else status,
        meaning=meaning,
    )


def read_first(loop: Loop, places: Places) -> str:
    """The first text at any of the places; "" where all are empty."""
    for segment, slot in find_segments(loop, places):
        separator = loop.component_separator
        element, component = slot
        text = segment.component(element, component, separator) if component else segment.element(element)
        if text:
            return text
    return ""


def read_amount(loop: Loop, places: Places) -> str:
    """The amount at the first of the places; "" where there is none that is a number."""
    text = read_first(loop, places)
    return write_money(text) if parse_amount(text) is not None else ""


def read_status(loop: Loop, places: Places) -> tuple[str, str]:
    """The code at the first of the places that has one, and what it means."""
    for segment, slot in find_segments(loop, places):
        element, component = slot
        separator = loop.component_separator
        text = segment.component(element, component, separator) if component else segment.element(element)
        use = element_use(segment.use, slot) if segment.use else None
        if text and isinstance(use, ElementUse):
            return text, explain_code(use, text, "", "")
        if text and isinstance(use, CompositeUse):
            return text, ""
    return "", ""


def read_person(loop: Loop, places: Places) -> str:
    """The name at the first of the places that has one: last name, first name."""
    for segment, _ in find_segments(loop, places):
        parts = [segment.element(LAST), segment.element(FIRST)]
        if any(parts):
            return make_visible(", ".join(part for part in parts if part))
    return ""


def find_segments(loop: Loop, places: Places) -> Iterator[tuple[Segment, Slot]]:
    """The segments at the places, with the element and component asked for."""
    for place in places:
        found = PLACE.fullmatch(place)
        if found is None:
            raise ValueError(f"{place} is no place of schemas/outline.toml")
        name, segment, qualifier, element, component = found.groups()
        slot = Slot(int(element or 0), int(component or 0))
        for held in find_loops(loop, name) if name else (loop,):
            at = held.segment(segment, qualifier or "")
            if at is not None:
                yield at, slot


def find_loops(loop: Loop, name: str) -> Iterator[Loop]:
    """The loops of that id in the loop, or beside or around it, the nearest first."""
    around: Loop | None = loop
    while around is not None:
        if around.use.id == name:
            yield around
        yield from around.loops(name)
        around = around.parent
