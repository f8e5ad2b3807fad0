"""Screens of edits on the dates of a claim."""

from __future__ import annotations

from datetime import date

from edi.edits.basis import Basis
from edi.edits.filing import REPLACING, add_months, load_limits
from edi.notation import parse_date
from edi.rules.dates import ADMISSION, BEFORE_SERVICE, DAY_LENGTH, DISCHARGE
from edi.sure.facts import ClaimFacts, value
from edi.sure.screens import screen

PERIOD = "RD8"


@screen("periods_run_forward")
def doubt_periods(claim: ClaimFacts, basis: Basis) -> bool:
    """Periods that may not run forward."""
    rows = claim.rows
    for at in claim.at.get("DTP", ()):
        row = rows[at]
        if row[2] == PERIOD:
            first, _, last = row[3].partition("-")
            if len(first) != len(last) or first > last:
                return True
    return False


@screen("services_follow_birth")
def doubt_birth(claim: ClaimFacts, basis: Basis) -> bool:
    """Patients who may be born after the first service."""
    first = claim.first
    births = [parse_date(value(row, 2)) for row in claim.find("DMG", claim.name_patient())] if first else []
    return any(birth is not None and first is not None and birth > first for birth in births)


@screen("services_follow_their_cause", "discharge_follows_admission", "inpatient_services_fall_into_the_stay")
def doubt_stay(claim: ClaimFacts, basis: Basis) -> bool:
    """Claims with a day that services may not come before or after."""
    dated = claim.find("DTP", "2300")
    if not dated:
        return False
    days = [line.first for line in claim.lines if line.first is not None]
    first, last = min(days, default=date.max), max(days, default=date.min)
    for row in dated:
        if row[1] in BEFORE_SERVICE or row[1] == ADMISSION:
            day = parse_date(row[3][:DAY_LENGTH])
            if day is None or day > first:
                return True
        elif row[1] == DISCHARGE:
            day = parse_date(row[3][:DAY_LENGTH])
            if day is None or day < last or not days:
                return True
    return False


@screen("claim_is_filed_in_time", "services_are_not_ahead")
def doubt_receipt(claim: ClaimFacts, basis: Basis) -> bool:
    """Claims that came late, or before their services."""
    received = basis.received
    if received is None:
        return False
    if claim.last is not None and claim.last > received:
        return True
    limit = load_limits().get(claim.program)
    if limit is None or claim.first is None or claim.frequency in REPLACING:
        return False
    return received > add_months(claim.first, limit.months) and not value(claim.claim, 20)
