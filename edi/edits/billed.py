"""A claim as it was billed: its diagnoses and lines, read once from the tree for every edit.

Source: 005010X222A1, 005010X223A2 and 005010X224A2 2300 CLM, DTP 434, HI; 2400 SV1, SV2 or SV3, DTP 472.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

import msgspec

from edi.edits.table import CodeTable, Entry
from edi.edits.tables import CodeTables
from edi.notation import parse_date
from edi.segments import Segment
from edi.tree import Loop

CONDITIONS = "icd10cm"
#: The qualifiers of diagnoses that count: whose table they are of, and what they are to the claim.
DIAGNOSES = {
    "ABK": ("icd10cm", "principal"),
    "ABF": ("icd10cm", "other"),
    "ABJ": ("icd10cm", "admitting"),
    "APR": ("icd10cm", "reason"),
    "ABN": ("icd10cm", "cause"),
    "BK": ("icd9cm", "principal"),
    "BF": ("icd9cm", "other"),
    "BJ": ("icd9cm", "admitting"),
    "PR": ("icd9cm", "reason"),
    "BN": ("icd9cm", "cause"),
}
#: The qualifiers of an institutional claim's procedures.
PROCEDURES = frozenset({"BBR", "BBQ"})
Code = tuple[Segment, int, list[str]]
LISTED = frozenset({"principal", "other"})
PRESENT_ON_ADMISSION = 9
INPATIENT = "1"


class ServiceForm(NamedTuple):
    """Where the segment of a service has what: positions from 1, 0 for what it does not have."""

    procedure: int
    unit: int
    quantity: int
    place: int
    pointers: int
    revenue: int
    width: int


FORMS = {
    "SV1": ServiceForm(1, 3, 4, 5, 7, 0, 8),
    "SV2": ServiceForm(2, 4, 5, 0, 0, 1, 6),
    "SV3": ServiceForm(1, 0, 6, 3, 11, 0, 12),
}


class Diagnosis(msgspec.Struct, frozen=True, gc=False):
    """A diagnosis of the claim: where it stands, its table, its code, the day that counts, what it is to the
    claim (principal, other, admitting, reason, cause), whether it was present on admission, and what the
    ICD-10-CM table has for it on that day.
    """

    segment: Segment
    element: int
    table: str
    code: str
    on: date | None
    role: str
    present: str
    entry: Entry | None


class Surgery(msgspec.Struct, frozen=True, gc=False):
    """A procedure of an institutional claim (ICD-10-PCS): where it stands, its code, its day."""

    segment: Segment
    element: int
    code: str
    on: date | None


class BilledLine(msgspec.Struct, frozen=True, gc=False):
    """A service line: its service in parts, its first and last day, the diagnoses it points to (from 1), and
    where its segment has these.
    """

    loop: Loop
    segment: Segment
    qualifier: str
    procedure: str
    modifiers: tuple[str, ...]
    unit: str
    quantity: str
    place: str
    pointers: tuple[str, ...]
    first: date | None
    last: date | None
    revenue: str
    form: ServiceForm


class BilledClaim(msgspec.Struct, frozen=True, gc=False):
    """A claim with its diagnoses and lines. `first` is the first day of service or of the statement, `last`
    the last; `place` is a place of service, or of an institution the first two digits of its bill type.
    `procedures` are those of all lines, `program` is the claim filing indicator (2000B SBR09).
    """

    loop: Loop
    segment: Segment
    frequency: str
    place: str
    diagnoses: tuple[Diagnosis, ...]
    surgeries: tuple[Surgery, ...]
    lines: tuple[BilledLine, ...]
    first: date | None
    last: date | None
    institutional: bool
    procedures: frozenset[str]
    program: str

    @property
    def bill_type(self) -> str:
        """The three digits of an institution's bill type."""
        return self.place + self.frequency

    @property
    def inpatient(self) -> bool:
        """Whether the bill is of an inpatient: its day that counts is the last of the statement."""
        return self.institutional and self.place[1:2] == INPATIENT and self.place[:1] in ("1", "2", "4")


