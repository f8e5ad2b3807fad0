"""The way of a file through JSON: X12 to JSON to X12, and that to JSON again."""

from __future__ import annotations

import json

import msgspec

from edi.files import FileReport, check_file
from edi.json_body import decode_body
from edi.segments import Segment
from edi.whole_files import describe_whole, write_whole

#: What lenient reading forgives and writing puts right: bytes differ, the segments are the same.
PUT_RIGHT = {
    "file.wrapped_lines": "lines broken in the middle of segments are joined",
    "file.indented": "blanks before segments are left out",
    "file.no_final_terminator": "the last segment gets its terminator",
    "file.leading_blanks": "nothing stands before ISA",
    "segment.trailing_separators": "empty elements at the ends of segments are left out",
    "isa.component_separator_unused": "ISA16 names the separator that composites have",
    "isa.wrong_length": "ISA is filled up to its 106 characters",
}


class RoundTrip(msgspec.Struct, frozen=True):
    """What came back: every segment of every set, every byte of the file, the same JSON.

    `put_right` are the forgiven faults of form that explain why bytes differ.
    """

    segments: bool
    every_byte: bool
    document: bool
    put_right: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """True where nothing was lost."""
        return self.segments and self.document and (self.every_byte or bool(self.put_right))


def send_through_json(content: bytes, report: FileReport) -> RoundTrip:
    """Sends a file through JSON text and back. Raises what the engine raises."""
    described = describe_whole(report, content)
    decoded = decode_body(json.dumps(described).encode())
    assert decoded.document is not None, [finding.code for finding in decoded.findings]
    written = write_whole(decoded.document)
    again = check_file(written)
    codes = {finding.code for finding in report.all_findings}
    return RoundTrip(
        segments=list_segments(report) == list_segments(again),
        every_byte=written == content,
        document=describe_whole(again, written) == described,
        put_right=tuple(sorted(codes & PUT_RIGHT.keys())),
    )


def list_segments(report: FileReport) -> list[list[list[str]]]:
    """The segments of every set, without separators that end an element or a segment."""
    return [
        [trim(segment, interchange.header.delimiters.component) for segment in found.segments]
        for interchange in report.interchanges
        for group in interchange.groups
        for found in group.sets
    ]


def trim(segment: Segment, component: str) -> list[str]:
    """The elements of a segment without empty ones at its end."""
    elements = [element.rstrip(component) for element in segment.elements]
    while len(elements) > 1 and not elements[-1]:
        elements.pop()
    return elements
