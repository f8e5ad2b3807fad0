"""Static checks of one segment against its use in the guide: SNIP 1 and 2, and the code lists of 5.

This is the diagnosing path: it runs only for segments that the compiled acceptor doubts, finds everything
wrong with them at once, and is the one place that decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

import msgspec

from edi.findings import Finding, Place, Severity, find
from edi.guide import CompositeUse, ElementUse, SegmentUse, SyntaxNote
from edi.guides.maps import load_external_codes, load_external_tables
from edi.segments import Delimiters, Segment

DECIMAL = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)", re.ASCII)
WHOLE = re.compile(r"-?\d+", re.ASCII)
CLOCK = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d\d{0,2})?", re.ASCII)
LISTED = 12
BINARY = "B"  # any bytes: neither separators nor lengths mean anything inside
MONEY = "782"  # data element 782, monetary amount: dollars with at most two decimal places


def is_date(text: str) -> bool:
    """True for a day that exists, as CCYYMMDD (or YYMMDD in the envelope)."""
    if not (text.isascii() and text.isdigit() and len(text) in (6, 8)):
        return False
    full = text if len(text) == 8 else "20" + text
    try:
        date(int(full[:4]), int(full[4:6]), int(full[6:]))
    except ValueError:
        return False
    return True


def is_period(text: str) -> bool:
    """True for two days that exist, joined by a hyphen: CCYYMMDD-CCYYMMDD."""
    first, _, last = text.partition("-")
    return len(first) == len(last) == 8 and is_date(first) and is_date(last)


def is_moment(text: str) -> bool:
    """True for a day and a time of day: CCYYMMDDHHMM."""
    return is_date(text[:8]) and CLOCK.fullmatch(text[8:]) is not None


FORMATS: dict[str, tuple[Callable[[str], bool], str]] = {
    "D8": (lambda text: len(text) == 8 and is_date(text), "CCYYMMDD"),
    "D6": (lambda text: len(text) == 6 and is_date(text), "YYMMDD"),
    "RD8": (is_period, "CCYYMMDD-CCYYMMDD"),
    "DT": (is_moment, "CCYYMMDDHHMM"),
    "TM": (lambda text: CLOCK.fullmatch(text) is not None, "HHMM"),
}


class SegmentCheck:
    """One segment under examination. `guide` is the guide's id; `at` the place of the set."""

    def __init__(
        self, guide: str, use: SegmentUse, segment: Segment, delimiters: Delimiters, at: Place
    ) -> None:
        self.guide = guide
        self.use = use
        self.segment = segment
        self.delimiters = delimiters
        self.at = msgspec.structs.replace(
            at, loop=use.loop, segment=use.id, ordinal=segment.ordinal, offset=segment.offset
        )
        self.repetition: int | None = None

    def _label(self, element: int, component: int) -> str:
        return f"{self.use.id}{element:02d}" + (f"-{component}" if component else "")

    def _find(
        self, code: str, element: int = 0, component: int = 0, value: str | None = None, **words: str
    ) -> Finding:
        label = self._label(element, component)
        severity = Severity(words.pop("severity")) if "severity" in words else None
        place = msgspec.structs.replace(
            self.at, element=element or None, component=component or None, repetition=self.repetition
        )
        suffix = label[len(self.use.id) :] if element else ""
        return find(
            code,
            x12=place,
            rule=f"{self.guide} {self.use.key}{suffix}",
            value=value,
            severity=severity,
            guide=self.guide,
            place=label,
            segment=self.use.id,
            loop=self.use.loop,
            **words,
        )

    def check(self) -> Iterator[Finding]:
        """Every fault of the segment: its length, its elements, its syntax notes."""
        elements = self.segment.elements
        if len(elements) > 1 and elements[-1] == "":
            yield self._find("segment.trailing_separators")
        limit = self.use.elements[-1].position if self.use.elements else 0
        if any(elements[limit + 1 :]):
            yield self._find("element.too_many", limit + 1, limit=str(limit))
        format_name = ""
        for use in self.use.elements:
            text = self.segment.element(use.position)
            if isinstance(use, CompositeUse):
                yield from self._check_composite(use, text)
                continue
            if use.data_element == "1250":
                format_name = text
            yield from self._check_repeating(use, text, format_name)
        for note in self.use.syntax:
            yield from self._check_note(note)

    def _repetitions(self, use: ElementUse | CompositeUse, text: str) -> list[str]:
        mark = self.delimiters.repetition
        return text.split(mark) if mark and mark in text else [text]

    def _check_repeating(self, use: ElementUse, text: str, format_name: str) -> Iterator[Finding]:
        if use.type == BINARY and text and use.usage != "N":
            return
        parts = self._repetitions(use, text)
        if len(parts) > 1 and not parts[-1]:
            yield self._find("element.trailing_separators", use.position, name=use.name)
            parts = [part for part in parts if part] or [""]
        if len(parts) > use.repeat:
            yield self._find(
                "element.too_many_repetitions", use.position, value=text, name=use.name, limit=str(use.repeat)
            )
        for number, part in enumerate(parts, 1):
            self.repetition = number if len(parts) > 1 else None
            yield from self._check_simple(use, part, format_name)
        self.repetition = None

    def _check_simple(self, use: ElementUse, text: str, format_name: str) -> Iterator[Finding]:
        if self.delimiters.component in text:
            yield self._find(
                "element.too_many_components", use.position, value=text, name=use.name, limit="1"
            )
            return
        yield from self._check_element(use, use.position, 0, text, format_name)

    def _check_composite(self, use: CompositeUse, text: str) -> Iterator[Finding]:
        if not text:
            if use.usage == "R":
                yield self._find("element.missing", use.position, name=use.name)
            return
        if use.usage == "N":
            yield self._find("element.not_used", use.position, value=text, name=use.name)
            return
        parts = self._repetitions(use, text)
        if len(parts) > use.repeat:
            yield self._find(
                "element.too_many_repetitions", use.position, value=text, name=use.name, limit=str(use.repeat)
            )
        for number, part in enumerate(parts, 1):
            self.repetition = number if len(parts) > 1 else None
            yield from self._check_components(use, part)
        self.repetition = None

    def _check_components(self, use: CompositeUse, text: str) -> Iterator[Finding]:
        parts = text.split(self.delimiters.component)
        limit = use.components[-1].position
        if len(parts) > 1 and not parts[-1]:
            yield self._find("element.trailing_separators", use.position, name=use.name)
        if any(parts[limit:]):
            yield self._find(
                "element.too_many_components",
                use.position,
                limit + 1,
                value=text,
                name=use.name,
                limit=str(limit),
            )
        format_name = ""
        for component in use.components:
            part = parts[component.position - 1] if component.position <= len(parts) else ""
            if component.data_element == "1250":
                format_name = part
            yield from self._check_element(component, use.position, component.position, part, format_name)

    def _check_element(
        self, use: ElementUse, element: int, component: int, text: str, format_name: str
    ) -> Iterator[Finding]:
        if not text:
            if use.usage == "R":
                yield self._find("element.missing", element, component, name=use.name)
        elif use.usage == "N":
            yield self._find("element.not_used", element, component, value=text, name=use.name)
        elif use.codes is not None or use.external is not None:
            yield from self._check_code(use, element, component, text)
        else:
            yield from self._check_text(use, element, component, text, format_name)

    def _check_code(self, use: ElementUse, element: int, component: int, text: str) -> Iterator[Finding]:
        if use.codes is not None and text in use.codes:
            return
        if use.external is not None and not use.min_length <= len(text) <= use.max_length:
            yield from self._check_text(use, element, component, text, "")
            return
        if use.external is None:
            listed = sorted(use.codes or ())
            expected = ", ".join(listed[:LISTED]) + (" ..." if len(listed) > LISTED else "")
            yield self._find(
                "element.bad_code", element, component, value=text, name=use.name, expected=expected
            )
        elif text not in load_external_codes().get(use.external, frozenset()):
            table = load_external_tables()[use.external]
            yield self._find(
                "code.not_in_table",
                element,
                component,
                value=text,
                name=use.name,
                table=table.title,
                severity=table.severity,
            )

    def _check_text(
        self, use: ElementUse, element: int, component: int, text: str, format_name: str
    ) -> Iterator[Finding]:
        for code, words in _text_faults(use, text, format_name):
            yield self._find(code, element, component, value=text, name=use.name, **words)

    def _check_note(self, note: SyntaxNote) -> Iterator[Finding]:
        known = {use.position: use for use in self.use.elements}
        positions = [position for position in note.positions if position in known]
        if len(positions) < 2:
            return
        have = [bool(self.segment.element(position)) for position in positions]
        if not NOTE_FAULTS[note.kind](have):
            return
        names = [f"{known[position].name} ({self._label(position, 0)})" for position in positions]
        code = "element.exclusive" if note.kind == "E" else "element.conditional_missing"
        wanted = note.kind == "E"
        at = next(
            (position for position, there in zip(positions, have, strict=True) if there == wanted),
            positions[0],
        )
        if note.kind != "E" and known[at].usage == "R":
            return  # already reported as missing, by the guide's own requirement
        words = note.kind + "".join(f"{position:02d}" for position in note.positions)
        yield self._find(code, at, names=" and ".join(names), note=words)


