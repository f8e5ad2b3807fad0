"""Writes segments as text and wraps transaction sets into an interchange.

What comes in here is our own: a value that holds a delimiter, a control number out of range or an id that is
too long is a broken promise of the caller and raises, with segment and element but never the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain

import msgspec

from edi.binary import BINARY_SEGMENTS, write_binary
from edi.delimiters import HEADER_LENGTHS
from edi.interchange import Interchange
from edi.segments import Delimiters, Segment

VERSION = "00501"
LARGEST_CONTROL_NUMBER = 999_999_999


class DelimiterInValue(ValueError):
    """A value holds a delimiter of the interchange, so the text would be read back as something else."""

    def __init__(self, segment_id: str, element: int) -> None:
        super().__init__(f"element {element} of segment {segment_id} holds a delimiter of the interchange")
        self.segment_id = segment_id
        self.element = element


class EnvelopeSettings(msgspec.Struct, frozen=True):
    """Who sends to whom, and the numbers of the envelope.

    `control_number` becomes ISA13, `group_control_number` GS06 of the first group (the next group has the
    next number). `created` gives ISA09/10 and GS04/05 as it stands, without change of time zone.
    """

    sender_qualifier: str
    sender: str
    receiver_qualifier: str
    receiver: str
    group_sender: str
    group_receiver: str
    usage: str
    control_number: int
    group_control_number: int
    created: datetime
    acknowledgment_requested: bool = True
    delimiters: Delimiters = Delimiters(line_end="\n")


def wrap_interchange(
    settings: EnvelopeSettings,
    groups: Sequence[tuple[str, str, Sequence[list[Segment] | str]]],
    ta1: Sequence[Segment] = (),
) -> bytes:
    """One interchange as UTF-8: ISA, the TA1 segments, each group (GS01, GS08, its sets ST..SE), IEA.

    A set may be text already.

    Without groups it is an interchange of TA1 alone. Raises DelimiterInValue, or ValueError where the
    settings do not fit the envelope (005010 ISA, GS) or a set is not closed by an SE with its count.
    """
    _check_settings(settings, len(groups))
    _check_contents(groups, ta1)
    delimiters = settings.delimiters
    control_number = f"{settings.control_number:09d}"
    text = [_write_header(settings, control_number), write_segments(ta1, delimiters)]
    for number, (functional_id, version, sets) in enumerate(groups, settings.group_control_number):
        header = _group_header(settings, functional_id, version, number)
        trailer = Segment(["GE", str(len(sets)), str(number)])
        text.append(write_segments([header], delimiters))
        text.extend(
            segments if isinstance(segments, str) else write_segments(_check_set(segments), delimiters)
            for segments in sets
        )
        text.append(write_segments([trailer], delimiters))
    text.append(write_segments([Segment(["IEA", str(len(groups)), control_number])], delimiters))
    return "".join(text).encode("utf-8", "surrogateescape")  # bytes of BIN and BDS stand as they are


def write_interchange(interchange: Interchange) -> str:
    """An interchange as it was read, with its own delimiters and line ends.

    Trailers are counted anew and TA1 stands before the groups; so the text equals the original where that
    was regular: right counts, no empty elements at ends, one kind of line end.
    """
    header, delimiters = interchange.header, interchange.header.delimiters
    isa = delimiters.element.join(header.segment.elements) + delimiters.segment + delimiters.line_end
    text = [isa, write_segments(interchange.acknowledgments, delimiters)]
    for group in interchange.groups:
        trailer = Segment(["GE", str(len(group.sets)), group.header.control_number])
        sets = chain.from_iterable(transaction_set.segments for transaction_set in group.sets)
        text.append(write_segments(chain([group.header.segment], sets, [trailer]), delimiters))
    trailer = Segment(["IEA", str(len(interchange.groups)), header.control_number])
    text.append(write_segments([trailer], delimiters))
    return "".join(text)


def write_segments(segments: Iterable[Segment], delimiters: Delimiters) -> str:
    """The segments as text, without empty elements and components at their ends.

    Elements hold their components joined already, so that only element separators, terminators and line
    breaks inside a value can be seen here: DelimiterInValue names segment and element.
    """
    written = list(segments)
    text = join_segments([segment.elements for segment in written], delimiters)
    if text is not None:
        return text
    return "".join([write_segment(segment, delimiters) for segment in written])


def join_segments(segments: Sequence[list[str]], delimiters: Delimiters) -> str | None:
    """The text of segments by their elements; None where anything in it has to be trimmed or refused.

    That is seen from the whole text: how often each separator stands in it, and beside which. Binary content
    may hold separators.
    """
    separator, terminator, component = delimiters.element, delimiters.segment, delimiters.component
    end = terminator + delimiters.line_end
    count = len(segments)
    text = end.join([*map(separator.join, segments), ""])
    inside = (component + separator, component + delimiters.repetition, separator + end, component + end)
    clean = (
        text.count(separator) == sum(map(len, segments)) - count
        and text.count(terminator) == count
        and all(text.count(mark) == count * end.count(mark) for mark in "\r\n")
        and not any(pair in text for pair in inside)
        and BINARY_SEGMENTS.keys().isdisjoint([elements[0] for elements in segments])
    )
    return text if clean else None


def write_segment(segment: Segment, delimiters: Delimiters) -> str:
    """One segment as text, trimmed. Raises DelimiterInValue."""
    separator, terminator, component = delimiters.element, delimiters.segment, delimiters.component
    end = terminator + delimiters.line_end
    elements = segment.elements
    if elements[0] in BINARY_SEGMENTS:
        return write_binary(elements, separator) + end
    line = separator.join(elements)
    if component + separator in line or line[-1:] in (separator, component) or _ends_inside(line, delimiters):
        elements = _trim(elements, delimiters)
        line = separator.join(elements)
    broken = ("\n" in line or "\r" in line) and _is_broken(line, delimiters)
    if line.count(separator) != len(elements) - 1 or terminator in line or broken:
        raise DelimiterInValue(segment.id, _guilty_element(segment, delimiters))
    return line + end


def join_components(parts: Sequence[str], delimiters: Delimiters, *, segment_id: str, element: int) -> str:
    """A composite element as text, without empty components at its end.

    Raises DelimiterInValue where a part holds any delimiter. One part alone checks a simple value.
    """
    forbidden = _forbidden(delimiters)
    if any(character in part for part in parts for character in forbidden):
        raise DelimiterInValue(segment_id, element)
    return delimiters.component.join(parts).rstrip(delimiters.component)


def _forbidden(delimiters: Delimiters) -> str:
    return delimiters.element + delimiters.component + delimiters.repetition + delimiters.segment + "\r\n"


def _is_broken(line: str, delimiters: Delimiters) -> bool:
    """True where a line break stands in a value, and is not itself a separator of the interchange."""
    separators = delimiters.element + delimiters.component + delimiters.repetition
    return any(mark in line and mark not in separators for mark in "\r\n")


def _ends_inside(line: str, delimiters: Delimiters) -> bool:
    return delimiters.component + delimiters.repetition in line


def _trim(elements: list[str], delimiters: Delimiters) -> list[str]:
    """The elements without empty components, repetitions and elements at their ends."""
    component, repetition = delimiters.component, delimiters.repetition
    trimmed = [
        repetition.join(part.rstrip(component) for part in element.split(repetition)) for element in elements
    ]
    while len(trimmed) > 1 and not trimmed[-1]:
        trimmed.pop()
    return trimmed


def _guilty_element(segment: Segment, delimiters: Delimiters) -> int:
    forbidden = delimiters.element + delimiters.segment + "\r\n"
    guilty = (n for n, value in enumerate(segment.elements) if any(c in value for c in forbidden))
    return next(guilty, 0)


def _write_header(settings: EnvelopeSettings, control_number: str) -> str:
    """ISA, padded to its fixed lengths: 105 characters, terminator, line end."""
    delimiters = settings.delimiters
    elements = (
        *("00", "", "00", ""),
        *(settings.sender_qualifier, settings.sender, settings.receiver_qualifier, settings.receiver),
        *(f"{settings.created:%y%m%d}", f"{settings.created:%H%M}", delimiters.repetition, VERSION),
        *(control_number, "1" if settings.acknowledgment_requested else "0", settings.usage),
        delimiters.component,
    )
    _check_simple_values("ISA", elements, delimiters, besides=(11, 16))
    padded = (value.ljust(length) for value, length in zip(elements, HEADER_LENGTHS, strict=True))
    return delimiters.element.join(("ISA", *padded)) + delimiters.segment + delimiters.line_end


def _group_header(settings: EnvelopeSettings, functional_id: str, version: str, number: int) -> Segment:
    created = settings.created
    elements = (
        *(functional_id, settings.group_sender, settings.group_receiver),
        *(f"{created:%Y%m%d}", f"{created:%H%M}", str(number), "X", version),
    )
    _check_simple_values("GS", elements, settings.delimiters)
    return Segment(["GS", *elements])


def _check_simple_values(
    segment_id: str, elements: Sequence[str], delimiters: Delimiters, besides: tuple[int, ...] = ()
) -> None:
    for number, value in enumerate(elements, 1):
        if number not in besides:
            join_components([value], delimiters, segment_id=segment_id, element=number)


def _check_set(segments: list[Segment]) -> list[Segment]:
    """The set itself, where it begins with ST and ends with the SE that counts and repeats its number."""
    if not segments or segments[0].id != "ST" or segments[-1].id != "SE":
        raise ValueError("a transaction set must begin with ST and end with SE")
    header, trailer = segments[0], segments[-1]
    if trailer.element(1) != str(len(segments)) or trailer.element(2) != header.element(2):
        raise ValueError("SE must hold the number of segments and the control number of its ST")
    return segments


def _check_contents(
    groups: Sequence[tuple[str, str, Sequence[list[Segment] | str]]], ta1: Sequence[Segment]
) -> None:
    if not groups and not ta1:
        raise ValueError("an interchange needs a group or a TA1")
    if not all(sets for _, _, sets in groups):
        raise ValueError("a group needs a transaction set")
    if any(segment.id != "TA1" for segment in ta1):
        raise ValueError("only TA1 segments may stand outside of groups")


def _check_settings(settings: EnvelopeSettings, group_count: int) -> None:
    """Raises ValueError for the first thing that the envelope cannot hold."""
    last_group = settings.group_control_number + max(group_count - 1, 0)
    delimiters = settings.delimiters
    marks = delimiters.element + delimiters.component + delimiters.repetition + delimiters.segment
    promises = {
        "ISA05 must be two characters": is_name(settings.sender_qualifier, 2, 2),
        "ISA06 must be 1 to 15 ASCII characters": is_name(settings.sender, 1, 15),
        "ISA07 must be two characters": is_name(settings.receiver_qualifier, 2, 2),
        "ISA08 must be 1 to 15 ASCII characters": is_name(settings.receiver, 1, 15),
        "ISA13 must be 1 to 999999999": 1 <= settings.control_number <= LARGEST_CONTROL_NUMBER,
        "ISA15 must be P or T": settings.usage in ("P", "T"),
        "GS02 must be 2 to 15 ASCII characters": is_name(settings.group_sender, 2, 15),
        "GS03 must be 2 to 15 ASCII characters": is_name(settings.group_receiver, 2, 15),
        "GS06 must be 1 to 999999999": 1
        <= settings.group_control_number
        <= last_group
        <= LARGEST_CONTROL_NUMBER,
        "the delimiters must be four different ASCII characters, no letter, digit or blank among them": (
            len(set(marks)) == len(marks) == 4
            and marks.isascii()
            and not any(mark.isalnum() or mark in " \x00" for mark in marks)
        ),
        "a line end must be CR, LF, CRLF or nothing": delimiters.line_end in ("", "\r", "\n", "\r\n"),
    }
    for sentence, kept in promises.items():
        if not kept:
            raise ValueError(sentence)


def is_name(value: str, shortest: int, longest: int) -> bool:
    """True for printable ASCII of a fitting length, without blanks at its ends."""
    printable = value.isascii() and value.isprintable() and value == value.strip()
    return printable and shortest <= len(value) <= longest
