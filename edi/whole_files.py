"""A whole X12 file as JSON and back: its envelopes, every interchange, group and set, and their documents.

`edi.translation` tells what a file says; this keeps the file as well, so that the text made of it again
equals the file byte for byte where that was regular: counts that are right, no empty elements at the ends of
segments, one kind of line end, levels numbered from 1. What reading has to forgive is written as it should
have been.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from edi.binary import BINARY_SEGMENTS, is_writable
from edi.binding import common_depth, unit_ways
from edi.delimiters import HEADER_LENGTHS, NO_SEPARATOR, read_header
from edi.envelope_writer import DelimiterInValue, write_interchange
from edi.files import FileReport, GroupReport, InterchangeReport, SetReport
from edi.generation import Context
from edi.guides.registry import load_sources
from edi.interchange import Group, Interchange, TransactionSet, describe_group, describe_interchange
from edi.plans import load_plan
from edi.segments import Delimiters, Segment
from edi.translation import UntranslatableError
from edi.writer import generate_again

WHOLE_KEY = "interchanges"
UNSEEN = datetime(1970, 1, 1, tzinfo=UTC)  # a document that was read says its own date and time
LINE_ENDS = frozenset({"", "\r", "\n", "\r\n"})
#: What reading says of a component separator that values often hold, such as a point.
DOUBTFUL = frozenset({"isa.component_separator_doubtful"})
REFUSALS = (DelimiterInValue, msgspec.ValidationError, UnicodeError)
BLANK_END = re.compile(r"[ \t\r\n\x00\x1a]{0,1000}\Z")


class Named(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A part of a whole file; its fields are the elements of its header segment, in order."""


class Separators(Named, frozen=True):
    """What ISA does not say in an element of its own; ISA11 and ISA16 stand in the header."""

    element: str = "*"
    segment: str = "~"
    line_end: str = ""


class InterchangeNames(Named, frozen=True):
    """ISA01 to ISA16, without the blanks that fill them up."""

    authorization_qualifier: str
    authorization: str
    security_qualifier: str
    security: str
    sender_qualifier: str
    sender_id: str
    receiver_qualifier: str
    receiver_id: str
    date: str
    time: str
    repetition_separator: str
    version: str
    control_number: str
    acknowledgment_requested: str
    usage_indicator: str
    component_separator: str


class GroupNames(Named, frozen=True):
    """GS01 to GS08."""

    functional_identifier_code: str
    sender_id: str
    receiver_id: str
    date: str
    time: str
    control_number: str
    responsible_agency_code: str
    version: str = ""


class SetNames(Named, frozen=True):
    """ST01 to ST03."""

    transaction_set_identifier_code: str
    control_number: str
    implementation_reference: str = ""


class WholeSet(Named, frozen=True):
    """A transaction set: its documents, or its segments where no guide reads them.

    `levels_shared` says of each claim how many levels of the hierarchy it has in common with the one before.
    """

    header: SetNames
    guide: str = ""
    documents: tuple[dict[str, Any], ...] = ()  # any JSON
    levels_shared: tuple[int, ...] = ()
    segments: tuple[tuple[str, ...], ...] = ()


class WholeGroup(Named, frozen=True):
    """A functional group."""

    header: GroupNames
    transaction_sets: tuple[WholeSet, ...] = ()


class WholeInterchange(Named, frozen=True):
    """An interchange; `interchange_acknowledgments` are the elements of its TA1 segments."""

    header: InterchangeNames
    separators: Separators = Separators()
    interchange_acknowledgments: tuple[tuple[str, ...], ...] = ()
    groups: tuple[WholeGroup, ...] = ()


class WholeFile(Named, frozen=True):
    """A file; `ending` is what stands after its last terminator."""

    interchanges: tuple[WholeInterchange, ...]
    encoding: Literal["ascii", "utf-8", "latin-1"] = "ascii"
    byte_order_mark: bool = False
    ending: str = ""


def describe_whole(report: FileReport, content: bytes) -> dict[str, Any]:
    """The file `content`, of which `report` is the reading, as JSON with everything that it holds."""
    tail = BLANK_END.search(content[-1000:].decode("latin-1"))
    whole = WholeFile(
        tuple(_describe_interchange(interchange) for interchange in report.interchanges),
        report.encoding,  # type: ignore[arg-type]  # one of the three, as FileReport says
        content.startswith(BOM_UTF8),
        _cut_terminator(tail.group() if tail else "", report),
    )
    described: dict[str, Any] = msgspec.to_builtins(whole)
    return described


def _cut_terminator(tail: str, report: FileReport) -> str:
    """The blanks after the last terminator, where that is a line break itself."""
    terminator = report.interchanges[-1].header.delimiters.segment if report.interchanges else ""
    return tail.removeprefix(terminator) if terminator in "\r\n" else tail


def _describe_interchange(interchange: InterchangeReport) -> WholeInterchange:
    header, delimiters = interchange.header, interchange.header.delimiters
    values = [value.rstrip(" ") for value in header.segment.elements[1:]]
    return WholeInterchange(
        InterchangeNames(*values),
        Separators(delimiters.element, delimiters.segment, delimiters.line_end),
        tuple(tuple(segment.elements[1:]) for segment in interchange.acknowledgments),
        tuple(_describe_group(group) for group in interchange.groups),
    )


def _describe_group(group: GroupReport) -> WholeGroup:
    values = [group.header.segment.element(number) for number in range(1, 9)]
    return WholeGroup(GroupNames(*values), tuple(_describe_set(found) for found in group.sets))


