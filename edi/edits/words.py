"""How edits say what a table says: one finding for each way a code can be wrong on a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from edi.edits.basis import Basis
from edi.edits.table import Verdict
from edi.edits.tables import load_register
from edi.findings import Finding, Severity, find
from edi.rules.places import locate, name_element, number_place
from edi.segments import Segment
from edi.tree import Loop

FAULTS = {
    Verdict.UNKNOWN: "unknown",
    Verdict.INCOMPLETE: "incomplete",
    Verdict.NOT_IN_EFFECT: "not_in_effect",
}


def judge_code(
    basis: Basis,
    table: str,
    code: str,
    on: date,
    loop: Loop,
    segment: Segment,
    element: int,
    component: int = 0,
) -> Iterator[Finding]:
    """The finding `<table>.<fault>` where a table has no such code on a day. The value names the day.

    Where the table is not the whole list, a code that it lacks is a warning. A code that the table does not
    hold, on a day that it does not reach to, is told as not checked.
    """
    verdict = basis.tables.judge(table, code, on)
    if verdict is Verdict.VALID or table not in basis.tables:
        return
    unsure = verdict is Verdict.UNKNOWN and basis.tables.is_floor(table)
    yield find(
        f"{table}.{FAULTS[verdict]}" if verdict in FAULTS else "code.not_checked",
        x12=locate(loop, segment, element, component),
        rule=basis.tables.cite(table),
        value=f"{code} on {on.isoformat()}",
        severity=Severity.WARNING if unsure else None,
        name=name_element(segment, element, component),
        place=segment.id + number_place(element, component),
        table=load_register()[table].title,
        release=basis.tables.cite(table),
    )
