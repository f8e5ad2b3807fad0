"""Edits of service lines: procedures, modifiers, place, drugs, minutes, lines that say the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from edi.edits.basis import Basis
from edi.edits.billed import BilledClaim, BilledLine
from edi.edits.registry import claim_edit, edit
from edi.edits.table import Verdict
from edi.edits.words import judge_code
from edi.findings import Finding, find
from edi.rules.places import cite, locate
from edi.tree import Loop

SOURCE = "005010X222A1"
HCPCS = "HC"
DENTAL = "AD"
TELEHEALTH = frozenset({"02", "10"})
HOW = frozenset({"93", "95", "FQ", "G0", "GQ", "GT"})
CDT = re.compile(r"D[0-9]{4}", re.ASCII)
PLACES = "place_of_service"
PROCEDURE = re.compile(r"[0-9]{5}|[0-9]{4}[FTUMA]|[A-Z][0-9]{4}", re.ASCII)
LEVEL_TWO = re.compile(r"[A-CE-Z][0-9]{4}", re.ASCII)
MODIFIER = re.compile(r"[A-Z0-9]{2}", re.ASCII)
#: Modifiers of HCPCS begin with a letter; P1 to P6 (physical status) are CPT's.
LEVEL_TWO_MODIFIER = re.compile(r"(?!P[1-6])[A-Z][A-Z0-9]", re.ASCII)
MINUTES = "MJ"
ANAESTHESIA = re.compile(r"0(?:0[1-9]|1[0-9])[0-9]{2}", re.ASCII)
DRUG_CODE = re.compile(r"[0-9]{11}", re.ASCII)
#: Modifiers that say why a service comes twice: repeated, distinct, or on another part of the body.
REPEATED = frozenset({"59", "76", "77", "91", "XE", "XP", "XS", "XU"})
CONFLICTS = frozenset(
    frozenset(pair)
    for pair in (
        ("26", "TC"),
        ("50", "LT"),
        ("50", "RT"),
        ("JW", "JZ"),
        ("62", "66"),
        ("80", "82"),
        ("76", "77"),
    )
)


@claim_edit(cites=f"{SOURCE} 2400 SV101-2 where SV101-1 is HC; 45 CFR 162.1002")
def procedures_are_in_effect(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """A procedure has the form of CPT or HCPCS; one of Level II is in effect on the day of service."""
    found: list[Finding] = []
    for line in claim.lines:
        code = line.procedure
        if line.qualifier != HCPCS or not code or (len(code) == 5 and code.isascii() and code.isdigit()):
            continue
        if PROCEDURE.fullmatch(code) is None:
            found.append(_report("procedure.malformed", line, line.form.procedure, 2, code))
        elif LEVEL_TWO.fullmatch(code):
            found += _judge(basis, "hcpcs", code, claim, line, 2)
    return found


@claim_edit(cites=f"{SOURCE} 2400 SV101-3 to SV101-6")
def modifiers_are_in_effect(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """A modifier is two letters or digits; one of HCPCS Level II is in effect on the day of service."""
    found: list[Finding] = []
    for line in claim.lines:
        for component, modifier in enumerate(line.modifiers, 3):
            if MODIFIER.fullmatch(modifier) is None:
                found.append(_report("modifier.malformed", line, line.form.procedure, component, modifier))
            elif LEVEL_TWO_MODIFIER.fullmatch(modifier):
                found += _judge(basis, "hcpcs_modifier", modifier, claim, line, component)
    return found


@claim_edit(cites=f"{SOURCE} 2400 SV101-3 to SV101-6; CMS Claims Processing Manual ch. 12")
def modifiers_agree(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """No modifier comes twice on a line, and none that contradicts another."""
    several = [line for line in claim.lines if len(line.modifiers) > 1]
    return list(compare_modifiers(several)) if several else ()


def compare_modifiers(lines: list[BilledLine]) -> Iterator[Finding]:
    """The findings about modifiers that stand beside their like or their contrary."""
    for line in lines:
        for component, modifier in enumerate(line.modifiers[1:], 4):
            before = line.modifiers[: component - 3]
            if modifier in before:
                yield _report("modifier.repeated", line, line.form.procedure, component, modifier)
            for other in before:
                if frozenset((modifier, other)) in CONFLICTS:
                    pair = f"{other} and {modifier}"
                    at = line.form.procedure
                    yield _report("modifier.contradicts", line, at, component, modifier, pair)


@claim_edit(cites=f"{SOURCE} 2300 CLM05-1 and 2400 SV105; CMS place of service code set")
def places_are_in_effect(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """The place of service is in effect on the day. A code that does not exist is the guide's finding."""
    stated = [(claim.place, claim.first, claim.loop, claim.segment, 1)]
    stated += [(line.place, line.first, line.loop, line.segment, 0) for line in claim.lines if line.place]
    return [
        finding
        for place, day, loop, segment, component in stated
        if day is not None and basis.tables.judge(PLACES, place, day) is Verdict.NOT_IN_EFFECT
        for finding in judge_code(basis, PLACES, place, day, loop, segment, 5, component)
    ]


