"""The service lines of a claim as a 277CA names them, and the findings about each of them.

Source: 005010X214 2220D SVC, REF FJ and DTP 472; 005010X222A1 SV1, 005010X223A2 SV2, 005010X224A2 SV3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from edi.documents import Document, read_entries, read_section, read_text, read_texts
from edi.findings import Finding
from edi.models import ServiceStatus, StatusCode
from edi.notation import parse_amount, parse_date

#: The service of a line by the kind of claim, with the qualifier of its procedure where the line has none.
SERVICES = (("professionalService", "HC"), ("institutionalService", "HC"), ("dentalService", "AD"))
#: SVC01-1 of a revenue code, which stands in place of a procedure.
REVENUE = "NU"
LINE_POINTER = re.compile(r"/claimInformation/serviceLines/(\d+)(?:/|$)")


def find_line(finding: Finding) -> int | None:
    """The service line (from 0) that a finding is about, by its pointer; None where it is about the claim."""
    found = LINE_POINTER.match(finding.pointer or "")
    return int(found[1]) if found else None


def describe_service(line: Document, statuses: tuple[StatusCode, ...]) -> ServiceStatus:
    """A service line of a claim with the statuses that it gets."""
    key, qualifier = next((known for known in SERVICES if known[0] in line), SERVICES[0])
    service = read_section(line, key)
    procedure, revenue = read_text(service, "procedureCode"), read_text(service, "serviceLineRevenueCode")
    stated = read_text(service, "procedureIdentifier") or qualifier
    return ServiceStatus(
        procedure=procedure or revenue,
        qualifier=stated if procedure else REVENUE,
        modifiers=read_texts(service, "procedureModifiers"),
        revenue=revenue if procedure else "",
        charge=parse_amount(read_text(service, "lineItemChargeAmount")),
        statuses=statuses,
        control_number=read_control_number(line),
        date=next(iter(read_days(line)), None),
    )


def read_control_number(line: Document) -> str:
    """The provider's own number of a line (2400 REF 6R)."""
    within = read_text(line, "serviceLineReferenceInformation", "providerControlNumber")
    return read_text(line, "providerControlNumber") or read_text(line, "lineItemControlNumber") or within


def read_days(line: Document) -> list[date]:
    """The first and last day of a service line."""
    texts = (read_text(line, "serviceDate"), read_text(line, "serviceDateEnd"))
    return [day for day in map(parse_date, texts) if day is not None]


def find_days(claim: Document) -> list[date]:
    """The first and last day of a claim: of its statement (institutional), its lines, or itself (dental)."""
    dates = read_section(claim, "claimDateInformation")
    stated = (parse_date(read_text(dates, key)) for key in ("statementBeginDate", "statementEndDate"))
    days = [day for day in stated if day is not None]
    if days:
        return sorted(days)
    lines = sorted(day for _, line in read_entries(claim, "serviceLines") for day in read_days(line))
    whole = parse_date(read_text(dates, "serviceDate"))
    return lines or ([whole] if whole is not None else [])


def group_by_line(findings: Iterable[Finding]) -> Iterator[tuple[int, list[Finding]]]:
    """The findings about service lines, by line in order."""
    lines: dict[int, list[Finding]] = {}
    for finding in findings:
        line = find_line(finding)
        if line is not None:
            lines.setdefault(line, []).append(finding)
    yield from sorted(lines.items())
