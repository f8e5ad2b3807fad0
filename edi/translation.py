"""Files to JSON and back: what a whole X12 file says in the JSON of its guides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edi.claims import write_claims
from edi.envelope_writer import EnvelopeSettings
from edi.files import FileReport, InterchangeReport
from edi.guides.registry import load_guide
from edi.segments import Segment
from edi.writer import write_documents

CLAIM_SET = "837"
TA1_NAMES = (
    "interchangeControlNumber",
    "interchangeDate",
    "interchangeTime",
    "acknowledgmentCode",
    "noteCode",
)
MARKS = {  # a key that only this guide's documents have
    "financialInformation": "005010X221A1",
    "payers": "005010X214",
    "functionalGroupResponseHeader": "005010X231A1",
}


class UntranslatableError(Exception):
    """A JSON document that is no claim and no report of a known guide."""


def write_json(report: FileReport) -> list[dict[str, Any]]:
    """The documents of a file: each claim of an 837 by itself, one report for each other kind of set.

    A report has the shape `{"meta": ..., "transactions": [...]}`; TA1 segments come as
    `{"meta": ..., "interchangeAcknowledgments": [...]}`.
    """
    found: list[dict[str, Any]] = []
    for interchange in report.interchanges:
        if interchange.acknowledgments:
            entries = [_describe_ta1(segment) for segment in interchange.acknowledgments]
            found.append({"meta": _meta(interchange), "interchangeAcknowledgments": entries})
        for guide, documents in _by_guide(interchange).items():
            if load_guide(guide).transaction_set == CLAIM_SET:
                found += documents
            else:
                found.append({"meta": {**_meta(interchange), "guide": guide}, "transactions": documents})
    return found


def _by_guide(interchange: InterchangeReport) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for group in interchange.groups:
        for found in group.sets:
            if found.guide is not None:
                grouped.setdefault(found.guide, []).extend(dict(document) for document in found.documents)
    return grouped


def _meta(interchange: InterchangeReport) -> dict[str, Any]:
    header = interchange.header
    return {
        "senderId": header.sender,
        "receiverId": header.receiver,
        "controlNumber": header.control_number,
        "applicationMode": "test" if header.usage == "T" else "production",
    }


def _describe_ta1(segment: Segment) -> dict[str, str]:
    values = (segment.element(number) for number in range(1, len(TA1_NAMES) + 1))
    return {name: value for name, value in zip(TA1_NAMES, values, strict=True) if value}


def find_guide(document: Mapping[str, Any], *, claim_guide: str = "005010X222A1") -> str:
    """The guide that a JSON document belongs to, by what it holds. Raises UntranslatableError."""
    transactions = document.get("transactions")
    if isinstance(transactions, Sequence) and transactions and isinstance(transactions[0], Mapping):
        for mark, guide in MARKS.items():
            if mark in transactions[0]:
                return guide
    if "claimInformation" in document:
        return claim_guide
    raise UntranslatableError(
        "the document has neither claimInformation nor the transactions of a known report"
    )


def write_x12(documents: Iterable[Mapping[str, Any]], envelope: EnvelopeSettings) -> bytes:
    """One interchange of the documents: claims, or the transactions of reports of one guide.

    Raises UntranslatableError where the documents are of no known kind, or of more than one.
    """
    gathered = list(documents)
    guides = {find_guide(document) for document in gathered}
    if len(guides) != 1:
        raise UntranslatableError(
            "one interchange holds documents of one kind; these are of " + ", ".join(sorted(guides))
        )
    guide = guides.pop()
    if load_guide(guide).transaction_set == CLAIM_SET:
        return write_claims(gathered, envelope, guide=guide).text
    transactions = [transaction for document in gathered for transaction in document["transactions"]]
    return write_documents(guide, transactions, envelope)
