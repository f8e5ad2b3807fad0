"""Screens of the rules on what one value of a claim makes another required, and of its charge."""

from __future__ import annotations

from edi.edits.basis import Basis
from edi.edits.turns import PRIMARY, UNKNOWN
from edi.notation import parse_amount
from edi.rules.claim import DIAGNOSES, LINE_CHARGES, PATIENT_DETAILS, POINTERS, ZERO, is_within
from edi.rules.coordination import MEDICARE
from edi.rules.situations import SENT_APART
from edi.sure.facts import SEPARATOR, ClaimFacts, value
from edi.sure.screens import screen

OWN, ORIGINAL = "18", "F8"
CHARGES = dict(LINE_CHARGES)
REPLACING = frozenset({"7", "8"})


@screen("claim_total_is_sum_of_lines")
def doubt_total(claim: ClaimFacts, basis: Basis) -> bool:
    """Claims whose charge is not that of their lines."""
    found = ZERO
    for line in claim.lines:
        charge = parse_amount(value(line.row, CHARGES[line.row[0]]))
        if charge is None:
            return True
        found += charge
    return bool(claim.lines) and found != parse_amount(claim.claim[2])


@screen("pointers_name_diagnoses")
def doubt_pointers(claim: ClaimFacts, basis: Basis) -> bool:
    """Lines that point at more diagnoses than the claim has."""
    count = sum(
        text.partition(SEPARATOR)[0] in DIAGNOSES for row in claim.find("HI", "2300") for text in row[1:]
    )
    if not count:
        return False
    for line in claim.lines:
        place = POINTERS.get(line.row[0])
        if place is not None and not is_within(value(line.row, place), SEPARATOR, count):
            return True
    return False


@screen("replacement_names_the_original")
def doubt_replacement(claim: ClaimFacts, basis: Basis) -> bool:
    """Claims that replace or void another, without its number."""
    if claim.frequency not in REPLACING:
        return False
    return all(row[1] != ORIGINAL for row in claim.find("REF", "2300"))


@screen("subscriber_and_patient_agree", "patient_subscriber_is_described")
def doubt_patient(claim: ClaimFacts, basis: Basis) -> bool:
    """Subscribers who are the patient and have a dependant, those who are not and have none, and those who
    are without address, birth date or sex.
    """
    own = value(claim.subscriber, 2) == OWN
    if own == claim.has("HL", "2000C"):
        return True
    return own and not all(claim.has(segment, "2010BA") for segment, _ in PATIENT_DETAILS)


@screen("medicare_says_why_it_is_second", "later_payer_hears_of_the_first")
def doubt_turn(claim: ClaimFacts, basis: Basis) -> bool:
    """Payers that do not come first, of claims that say nothing of the first, or not why."""
    turn = claim.subscriber[1]
    if turn == PRIMARY:
        return False
    if claim.program in MEDICARE and not value(claim.subscriber, 5):
        return True
    return turn not in ("", UNKNOWN) and not claim.has("SBR", "2320")


@screen("accident_has_a_date", "auto_accident_has_a_state")
def doubt_cause(claim: ClaimFacts, basis: Basis) -> bool:
    """Claims that name a cause."""
    return bool(value(claim.claim, 11))


@screen("attachment_has_a_number")
def doubt_attachments(claim: ClaimFacts, basis: Basis) -> bool:
    """Attachments sent apart, without a number."""
    return any(row[2] in SENT_APART and not value(row, 6) for row in claim.find("PWK"))
