"""Screens of the rules of hospital claims: `edi/rules/institutional.py`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from edi.rules.institutional import FINAL, INPATIENT, STILL_PATIENT
from edi.sieve.screens import screen
from edi.sieve.windows import Places, Window, value


def claims_of(window: Window, places: Places) -> set[int]:
    """The rows that begin the claims in which rows stand."""
    claims = window.find("CLM")
    return {claims[bisect_right(claims, at) - 1] for at in places}


def list_bills(window: Window) -> Iterator[tuple[int, str, str]]:
    """Each inpatient bill: where its claim begins, the facility type and the frequency (CLM05-1 and 3)."""
    for at in window.find("CLM"):
        facility, *rest = window.rows[at][5].split(window.component)
        if facility in INPATIENT:
            yield at, facility, rest[1] if len(rest) > 1 else ""


@screen("inpatient_admission_is_described")
def doubt_admissions(window: Window) -> Iterator[int]:
    """Inpatient bills without date and type of admission, or without the diagnosis at it."""
    bills = {at for at, _, _ in list_bills(window)}
    if bills:
        admitted = [at for at in window.find("DTP", "2300") if window.rows[at][1] == "435"]
        diagnosed = window.find("2300/HI[ABJ|BJ]")
        typed = [at for at in window.find("CL1", "2300") if value(window.rows[at], 1)]
        for places in (admitted, diagnosed, typed):
            yield from bills - claims_of(window, places)


@screen("final_inpatient_bill_has_a_discharge_hour")
def doubt_discharges(window: Window) -> Iterator[int]:
    """Final bills of a stay that has ended, without the hour of discharge."""
    final = {at for at, _, frequency in list_bills(window) if frequency in FINAL}
    if final:
        discharged = [at for at in window.find("DTP", "2300") if window.rows[at][1] == "096"]
        staying = [at for at in window.find("CL1", "2300") if value(window.rows[at], 3) == STILL_PATIENT]
        yield from final - claims_of(window, discharged) - claims_of(window, staying)


@screen("attending_provider_is_named")
def doubt_attending(window: Window) -> Iterator[int]:
    """Claims that name no attending provider."""
    yield from set(window.find("CLM")) - claims_of(window, window.find("NM1", "2310A"))


@screen("statement_does_not_end_before_admission")
def doubt_statements(window: Window) -> Iterator[int]:
    """Claims with an admission whose statement is not known to end on its day or later."""
    claims = window.find("CLM")
    ends: dict[int, str] = {}
    admitted: list[tuple[int, str]] = []
    for at in window.find("DTP", "2300"):
        row = window.rows[at]
        if row[1] == "434":
            ends[claims[bisect_right(claims, at) - 1]] = row[3].partition("-")[2]
        elif row[1] == "435":
            admitted.append((claims[bisect_right(claims, at) - 1], row[3][:8]))
    for claim, day in admitted:
        if ends.get(claim, "") < day:
            yield claim
