"""A professional claim as it was billed: its diagnoses and lines, read once from the tree for every edit.

Source: 005010X222A1 2300 CLM, HI; 2400 SV1, DTP 472.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from edi.notation import parse_date
from edi.segments import Segment
from edi.tree import Loop

DIAGNOSES = {"ABK": "icd10cm", "ABF": "icd10cm", "BK": "icd9cm", "BF": "icd9cm"}


class Diagnosis(NamedTuple):
    """A diagnosis of the claim: where it stands, its table, its code, and the day that counts."""

    segment: Segment
    element: int
    table: str
    code: str
    on: date | None


class BilledLine(NamedTuple):
    """A service line: its SV1 in parts, its first and last day, and the diagnoses it points to (from 1)."""

    loop: Loop
    segment: Segment
    qualifier: str
    procedure: str
    modifiers: tuple[str, ...]
    unit: str
    quantity: str
    place: str
    pointers: tuple[str, ...]
    first: date | None
    last: date | None


class BilledClaim(NamedTuple):
    """A claim with its diagnoses and lines. `first` is the first day of service, `last` the last."""

    loop: Loop
    segment: Segment
    frequency: str
    place: str
    diagnoses: tuple[Diagnosis, ...]
    lines: tuple[BilledLine, ...]
    first: date | None
    last: date | None


def read_billed_claim(loop: Loop) -> BilledClaim:
    """The claim of a complete loop 2300."""
    separator = loop.component_separator
    lines = tuple(read_lines(loop, separator))
    first = min([line.first for line in lines if line.first is not None], default=None)
    last = max([line.last for line in lines if line.last is not None], default=None)
    segment = loop.segment("CLM") or Segment(["CLM"])
    care = segment.element(5).split(separator)
    return BilledClaim(
        loop,
        segment,
        care[2] if len(care) > 2 else "",
        care[0],
        tuple(read_diagnoses(loop, separator, lines, first)),
        lines,
        first,
        last,
    )


def read_lines(claim: Loop, separator: str) -> Iterator[BilledLine]:
    """The service lines that have a professional service."""
    for child in claim.children:
        if isinstance(child, Loop) and child.use.id == "2400":
            line = read_line(child, separator)
            if line is not None:
                yield line


def read_line(loop: Loop, separator: str) -> BilledLine | None:
    """One service line, or None where it has no SV1."""
    service = days = None
    for child in loop.children:
        if isinstance(child, Segment):
            elements = child.elements
            if elements[0] == "SV1":
                service = child
            elif elements[0] == "DTP" and elements[1:2] == ["472"]:
                days = child
    if service is None:
        return None
    elements = service.elements
    if len(elements) < 8:
        elements = [*elements, *[""] * (8 - len(elements))]
    parts = elements[1].split(separator)
    first, _, last = days.element(3).partition("-") if days is not None else ("", "", "")
    begin = parse_date(first)
    return BilledLine(
        loop,
        service,
        parts[0],
        parts[1] if len(parts) > 1 else "",
        tuple([part for part in parts[2:6] if part]) if len(parts) > 2 else (),
        elements[3],
        elements[4],
        elements[5],
        tuple(elements[7].split(separator)),
        begin,
        parse_date(last) if last else begin,
    )


def read_diagnoses(
    claim: Loop, separator: str, lines: tuple[BilledLine, ...], first: date | None
) -> Iterator[Diagnosis]:
    """The diagnoses in order; one's day is that of the first line that points to it, else the claim's."""
    days: dict[str, date | None] = {}
    for line in lines:
        for pointer in line.pointers:
            days.setdefault(pointer, line.first)
    number = 0
    for segment in claim.children:
        if not isinstance(segment, Segment) or segment.elements[0] != "HI":
            continue
        for element, text in enumerate(segment.elements[1:], 1):
            qualifier, _, rest = text.partition(separator)
            table = DIAGNOSES.get(qualifier)
            if table is not None:
                number += 1
                code = rest.partition(separator)[0]
                if code:
                    yield Diagnosis(segment, element, table, code, days.get(str(number)) or first)
