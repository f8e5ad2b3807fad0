"""Situational rules of the 834 (005010X220A1), over the tree of a transaction set."""

from __future__ import annotations

from collections.abc import Iterator

from edi.findings import Finding, find
from edi.notation import parse_amount
from edi.rules.places import locate
from edi.rules.registry import BALANCING, rule
from edi.tree import Loop

GUIDE = "005010X220A1"
SELF = "18"
#: QTY01 and the member indicators (INS01) that it counts.
COUNTED = {"DT": frozenset("N"), "ET": frozenset("Y"), "TO": frozenset("NY")}


@rule("ST_LOOP", cites=f"{GUIDE} HEADER QTY", snip=BALANCING)
def record_totals_are_counted(root: Loop) -> Iterator[Finding]:
    """The control totals are the numbers of members: dependents, employees and both."""
    indicators = [member.value("INS", 1) for member in root.descend("2000")]
    for header in root.loops("HEADER"):
        for segment in header.segments("QTY"):
            counted = COUNTED.get(segment.element(1), frozenset())
            stated = parse_amount(segment.element(2))
            found = sum(indicator in counted for indicator in indicators)
            if counted and stated is not None and stated != found:
                place = locate(header, segment, 2)
                yield find(
                    "enrollment.total_differs", x12=place, rule=f"{GUIDE} HEADER/QTY02", value=str(found)
                )


@rule("2000", cites=f"{GUIDE} 2000 INS01, INS02")
def subscribers_are_themselves(member: Loop) -> Iterator[Finding]:
    """A subscriber (INS01 = Y) is related to the insured as self (INS02 = 18), a dependent is not."""
    segment = member.segment("INS")
    if segment is None or segment.element(1) not in ("N", "Y"):
        return
    if (segment.element(1) == "Y") != (segment.element(2) == SELF):
        place = locate(member, segment, 2)
        yield find("enrollment.relationship_contradicts", x12=place, rule=f"{GUIDE} 2000/INS02")
