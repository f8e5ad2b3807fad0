"""The ISA segment as text: where it starts and ends, and the delimiters it declares.

005010 ISA is the one segment of fixed length: 106 characters with its terminator. The element separator
is character 4, ISA11 the repetition separator (from 00501), ISA16 the component separator, and what
follows ISA16 is the segment terminator. Senders get this wrong, so the segment is also found by counting
separators; what had to be forgiven is named in `faults` by the codes of the findings catalogue.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from edi.segments import Delimiters

BLANKS = " \t\r\n"
NO_SEPARATOR = "\x00"
"""Stands for a separator that an interchange does not have (repetition in 00401): splits nothing."""

HEADER_LENGTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
HEADER_LENGTH = 106
_SEPARATORS_AT = tuple(3 + n + sum(HEADER_LENGTHS[:n]) for n in range(16))
_LONGEST_HEADER = 320
_FEWEST_SEPARATORS = 13
_LINE_END = re.compile(r"\r\n|\n|\r")
_COMPOSITES_WITHIN = 7_000  # less than the lexer always has of the text after an ISA
_COMMON_IN_VALUES = frozenset("-.,/'#() ")


class HeaderText(msgspec.Struct, frozen=True):
    """An ISA found in the text: its 17 elements (id first), delimiters, place and forgiven faults.

    `start` is the place of the I, `end` the place after the terminator and its line end.
    """

    elements: list[str]
    delimiters: Delimiters
    start: int
    end: int
    faults: tuple[str, ...] = ()


def read_header(text: str, start: int) -> HeaderText | None:
    """The ISA at `start`, or None where no delimiters can be told from what stands there."""
    separator = text[start + 3 : start + 4]
    if not _may_separate(separator) or separator in BLANKS.replace("\t", ""):
        return None
    return _count_separators(text, start, separator) or _measure_places(text, start, separator)


def _may_separate(character: str) -> bool:
    """True for one character that is neither an ASCII letter nor a digit."""
    return len(character) == 1 and not (character.isascii() and character.isalnum())


def _count_separators(text: str, start: int, separator: str) -> HeaderText | None:
    """Reads the ISA by its 16 separators, whatever the lengths between them."""
    parts = text[start : start + _LONGEST_HEADER].split(separator, 16)
    if len(parts) < 17 or any("\n" in part or "\r" in part for part in parts[:16]):
        return None
    component, terminator = parts[16][:1], parts[16][1:2]
    if not (_may_separate(component) and _may_separate(terminator)) or terminator in (
        separator,
        component,
        " ",
    ):
        return None
    elements = [*parts[:16], component]
    regular = tuple(map(len, elements[1:])) == HEADER_LENGTHS
    faults = () if regular else ("isa.wrong_length",)
    end = start + sum(map(len, elements)) + 17
    return _settle(text, start, end, elements, terminator, faults)


def _measure_places(text: str, start: int, separator: str) -> HeaderText | None:
    """Reads the ISA by its fixed places, where a separator or two is wrong."""
    places = [start + place for place in _SEPARATORS_AT]
    matching = sum(text[place : place + 1] == separator for place in places)
    terminator = text[start + 105 : start + 106]
    if matching < _FEWEST_SEPARATORS or not _may_separate(terminator) or terminator in (separator, " "):
        return None
    spans = zip(places, HEADER_LENGTHS, strict=True)
    elements = ["ISA", *(text[place + 1 : place + 1 + length] for place, length in spans)]
    regular = matching == 16 and not any(separator in element for element in elements)
    faults = () if regular else ("isa.element_separator",)
    return _settle(text, start, start + HEADER_LENGTH, elements, terminator, faults)


def _settle(
    text: str, start: int, end: int, elements: list[str], terminator: str, faults: tuple[str, ...]
) -> HeaderText:
    """Decides the delimiters: looks at what follows the ISA to find the terminator that is really used."""
    separator = text[start + 3]
    moved = (
        _terminator_on_next_line(text, end, terminator)
        or _other_terminator(text, end, separator, terminator)
        or _line_breaks_instead(text, end, separator, terminator)
    )
    if moved:
        terminator, end, fault = moved
        faults = (*faults, fault)
    line_end = _LINE_END.match(text, end) if terminator != "\n" else None
    component, component_faults = _check_component(elements[16], separator, terminator)
    used = _other_component(text, end, separator, terminator, component)
    if used:
        component, component_faults = used, ("isa.component_separator_unused",)
        elements = [*elements[:16], used]
    delimiters = Delimiters(
        element=separator,
        component=component,
        repetition=_repetition(elements, separator, terminator, component),
        segment=terminator,
        line_end=line_end.group() if line_end else "",
    )
    end = line_end.end() if line_end else end
    return HeaderText(elements, delimiters, start, end, faults + component_faults)


def _terminator_on_next_line(text: str, end: int, terminator: str) -> tuple[str, int, str] | None:
    """Files whose line break stands before the terminator: `P*:` line break `~GS*`."""
    if terminator not in "\r\n":
        return None
    found = re.compile(r"[ \t\r\n]*([^0-9A-Za-z\s])[ \t\r\n]*(?:GS|TA1|IEA)[^0-9A-Za-z]").match(text, end)
    return (found[1], found.end(1), "file.line_break_before_terminator") if found else None


def _other_terminator(text: str, end: int, separator: str, terminator: str) -> tuple[str, int, str] | None:
    """ISA declares a terminator that is not used: another stands between GS and the first ST."""
    mark = re.escape(separator)
    group = re.compile(rf"\s*GS{mark}(?:[^{mark}]*{mark}){{7}}[0-9A-Z]+([^0-9A-Za-z\s])\s*ST{mark}")
    found = group.match(text, end)
    if found is None or found[1] in (separator, terminator):
        return None
    return found[1], end, "isa.segment_terminator"


def _line_breaks_instead(text: str, end: int, separator: str, terminator: str) -> tuple[str, int, str] | None:
    """ISA declares a terminator that is not used: the segments after it end with line breaks."""
    if terminator in "\r\n":
        return None
    stop = text.find(terminator, end, end + 2000)
    following = text[end : stop if stop >= 0 else end + 2000]
    found = re.search(r"[^\r\n](\r\n|\n|\r)[ \t]*(?:ST|TA1|IEA|GE)" + re.escape(separator), following)
    if not found:
        return None
    blank = _LINE_END.match(text, end)
    return found[1][0], (blank.start() + 1 if blank else end), "isa.segment_terminator"


def _check_component(component: str, separator: str, terminator: str) -> tuple[str, tuple[str, ...]]:
    """ISA16 as a usable separator, and what is wrong with it."""
    if not _may_separate(component) or component in (separator, terminator, " "):
        return NO_SEPARATOR, ("isa.component_separator",)
    if component in _COMMON_IN_VALUES:
        return component, ("isa.component_separator_doubtful",)
    return component, ()


def _other_component(text: str, end: int, separator: str, terminator: str, component: str) -> str:
    """The separator in the first composite, where ISA declares one that does not occur; else ""."""
    if component == NO_SEPARATOR or text.find(component, end, end + _COMPOSITES_WITHIN) >= 0:
        return ""
    found = _find_composite(separator, terminator).search(text, end, end + _COMPOSITES_WITHIN)
    return next(filter(None, found.groups()), "") if found else ""


@lru_cache(maxsize=64)
def _find_composite(separator: str, terminator: str) -> re.Pattern[str]:
    """Finds a composite that every claim or payment has: CLM05, HI01, SV101, SV202, SV301 or SVC01."""
    apart = re.escape("".join(mark for mark in ":>^|\\!<;+{}~" if mark not in (separator, terminator)))
    mark, other = re.escape(separator), f"[^{re.escape(separator + terminator)}]*"
    places = (
        rf"CLM{mark}(?:{other}{mark}){{4}}[0-9A-Z]{{1,2}}([{apart}])[A-Z]?\1[0-9A-Z]",
        rf"HI{mark}[A-Z]{{2,3}}([{apart}])[0-9A-Z]",
        rf"SV[13C]{mark}[A-Z]{{2}}([{apart}])[0-9A-Z]",
        rf"SV2{mark}[0-9]*{mark}[A-Z]{{2}}([{apart}])[0-9A-Z]",
    )
    return re.compile(rf"{re.escape(terminator)}\s*(?:{'|'.join(places)})")


def _repetition(elements: list[str], separator: str, terminator: str, component: str) -> str:
    """ISA11 where it is a separator (00501 and later); 00402 and before hold `U` there."""
    character = elements[11]
    taken = (separator, terminator, component, " ")
    if elements[12] < "00402" or not _may_separate(character) or character in taken:
        return NO_SEPARATOR
    return character
