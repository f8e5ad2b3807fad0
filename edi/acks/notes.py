"""The IK3 and IK4 notes of one transaction set in a 999, from its findings.

Source: 005010X231A1 loops 2100 and 2110.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from edi.acks.reading import find_element
from edi.documents import drop_empty
from edi.findings import Place, find_entry
from edi.guide import ElementUse, Slot
from edi.guides.loading import first_segment
from edi.guides.registry import load_guide
from edi.interchange import InterchangeHeader
from edi.segments import Delimiters, Segment

if TYPE_CHECKING:
    from edi.files import SetReport

ELEMENTS_IN_ERROR = "8"
LOOP_LENGTH = 4  # data element 447
REFERENCE_LENGTH = 35  # data element 9998
COPY_LENGTH = 99  # data element 724
#: The claim that a note is about: where an 837 says it, and how CTX01 names it.
CLAIM_NAME = "CLM01"
CLAIM_LOOPS = ("23", "24")

Note = dict[str, object]
Key = tuple[int, str, str, str]


class SegmentNotes:
    """Gathers the findings of one set by segment, in the order of the set."""

    def __init__(self, interchange: InterchangeHeader, report: SetReport) -> None:
        self.report = report
        self.delimiters = interchange.delimiters
        ours, theirs = Delimiters(), interchange.delimiters
        self.forbidden = frozenset(
            mark
            for marks in (ours, theirs)
            for mark in (marks.element, marks.component, marks.repetition, marks.segment)
        )

    def write(self) -> list[Note]:
        """The `segmentErrors` of the set, each segment once for each kind of error."""
        notes: dict[Key, Note] = {}
        elements: dict[Key, list[Note]] = {}
        for finding in self.report.findings:
            codes = find_entry(finding.code).acknowledgments
            place = finding.x12 or Place()
            if codes.ik304 is None or place.ordinal is None:
                continue
            note = self.note_segment(place, codes.ik304)
            key = (place.ordinal, str(note["segmentIdCode"]), str(note["loopIdentifierCode"]), codes.ik304)
            notes.setdefault(key, note)
            if codes.ik403 and place.element:
                elements.setdefault(key, []).append(self.note_element(place, codes.ik403))
        ordered = sorted(notes, key=lambda key: key[0])
        return [drop_empty({**notes[key], "elementErrors": elements.get(key, [])}) for key in ordered]

    def note_segment(self, place: Place, code: str) -> Note:
        """An IK3. Wrapper loops (table 1 to 3) have no id that means something to the receiver."""
        loop = place.loop or ""
        return {
            "segmentIdCode": self.name_segment(place),
            "segmentPosition": str(place.ordinal),
            "loopIdentifierCode": loop[:LOOP_LENGTH] if loop[:1].isdigit() else "",
            "syntaxErrorCode": code,
            "businessUnit": self.name_claim(place),
        }

    def name_segment(self, place: Place) -> str:
        """IK301: the segment's id; for a missing loop the id of the segment that would open it.

        What is no segment id is cut to its first three letters and digits, filled up with Z.
        """
        if not place.segment:
            return self.opening.get(place.loop or "", "ST")
        letters = "".join(letter for letter in place.segment if letter.isascii() and letter.isalnum())
        return letters[:3] if len(letters) > 1 else (letters + "ZZ")[:2]

    @cached_property
    def opening(self) -> dict[str, str]:
        """The id of the segment that opens each loop of the guide."""
        if self.report.guide is None:
            return {}
        root = load_guide(self.report.guide).root
        return {loop.id: first_segment(loop).id for loop in root.loop_uses()}

    def note_element(self, place: Place, code: str) -> Note:
        """An IK4."""
        return {
            "elementPosition": str(place.element),
            "componentPosition": str(place.component or ""),
            "repetitionPosition": str(place.repetition or ""),
            "dataElementReferenceNumber": self.number_element(place),
            "syntaxErrorCode": code,
            "badDataElement": self.copy_element(place),
        }

    def number_element(self, place: Place) -> str:
        """IK402: the data element's number; composites and segments that no guide places have none."""
        segment = self.placed.get(place.ordinal or 0)
        if segment is None or segment.use is None or segment.id != place.segment:
            return ""
        element = find_element(segment.use, Slot(place.element or 0, place.component or 0))
        number = element.data_element if isinstance(element, ElementUse) else ""
        return number if number.isdigit() else ""

    @cached_property
    def placed(self) -> dict[int, Segment]:
        """The segments that the guide places, by ordinal."""
        if self.report.tree is None:
            return {}
        return {segment.ordinal: segment for segment in self.report.tree.all_segments()}

    def copy_element(self, place: Place) -> str:
        """IK404: the element, component or repetition as it came.

        Left out ("") where it is longer than 99 characters, not printable, or holds a separator.
        """
        segment = self.report.segments[(place.ordinal or 1) - 1]
        if segment.id != place.segment:
            return ""
        text = pick(segment.element(place.element or 0), self.delimiters.repetition, place.repetition)
        text = pick(text, self.delimiters.component, place.component)
        fits = len(text) <= COPY_LENGTH and text.isascii() and text.isprintable()
        return text.strip() if fits and not self.forbidden.intersection(text) else ""

    def name_claim(self, place: Place) -> Note:
        """CTX business unit: the patient control number of the claim that the note is about (837 only)."""
        if not (place.loop or "").startswith(CLAIM_LOOPS):
            return {}
        index = bisect_right(self.claims, place.ordinal or 0, key=lambda claim: claim[0]) - 1
        reference = self.claims[index][1][:REFERENCE_LENGTH] if index >= 0 else ""
        return {"contextName": CLAIM_NAME, "contextReference": reference} if reference else {}

    @cached_property
    def claims(self) -> list[tuple[int, str]]:
        """Ordinal and patient control number of each claim of an 837."""
        if self.report.set_id != "837":
            return []
        return [
            (segment.ordinal, segment.element(1)) for segment in self.report.segments if segment.id == "CLM"
        ]


def pick(text: str, separator: str, number: int | None) -> str:
    """Part `number` (from 1) of `text`: the whole without a number, "" where there is no such part."""
    if not number or not separator:
        return text
    parts = text.split(separator)
    return parts[number - 1] if number <= len(parts) else ""
