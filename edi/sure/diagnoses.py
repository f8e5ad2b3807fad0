"""Screens of edits on diagnoses."""

from __future__ import annotations

from datetime import date

from edi.edits.basis import Basis
from edi.edits.billed import CONDITIONS, LISTED
from edi.edits.billed import DIAGNOSES as KINDS
from edi.edits.diagnoses import AGES, EXTERNAL_CAUSES, TENTH_REVISION, count_years, fits
from edi.edits.table import CodeTable, Entry
from edi.notation import parse_date
from edi.sure.facts import SEPARATOR, ClaimFacts, value
from edi.sure.screens import screen

HEADER, MANIFESTATION, NO_REASON = "header", "manifestation", "unacceptable_principal"


@screen(
    "diagnoses_are_in_effect",
    "diagnoses_are_of_the_revision",
    "diagnoses_are_unique",
    "first_diagnosis_may_come_first",
    "diagnoses_fit_the_age",
)
def doubt_diagnoses(claim: ClaimFacts, basis: Basis) -> bool:
    """Diagnoses not of ICD-10-CM, not in effect on their day, listed twice, first where they may not be, or
    not of a patient's age.
    """
    held = basis.tables.table(CONDITIONS)
    days = find_days(claim)
    counts = claim.last if claim.institutional else claim.first
    listed: list[str] = []
    number = 0
    for row in claim.find("HI", "2300"):
        for text in row[1:]:
            qualifier, _, rest = text.partition(SEPARATOR)
            kind = KINDS.get(qualifier)
            if kind is None:
                continue
            number += 1
            code = rest.partition(SEPARATOR)[0]
            table, role = kind
            on = days.get(str(number)) or counts
            if table != CONDITIONS or on is None or doubt_code(claim, basis, held, code, on):
                return True
            if role in LISTED:
                if not listed and code[:1] in EXTERNAL_CAUSES:
                    return True
                listed.append(code)
    return len(set(listed)) != len(listed)


def find_days(claim: ClaimFacts) -> dict[str, date | None]:
    """For each diagnosis pointer the day of the first line that has it."""
    days: dict[str, date | None] = {}
    for line in claim.lines:
        if line.form.pointers:
            for pointer in value(line.row, line.form.pointers).split(SEPARATOR):
                days.setdefault(pointer, line.first)
    return days


def doubt_code(claim: ClaimFacts, basis: Basis, held: CodeTable | None, code: str, on: date) -> bool:
    """True where a code may not be in effect on its day, or have marks that ask for more."""
    entry = held.find(code, on) if held is not None else None
    if entry is None or on < TENTH_REVISION:
        return True
    return bool(entry.marks) and doubt_marks(claim, basis, entry, on)


def doubt_marks(claim: ClaimFacts, basis: Basis, entry: Entry, on: date) -> bool:
    """True for headers and manifestations, for codes that are no reason of a stay, and for a patient whose
    age may not fit.
    """
    marks = entry.marks
    if HEADER in marks or MANIFESTATION in marks or (claim.institutional and NO_REASON in marks):
        return True
    births = [parse_date(value(row, 2)) for row in claim.find("DMG", claim.name_patient())]
    born = births[0] if births else None
    for mark in marks:
        span = basis.tables.find("age_range", mark.upper(), on) if mark in AGES else None
        if span is not None and born is not None and not fits(span.marks, count_years(born, on)):
            return True
    return False
