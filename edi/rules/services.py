"""Edits on what kind of service is billed: ambulance transport and anaesthesia.

The guide asks for their particulars but leaves it to the sender to know such a service. The place of service
and the procedure code tell it well enough to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edi.findings import Finding, find
from edi.rules.places import cite, locate, miss_loop, miss_segment, set_off
from edi.rules.registry import Tally, rule
from edi.segments import Segment
from edi.tree import Loop

SOURCE = "005010X222A1"
#: Places of service: ambulance on land, by air or water (CMS place of service codes).
AMBULANCE = frozenset({"41", "42"})
#: HCPCS Level II: transport by ambulance on land (A0225, A0426 to A0429, A0432 to A0434), by air (A0430,
#: A0431), and its miles (A0425, A0435, A0436). Waiting and supplies of an ambulance do not show a transport.
TRANSPORTS = frozenset({"A0225", *(f"A0{number}" for number in range(425, 437))})
ENDS = (("2310E", "2420G"), ("2310F", "2420H"))  # pick-up and drop-off, of the claim and of a line
MINUTES = "MJ"
#: The anaesthesia section of CPT, and the codes in it that are not timed (burns by area, daily pain care).
ANAESTHESIA = ("00100", "01999")
UNTIMED = frozenset({"01953", "01996"})


class Transports(Tally):
    """The lines of a claim that bill transport by ambulance, found when first asked for."""

    def __init__(self) -> None:
        self.lines: list[Loop] | None = None

    def find_in(self, claim: Loop) -> list[Loop]:
        """Those lines, by the place of service or the procedure; `claim` is complete."""
        lines = self.lines
        if lines is None:
            place = claim.value("CLM", 5, 1)
            lines = [line for line in claim.loops("2400") if is_transport(line, line.segment("SV1"), place)]
            self.lines = lines
        return lines


def is_transport(line: Loop, service: Segment | None, place: str) -> bool:
    """True for transport by ambulance: of a line, or of the claim whose `place` of service it has."""
    if service is None:
        return place in AMBULANCE
    if (service.element(5) or place) in AMBULANCE:
        return True
    separator = line.component_separator
    return f"{separator}A0" in service.element(1) and service.component(1, 2, separator) in TRANSPORTS


@rule("2300", cites=f"{SOURCE} 2300 and 2400 CR1: required on claims that involve ambulance transport")
def ambulance_transport_is_described(claim: Loop) -> Iterable[Finding]:
    """A claim for an ambulance says why, how far and how heavy: for the claim, or for each line of it."""
    lines = claim.tally(Transports).find_in(claim)
    if not lines or claim.segment("CR1") is not None or all(line.segment("CR1") for line in lines):
        return ()
    opener = claim.segment("CLM")
    trigger = locate(claim, opener, 5, 1) if claim.value("CLM", 5, 1) in AMBULANCE else None
    return (miss_segment(claim, opener, "2300/CR1", when="for ambulance transport", trigger=trigger),)


@rule(
    "2300", cites=f"{SOURCE} 2310E and 2310F, 2420G and 2420H: required when billing for ambulance transport"
)
def ambulance_transport_has_both_ends(claim: Loop) -> Iterable[Finding]:
    """A claim for an ambulance says where it picked the patient up and where it brought the patient."""
    lines = claim.tally(Transports).find_in(claim)
    if not lines:
        return ()
    return [
        miss_loop(claim, claim.segment("CLM"), own, when="for ambulance transport")
        for own, of_line in ENDS
        if not claim.loops(own) and not all(line.loops(of_line) for line in lines)
    ]


@rule("2400", cites=f"{SOURCE} 2400 SV103 MJ: anaesthesia time is counted in minutes", needs=("SV1",))
def anaesthesia_is_counted_in_minutes(line: Loop) -> Iterator[Finding]:
    """A timed anaesthesia service is counted in minutes."""
    segment = line.segment("SV1")
    if segment is None or segment.element(3) in ("", MINUTES):
        return
    if f"{line.component_separator}0" not in segment.element(1):
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
