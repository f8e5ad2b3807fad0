"""Edits of diagnoses: in effect and complete on the day, each once, and one first that may come first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from edi.edits.basis import Basis
from edi.edits.billed import LISTED, BilledClaim, Diagnosis
from edi.edits.registry import claim_edit
from edi.edits.words import judge_code
from edi.findings import Finding, find
from edi.notation import parse_date
from edi.rules.places import locate

SOURCE = "005010X222A1"
CONDITIONS = "ICD-10-CM Official Guidelines"
TENTH_REVISION = date(2015, 10, 1)
EXTERNAL_CAUSES = frozenset("VWXY")
ACUTE_STAY = "11"
#: The marks of the diagnosis table that the age table has a span for, in words.
AGES = {"newborn": "newborns", "pediatric": "children", "maternity": "motherhood", "adult": "adults"}


@claim_edit(cites=f"{SOURCE} 2300 HI: codes in effect on the date of service; 45 CFR 162.1000")
def diagnoses_are_in_effect(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """Each diagnosis is a complete code that is in effect on the day of service."""
    doubtful = [
        one
        for one in claim.diagnoses
        if (one.entry is None or one.entry.marks)
        and one.table == "icd10cm"
        and one.on is not None
        and one.on >= TENTH_REVISION
    ]
    return [
        finding
        for one in doubtful
        if one.on is not None
        for finding in judge_code(basis, "icd10cm", one.code, one.on, claim.loop, one.segment, one.element, 2)
    ]


@claim_edit(cites=f"{SOURCE} 2300 HI01-1: ABK and ABF are ICD-10-CM, BK and BF ICD-9-CM; 45 CFR 162.1002")
def diagnoses_are_of_the_revision(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """ICD-9-CM before 1 October 2015, ICD-10-CM from then on."""
    for diagnosis in claim.diagnoses:
        if diagnosis.on is not None and (diagnosis.table == "icd10cm") != (diagnosis.on >= TENTH_REVISION):
            return (_report("diagnosis.other_revision", claim, diagnosis, component=1),)
    return ()


@claim_edit(cites=f"{SOURCE} 2300 HI; {CONDITIONS} I.B.8: each diagnosis is reported once")
def diagnoses_are_unique(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """No diagnosis is listed twice."""
    listed = [diagnosis for diagnosis in claim.diagnoses if diagnosis.role in LISTED]
    codes = [diagnosis.code for diagnosis in listed]
    if len(set(codes)) == len(codes):
        return ()
    again = [one for at, one in enumerate(listed) if one.code in codes[:at]]
    return [_report("diagnosis.listed_twice", claim, one) for one in again]


@claim_edit(cites=f"{CONDITIONS} I.C.20.a.6 (external causes), I.A.13 (manifestations)")
def first_diagnosis_may_come_first(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """The first diagnosis is neither an external cause nor a manifestation of another disease."""
    first = next((one for one in claim.diagnoses if one.role in LISTED), None)
    if first is None or first.table != "icd10cm" or first.on is None:
        return ()
    if first.code[:1] in EXTERNAL_CAUSES:
        return (_report("diagnosis.external_cause_first", claim, first),)
    entry = first.entry
    if entry is None or not entry.marks:
        return ()
    if "manifestation" in entry.marks:
        return (_report("diagnosis.manifestation_first", claim, first),)
    if claim.inpatient and "unacceptable_principal" in entry.marks:
        release = basis.tables.cite("icd10cm")
        return (_report("diagnosis.unacceptable_principal", claim, first, release=release),)
    return ()


@claim_edit(cites="005010X223A2 2300 HI01-9: whether a condition was present on admission; 42 CFR 412.520")
def presence_on_admission_is_told(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """The bill of an acute stay says of each diagnosis whether it was there on admission, or it is exempt."""
    if claim.place != ACUTE_STAY:
        return
    for diagnosis in claim.diagnoses:
        if diagnosis.role not in LISTED or diagnosis.present or diagnosis.on is None:
            continue
        if basis.tables.find("poa_exempt", diagnosis.code, diagnosis.on) is None:
            yield _report("diagnosis.admission_not_told", claim, diagnosis, component=9)


@claim_edit(cites="CMS, Medicare Code Editor: age conflict")
def diagnoses_fit_the_age(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """A diagnosis of newborns, children, motherhood or adults is that of a patient of such an age."""
    marked = find_marked(claim)
    born = read_birth(claim) if marked else None
    return list(judge_ages(claim, basis, marked, born)) if born is not None else ()


def find_marked(claim: BilledClaim) -> list[tuple[Diagnosis, date, tuple[str, ...]]]:
    """The diagnoses that say something of the patient's age, each with its day and its marks."""
    return [
        (one, one.on, one.entry.marks)
        for one in claim.diagnoses
        if one.entry is not None and one.entry.marks and one.on is not None
    ]


def judge_ages(
    claim: BilledClaim, basis: Basis, marked: list[tuple[Diagnosis, date, tuple[str, ...]]], born: date
) -> Iterator[Finding]:
    """The findings about diagnoses whose marks do not fit the patient's age."""
    for diagnosis, on, marks in marked:
        for mark in marks:
            span = basis.tables.find("age_range", mark.upper(), on) if mark in AGES else None
            if span is not None and not fits(span.marks, count_years(born, on)):
                release = basis.tables.cite("age_range")
                yield _report("diagnosis.age_differs", claim, diagnosis, ages=AGES[mark], release=release)


def read_birth(claim: BilledClaim) -> date | None:
    """The patient's date of birth: of the dependent, or of the subscriber."""
    patient = claim.loop.ascend("2000C") or claim.loop.ascend("2000B")
    name = "2010CA" if patient is not None and patient.use.id == "2000C" else "2010BA"
    loops = patient.loops(name) if patient is not None else []
    return parse_date(loops[0].value("DMG", 2)) if loops else None


def count_years(born: date, on: date) -> int:
    """Whole years of age."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def fits(marks: tuple[str, ...], age: int) -> bool:
    """Whether an age lies in a span of the age table (`from 9`, `to 64`)."""
    bounds = dict(mark.split(" ", 1) for mark in marks)
    return int(bounds["from"]) <= age <= int(bounds["to"])


def _report(
    code: str,
    claim: BilledClaim,
    diagnosis: Diagnosis,
    component: int = 2,
    *,
    ages: str = "",
    release: str = "",
) -> Finding:
    return find(
        code,
        x12=locate(claim.loop, diagnosis.segment, diagnosis.element, component),
        rule=f"{SOURCE} 2300/HI{diagnosis.element:02}-{component}",
        value=diagnosis.code,
        ages=ages,
        release=release,
    )
