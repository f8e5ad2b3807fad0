"""Screens of edits on service lines: procedures, modifiers, places, units, what was tested or transported."""

from __future__ import annotations

from datetime import date

from edi.edits.basis import Basis
from edi.edits.certificates import CERTIFICATES, CLIA, LABORATORY, MAMMOGRAPHY, PUBLIC
from edi.edits.fees import FEES, UNPAID
from edi.edits.services import (
    ANAESTHESIA,
    CDT,
    CONFLICTS,
    DENTAL,
    DRUG_CODE,
    HCPCS,
    HOW,
    LEVEL_TWO,
    LEVEL_TWO_MODIFIER,
    MINUTES,
    MODIFIER,
    PLACES,
    PROCEDURE,
    TELEHEALTH,
)
from edi.edits.table import Verdict
from edi.rules.services import AMBULANCE
from edi.rules.unlisted import load_unlisted
from edi.sure.facts import ClaimFacts, Line, value
from edi.sure.screens import screen

PROFESSIONAL_SERVICE = "SV1"
LEAD = "A0"
NATIONAL_CODE = "N4"
SCREENED, SCREENING = "Y", 11
MAMMOGRAM = "EW"


@screen("procedures_are_in_effect", "unlisted_service_is_described", "dental_procedures_have_their_form")
def doubt_procedures(claim: ClaimFacts, basis: Basis) -> bool:
    """Procedures that may have no form, not be in effect, or name no particular service."""
    unlisted = load_unlisted()
    for line in claim.lines:
        code, qualifier = line.procedure, line.qualifier
        if code in unlisted:
            return True
        if qualifier == HCPCS and code and not (len(code) == 5 and code.isdigit()):
            if PROCEDURE.fullmatch(code) is None:
                return True
            if LEVEL_TWO.fullmatch(code) and not is_in_effect("hcpcs", code, claim, line, basis):
                return True
        elif qualifier == DENTAL and (CDT.fullmatch(code) is None or "cdt" in basis.tables):
            return True
    return False


def is_in_effect(table: str, code: str, claim: ClaimFacts, line: Line, basis: Basis) -> bool:
    """True where a table has a code on the day of its line, or of the claim."""
    day = line.first or claim.last
    return day is None or basis.tables.judge(table, code, day) is Verdict.VALID


@screen("modifiers_are_in_effect", "modifiers_agree", "modifiers_are_payable")
def doubt_modifiers(claim: ClaimFacts, basis: Basis) -> bool:
    """Modifiers that may not be in effect, not agree, or not be payable."""
    fees = FEES in basis.tables
    for line in claim.lines:
        modifiers = line.modifiers
        for modifier in modifiers:
            if MODIFIER.fullmatch(modifier) is None or (fees and modifier in UNPAID):
                return True
            if LEVEL_TWO_MODIFIER.fullmatch(modifier) and not is_in_effect(
                "hcpcs_modifier", modifier, claim, line, basis
            ):
                return True
        if len(modifiers) > 1 and contradict(modifiers):
            return True
    return False


def contradict(modifiers: tuple[str, ...]) -> bool:
    """True where a modifier comes twice or contradicts another."""
    known = set(modifiers)
    return len(known) < len(modifiers) or any(pair <= known for pair in CONFLICTS)


@screen("places_are_in_effect", "telehealth_place_has_its_modifier")
def doubt_places(claim: ClaimFacts, basis: Basis) -> bool:
    """Places of service that were not in effect, and those at a distance whose lines do not say how."""
    if is_ended(claim.place, claim.first, basis):
        return True
    for line in claim.lines:
        if line.place and is_ended(line.place, line.first, basis):
            return True
        if (line.place or claim.place) in TELEHEALTH and HOW.isdisjoint(line.modifiers):
            return True
    return False


def is_ended(place: str, day: date | None, basis: Basis) -> bool:
    """True for a place of service that was not in effect on a day."""
    return day is not None and basis.tables.judge(PLACES, place, day) is Verdict.NOT_IN_EFFECT


@screen("minutes_are_of_anaesthesia", "anaesthesia_is_counted_in_minutes")
def doubt_minutes(claim: ClaimFacts, basis: Basis) -> bool:
    """Services in minutes that are no anaesthesia, and anaesthesia that is not."""
    for line in claim.lines:
        if line.row[0] == PROFESSIONAL_SERVICE:
            timed = ANAESTHESIA.fullmatch(line.procedure) is not None
            if timed != (value(line.row, line.form.unit) == MINUTES):
                return True
    return False


@screen("ambulance_transport_is_described", "ambulance_transport_has_both_ends")
def doubt_transport(claim: ClaimFacts, basis: Basis) -> bool:
    """Claims that may be about transport by ambulance."""
    return claim.place in AMBULANCE or any(
        line.place in AMBULANCE or line.procedure.startswith(LEAD) for line in claim.lines
    )


@screen("lines_are_distinct")
def doubt_repeated(claim: ClaimFacts, basis: Basis) -> bool:
    """Lines that may say the same."""
    lines = claim.lines
    if len({line.procedure for line in lines}) == len(lines):
        return False
    return len({(*line.row[1:6], line.first, line.last) for line in lines}) < len(lines)


@screen(
    "laboratory_number_has_its_form",
    "laboratory_names_its_certificate",
    "mammography_names_its_certificate",
    "screening_says_what_followed",
    "drug_code_has_eleven_digits",
)
def doubt_certificates(claim: ClaimFacts, basis: Basis) -> bool:
    """Laboratories and mammographies without their certificates, screenings, and drugs with odd codes."""
    references = claim.find_references()
    if not references.isdisjoint(CERTIFICATES):
        numbers = [value(row, 2) for row in claim.find("REF") if row[1] in CERTIFICATES]
        if not all(CLIA.fullmatch(number) for number in numbers):
            return True
    elif claim.program in PUBLIC and any(LABORATORY.fullmatch(line.procedure) for line in claim.lines):
        return True
    for line in claim.lines:
        if value(line.row, SCREENING) == SCREENED and line.row[0] == PROFESSIONAL_SERVICE:
            return True
        if line.procedure in MAMMOGRAPHY and MAMMOGRAM not in references:
            return True
    drugs = [value(row, 3) for row in claim.find("LIN") if row[2] == NATIONAL_CODE]
    return not all(DRUG_CODE.fullmatch(code) for code in drugs)
