"""Checking of any guide's document: as JSON and as the X12 that it becomes (claims: `edi/claims.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec

from edi.collector import resting_collector
from edi.edits.basis import Basis
from edi.finding_places import drop_echoes, place_findings
from edi.findings import Finding, find
from edi.generation import MAX_FINDINGS
from edi.inquiry_forms import complete_inquiry
from edi.reader import read_set
from edi.segments import Delimiters
from edi.writer import generate_set

CHECKED_AT = datetime(2099, 12, 31, 12, 0, tzinfo=UTC)  # stands in for the day of sending: after any date
STAND_IN = "STANDIN"


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
        return check_generated(document, guide, edits=edits, basis=basis)
    return tuple(
        msgspec.structs.replace(finding, pointer=form.posted_pointer(finding.pointer or ""))
        for finding in check_generated(form.document, guide, edits=edits, basis=basis)
    )


@resting_collector()
def check_generated(
    document: Mapping[str, Any], guide: str, *, edits: bool, basis: Basis | None = None
) -> tuple[Finding, ...]:
    """The findings about a document by generating its transaction set and reading that, edits by `basis`."""
    generated = generate_set(
        guide, [document], control_number="0001", created=CHECKED_AT, sender=STAND_IN, receiver=STAND_IN
    )
    reading = read_set(guide, generated.segments, Delimiters(), edits=edits, basis=basis)
    findings = [*(finding for _, finding in generated.findings), *place_findings(generated, reading)]
    kept = list(islice(drop_echoes(findings), MAX_FINDINGS + 1))
    reading.tree.let_go()
    if len(kept) > MAX_FINDINGS:
        kept[-1] = find("json.more_findings", pointer="", limit=str(MAX_FINDINGS))
    return tuple(kept)
