"""Where a rule finds a fault, and what its findings say of the place: names come from the guide."""

from __future__ import annotations

import msgspec

from edi.findings import Finding, Place, find
from edi.guide import CompositeUse, ElementUse, LoopUse, SegmentUse
from edi.rules.registry import OWN_GUIDE
from edi.segments import Segment
from edi.tree import Loop


def locate(loop: Loop, segment: Segment | None, element: int = 0, component: int = 0) -> Place:
    """The place of an element in a loop, for a rule's finding."""
    return Place(
        loop=loop.use.id,
        segment=segment.id if segment else None,
        ordinal=segment.ordinal if segment else None,
        element=element or None,
        component=component or None,
        offset=segment.offset if segment else None,
    )


def cite(loop: Loop, segment: Segment, element: int = 0, component: int = 0) -> str:
    """The guide's place of an element, as `2300/CLM05-3`; the reader puts in the guide."""
    key = segment.use.key if segment.use is not None else f"{loop.use.id}/{segment.id}"
    return f"{OWN_GUIDE} {key}{number_place(element, component)}"


def number_place(element: int, component: int = 0) -> str:
    """How a guide numbers an element or component: `05`, `05-3`; "" for the segment itself."""
    return (f"{element:02d}" if element else "") + (f"-{component}" if component else "")


def name_element(segment: Segment, element: int, component: int = 0) -> str:
    """What the guide calls an element or component."""
    uses = segment.use.elements if segment.use is not None else ()
    found: ElementUse | CompositeUse | None = next((use for use in uses if use.position == element), None)
    if isinstance(found, CompositeUse) and component:
        found = next((part for part in found.components if part.position == component), None)
    return found.name if found is not None else f"{segment.id}{element:02d}"


def miss_element(
    loop: Loop,
    segment: Segment,
    element: int,
    component: int = 0,
    *,
    when: str,
    trigger: Place | None = None,
) -> Finding:
    """The finding for an element that the guide requires in this situation (`when`, a clause)."""
    finding = find(
        "element.situational_missing",
        x12=locate(loop, segment, element, component),
        rule=cite(loop, segment, element, component),
        name=name_element(segment, element, component),
        place=segment.id + number_place(element, component),
        when=when,
    )
    return set_off(finding, trigger)


def miss_segment(
    loop: Loop, near: Segment | None, key: str, *, when: str, trigger: Place | None = None
) -> Finding:
    """The finding for a segment of the loop, by its use key, that a situation makes required (`when`).

    `near` is a segment of the loop that is there.
    """
    use = next(child for child in loop.use.children if isinstance(child, SegmentUse) and child.key == key)
    finding = find(
        "claim.detail_missing",
        x12=Place(
            loop=loop.use.id,
            segment=use.id,
            ordinal=near.ordinal if near else None,
            offset=near.offset if near else None,
        ),
        rule=f"{OWN_GUIDE} {key}",
        name=use.name,
        segment=use.id,
        situation=when,
    )
    return set_off(finding, trigger)


def set_off(finding: Finding, trigger: Place | None) -> Finding:
    """The finding with the place whose value makes the situation."""
    return msgspec.structs.replace(finding, trigger=trigger)


def miss_loop(loop: Loop, trigger: Segment | None, name: str, *, when: str) -> Finding:
    """The finding for a loop right below `loop` that `trigger` makes required (`when`)."""
    use = next(child for child in loop.use.children if isinstance(child, LoopUse) and child.id == name)
    opener = next(child.id for child in use.children if isinstance(child, SegmentUse))
    return find(
        "claim.detail_missing",
        x12=Place(
            loop=name,
            segment=opener,
            ordinal=trigger.ordinal if trigger else None,
            offset=trigger.offset if trigger else None,
        ),
        rule=f"{OWN_GUIDE} {name}",
        name=use.name,
        segment=opener,
        situation=when,
    )
