"""Files to JSON and back: what a whole X12 file says in the JSON of its guides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from edi.claim_forms import choose_guide
from edi.claims import write_claims
from edi.collector import resting_collector
from edi.display import add_texts
from edi.envelope_writer import DelimiterInValue, EnvelopeSettings, wrap_interchange
from edi.files import FileReport, InterchangeReport
from edi.guides.registry import load_guide, load_sources
from edi.segments import Delimiters, Segment
from edi.writer import envelope_context, generate_sets

CLAIM_SET = "837"
TA1_KEY = "interchangeAcknowledgments"
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
    "functionalIdentifierCode": "005010X231A1",
}


class UntranslatableError(Exception):
    """A JSON document that is no claim and no report of a known guide."""


@resting_collector()
def write_json(report: FileReport) -> list[dict[str, Any]]:
    """The documents of a file: each claim of an 837 by itself, one report for each other kind of set.

    A report has the shape `{"meta": ..., "transactions": [...]}`, with texts beside its codes; TA1 segments
    come as `{"meta": ..., "interchangeAcknowledgments": [...]}`.
    """
    found: list[dict[str, Any]] = []
    for interchange in report.interchanges:
        if interchange.acknowledgments:
            entries = [_describe_ta1(segment) for segment in interchange.acknowledgments]
            found.append({"meta": _meta(interchange), TA1_KEY: entries})
        for guide, documents in _by_guide(interchange).items():
            if load_guide(guide).transaction_set == CLAIM_SET:
                found += documents
            else:
                told = [add_texts(guide, document) for document in documents]
                found.append({"meta": {**_meta(interchange), "guide": guide}, "transactions": told})
    return found


def _by_guide(interchange: InterchangeReport) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for group in interchange.groups:
        for found in group.sets:
            if found.guide is not None:
                grouped.setdefault(found.guide, []).extend(map(dict, found.documents))
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


def find_guide(document: Mapping[str, Any]) -> str:
    """The guide that a JSON document belongs to, by what it holds. Raises UntranslatableError."""
    meta, transactions = document.get("meta"), document.get("transactions")
    if isinstance(meta, Mapping) and str(meta.get("guide")) in load_sources():
        return str(meta["guide"])
    if isinstance(transactions, Sequence) and transactions and isinstance(transactions[0], Mapping):
        for mark, guide in MARKS.items():
            if mark in transactions[0]:
                return guide
    if "claimInformation" in document:
        return choose_guide(document)
    raise UntranslatableError(
        "the document has neither claimInformation nor the transactions of a known report"
    )


def write_x12(
    documents: Iterable[Mapping[str, Any]], envelope: EnvelopeSettings, *, guide: str = ""
) -> bytes:
    """One interchange of the documents: claims, or the transactions of reports of one guide.

    `guide` is that of documents which do not say their own. Interchange acknowledgments among them become
    its TA1 segments. Raises UntranslatableError where the
    documents are of no known kind, of more than one, or hold what no X12 text can.
    """
    gathered = list(documents)
    answers = [document for document in gathered if TA1_KEY in document]
    rest = [document for document in gathered if TA1_KEY not in document]
    guides = {guide or find_guide(document) for document in rest}
    if len(guides) > 1 or not gathered:
        kinds = ", ".join(sorted(guides)) or "nothing"
        raise UntranslatableError(f"one interchange holds documents of one kind; these are {kinds}")
    chosen = guides.pop() if guides else None
    if chosen is not None and load_guide(chosen).transaction_set == CLAIM_SET and not answers:
        return write_claims(rest, envelope, guide=chosen).text
    return _write_reports(chosen, [_transactions(document) for document in rest], answers, envelope)


def _write_reports(
    guide: str | None,
    reports: list[list[Mapping[str, Any]]],
    answers: list[Mapping[str, Any]],
    envelope: EnvelopeSettings,
) -> bytes:
    groups = []
    entries = [entry for report in reports for entry in report]
    if guide is not None and entries:
        sets = generate_sets(guide, entries, envelope_context(envelope))
        segments = [generated.segments for generated in sets]
        groups = [(load_guide(guide).functional_group, guide, segments)]
    ta1 = [_write_ta1(entry) for document in answers for entry in _entries(document[TA1_KEY])]
    if not groups and not ta1:
        raise UntranslatableError("the documents hold neither transactions nor acknowledgments")
    try:
        return wrap_interchange(envelope, groups, ta1)
    except DelimiterInValue as fault:
        raise UntranslatableError(str(fault)) from None


def _transactions(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The transactions of a report, or the document itself where it is a claim."""
    return _entries(document["transactions"]) if "transactions" in document else [document]


def _entries(value: object) -> list[Mapping[str, Any]]:
    if isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value):
        return value
    raise UntranslatableError("the entries of a report are a list of objects")


def _write_ta1(entry: Mapping[str, Any]) -> Segment:
    return Segment(["TA1", *(str(entry.get(name) or "") for name in TA1_NAMES)])


def make_envelope(
    sender: str, receiver: str, control_number: int, created: datetime, *, usage: str
) -> EnvelopeSettings:
    """A plain envelope: mutually defined ids (ZZ), the same ids and number for interchange and group."""
    return EnvelopeSettings(
        sender_qualifier="ZZ",
        sender=sender,
        receiver_qualifier="ZZ",
        receiver=receiver,
        group_sender=sender,
        group_receiver=receiver,
        usage=usage,
        control_number=control_number,
        group_control_number=control_number,
        created=created,
        delimiters=Delimiters(line_end="\n"),
    )
