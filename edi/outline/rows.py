"""Segments as rows of fields, each finding at the element that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edi.findings import Finding
from edi.guide import CompositeUse, ElementUse
from edi.listing import describe_x12
from edi.outline.meanings import FACILITY_KIND, explain_code
from edi.outline.shapes import HIDDEN, Field, Note, Row
from edi.outline.values import is_open, make_visible, write_value
from edi.segments import Segment

UNNAMED = "not in the guide"
Notes = dict[tuple[int, int], list[Finding]]


def make_note(finding: Finding) -> Note:
    """A finding as a note."""
    return Note(
        severity=str(finding.severity),
        code=finding.code,
        message=finding.message,
        remedy=finding.remedy,
        place=describe_x12(finding.x12) if finding.x12 else "",
        pointer=finding.pointer or "",
    )


def make_notes(findings: Iterable[Finding]) -> tuple[Note, ...]:
    """Findings as notes."""
    return tuple(map(make_note, findings))


class RowMaker:
    """Makes the rows of one transaction set. With `redacted` only what identifies nobody is shown."""

    def __init__(self, component: str, repetition: str, *, redacted: bool) -> None:
        self.component = component
        self.repetition = repetition
        self.redacted = redacted

    def make(self, segment: Segment, findings: Iterable[Finding]) -> Row:
        """The row of a segment with the findings about it."""
        notes: Notes = {}
        for finding in findings:
            place = finding.x12
            inside = place is not None and place.segment == segment.id and place.element
            key = (place.element or 0, place.component or 0) if place is not None and inside else (0, 0)
            notes.setdefault(key, []).append(finding)
        use = segment.use
        fields = tuple(self._fields(segment, notes))
        rest = [finding for found in notes.values() for finding in found]
        return Row(segment.id, use.name if use else UNNAMED, segment.ordinal, fields, make_notes(rest))

    def _fields(self, segment: Segment, notes: Notes) -> Iterator[Field]:
        """The elements that have a value or a finding; findings that are placed leave `notes`."""
        uses = {use.position: use for use in segment.use.elements} if segment.use else {}
        last = max([len(segment.elements) - 1, *(element for element, _ in notes)])
        before = ""
        for position in range(1, last + 1):
            text, use = segment.element(position), uses.get(position)
            if isinstance(use, CompositeUse):
                yield from self._composite(segment.id, use, text, notes)
            else:
                yield from self._element(segment.id, position, use, text, before, notes)
            before = text

    def _element(
        self, segment: str, position: int, use: ElementUse | None, text: str, before: str, notes: Notes
    ) -> Iterator[Field]:
        place = f"{segment}{position:02d}"
        found = [finding for key in list(notes) if key[0] == position for finding in notes.pop(key)]
        if use is None:
            if text or found:
                yield Field(place, UNNAMED, *self._hide(text), notes=make_notes(found))
            return
        repeats = text.split(self.repetition) if use.repeat > 1 else [text]
        for number, part in enumerate(repeats, 1):
            if part or (found and number == 1):
                label = place if len(repeats) == 1 else f"{place} ({number})"
                yield self._field(segment, label, use, part, before, "", found if number == 1 else ())

    def _composite(self, segment: str, use: CompositeUse, text: str, notes: Notes) -> Iterator[Field]:
        position = use.position
        repeats = text.split(self.repetition) if use.repeat > 1 else [text]
        whole = notes.pop((position, 0), [])
        for number, repeat in enumerate(repeats, 1):
            parts = repeat.split(self.component)
            texts = dict(enumerate(parts, 1))
            kind = next(
                (texts.get(one.position, "") for one in use.components if one.data_element == FACILITY_KIND),
                "",
            )
            for component in use.components:
                part = texts.get(component.position, "")
                found = [*whole, *(notes.pop((position, component.position), []) if number == 1 else [])]
                if part or found:
                    label = f"{segment}{position:02d}-{component.position}"
                    label = label if len(repeats) == 1 else f"{label} ({number})"
                    before = texts.get(1, "") if component.position > 1 else ""
                    yield self._field(segment, label, component, part, before, kind, found)
                    whole = []
            for at in range(len(use.components) + 1, len(parts) + 1):
                label = f"{segment}{position:02d}-{at}"
                found = [*whole, *notes.pop((position, at), [])]
                yield Field(label, UNNAMED, *self._hide(parts[at - 1]), notes=make_notes(found))
                whole = []

    def _field(
        self,
        segment: str,
        place: str,
        use: ElementUse,
        text: str,
        before: str,
        kind: str,
        findings: Iterable[Finding],
    ) -> Field:
        notes = make_notes(findings)
        text = make_visible(text)
        if self.redacted and not is_open(segment, use, text, faulty=bool(notes)):
            return Field(place, use.name, *self._hide(text), notes=notes)
        meaning = explain_code(use, text, before, kind) if text else ""
        return Field(place, use.name, text, write_value(use, text, before), meaning, notes)

    def _hide(self, text: str) -> tuple[str, str]:
        """A value of unknown kind: its text and how it is shown."""
        shown = HIDDEN if text and self.redacted else make_visible(text)
        return shown, shown
