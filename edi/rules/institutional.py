"""Rules of the institutional claim (005010X223A2): what a hospital bill must say of the stay.

The type of bill is CLM05: facility type (two digits) and frequency. The facility types of inpatient care are
those of the NUBC's Official UB-04 Data Specifications Manual, form locator 4.
"""

from __future__ import annotations

from collections.abc import Iterator

from edi.checks import is_date
from edi.findings import Finding, Place, find
from edi.rules.places import locate, set_off
from edi.rules.registry import OWN_GUIDE, rule
from edi.tree import Loop

SOURCE = "005010X223A2"
INPATIENT = frozenset({"11", "18", "21", "28", "41", "65", "66", "86"})
FINAL = frozenset({"1", "4"})  # admit through discharge, interim: last claim
STILL_PATIENT = "30"
AMBULANCE = "054"  # revenue codes 0540 to 0549


def is_inpatient(claim: Loop) -> bool:
    """True where the type of bill is inpatient care."""
    return claim.value("CLM", 5, 1) in INPATIENT


def find_missing(claim: Loop, segment: str, key: str, name: str, why: str, bill: int = 0) -> Finding:
    """The finding that a situation asks for `key` of the claim, which is not there.

    `bill` is the component of the type of bill (CLM05) that makes the situation, where one does.
    """
    opener = claim.segment("CLM")
    finding = find(
        "claim.detail_missing",
        x12=Place(loop=key.partition("/")[0], segment=segment, ordinal=opener.ordinal if opener else None),
        rule=f"{OWN_GUIDE} {key}",
        name=name,
        segment=segment,
        situation=why,
    )
    return set_off(finding, locate(claim, opener, 5, bill) if bill else None)


@rule("2300", cites=f"{SOURCE} 2300 DTP[435], CL101, HI[ABJ|BJ]")
def inpatient_admission_is_described(claim: Loop) -> Iterator[Finding]:
    """An inpatient bill has the date of admission, its type and the admitting diagnosis."""
    if not is_inpatient(claim):
        return
    why = "on an inpatient bill"
    if claim.segment("DTP", "435") is None:
        yield find_missing(claim, "DTP", "2300/DTP[435]", "Admission Date/Hour", why, 1)
    if claim.segment("CL1") is not None and not claim.value("CL1", 1):
        yield find_missing(claim, "CL1", "2300/CL1", "Admission Type Code", why, 1)
    diagnoses = {segment.element(1).split(claim.component_separator)[0] for segment in claim.segments("HI")}
    if diagnoses.isdisjoint({"ABJ", "BJ"}):
        yield find_missing(claim, "HI", "2300/HI[ABJ|BJ]", "Admitting Diagnosis", why, 1)


@rule("2300", cites=f"{SOURCE} 2300 DTP[096]")
def final_inpatient_bill_has_a_discharge_hour(claim: Loop) -> Iterator[Finding]:
    """The final bill of a stay (frequency 1 or 4, patient not still there) has the hour of discharge."""
    final = claim.value("CLM", 5, 3) in FINAL and claim.value("CL1", 3) != STILL_PATIENT
    if is_inpatient(claim) and final and claim.segment("DTP", "096") is None:
        yield find_missing(claim, "DTP", "2300/DTP[096]", "Discharge Hour", "on a final inpatient bill", 3)


@rule("2300", cites=f"{SOURCE} 2310A")
def attending_provider_is_named(claim: Loop) -> Iterator[Finding]:
    """A claim names its attending provider unless it bills nothing but transport (revenue codes 054x)."""
    codes = [line.value("SV2", 1) for line in claim.loops("2400")]
    transport = bool(codes) and all(code.startswith(AMBULANCE) for code in codes)
    if not transport and not claim.loops("2310A"):
        yield find_missing(
            claim, "NM1", "2310A", "Attending Provider Name", "unless only transportation is billed"
        )


@rule("2300", cites=f"{SOURCE} 2300 DTP[434], DTP[435]")
def statement_does_not_end_before_admission(claim: Loop) -> Iterator[Finding]:
    """The statement period does not end before the admission (that it runs forward is an edit)."""
    statement, admission = claim.segment("DTP", "434"), claim.segment("DTP", "435")
    if statement is None or admission is None:
        return
    end, day = statement.element(3).partition("-")[2], admission.element(3)[:8]
    if is_date(end) and is_date(day) and end < day:
        yield find(
            "claim.dates_disordered",
            x12=locate(claim, admission, 3),
            rule=f"{OWN_GUIDE} 2300/DTP[435]03",
            earlier="Admission Date",
            later="Statement To Date",
        )
