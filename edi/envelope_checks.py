"""Checks of the envelope's header segments, from the tables in `schemas/envelope.toml`, and of TA1."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec

from edi.delimiters import NO_SEPARATOR, HeaderText
from edi.findings import Finding, Place, find
from edi.segments import Segment

VERSION = "00501"
OLD_VERSION = "00401"
RETIRED = "004010"  # how the versions of groups and sets of that release begin


class HeaderElement(msgspec.Struct, frozen=True):
    """What one element of a header segment may hold, and the finding where it does not."""

    element: int
    finding: str
    form: str = "filled"
    codes: frozenset[str] = frozenset()
    shortest: int = 1
    longest: int = 1_000


class EnvelopeTables(msgspec.Struct, frozen=True):
    """ISA, GS and ST element by element; `groups` holds the transaction sets of each GS01."""

    interchange_header: tuple[HeaderElement, ...]
    group_header: tuple[HeaderElement, ...]
    set_header: tuple[HeaderElement, ...]
    groups: dict[str, frozenset[str]]


class AcknowledgmentElement(msgspec.Struct, frozen=True):
    """One element of TA1: its name, the form of a valid value, and that form in words."""

    number: int
    name: str
    form: re.Pattern[str]
    expected: str


DAY = re.compile(r"[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])")
ACKNOWLEDGMENT = (
    AcknowledgmentElement(1, "Interchange Control Number", re.compile(r"[0-9]{9}"), "nine digits"),
    AcknowledgmentElement(2, "Interchange Date", DAY, "YYMMDD"),
    AcknowledgmentElement(3, "Interchange Time", re.compile(r"([01][0-9]|2[0-3])[0-5][0-9]"), "HHMM"),
    AcknowledgmentElement(4, "Interchange Acknowledgment Code", re.compile(r"[AER]"), "A, E or R"),
    AcknowledgmentElement(5, "Interchange Note Code", re.compile(r"0([0-2][0-9]|3[01])"), "000 to 031"),
)


@cache
def load_tables() -> EnvelopeTables:
    """The tables of `schemas/envelope.toml`."""
    raw = tomllib.loads((files("schemas") / "envelope.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw, EnvelopeTables)


def check_header(elements: Sequence[HeaderElement], segment: Segment, place: Place) -> list[Finding]:
    """Findings for the elements of one header segment; `place` names the segment."""
    return [
        find(
            element.finding, x12=place_element(place, element.element), value=segment.element(element.element)
        )
        for element in elements
        if not _fits(element, segment.element(element.element).strip(" "))
    ]


def place_element(place: Place, element: int) -> Place:
    """The same place, at an element of its segment."""
    return msgspec.structs.replace(place, element=element)


def check_interchange_header(header: HeaderText, segment: Segment, place: Place) -> list[Finding]:
    """Findings for ISA: what was forgiven to read it, then its elements, version and announced passwords."""
    findings = [find(fault, x12=place) for fault in header.faults]
    findings += check_header(load_tables().interchange_header, segment, place)
    for qualifier, element, code in (("03", 2, "isa.authorization"), ("01", 4, "isa.security")):
        if segment.element(element - 1) == qualifier and not segment.element(element).strip():
            findings.append(find(code, x12=place_element(place, element)))
    return findings + _check_version(header, segment, place)


def check_acknowledgment(segment: Segment, place: Place) -> Iterator[Finding]:
    """Findings for the elements of a TA1 that are missing or not valid; `place` names the segment."""
    for element in ACKNOWLEDGMENT:
        value = segment.element(element.number)
        if element.form.fullmatch(value):
            continue
        at, label = place_element(place, element.number), f"TA1{element.number:02}"
        if not value:
            yield find("element.missing", x12=at, name=element.name, place=label)
            continue
        yield find(
            "element.bad_form",
            x12=at,
            value=value,
            name=element.name,
            place=label,
            guide="005010 TA1",
            expected=element.expected,
        )


def _check_version(header: HeaderText, segment: Segment, place: Place) -> list[Finding]:
    version = segment.element(12)
    if version == OLD_VERSION:
        return [find("isa.version_4010", x12=place_element(place, 12))]
    if version != VERSION:
        return [find("isa.version", x12=place_element(place, 12), value=version)]
    if header.delimiters.repetition == NO_SEPARATOR:
        return [find("isa.repetition_separator", x12=place_element(place, 11), value=segment.element(11))]
    return []


def _fits(element: HeaderElement, value: str) -> bool:
    if element.codes:
        return value in element.codes
    return element.shortest <= len(value) <= element.longest and FORMS[element.form](value)


def is_filled(value: str) -> bool:
    """True for a value without control characters, such as a line break."""
    return bool(value) and not any(mark < " " for mark in value)


def is_positive_number(value: str) -> bool:
    """True for ASCII digits that are not all zero."""
    return value.isascii() and value.isdigit() and value.strip("0") != ""


def is_date(value: str) -> bool:
    """True for a day of the calendar as CCYYMMDD."""
    if not (len(value) == 8 and value.isascii() and value.isdigit()):
        return False
    try:
        date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return False
    return True


def is_time(value: str) -> bool:
    """True for a time of day as HHMM, HHMMSS or HHMMSSD(D)."""
    digits = value.isascii() and value.isdigit() and len(value) in (4, 6, 7, 8)
    return digits and value[:2] < "24" and value[2:4] < "60" and value[4:6] < "60"


FORMS: dict[str, Callable[[str], bool]] = {
    "filled": is_filled,
    "number": is_positive_number,
    "date_of_six": lambda value: len(value) == 6 and is_date("20" + value),
    "date_of_eight": is_date,
    "time": is_time,
}
