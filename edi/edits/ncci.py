"""Edits of the National Correct Coding Initiative. They run where the customer has imported its tables.

Source: CMS, NCCI policy manual, chapter 1: pairs (E), add-on codes (R), medically unlikely edits (V).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import permutations

from edi.edits.basis import Basis
from edi.edits.billed import BilledClaim, BilledLine
from edi.edits.registry import claim_edit
from edi.findings import Finding, Severity, find
from edi.notation import parse_amount
from edi.rules.places import locate

MANUAL = "NCCI policy manual, chapter 1"
ADD_ONS = "add_on"
#: The tables of pairs and of units, by whether an institution bills; pairs have tables of Medicaid's own.
PAIRS = {False: "ptp_practitioner", True: "ptp_outpatient"}
MEDICAID_PAIRS = {False: "ptp_medicaid_practitioner", True: "ptp_medicaid_outpatient"}
UNITS = {False: "mue_practitioner", True: "mue_outpatient"}
MEDICAID = "MC"
#: Filing indicators of the programs that the initiative binds; others follow it as they like.
BOUND = frozenset({"MA", "MB", MEDICAID})
CONTRACTOR = "CCCCC"
HCPCS = "HC"
#: The modifiers that allow a pair: parts of the body, then those that say that a service stands alone.
ALLOWING = frozenset(
    (
        *("E1", "E2", "E3", "E4", "FA", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9"),
        *("TA", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "LT", "RT"),
        *("LC", "LD", "LM", "RC", "RI"),
        *("24", "25", "57", "58", "78", "79"),
        *("27", "59", "91", "XE", "XS", "XP", "XU"),
    )
)


def group_by_day(claim: BilledClaim) -> dict[date, list[BilledLine]]:
    """The lines with a procedure, by their first day."""
    days: dict[date, list[BilledLine]] = {}
    for line in claim.lines:
        if line.first is not None and line.qualifier == HCPCS:
            days.setdefault(line.first, []).append(line)
    return days


@claim_edit(
    cites=f"{MANUAL}, section E: column two is not paid beside column one",
    tables=(*PAIRS.values(), *MEDICAID_PAIRS.values()),
)
def pairs_are_payable(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """No two procedures of a day are a pair that is not paid together, unless a modifier allows it."""
    program = claim.program
    table, own = PAIRS[claim.institutional], MEDICAID_PAIRS[claim.institutional]
    if program == MEDICAID and own in basis.tables:
        table = own
    if table not in basis.tables or len(claim.lines) < 2 or claim.inpatient:
        return
    for day, lines in group_by_day(claim).items():
        for first, second in permutations(lines, 2):
            entry = basis.tables.find(table, first.procedure + second.procedure, day)
            if entry is None:
                continue
            if "never" in entry.marks:
                yield _report("pair.never_paid", second, program, basis.tables.cite(table))
            elif ALLOWING.isdisjoint(second.modifiers) and ALLOWING.isdisjoint(first.modifiers):
                yield _report("pair.needs_modifier", second, program, basis.tables.cite(table))


@claim_edit(
    cites=f"{MANUAL}, section V: adjudication indicator 1 by line, 2 and 3 by day", tables=(*UNITS.values(),)
)
def units_are_likely(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """A procedure does not have more units than are likely for one patient on one day."""
    table = UNITS[claim.institutional]
    if table not in basis.tables or claim.inpatient:
        return
    program = claim.program
    for day, lines in group_by_day(claim).items():
        totals: dict[str, Decimal] = {}
        for line in lines:
            entry = basis.tables.find(table, line.procedure, day)
            units = parse_amount(line.quantity)
            if entry is None or units is None or line.unit != "UN":
                continue
            most = next(mark for mark in entry.marks if mark.startswith("units")).partition(" ")[2]
            if "mai 1" not in entry.marks:
                units = totals[line.procedure] = totals.get(line.procedure, Decimal(0)) + units
            if units > Decimal(most):
                at = line.form.quantity
                yield _report("units.unlikely", line, program, basis.tables.cite(table), at, most)


@claim_edit(
    cites=f"{MANUAL}, section R: an add-on code is paid beside its primary code only", tables=(ADD_ONS,)
)
def add_ons_have_their_primary(claim: BilledClaim, basis: Basis) -> Iterator[Finding]:
    """An add-on code stands beside one of its primary codes on the same day."""
    table = basis.tables.table(ADD_ONS)
    program = claim.program
    for day, lines in group_by_day(claim).items():
        others = {line.procedure for line in lines} | {CONTRACTOR}
        for line in lines:
            if table is None or not table.begins_codes(line.procedure, day):
                continue
            if not any(table.find(line.procedure + other, day) for other in others):
                yield _report("add_on.without_primary", line, program, basis.tables.cite(ADD_ONS))


def _report(
    code: str, line: BilledLine, program: str, release: str, element: int = 0, most: str = ""
) -> Finding:
    place = (element, 0) if element else (line.form.procedure, 2)
    return find(
        code,
        x12=locate(line.loop, line.segment, *place),
        rule=release,
        value=f"{line.procedure} on {line.first}",
        severity=None if program in BOUND else Severity.WARNING,
        release=release,
        most=most,
    )