NOTE_FAULTS: dict[str, Callable[[list[bool]], bool]] = {
    "P": lambda have: any(have) and not all(have),
    "R": lambda have: not any(have),
    "E": lambda have: sum(have) > 1,
    "C": lambda have: have[0] and not all(have),
    "L": lambda have: have[0] and not any(have[1:]),
}


def _number_length(text: str) -> int:
    return len(text.lstrip("-").replace(".", ""))


def _length_faults(use: ElementUse, length: int) -> Iterator[tuple[str, dict[str, str]]]:
    if length < use.min_length:
        yield "element.too_short", {"limit": str(use.min_length)}
    if length > use.max_length:
        yield "element.too_long", {"limit": str(use.max_length)}


def _character_faults(use: ElementUse, text: str) -> Iterator[tuple[str, dict[str, str]]]:
    if any(character < " " or character == "\x7f" for character in text):
        yield "element.bad_character", {"kind": "text", "expected": "printable characters"}
    elif not text.isascii():
        yield "element.beyond_character_set", {}
    if text != text.strip(" "):
        yield "element.blank_edge", {}
    if use.pattern is not None and re.fullmatch(use.pattern, text) is None:
        yield "element.bad_form", {"expected": use.pattern}


def _number_faults(
    use: ElementUse, text: str, form: re.Pattern[str], expected: str
) -> Iterator[tuple[str, dict[str, str]]]:
    if form.fullmatch(text) is None:
        yield "element.bad_character", {"kind": "a number", "expected": expected}
    else:
        yield from _length_faults(use, _number_length(text))


