"""Rules of the dental claim (005010X224A2) that the other claims do not share."""

from __future__ import annotations

from collections.abc import Iterator

from edi.findings import Finding, find
from edi.rules.places import cite, locate
from edi.rules.registry import rule
from edi.tree import Loop

SOURCE = "005010X224A2"


@rule("2400", cites=f"{SOURCE} 2400 SV311")
def dental_pointers_name_diagnoses(line: Loop) -> Iterator[Finding]:
    """Each diagnosis pointer of a line names a diagnosis that the claim lists."""
    service, claim = line.segment("SV3"), line.parent
    if service is None or claim is None or not service.element(11):
        return
    count = sum(1 for segment in claim.segments("HI") for text in segment.elements[1:] if text)
    for position, pointer in enumerate(service.element(11).split(line.component_separator), 1):
        if pointer.isascii() and pointer.isdigit() and not 1 <= int(pointer) <= count:
            yield find(
                "claim.pointer_out_of_range",
                x12=locate(line, service, 11, position),
                rule=cite(line, service, 11, position),
                value=pointer,
                count=str(count),
            )
