"""Edits of institutional claims: the codes of the bill, its type and status, revenue and procedures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from edi.edits.basis import Basis
from edi.edits.billed import BilledClaim, read_codes
from edi.edits.registry import claim_edit
from edi.edits.words import judge_code
from edi.findings import Finding, find
from edi.rules.places import cite, locate
from edi.segments import Segment
from edi.tree import Loop

SOURCE = "005010X223A2"
#: The codes of HI segments by their qualifier: whose table they are of.
CODES = {"BG": "condition", "BH": "occurrence", "BI": "occurrence_span", "BE": "value", "DR": "ms_drg"}
#: The elements of CL1: whose table they are of.
ADMISSION = {1: "admission_type", 2: "admission_source", 3: "patient_status"}
#: What we ship of these is a fraction of the lists: only an imported one can say that a code is unknown.
SHORT = frozenset({"occurrence", "occurrence_span", "value"})
STILL_A_PATIENT = "30"
INTERIM = frozenset({"2", "3"})
LAST = frozenset({"1", "4"})
#: Bills of outpatients that are paid by procedure, and the revenue codes whose lines need one.
OUTPATIENT = frozenset({"13", "14", "83", "85"})
BY_PROCEDURE = re.compile(r"0(?:3[0-9]|40|45|48|51|61|73|74|92)[0-9]|036[0-9]|049[0-9]", re.ASCII)


@claim_edit(cites=f"{SOURCE} 2300 CLM05-1 and CLM05-3: type of bill")
def bill_type_is_known(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """The bill type is one of the list, with its frequency."""
    if claim.institutional and claim.last is not None and claim.place:
        yield from judge_code(
            basis, "type_of_bill", claim.bill_type, claim.last, claim.loop, claim.segment, 5, 1
        )


@claim_edit(cites=f"{SOURCE} 2300 CL1, HI; 2400 SV201: codes of the uniform bill")
def bill_codes_are_in_effect(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """Conditions, occurrences, values, DRG, admission, patient status and revenue are of their lists."""
    if not claim.institutional or claim.last is None:
        return
    for segment, element, component, table, code in list_codes(claim.loop):
        if table in SHORT and basis.tables.is_floor(table):
            continue
        yield from judge_code(basis, table, code, claim.last, claim.loop, segment, element, component)
    for line in claim.lines:
        if line.revenue:
            day = line.first or claim.last
            yield from judge_code(
                basis, "revenue", line.revenue, day, line.loop, line.segment, line.form.revenue
            )


def list_codes(claim: Loop) -> Iterator[tuple[Segment, int, int, str, str]]:
    """Every code of the bill beside diagnoses and procedures: its place, its table, itself."""
    for segment, element, parts in read_codes(claim, claim.component_separator):
        if parts[0] in CODES and len(parts) > 1 and parts[1]:
            yield segment, element, 2, CODES[parts[0]], parts[1]
    admission = claim.segment("CL1")
    for element, table in ADMISSION.items() if admission is not None else ():
        code = admission.element(element) if admission is not None else ""
        if admission is not None and code:
            yield admission, element, 0, table, code


@claim_edit(cites=f"{SOURCE} 2300 HI BBR and BBQ: codes in effect on the day of the procedure")
def surgeries_are_in_effect(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """Each ICD-10-PCS code is complete and in effect on its day."""
    for surgery in claim.surgeries:
        if surgery.on is not None and surgery.on >= date(2015, 10, 1):
            at, on = surgery.segment, surgery.on
            number = surgery.element
            code = surgery.code
            yield from judge_code(basis, "icd10pcs", code, on, claim.loop, at, number, 2)


@claim_edit(cites=f"{SOURCE} 2300 CL103, CLM05-3; CMS Claims Processing Manual ch. 25")
def status_fits_the_frequency(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """Who is still a patient has an interim bill, and an interim bill of a stay is of such a patient."""
    admission = claim.loop.segment("CL1")
    if admission is None or not claim.inpatient or not admission.element(3):
        return
    still = admission.element(3) == STILL_A_PATIENT
    if (still and claim.frequency in LAST) or (not still and claim.frequency in INTERIM):
        yield find(
            "bill.status_and_frequency_differ",
            x12=locate(claim.loop, admission, 3),
            rule=cite(claim.loop, admission, 3),
            value=admission.element(3),
        )


@claim_edit(cites=f"{SOURCE} 2400 SV202; CMS Claims Processing Manual ch. 4, section 20")
def outpatient_revenue_has_a_procedure(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """Laboratory, imaging, emergency and clinic lines of outpatients say which procedure it was."""
    if claim.place not in OUTPATIENT:
        return
    for line in claim.lines:
        if not line.procedure and BY_PROCEDURE.fullmatch(line.revenue):
            yield find(
                "bill.procedure_missing",
                x12=locate(line.loop, line.segment, line.form.procedure),
                rule=cite(line.loop, line.segment, line.form.procedure),
                value=line.revenue,
            )