@claim_edit(
    cites=f"{SOURCE} 2300 CLM05-1, 2400 SV105 and SV101-3 to SV101-6; CMS place of service codes 02, 10"
)
def telehealth_place_has_its_modifier(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """A service given at a distance says how (93, 95, FQ, G0, GQ, GT), which most payers ask for."""
    return [
        _report("modifier.telehealth_missing", line, line.form.procedure, 3, line.place or claim.place)
        for line in claim.lines
        if (line.place or claim.place) in TELEHEALTH
        and line.qualifier == HCPCS
        and HOW.isdisjoint(line.modifiers)
    ]


@claim_edit(cites="005010X224A2 2400 SV301-2 where SV301-1 is AD; 45 CFR 162.1002")
def dental_procedures_have_their_form(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """A dental procedure is the letter D and four digits; where the CDT list is held, it is one of it."""
    for line in claim.lines:
        if line.qualifier != DENTAL:
            continue
        if CDT.fullmatch(line.procedure) is None:
            yield _report("procedure.not_dental", line, line.form.procedure, 2, line.procedure)
        elif "cdt" in basis.tables:
            yield from _judge(basis, "cdt", line.procedure, claim, line, 2)


@edit(
    "2410",
    cites=f"{SOURCE} 2410 LIN03 where LIN02 is N4: eleven digits, 5-4-2, without hyphens",
    needs=("LIN",),
)
def drug_code_has_eleven_digits(loop: Loop, basis: Basis) -> Iterator[Finding]:
    """A National Drug Code is eleven digits."""
    segment = loop.segment("LIN")
    if segment is None or segment.element(2) != "N4" or DRUG_CODE.fullmatch(segment.element(3)):
        return
    yield find(
        "drug.code_malformed",
        x12=locate(loop, segment, 3),
        rule=cite(loop, segment, 3),
        value=segment.element(3),
    )


@claim_edit(cites=f"{SOURCE} 2400 SV103: MJ is for anaesthesia, which a rule asks it of")
def minutes_are_of_anaesthesia(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """Hardly anything but anaesthesia is billed in minutes."""
    return [
        _report("service.in_minutes", line, 3, 0, line.unit)
        for line in claim.lines
        if line.unit == MINUTES and line.qualifier == HCPCS and not ANAESTHESIA.fullmatch(line.procedure)
    ]


@claim_edit(cites=f"{SOURCE} 2400; claim adjustment reason 18 (exact duplicate)")
def lines_are_distinct(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """No two lines bill the same service on the same day in the same way without saying why."""
    if len(claim.procedures) == len(claim.lines):
        return ()
    return list(find_repeated(claim))


def find_repeated(claim: BilledClaim) -> Iterator[Finding]:
    """The findings about lines that say the same as one before them."""
    seen: set[tuple[object, ...]] = set()
    for line in claim.lines:
        same = (*line.segment.elements[1:6], line.first, line.last)
        if same in seen and REPEATED.isdisjoint(line.modifiers) and not line.loop.loops("2410"):
            yield _report("claim.lines_equal", line, 1, 2, line.procedure)
        seen.add(same)


def _judge(
    basis: Basis, table: str, code: str, claim: BilledClaim, line: BilledLine, component: int
) -> Iterator[Finding]:
    """What a table says of a code of a line, on the day of the line or of the claim."""
    day = line.first or claim.last
    if day is not None:
        yield from judge_code(
            basis, table, code, day, line.loop, line.segment, line.form.procedure, component
        )


def _report(code: str, line: BilledLine, element: int, component: int, value: str, pair: str = "") -> Finding:
    return find(
        code,
        x12=locate(line.loop, line.segment, element, component),
        rule=cite(line.loop, line.segment, element, component),
        value=value,
        pair=pair,
    )
