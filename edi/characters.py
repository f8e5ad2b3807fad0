"""The character sets of X12: basic and extended, where a partner holds to one of them.

Source: the HIPAA implementation guides, appendix B.1.1.2 (basic character set, extended character set).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from edi.binary import BINARY_SEGMENTS
from edi.findings import Finding, Place, find
from edi.rules.places import name_element, number_place
from edi.segments import Delimiters, Segment

_BASIC = "A-Z0-9!\"&'()*+,\\-./:;?= "
_EXTENDED = _BASIC + "a-z%~@\\[\\]_{}\\\\|<>^`#$"
#: The characters outside of each set.
CHARACTER_SETS = {"basic": re.compile(f"[^{_BASIC}]"), "extended": re.compile(f"[^{_EXTENDED}]")}


def check_characters(
    segments: Iterable[Segment], character_set: str, delimiters: Delimiters, at: Place
) -> Iterator[Finding]:
    """A finding for each element with a character outside of a set; `at` is the place of the transaction set.

    Separators are free of it, whatever characters they are, and so is binary content.
    """
    outside = CHARACTER_SETS[character_set]
    marks = str.maketrans("", "", delimiters.component + delimiters.repetition)
    for segment in segments:
        elements = segment.elements
        if outside.search("".join(elements).translate(marks)) is None:
            continue
        for number, text in enumerate(elements[1:], 1):
            if segment.id in BINARY_SEGMENTS and number == BINARY_SEGMENTS[segment.id][1]:
                continue
            for component in _find_components(outside, text, delimiters):
                yield _report(segment, number, component, character_set, at)


def _find_components(outside: re.Pattern[str], text: str, delimiters: Delimiters) -> Iterator[int]:
    """The components of an element that hold a character outside of a set; 0 for a simple element."""
    parts = text.replace(delimiters.repetition, delimiters.component).split(delimiters.component)
    for number, part in enumerate(parts, 1):
        if outside.search(part):
            yield number if len(parts) > 1 else 0


def _report(segment: Segment, element: int, component: int, character_set: str, at: Place) -> Finding:
    place = Place(
        interchange=at.interchange,
        group=at.group,
        set=at.set,
        loop=segment.use.loop if segment.use is not None else None,
        segment=segment.id,
        ordinal=segment.ordinal,
        element=element,
        component=component or None,
        offset=segment.offset,
    )
    return find(
        "element.outside_character_set",
        x12=place,
        rule=f"X12 {character_set} character set",
        value=segment.element(element),
        name=name_element(segment, element, component),
        place=segment.id + number_place(element, component),
        set=character_set,
    )
