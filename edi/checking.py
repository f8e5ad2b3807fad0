"""Checking of any guide's document: as JSON and as the X12 that it becomes (claims: `edi/claims.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec

from edi.collector import resting_collector, rests
from edi.edits.basis import Basis
from edi.finding_places import drop_echoes, place_findings
from edi.findings import Finding, find
from edi.generation import MAX_FINDINGS, Context
from edi.inquiry_forms import complete_inquiry
from edi.lone_claims import LoneClaim
from edi.openings import Openings, plan_opening
from edi.reader import SetReading, choose_reading, read_set
from edi.segments import Delimiters
from edi.sure.claims import write_sure
from edi.writer import GeneratedSet, generate_set
from edi.written_claims import ClaimText

CHECKED_AT = datetime(2099, 12, 31, 12, 0, tzinfo=UTC)  # stands in for the day of sending: after any date
STAND_IN = "STANDIN"
CONTEXT = Context("0001", CHECKED_AT, "0001", STAND_IN, STAND_IN, Delimiters())
OPENINGS = Openings()


def check_document(
    document: object, guide: str, *, edits: bool = True, basis: Basis | None = None
) -> tuple[Finding, ...]:
    """Everything wrong with a document of a guide, with its JSON Pointer and X12 place; nothing raises.

    Numbers are decoded as int or Decimal (a float raises TypeError). With `edits` SNIP 5 and 6 run as well,
    by `basis`.
    """
    if not isinstance(document, Mapping):
        return (find("json.not_a_document", pointer=""),)
    form = complete_inquiry(document, guide)
    if form is None:
        return check_generated(document, guide, edits=edits, basis=basis)[0]
    return tuple(
        msgspec.structs.replace(finding, pointer=form.posted_pointer(finding.pointer or ""))
        for finding in check_generated(form.document, guide, edits=edits, basis=basis)[0]
    )


def check_generated(
    document: Mapping[str, Any], guide: str, *, edits: bool, basis: Basis | None = None
) -> tuple[tuple[Finding, ...], ClaimText | None]:
    """The findings about a document by generating its transaction set and reading that, edits by `basis`; and
    of a claim its text, where it may stand in a batch as it is.
    """
    if rests():  # of many documents it rests once
        return generate_and_read(document, guide, edits=edits, basis=basis)
    with resting_collector():
        return generate_and_read(document, guide, edits=edits, basis=basis)


def generate_and_read(
    document: Mapping[str, Any], guide: str, *, edits: bool, basis: Basis | None
) -> tuple[tuple[Finding, ...], ClaimText | None]:
    """The same, while the cyclic collector rests."""
    plan = plan_opening(guide)
    if plan is not None:
        reading = choose_reading(guide, CONTEXT.delimiters, edits=edits, basis=basis)
        tables = basis.tables if basis is not None else None
        opening = OPENINGS.find(plan, document, CONTEXT, reading, tables)
        if opening is not None:
            text = write_sure(plan, opening, document, CONTEXT, reading, basis)
            if text is not None:
                return (), text
            return check_lone(LoneClaim(plan, opening, document, CONTEXT, reading, tables))
    generated = generate_set(
        guide, [document], control_number="0001", created=CHECKED_AT, sender=STAND_IN, receiver=STAND_IN
    )
    read = read_set(guide, generated.segments, Delimiters(), edits=edits, basis=basis)
    return gather_findings(generated, read), None


def check_lone(lone: LoneClaim) -> tuple[tuple[Finding, ...], ClaimText | None]:
    """The findings about a claim by itself, and its text."""
    read = lone.read()
    if read.findings or lone.generation.findings:
        return gather_findings(lone.join(), read), lone.text
    read.tree.let_go()
    return (), lone.text


def gather_findings(generated: GeneratedSet, reading: SetReading) -> tuple[Finding, ...]:
    """The findings of generation and of reading, each with its JSON place; the tree is let go."""
    findings = [*(finding for _, finding in generated.findings), *place_findings(generated, reading)]
    reading.tree.let_go()
    return limit_findings(drop_echoes(findings))


def limit_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """So many findings as one document may have."""
    kept = list(islice(findings, MAX_FINDINGS + 1))
    if len(kept) > MAX_FINDINGS:
        kept[-1] = find("json.more_findings", pointer="", limit=str(MAX_FINDINGS))
    return tuple(kept)