def _text_faults(use: ElementUse, text: str, format_name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The faults of a value without a code list, as finding code and words."""
    if use.type == "R":
        yield from _number_faults(use, text, DECIMAL, "digits, one decimal point and a leading minus sign")
        if use.data_element == MONEY and len(text.partition(".")[2]) > 2:
            yield "element.part_of_cent", {}
    elif use.type.startswith("N"):
        yield from _number_faults(use, text, WHOLE, "digits and a leading minus sign")
    elif use.type == "DT":
        if not is_date(text) or len(text) > use.max_length:
            yield "element.bad_date", {"expected": "CCYYMMDD"}
    elif use.type == "TM":
        if CLOCK.fullmatch(text) is None:
            yield "element.bad_time", {}
    elif use.data_element == "1251" and format_name in FORMATS:
        right, expected = FORMATS[format_name]
        if not right(text):
            yield "element.bad_date", {"expected": expected}
    else:
        yield from _length_faults(use, len(text))
        yield from _character_faults(use, text)


def check_segment(
    guide: str, use: SegmentUse, segment: Segment, delimiters: Delimiters, at: Place
) -> Iterator[Finding]:
    """Every static fault of `segment` against `use` (SNIP 1, 2 and listed codes)."""
    yield from SegmentCheck(guide, use, segment, delimiters, at).check()