def _describe_set(found: SetReport) -> WholeSet:
    header = SetNames(found.set_id, found.control_number, found.header.element(3))
    if not found.documents:
        inner = found.segments[1:-1] if found.segments[-1].id == "SE" else found.segments[1:]
        return WholeSet(header, segments=tuple(tuple(segment.elements) for segment in inner))
    return WholeSet(header, found.guide or "", tuple(map(dict, found.documents)), tuple(_count_shared(found)))


def _count_shared(found: SetReport) -> Iterator[int]:
    """Of each claim of several: the levels that it shares with the claim before."""
    if found.tree is None or found.guide is None or len(found.documents) < 2:
        return
    plan = load_plan(found.guide)
    before: list[Any] = []
    for way in unit_ways(found.tree, plan.root) if plan.unit else ():
        shared = way[1 : common_depth(way, before)]
        yield sum(not loop.use.wrapper for loop in shared)
        before = way


def is_whole(documents: Sequence[Mapping[str, Any]]) -> bool:
    """True for the JSON of one whole file."""
    return len(documents) == 1 and WHOLE_KEY in documents[0]


def write_whole(document: Mapping[str, Any]) -> bytes:
    """The X12 file of a JSON document that `describe_whole` made. Trailers are counted anew.

    Raises UntranslatableError where the document is no such file, or holds what no X12 text can.
    """
    try:
        whole = msgspec.convert(document, WholeFile)
        texts = [write_interchange(_make_interchange(each)) for each in whole.interchanges]
        mark = BOM_UTF8 if whole.byte_order_mark else b""
        return mark + _end(whole, "".join(texts)).encode(whole.encoding)
    except (msgspec.ValidationError, ValueError) as fault:
        if not isinstance(fault, REFUSALS) and type(fault) is not ValueError:
            raise  # a fault of ours, not of the document
        raise UntranslatableError(_tell(fault)) from None


def _tell(fault: Exception) -> str:
    """What is wrong, without any value of the document."""
    if isinstance(fault, DelimiterInValue | msgspec.ValidationError) or type(fault) is ValueError:
        return str(fault)
    return "the file cannot be written in its encoding"


def _end(whole: WholeFile, text: str) -> str:
    """The text with the blanks that the file ended with in place of a line end."""
    if not whole.interchanges:
        raise ValueError("a file holds an interchange")
    if BLANK_END.fullmatch(whole.ending) is None:
        raise ValueError("a file ends with blanks alone")
    return text.removesuffix(whole.interchanges[-1].separators.line_end) + whole.ending


def _make_interchange(whole: WholeInterchange) -> Interchange:
    values = msgspec.structs.astuple(whole.header)
    header = Segment(
        ["ISA", *(value.ljust(length) for value, length in zip(values, HEADER_LENGTHS, strict=True))]
    )
    delimiters = _read_delimiters(header, whole.separators)
    return Interchange(
        describe_interchange(header, delimiters),
        tuple(_make_group(group, delimiters) for group in whole.groups),
        tuple(Segment(["TA1", *elements]) for elements in whole.interchange_acknowledgments),
    )


def _read_delimiters(header: Segment, separators: Separators) -> Delimiters:
    """The delimiters as they will be read from the header that is written."""
    if separators.line_end not in LINE_ENDS:
        raise ValueError("a line ends with CR, LF, CRLF or nothing")
    text = separators.element.join(header.elements) + separators.segment + separators.line_end
    read = read_header(text, 0)
    fits = read is not None and read.elements == header.elements and DOUBTFUL.issuperset(read.faults)
    if not fits or read is None or _holds_separator(header, read.delimiters):
        raise ValueError("the header of the interchange and its separators do not fit together")
    return read.delimiters


def _make_group(whole: WholeGroup, delimiters: Delimiters) -> Group:
    header = Segment(["GS", *msgspec.structs.astuple(whole.header)])
    return Group(
        describe_group(header), tuple(_make_set(each, delimiters) for each in whole.transaction_sets)
    )


def _make_set(whole: WholeSet, delimiters: Delimiters) -> TransactionSet:
    names = msgspec.structs.astuple(whole.header)
    made = _generate(whole, delimiters) if whole.documents else [Segment([*each]) for each in whole.segments]
    if any(not segment.elements or _holds_separator(segment, delimiters) for segment in made):
        raise ValueError("a segment has no id, or an element holds a separator")
    trailer = Segment(["SE", str(len(made) + 2), whole.header.control_number])
    segments = [Segment(["ST", *names]), *made, trailer]
    return TransactionSet(names[0], names[1], names[2], segments)


def _holds_separator(segment: Segment, delimiters: Delimiters) -> bool:
    """Whether an element holds what would end it. Binary content of its stated length may hold anything."""
    marks, elements = delimiters.element + delimiters.segment, segment.elements
    stated, content = BINARY_SEGMENTS.get(segment.id, (0, 0))
    if content and len(elements) == content + 1 and is_writable(elements[stated], elements[content]):
        elements = elements[:content]
    return any(mark in element for element in elements for mark in marks if mark != NO_SEPARATOR)


def _generate(whole: WholeSet, delimiters: Delimiters) -> list[Segment]:
    if whole.guide not in load_sources():
        raise ValueError("the guide of a transaction set is not known")
    context = Context(whole.header.control_number, UNSEEN, whole.header.control_number, "", "", delimiters)
    return generate_again(whole.guide, whole.documents, context, whole.levels_shared)
