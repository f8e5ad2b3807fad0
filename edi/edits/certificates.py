"""Edits of certificates and screenings of professional claims: CLIA, mammography, EPSDT."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from edi.edits.basis import Basis
from edi.edits.billed import BilledClaim, BilledLine
from edi.edits.registry import claim_edit, edit
from edi.findings import Finding, find
from edi.rules.places import cite, locate
from edi.segments import Segment
from edi.tree import Loop

SOURCE = "005010X222A1"
CLIA = re.compile(r"[0-9]{2}D[0-9]{7}", re.ASCII)
CERTIFICATES = ("X4", "F4")
#: Laboratory tests; 80000s that are no tests of a specimen (transfusion, post-mortem, handling) are left out.
LABORATORY = re.compile(r"8(?:0[0-9]|1[0-9]|2[0-9]|3[0-9]|4[0-9]|5[0-9]|6[0-68-9]|7[0-9])[0-9]{2}", re.ASCII)
MAMMOGRAPHY = frozenset({"77065", "77066", "77067"})
PUBLIC = frozenset({"MB", "MC"})


def find_references(claim: BilledClaim, *qualifiers: str) -> list[tuple[Loop, Segment]]:
    """The REF segments of the claim and its lines with one of these qualifiers."""
    return [
        (loop, segment)
        for loop in (claim.loop, *[line.loop for line in claim.lines])
        for segment in loop.segments("REF")
        if segment.element(1) in qualifiers
    ]


@edit(
    "2300",
    "2400",
    cites=f"{SOURCE} 2300 and 2400 REF X4, 2400 REF F4; 42 CFR 493",
    needs=("2300/REF[X4]", "2400/REF[X4]", "2400/REF[F4]"),
)
def laboratory_number_has_its_form(loop: Loop, basis: Basis) -> Iterator[Finding]:
    """A CLIA number is two digits, D, seven digits."""
    for segment in loop.segments("REF"):
        if segment.element(1) in CERTIFICATES and CLIA.fullmatch(segment.element(2)) is None:
            place = locate(loop, segment, 2)
            rule = cite(loop, segment, 2)
            yield find("certificate.clia_malformed", x12=place, rule=rule, value=segment.element(2))


@claim_edit(cites=f"{SOURCE} 2300 REF X4: required for laboratory tests under CLIA; 42 CFR 493.1809")
def laboratory_names_its_certificate(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """A laboratory test for Medicare or Medicaid says which laboratory was certified to do it."""
    if claim.program not in PUBLIC:
        return ()
    tests = [line for line in claim.lines if LABORATORY.fullmatch(line.procedure)]
    if not tests or find_references(claim, *CERTIFICATES):
        return ()
    return (report("certificate.clia_missing", tests[0]),)


@claim_edit(cites=f"{SOURCE} 2300 and 2400 REF EW: required for mammography; 21 CFR 900")
def mammography_names_its_certificate(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """A mammography says which facility was certified to make it."""
    if MAMMOGRAPHY.isdisjoint(claim.procedures) or find_references(claim, "EW"):
        return ()
    image = next(line for line in claim.lines if line.procedure in MAMMOGRAPHY)
    return (report("certificate.mammography_missing", image),)


@claim_edit(cites=f"{SOURCE} 2300 CRC ZZ: required on claims for EPSDT screening (2400 SV111)")
def screening_says_what_followed(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """A screening of a child says whether it led to a referral."""
    screened = [line for line in claim.lines if line.segment.element(11) == "Y"]
    if not screened or any(segment.element(1) == "ZZ" for segment in claim.loop.segments("CRC")):
        return ()
    loop, segment = screened[0].loop, screened[0].segment
    place = locate(loop, segment, 11)
    return (find("claim.screening_without_referral", x12=place, rule=cite(loop, segment, 11)),)


def report(code: str, line: BilledLine) -> Finding:
    """A finding at the procedure of a line."""
    return find(
        code,
        x12=locate(line.loop, line.segment, line.form.procedure, 2),
        rule=cite(line.loop, line.segment, line.form.procedure, 2),
        value=line.procedure,
    )
