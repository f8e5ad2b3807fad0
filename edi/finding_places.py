"""From the reader's findings about a generated set to the JSON places that they are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from edi.findings import Finding, Place, find
from edi.guide import ElementUse, SegmentUse
from edi.guides.places import element_use, qualifier_slot
from edi.reader import SetReading
from edi.tree import Loop
from edi.writer import GeneratedSet

JSON_FAULTS = frozenset({"json.wrong_type", "value.bad_character"})
MISSING = frozenset({"segment.missing", "loop.missing", "claim.detail_missing"})
UNPLACED = frozenset({"segment.unknown", "segment.unrecognized", "segment.not_in_set"})
LISTED = 12


def place_findings(generated: GeneratedSet, reading: SetReading) -> Iterator[Finding]:
    """The reader's findings with the JSON place that each is about."""
    unplaced: set[str] = set()
    for finding, anchor in zip(reading.findings, reading.anchors, strict=True):
        if finding.code in UNPLACED:
            finding = name_qualifier(generated, finding, unplaced)
        elif finding.code == "segment.missing" and (finding.rule or "").partition(" ")[2] in unplaced:
            continue
        found = locate_finding(generated, finding, anchor)
        # there is no file yet, so that a place has no offset in it
        yield msgspec.structs.replace(
            finding,
            pointer=found[1] if found else "",
            x12=forget_offset(finding.x12),
            trigger=forget_offset(finding.trigger),
        )


def forget_offset(place: Place | None) -> Place | None:
    """A place without its offset in a file."""
    return msgspec.structs.replace(place, offset=None) if place else None


def locate_finding(generated: GeneratedSet, finding: Finding, anchor: Loop) -> tuple[int, str] | None:
    """The document and JSON Pointer of a finding: what to correct, or what to fill in."""
    place = finding.x12
    first = next(anchor.all_segments(), None)
    start = first.ordinal if first else 1
    if finding.code in MISSING and finding.rule:
        return generated.pointer_of_missing(start, anchor.use.id, finding.rule.partition(" ")[2])
    if place is None or place.ordinal is None:
        return generated.pointer_of(start)
    if place.segment and place.segment != generated.segments[place.ordinal - 1].id:
        return generated.pointer_of_missing(place.ordinal, place.loop or anchor.use.id, place.segment)
    return generated.pointer_of(place.ordinal, place.element or 0, place.component or 0)


def name_qualifier(generated: GeneratedSet, finding: Finding, unplaced: set[str]) -> Finding:
    """A finding about the qualifier of a segment of ours that the reader could not place for want of it.

    The use of the segment goes into `unplaced`, so that it is not reported as missing too.
    """
    source = generated.source(finding.x12.ordinal or 1) if finding.x12 else None
    plan = source[0].plan if source else None
    slot = qualifier_slot(plan.use) if plan else None
    if source is None or plan is None or slot is None or finding.x12 is None or source[0].elements:
        return finding
    definition = element_use(plan.use, slot)
    text = source[0].cells[plan.layout.cell(slot)]
    if not isinstance(definition, ElementUse) or (text and text in (definition.codes or ())):
        return finding
    unplaced.add(plan.use.key)
    place = msgspec.structs.replace(
        finding.x12, element=slot.element, component=slot.component or None, loop=plan.use.loop
    )
    return find(
        "element.bad_code" if text else "element.missing",
        x12=place,
        rule=f"{finding.rule}".partition(" ")[0] + f" {plan.use.key}{slot.element:02}",
        value=text or None,
        name=definition.name,
        place=label(plan.use, slot.element, slot.component),
        expected=expected_codes(definition),
        guide=f"{finding.rule}".partition(" ")[0],
    )


def label(use: SegmentUse, element: int, component: int) -> str:
    """An element as people write it: CLM05-3."""
    return f"{use.id}{element:02}" + (f"-{component}" if component else "")


def expected_codes(definition: ElementUse) -> str:
    """The codes of an element, as many as a person reads."""
    codes = sorted(definition.codes or ())
    return ", ".join(codes[:LISTED]) + (" ..." if len(codes) > LISTED else "")


def drop_echoes(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Findings without those that only repeat a wrong JSON value as a missing or bad X12 element."""
    wrong = {finding.pointer for finding in findings if finding.code in JSON_FAULTS}
    for finding in findings:
        if finding.code in JSON_FAULTS or finding.pointer not in wrong:
            yield finding