def read_billed_claim(loop: Loop, tables: CodeTables) -> BilledClaim:
    """The claim of a complete loop 2300, its diagnoses looked up in `tables`."""
    separator = loop.component_separator
    lines = tuple(read_lines(loop, separator))
    segment = loop.segment("CLM") or Segment(["CLM"])
    care = [*segment.element(5).split(separator), "", ""]
    period = loop.segment("DTP", "434")
    begins, _, ends = period.element(3).partition("-") if period is not None else ("", "", "")
    days = [line.first for line in lines if line.first is not None]
    days += [line.last for line in lines if line.last is not None]
    days += [day for day in (parse_date(begins), parse_date(ends or begins)) if day is not None]
    first, last = min(days, default=None), max(days, default=None)
    institutional = care[1] == "A"
    counts = last if institutional else first
    codes = read_codes(loop, separator)
    subscriber = loop.ascend("2000B")
    return BilledClaim(
        loop,
        segment,
        care[2],
        care[0],
        tuple(read_diagnoses(codes, lines, counts, tables.table(CONDITIONS))),
        tuple(read_surgeries(codes, counts)),
        lines,
        first,
        last,
        institutional,
        frozenset([line.procedure for line in lines]),
        subscriber.value("SBR", 9) if subscriber is not None else "",
    )


def read_lines(claim: Loop, separator: str) -> list[BilledLine]:
    """The service lines that have a service."""
    lines = [read_line(child, separator) for child in claim.loops("2400")]
    return [line for line in lines if line is not None]


def find_service(line: Loop) -> Segment | None:
    """The segment of the service of a line, or None."""
    for name in FORMS:
        segment = line.segment(name)
        if segment is not None:
            return segment
    return None


def read_line(loop: Loop, separator: str) -> BilledLine | None:
    """One service line, or None where it has no service."""
    service = find_service(loop)
    if service is None:
        return None
    days = loop.segment("DTP", "472")
    elements = service.elements
    form = FORMS[elements[0]]
    if len(elements) < form.width:
        elements = [*elements, *[""] * (form.width - len(elements))]
    parts = elements[form.procedure].split(separator)
    first, _, last = days.element(3).partition("-") if days is not None else ("", "", "")
    begin = parse_date(first)
    return BilledLine(
        loop,
        service,
        parts[0],
        parts[1] if len(parts) > 1 else "",
        tuple([part for part in parts[2:6] if part]) if len(parts) > 2 else (),
        elements[form.unit] if form.unit else "UN",
        elements[form.quantity],
        elements[form.place] if form.place else "",
        tuple(elements[form.pointers].split(separator)) if form.pointers else (),
        begin,
        parse_date(last) if last else begin,
        elements[form.revenue] if form.revenue else "",
        form,
    )


def read_codes(claim: Loop, separator: str) -> list[Code]:
    """Every code of the HI segments in its parts, with its place."""
    return [
        (segment, element, text.split(separator))
        for segment in claim.segments("HI")
        for element, text in enumerate(segment.elements[1:], 1)
    ]


def read_diagnoses(
    codes: Iterable[Code], lines: tuple[BilledLine, ...], counts: date | None, held: CodeTable | None
) -> Iterator[Diagnosis]:
    """The diagnoses in order; one's day is that of the first line that points to it, else the claim's."""
    days: dict[str, date | None] = {}
    for line in lines:
        for pointer in line.pointers:
            days.setdefault(pointer, line.first)
    number = 0
    for segment, element, parts in codes:
        table, role = DIAGNOSES.get(parts[0], ("", ""))
        if not table:
            continue
        number += 1
        if len(parts) > 1 and parts[1]:
            present = parts[PRESENT_ON_ADMISSION - 1] if len(parts) >= PRESENT_ON_ADMISSION else ""
            on = days.get(str(number)) or counts
            entry = None
            if held is not None and on is not None and table == CONDITIONS:
                entry = held.find(parts[1], on)
            yield Diagnosis(segment, element, table, parts[1], on, role, present, entry)


def read_surgeries(codes: Iterable[Code], counts: date | None) -> Iterator[Surgery]:
    """The ICD-10-PCS procedures of an institutional claim, each on its own day."""
    for segment, element, parts in codes:
        if parts[0] in PROCEDURES and len(parts) > 1 and parts[1]:
            on = parse_date(parts[3]) if len(parts) > 3 else None
            yield Surgery(segment, element, parts[1], on or counts)
