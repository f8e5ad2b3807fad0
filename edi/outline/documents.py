"""The outline of JSON documents: each as the transaction set that it becomes, findings at their values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from edi.claim_forms import ClaimForm, canonicalise
from edi.findings import Finding, Place
from edi.guides.registry import load_guide
from edi.inquiry_forms import complete_inquiry
from edi.inspection import Inspected, list_transactions, tell_guide
from edi.outline.files import count_contents, make_set
from edi.outline.rows import RowMaker, make_notes
from edi.outline.shapes import Outline, Section, Unit
from edi.pointers import point_at
from edi.reader import read_set
from edi.reports import Kept, SetReport
from edi.segments import Delimiters
from edi.translation import CLAIM_SET
from edi.writer import GeneratedSet, generate_set

NUMBER = "0001"
NOBODY = "JSON"


def outline_documents(
    inspected: Inspected,
    documents: Sequence[dict[str, Any]],
    created: datetime,
    *,
    guide: str = "",
    redacted: bool = False,
) -> Outline:
    """The outline of JSON documents that have been inspected; `created` stands where they would be dated."""
    units: list[Unit] = []
    sections: list[Section] = []
    placed: set[int] = set()
    for start, document, known in list_entries(documents, guide):
        if not isinstance(document, Mapping):
            continue
        mine = [
            (at, finding)
            for at, finding in enumerate(inspected.findings)
            if (finding.pointer or "").startswith(f"{start}/") or finding.pointer == start
        ]
        report, found = _read(document, known, created, mine, start)
        placed |= found
        rows = RowMaker(Delimiters().component, Delimiters().repetition, redacted=redacted)
        sections.append(make_set(rows, report, units))
    rest = [finding for at, finding in enumerate(inspected.findings) if at not in placed]
    return Outline(
        name=inspected.name,
        kind=inspected.kind,
        verdict=inspected.verdict,
        counts=inspected.counts,
        sections=tuple(sections),
        units=tuple(units),
        facts=(("documents", f"{len(documents):,}"), *count_contents(units)),
        notes=make_notes(rest),
        redacted=redacted,
    )


def list_entries(documents: Sequence[dict[str, Any]], guide: str) -> Iterator[tuple[str, object, str]]:
    """What makes a transaction set each: where it begins, the document, its guide."""
    for index, document in enumerate(documents):
        start = f"/{index}" if len(documents) > 1 else ""
        known = guide or tell_guide(document)
        if "transactions" not in document:
            yield start, document, known
            continue
        for at, entry in enumerate(list_transactions(document)):
            yield f"{start}/transactions/{at}", entry, known


def _read(
    document: Mapping[str, Any],
    guide: str,
    created: datetime,
    findings: Iterable[tuple[int, Finding]],
    start: str,
) -> tuple[SetReport, set[int]]:
    """The set that a document becomes, with the findings that have a place in it, and which those are."""
    form = make_form(document, guide)
    generated = generate_set(
        guide,
        [form.document if form else document],
        control_number=NUMBER,
        created=created,
        sender=NOBODY,
        receiver=NOBODY,
    )
    tree = read_set(guide, generated.segments, Delimiters()).tree
    kept, placed = [], set()
    for at, finding in findings:
        found = place_finding(finding, generated, form, start)
        if found is not None:
            kept.append(found)
            placed.add(at)
    content = Kept(tuple(generated.segments), tree)
    return SetReport(content.segments[0], guide, len(content.segments), tuple(kept), content), placed


def make_form(document: Mapping[str, Any], guide: str) -> ClaimForm | None:
    """The document in the form that its guide's names are for."""
    if load_guide(guide).transaction_set == CLAIM_SET:
        return canonicalise(dict(document), guide)
    return complete_inquiry(document, guide)


def place_finding(
    finding: Finding, generated: GeneratedSet, form: ClaimForm | None, start: str
) -> Finding | None:
    """The finding with its place in the set: that of the JSON value where it tells none; None without any."""
    if finding.x12 is not None and finding.x12.ordinal is not None:
        return finding
    pointer = (finding.pointer or "").removeprefix(start)
    for ordinal, (written, _, _) in enumerate(generated.sources, 2):
        for cell, slot in enumerate(written.plan.layout.places if written.plan else ()):
            found = point_at(written, slot) if cell and written.cells[cell] else ""
            if found and pointer == (form.posted_pointer(found) if form else found):
                place = Place(
                    ordinal=ordinal,
                    segment=generated.segments[ordinal - 1].id,
                    element=slot.element,
                    component=slot.component or None,
                )
                return msgspec.structs.replace(finding, x12=place)
    return None
