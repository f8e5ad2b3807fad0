"""Edits on what kind of service is billed: ambulance transport and anaesthesia.

The guide asks for their particulars but leaves it to the sender to know such a service. The place of service
and the procedure code tell it well enough to ask.
"""

from __future__ import annotations

from collections.abc import Iterator

from edi.findings import Finding, find
from edi.rules.places import cite, locate, miss_segment, set_off
from edi.rules.registry import rule
from edi.tree import Loop

SOURCE = "005010X222A1"
#: Places of service: ambulance on land, by air or water (CMS place of service codes).
AMBULANCE = frozenset({"41", "42"})
MINUTES = "MJ"
#: The anaesthesia section of CPT, and the codes in it that are not timed (burns by area, daily pain care).
ANAESTHESIA = ("00100", "01999")
UNTIMED = frozenset({"01953", "01996"})


@rule("2300", cites=f"{SOURCE} 2300 and 2400 CR1: required on claims that involve ambulance transport")
def ambulance_transport_is_described(claim: Loop) -> Iterator[Finding]:
    """A claim for an ambulance says why, how far and how heavy: for the claim, or for each line of it."""
    place = claim.value("CLM", 5, 1)
    lines = [line for line in claim.loops("2400") if (line.value("SV1", 5) or place) in AMBULANCE]
    if claim.segment("CR1") is not None or not lines:
        return
    if any(line.segment("CR1") is None for line in lines):
        opener = claim.segment("CLM")
        trigger = locate(claim, opener, 5, 1) if place in AMBULANCE else None
        yield miss_segment(claim, opener, "2300/CR1", when="for ambulance transport", trigger=trigger)


@rule("2400", cites=f"{SOURCE} 2400 SV103 MJ: anaesthesia time is counted in minutes")
def anaesthesia_is_counted_in_minutes(line: Loop) -> Iterator[Finding]:
    """A timed anaesthesia service is counted in minutes."""
    segment = line.segment("SV1")
    if segment is None or segment.element(3) in ("", MINUTES):
        return
    kind, code = line.value("SV1", 1, 1), line.value("SV1", 1, 2)
    timed = len(code) == 5 and code.isdigit() and ANAESTHESIA[0] <= code <= ANAESTHESIA[1]
    if kind == "HC" and timed and code not in UNTIMED:
        finding = find(
            "claim.anaesthesia_not_in_minutes",
            x12=locate(line, segment, 3),
            rule=cite(line, segment, 3),
            value=segment.element(3),
        )
        yield set_off(finding, locate(line, segment, 1, 2))
