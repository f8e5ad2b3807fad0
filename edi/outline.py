"""A file as a person reads it: envelopes, loops, segments, elements with their names, findings in place.

`outline_file` yields entries in file order; who prints them chooses colours and width.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from edi.codes import find_meaning
from edi.files import FileReport, GroupReport, InterchangeReport, SetReport
from edi.findings import Finding
from edi.guide import CompositeUse, ElementUse
from edi.segments import Segment
from edi.tree import Loop

TA1_TITLE = "Interchange Acknowledgment"
USAGES = {"T": "test", "P": "production"}


class Kind(StrEnum):
    """What an entry is about."""

    ENVELOPE = "envelope"
    LOOP = "loop"
    SEGMENT = "segment"
    ELEMENT = "element"
    FINDING = "finding"


class Entry(msgspec.Struct, frozen=True):
    """One line: `label` is the id or place, `name` the guide's word, `value` the text, `meaning` the code's.

    `depth` counts from 0. Of a finding, `label` is its severity and `name` the sentence.
    """

    depth: int
    kind: Kind
    label: str
    name: str = ""
    value: str = ""
    meaning: str = ""

    @property
    def text(self) -> str:
        """The entry as plain text."""
        parts = [self.label, self.name]
        head = " ".join(part for part in parts if part)
        told = f"{head}: {self.value}" if self.value else head
        return f"{told} ({self.meaning})" if self.meaning else told


def outline_file(report: FileReport) -> Iterator[Entry]:
    """Every entry of a file."""
    yield from _outline_findings(report.findings, 0)
    for interchange in report.interchanges:
        yield from _outline_interchange(interchange)


def _outline_interchange(interchange: InterchangeReport) -> Iterator[Entry]:
    header = interchange.header
    usage = USAGES.get(header.usage, header.usage)
    said = f"{header.sender} ▶ {header.receiver}, {header.date} {header.time}, {usage}"
    yield Entry(0, Kind.ENVELOPE, f"Interchange {header.control_number}", value=said)
    yield from _outline_findings(interchange.findings, 1)
    for segment in interchange.acknowledgments:
        yield from _outline_ta1(segment)
    for group in interchange.groups:
        yield from _outline_group(group)


def _outline_ta1(segment: Segment) -> Iterator[Entry]:
    told = find_meaning("I17", segment.element(4))
    note = find_meaning("I18", segment.element(5))
    yield Entry(1, Kind.SEGMENT, "TA1", TA1_TITLE)
    yield Entry(2, Kind.ELEMENT, "TA101", "Interchange Control Number", segment.element(1))
    yield Entry(2, Kind.ELEMENT, "TA104", "Acknowledgment Code", segment.element(4), told)
    yield Entry(2, Kind.ELEMENT, "TA105", "Note Code", segment.element(5), note)


def _outline_group(group: GroupReport) -> Iterator[Entry]:
    header = group.header
    said = f"{header.functional_id}, {header.version}, {header.sender} ▶ {header.receiver}"
    yield Entry(1, Kind.ENVELOPE, f"Group {header.control_number}", value=said)
    yield from _outline_findings(group.findings, 2)
    for found in group.sets:
        yield from _outline_set(found)


def _outline_set(found: SetReport) -> Iterator[Entry]:
    said = f"{found.guide or 'no known guide'}, {found.segment_count} segments"
    yield Entry(2, Kind.ENVELOPE, f"Transaction set {found.set_id} {found.control_number}", value=said)
    placed: dict[int, list[Finding]] = {}
    for finding in found.findings:
        ordinal = finding.x12.ordinal if finding.x12 else None
        placed.setdefault(ordinal or 0, []).append(finding)
    yield from _outline_findings(placed.pop(0, ()), 3)
    if found.tree is not None:
        yield from _outline_loop(found.tree, 3, placed)
    else:
        for segment in found.segments:
            yield Entry(3, Kind.SEGMENT, segment.id, value=" ".join(segment.elements[1:]))
    for ordinal, findings in sorted(placed.items()):
        place = next((s for s in found.segments if s.ordinal == ordinal), None)
        yield Entry(3, Kind.SEGMENT, place.id if place else "?", f"segment {ordinal}, in no loop")
        yield from _outline_findings(findings, 4)


def _outline_loop(loop: Loop, depth: int, placed: dict[int, list[Finding]]) -> Iterator[Entry]:
    for child in loop.children:
        if isinstance(child, Segment):
            yield from _outline_segment(child, depth, loop.component_separator, placed.pop(child.ordinal, []))
        elif child.use.wrapper:
            yield from _outline_loop(child, depth, placed)
        else:
            yield Entry(depth, Kind.LOOP, child.use.id, child.use.name)
            yield from _outline_loop(child, depth + 1, placed)


def _outline_segment(
    segment: Segment, depth: int, separator: str, findings: list[Finding]
) -> Iterator[Entry]:
    use = segment.use
    yield Entry(
        depth, Kind.SEGMENT, segment.id, f"{use.name if use else 'not in the guide'} ({segment.ordinal})"
    )
    for element in use.elements if use else ():
        text = segment.element(element.position)
        if text:
            yield from _outline_element(segment.id, element, text, depth + 1, separator)
    yield from _outline_findings(findings, depth + 1)


def _outline_element(
    segment: str, use: ElementUse | CompositeUse, text: str, depth: int, separator: str
) -> Iterator[Entry]:
    label = f"{segment}{use.position:02d}"
    if isinstance(use, ElementUse):
        yield Entry(
            depth, Kind.ELEMENT, label, use.name, text, find_meaning(use.data_element, text, use.name)
        )
        return
    for component, part in zip(use.components, text.split(separator), strict=False):
        if part:
            place = f"{label}-{component.position}"
            meaning = find_meaning(component.data_element, part, component.name)
            yield Entry(depth, Kind.ELEMENT, place, component.name, part, meaning)


def _outline_findings(findings: tuple[Finding, ...] | list[Finding], depth: int) -> Iterator[Entry]:
    for finding in findings:
        sentence = f"{finding.message} {finding.remedy}".strip()
        yield Entry(depth, Kind.FINDING, f"⚑ {finding.severity}:", sentence)
