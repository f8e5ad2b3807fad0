"""Edits by the fee schedule and the NPI registry. They run where the customer has imported these tables."""

from __future__ import annotations

from collections.abc import Iterator

from edi.edits.basis import Basis
from edi.edits.billed import BilledClaim, BilledLine
from edi.edits.registry import claim_edit, edit
from edi.edits.table import Verdict
from edi.findings import Finding, find
from edi.notation import parse_date
from edi.rules.places import cite, locate
from edi.tree import Loop

FEES, REGISTRY = "mpfs", "npi"
MANUAL = "CMS, Physician Fee Schedule relative value file"
#: For a modifier: the mark of the schedule that decides, and the indicators with which it is not paid.
UNPAID = {
    "26": ("component", frozenset("02345679")),
    "TC": ("component", frozenset("02456789")),
    "50": ("bilateral", frozenset("029")),
    "62": ("cosurgeon", frozenset("09")),
    "66": ("team", frozenset("09")),
    "80": ("assistant", frozenset("19")),
    "81": ("assistant", frozenset("19")),
    "82": ("assistant", frozenset("19")),
    "AS": ("assistant", frozenset("19")),
}
PROVIDERS = ("2010AA", "2310A", "2310B", "2310C", "2310D", "2310F", "2420A", "2420D", "2420E", "2420F")


@claim_edit(
    cites=f"{MANUAL}: indicators of components, bilateral surgery, co-surgeons, teams, assistants",
    tables=(FEES,),
)
def modifiers_are_payable(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """A modifier for a part of a service, two sides or more hands stands where the schedule pays it."""
    for line in claim.lines:
        for component, modifier in enumerate(line.modifiers, 3):
            if modifier in UNPAID and is_unpaid(line, modifier, basis):
                yield find(
                    "modifier.not_payable",
                    x12=locate(line.loop, line.segment, line.form.procedure, component),
                    rule=basis.tables.cite(FEES),
                    value=f"{line.procedure} on {line.first}",
                    modifier=modifier,
                    release=basis.tables.cite(FEES),
                )


def is_unpaid(line: BilledLine, modifier: str, basis: Basis) -> bool:
    """Whether the schedule of the day says that a procedure is not paid with a modifier."""
    entry = basis.tables.find(FEES, line.procedure, line.first) if line.first is not None else None
    if entry is None:
        return False
    mark, refused = UNPAID[modifier]
    indicator = next((held.partition(" ")[2] for held in entry.marks if held.startswith(f"{mark} ")), "")
    return indicator in refused


@edit(*PROVIDERS, cites="45 CFR 162.408: the NPI registry, by the date that counts", tables=(REGISTRY,))
def provider_number_is_active(loop: Loop, basis: Basis) -> Iterator[Finding]:
    """A provider's number was active on the day of service, where the registry is held."""
    name = loop.segment("NM1")
    if name is None or name.element(8) != "XX":
        return
    day = basis.received
    if day is not None and basis.tables.judge(REGISTRY, name.element(9), day) is Verdict.NOT_IN_EFFECT:
        yield find(
            "provider.number_not_active",
            x12=locate(loop, name, 9),
            rule=cite(loop, name, 9),
            value=name.element(9),
            release=basis.tables.cite(REGISTRY),
        )


@edit("2320", cites="X12 claim adjustment reason codes: those of the day on which the other payer decided")
def other_payers_reasons_are_in_effect(loop: Loop, basis: Basis) -> Iterator[Finding]:
    """The reasons for which another payer adjusted the claim were in effect when it did."""
    payer = next(iter(loop.loops("2330B")), None)
    decided = parse_date(payer.value("DTP", 3, qualifier="573")) if payer is not None else None
    if decided is None:
        return
    for segment in loop.segments("CAS"):
        for element in range(2, len(segment.elements), 3):
            reason = segment.element(element)
            if reason and basis.tables.judge("carc", reason, decided) is Verdict.NOT_IN_EFFECT:
                yield find(
                    "carc.not_in_effect",
                    x12=locate(loop, segment, element),
                    rule=basis.tables.cite("carc"),
                    value=f"{reason} on {decided.isoformat()}",
                    name="Adjustment reason code",
                    place=f"CAS{element:02}",
                    table="claim adjustment reason codes",
                    release=basis.tables.cite("carc"),
                )
