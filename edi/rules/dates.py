"""Edits on the dates of a claim: they may not contradict one another.

The guides define each date but state no order among them, so these run with the edits, not with the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from edi.findings import Finding, find
from edi.notation import parse_date
from edi.rules.institutional import is_inpatient
from edi.rules.places import cite, locate, name_element
from edi.rules.registry import rule
from edi.segments import Segment
from edi.tree import Loop

SOURCE = "005010X222A1"
SERVICE = "472"
#: Dates of the claim that a service cannot come before: onset, accident, last menstrual period.
BEFORE_SERVICE = ("431", "439", "484")
ADMISSION, DISCHARGE = "435", "096"
STATEMENT = "434"
DAY_LENGTH = len("CCYYMMDD")
#: How long before an admission outpatient services are billed with the stay (42 CFR 412.2(c)(5)).
PREADMISSION = timedelta(days=3)
#: Revenue codes whose line is a rate of payment, dated by its assessment: SNF, home health, rehabilitation.
RATE_LINES = frozenset({"0022", "0023", "0024"})
#: Places of service of a stay: inpatient hospital, inpatient psychiatric (CMS place of service codes).
INPATIENT = frozenset({"21", "51"})


def read_days(segment: Segment | None) -> tuple[date, date] | None:
    """First and last day of a DTP, or None where there is none or it is no date."""
    if segment is None:
        return None
    text = segment.element(3)
    if "-" not in text:
        day = parse_date(text)
        return (day, day) if day is not None else None
    first, _, last = text.partition("-")
    days = parse_date(first), parse_date(last or first)
    return (days[0], days[1]) if days[0] is not None and days[1] is not None else None


def report(loop: Loop, segment: Segment, element: int, earlier: str, later: str) -> Finding:
    """The finding at a date that contradicts another; `later` is before `earlier`."""
    return find(
        "claim.dates_disordered",
        x12=locate(loop, segment, element),
        rule=cite(loop, segment, element),
        value=segment.element(element),
        earlier=earlier,
        later=later,
    )


@rule("2300", "2400", cites="data element 1250, RD8: from a day through a later day", needs=("DTP",))
def periods_run_forward(loop: Loop) -> Iterable[Finding]:
    """The first day of a period is not after its last."""
    periods = [segment for segment in loop.segments("DTP") if segment.elements[2:3] == ["RD8"]]
    return list(turn_back(loop, periods)) if periods else ()


def turn_back(loop: Loop, periods: list[Segment]) -> Iterator[Finding]:
    """The findings about periods that end before they begin."""
    for segment in periods:
        days = read_days(segment)
        if days is not None and days[0] > days[1]:
            name = name_element(segment, 3)
            yield report(loop, segment, 3, "its first", f"The last day of {name}")


def first_service(claim: Loop) -> date | None:
    """The first day of service of a claim, over its lines."""
    found = [read_days(line.segment("DTP", SERVICE)) for line in claim.loops("2400")]
    return min([days[0] for days in found if days is not None], default=None)


@rule("2300", cites=f"{SOURCE} 2300 DTP 431, 439, 484 beside 2400 DTP 472", needs=("DTP",))
def services_follow_their_cause(claim: Loop) -> Iterator[Finding]:
    """No illness, accident or pregnancy begins after the first service for it."""
    own = [segment for segment in claim.segments("DTP") if segment.element(1) in BEFORE_SERVICE]
    service = first_service(claim) if own else None
    for segment in own:
        days = read_days(segment)
        if service is not None and days is not None and days[0] > service:
            yield report(claim, segment, 3, name_element(segment, 3), "The first day of service")


@rule("2300", cites=f"{SOURCE} 2300 DTP 435 and 096", needs=("DTP",))
def discharge_follows_admission(claim: Loop) -> Iterator[Finding]:
    """The patient is not discharged before being admitted."""
    segment = claim.segment("DTP", ADMISSION)
    admitted, discharged = read_days(segment), read_days(claim.segment("DTP", DISCHARGE))
    if segment is None or admitted is None or discharged is None:
        return
    if admitted[0] > discharged[0]:
        yield report(claim, segment, 3, "the admission", "The discharge")


@rule("2300", cites=f"{SOURCE} DMG02 of the patient beside 2400 DTP 472")
def services_follow_birth(claim: Loop) -> Iterable[Finding]:
    """No service comes before the patient's birth."""
    holder = claim.parent
    patients = (holder.loops("2010CA") or holder.loops("2010BA")) if holder else []
    segment = patients[0].segment("DMG") if patients else None
    if segment is None or segment.element(1) != "D8":
        return ()
    birth, service = parse_date(segment.element(2)), first_service(claim)
    if birth is None or service is None or birth <= service:
        return ()
    return (report(patients[0], segment, 2, "the birth of the patient", "The first day of service"),)


@rule("2300", cites=f"{SOURCE} 2300 DTP 435 and 096 beside 2400 SV105 and DTP 472")
def inpatient_services_fall_into_the_stay(claim: Loop) -> Iterator[Finding]:
    """No service to an inpatient comes before the admission or after the discharge."""
    admitted = read_days(claim.segment("DTP", ADMISSION))
    discharged = read_days(claim.segment("DTP", DISCHARGE))
    if admitted is None and discharged is None:
        return
    place = claim.value("CLM", 5, 1)
    for line in claim.loops("2400"):
        segment = line.segment("DTP", SERVICE)
        days = read_days(segment)
        if segment is None or days is None or (line.value("SV1", 5) or place) not in INPATIENT:
            continue
        if admitted is not None and days[0] < admitted[0]:
            yield report(line, segment, 3, "the admission", "A service to an inpatient")
        elif discharged is not None and days[0] > discharged[0]:
            yield report(line, segment, 3, "a service to an inpatient", "The discharge")


@rule(
    "2300",
    cites="005010X223A2 2300 DTP 434 and 435 beside 2400 DTP 472; NUBC UB-04 form locators 6 and 45; "
    "Medicare Claims Processing Manual, chapter 3, 40.3",
)
def services_fall_into_the_statement(claim: Loop) -> Iterator[Finding]:
    """The days of service of a bill lie within the period that it covers.

    Outpatient services billed with the stay that follows are told as a warning where they come before the
    period by up to three days before the admission: some payers let the period begin with the admission.
    """
    period = read_days(claim.segment("DTP", STATEMENT))
    if period is None:
        return
    for line in claim.loops("2400"):
        segment = line.segment("DTP", SERVICE)
        days = read_days(segment)
        if segment is None or days is None or line.value("SV2", 1) in RATE_LINES:
            continue
        if days[0] < period[0]:
            if is_inpatient(claim) and days[0] >= begin_of_stay(claim, period[0]) - PREADMISSION:
                yield find(
                    "claim.service_before_statement",
                    x12=locate(line, segment, 3),
                    rule=cite(line, segment, 3),
                    value=segment.element(3),
                )
            else:
                yield report(line, segment, 3, "the statement period", "A day of service")
        elif days[1] > period[1]:
            yield report(line, segment, 3, "a day of service", "The end of the statement period")


def begin_of_stay(claim: Loop, otherwise: date) -> date:
    """The day of admission, or the day given where the bill has none (DTP 435 may have a time of day)."""
    segment = claim.segment("DTP", ADMISSION)
    admitted = parse_date(segment.element(3)[:DAY_LENGTH]) if segment is not None else None
    return admitted or otherwise
