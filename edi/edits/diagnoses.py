"""Edits of diagnoses: in effect and complete on the day, each once, and one first that may come first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from edi.edits.basis import Basis
from edi.edits.billed import BilledClaim, Diagnosis
from edi.edits.registry import claim_edit
from edi.edits.words import judge_code
from edi.findings import Finding, find
from edi.rules.places import locate

SOURCE = "005010X222A1"
CONDITIONS = "ICD-10-CM Official Guidelines"
TENTH_REVISION = date(2015, 10, 1)
EXTERNAL_CAUSES = frozenset("VWXY")


@claim_edit(cites=f"{SOURCE} 2300 HI: codes in effect on the date of service; 45 CFR 162.1000")
def diagnoses_are_in_effect(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """Each diagnosis is a complete code that is in effect on the day of service."""
    for diagnosis in claim.diagnoses:
        if diagnosis.on is None or diagnosis.table != "icd10cm" or diagnosis.on < TENTH_REVISION:
            continue
        yield from judge_code(
            basis,
            "icd10cm",
            diagnosis.code,
            diagnosis.on,
            claim.loop,
            diagnosis.segment,
            diagnosis.element,
            2,
        )


@claim_edit(cites=f"{SOURCE} 2300 HI01-1: ABK and ABF are ICD-10-CM, BK and BF ICD-9-CM; 45 CFR 162.1002")
def diagnoses_are_of_the_revision(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """ICD-9-CM before 1 October 2015, ICD-10-CM from then on."""
    for diagnosis in claim.diagnoses:
        if diagnosis.on is not None and (diagnosis.table == "icd10cm") != (diagnosis.on >= TENTH_REVISION):
            yield _report("diagnosis.other_revision", claim, diagnosis, component=1)
            return


@claim_edit(cites=f"{SOURCE} 2300 HI; {CONDITIONS} I.B.8: each diagnosis is reported once")
def diagnoses_are_unique(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """No diagnosis is listed twice."""
    seen: set[str] = set()
    for diagnosis in claim.diagnoses:
        if diagnosis.code in seen:
            yield _report("diagnosis.listed_twice", claim, diagnosis)
        seen.add(diagnosis.code)


@claim_edit(cites=f"{CONDITIONS} I.C.20.a.6 (external causes), I.A.13 (manifestations)")
def first_diagnosis_may_come_first(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """The first diagnosis is neither an external cause nor a manifestation of another disease."""
    first = next(iter(claim.diagnoses), None)
    if first is None or first.table != "icd10cm" or first.on is None:
        return
    entry = basis.tables.find("icd10cm", first.code, first.on)
    if first.code[:1] in EXTERNAL_CAUSES:
        yield _report("diagnosis.external_cause_first", claim, first)
    elif entry is not None and "manifestation" in entry.marks:
        yield _report("diagnosis.manifestation_first", claim, first)


def _report(code: str, claim: BilledClaim, diagnosis: Diagnosis, component: int = 2) -> Finding:
    return find(
        code,
        x12=locate(claim.loop, diagnosis.segment, diagnosis.element, component),
        rule=f"{SOURCE} 2300/HI{diagnosis.element:02}-{component}",
        value=diagnosis.code,
    )
