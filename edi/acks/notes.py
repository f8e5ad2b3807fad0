"""The IK3 and IK4 notes of one transaction set in a 999, from its findings.

Source: 005010X231A1 loops 2100 and 2110.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from edi.acks.places import SetPlaces, load_units
from edi.acks.reading import find_element
from edi.documents import drop_empty
from edi.findings import Acknowledgments, Finding, Place, find_entry
from edi.guide import ElementUse, SegmentUse, Slot
from edi.guides.loading import first_segment
from edi.guides.registry import load_guide
from edi.interchange import InterchangeHeader
from edi.segments import Delimiters, Segment

if TYPE_CHECKING:
    from edi.files import SetReport

ELEMENTS_IN_ERROR = "8"
#: IK304 of what a situation requires and is not there; the finding stands at what requires it.
SITUATION_MISSES = "I6"
#: IK304 of what is missing: each has a note of its own, though it stand at the same place.
MISSES = frozenset({"3", "I6", "I7", "I8"})
#: The most CTX segments of a 2100 beside the business unit, and of a 2110.
CONTEXT_LIMIT = 9
LOOP_LENGTH = 4  # data element 447
REFERENCE_LENGTH = 35  # data element 9998
COPY_LENGTH = 99  # data element 724

Note = dict[str, object]
Key = tuple[int, str, str, str, str]


class SegmentNotes:
    """Gathers the findings of one set by segment, in the order of the set."""

    def __init__(self, interchange: InterchangeHeader, report: SetReport) -> None:
        self.report = report
        self.places = SetPlaces(report.tree)
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
        contexts: dict[Key, list[Note]] = {}
        for finding in self.report.findings:
            codes = find_entry(finding.code).acknowledgments
            if codes.ik304 is None or finding.x12 is None or finding.x12.ordinal is None:
                continue
            place, trigger = self.find_place(finding, codes)
            key, note = self.note_segment(place, codes.ik304, finding.rule or "")
            notes.setdefault(key, note)
            if codes.ik304 == ELEMENTS_IN_ERROR and codes.ik403 and place.element:
                noted = self.note_element(place, codes.ik403, trigger)
                elements.setdefault(key, []).append(noted)
            elif trigger is not None:
                contexts.setdefault(key, []).append(self.note_trigger(trigger))
        return [
            drop_empty(
                {
                    **notes[key],
                    "contexts": contexts.get(key, [])[:CONTEXT_LIMIT],
                    "elementErrors": elements.get(key, []),
                }
            )
            for key in sorted(notes, key=lambda key: key[0])
        ]

    def find_place(self, finding: Finding, codes: Acknowledgments) -> tuple[Place, Place | None]:
        """Where a finding is, and what triggers it. What a situation requires is noted where it belongs."""
        at = finding.x12 or Place()
        if codes.ik304 != SITUATION_MISSES:
            return at, finding.trigger
        trigger = finding.trigger or self.name_trigger(at)
        expected = self.places.expect(at, (finding.rule or "").partition(" ")[2])
        if expected is None:
            return at, trigger
        use, ordinal = expected
        opener = first_segment(use)
        loop = use.loop if isinstance(use, SegmentUse) else use.id
        place = Place(set=at.set, loop=loop, segment=opener.id, ordinal=ordinal)
        return place, trigger

    def name_trigger(self, at: Place) -> Place:
        """The segment at a place as what triggers a finding, with its element where it is that segment's."""
        found = self.places.find(at.ordinal or 1)
        if found is None:
            return at
        loop, segment = found
        own = segment.id == at.segment
        return msgspec.structs.replace(
            at,
            loop=loop.use.id,
            segment=segment.id,
            ordinal=segment.ordinal,
            element=at.element if own else None,
            component=at.component if own else None,
        )

    def note_segment(self, place: Place, code: str, rule: str) -> tuple[Key, Note]:
        """An IK3, and what tells it from others."""
        segment, ordinal = self.name_segment(place), place.ordinal or 1
        loop = shorten_loop(place)
        key = (ordinal, segment, place.loop or "", code, rule if code in MISSES else "")
        return key, {
            "segmentIdCode": segment,
            "segmentPosition": str(ordinal),
            "loopIdentifierCode": loop,
            "syntaxErrorCode": code,
            "businessUnit": self.name_unit(place, missing=code in MISSES),
        }

    def note_trigger(self, trigger: Place) -> Note:
        """A CTX: the situation that makes something required or forbidden."""
        return {
            "segmentIdCode": self.name_segment(trigger),
            "segmentPosition": str(trigger.ordinal or 1),
            "loopIdentifierCode": shorten_loop(trigger),
            **name_slot(trigger),
            "dataElementReferenceNumber": self.number_element(trigger) if trigger.element else "",
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

    def note_element(self, place: Place, code: str, trigger: Place | None) -> Note:
        """An IK4."""
        return {
            **name_slot(place),
            "dataElementReferenceNumber": self.number_element(place),
            "syntaxErrorCode": code,
            "badDataElement": self.copy_element(place),
            "contexts": [self.note_trigger(trigger)] if trigger is not None else [],
        }

    def number_element(self, place: Place) -> str:
        """IK402: the data element's number; composites and segments that no guide places have none."""
        found = self.places.find(place.ordinal or 0)
        segment = found[1] if found else None
        if segment is None or segment.use is None or not self.is_at(segment, place):
            return ""
        element = find_element(segment.use, Slot(place.element or 0, place.component or 0))
        number = element.data_element if isinstance(element, ElementUse) else ""
        return number if number.isdigit() else ""

    def is_at(self, segment: Segment, place: Place) -> bool:
        """True where a place is in this segment."""
        return segment.ordinal == place.ordinal and segment.id == place.segment

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

    def name_unit(self, place: Place, *, missing: bool) -> Note:
        """CTX business unit: the claim, patient, trace or member that the note is about."""
        unit = load_units().get(self.report.set_id)
        loop = self.places.loop_of(place, missing=missing)
        reference = unit.read_reference(loop) if unit is not None else ""
        if unit is None or not reference.isprintable() or self.forbidden.intersection(reference):
            return {}
        reference = reference[:REFERENCE_LENGTH].strip()
        return {"contextName": unit.name, "contextReference": reference} if reference else {}


def shorten_loop(place: Place) -> str:
    """IK303: the first characters of a loop's id. Wrapper loops (tables) have none that tells something."""
    loop = place.loop or ""
    return loop[:LOOP_LENGTH] if loop[:1].isdigit() else ""


def name_slot(place: Place) -> dict[str, object]:
    """C030: element, component and repetition."""
    return {
        "elementPosition": str(place.element or ""),
        "componentPosition": str(place.component or ""),
        "repetitionPosition": str(place.repetition or ""),
    }


def pick(text: str, separator: str, number: int | None) -> str:
    """Part `number` (from 1) of `text`: the whole without a number, "" where there is no such part."""
    if not number or not separator:
        return text
    parts = text.split(separator)
    return parts[number - 1] if number <= len(parts) else ""
