"""What is done with a mutated file or document. Nothing but the named errors may be raised."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from edi.acks import (
    acknowledge_group,
    acknowledge_interchange,
    judge_findings,
    read_277ca,
    read_824,
    read_999,
    read_ta1,
)
from edi.acks.answering import ANSWERS, acknowledge_file
from edi.checking import check_document
from edi.claims import check_claim, write_claims
from edi.envelope import DelimiterInValue, Unreadable
from edi.files import FileReport, SetReport, check_file
from edi.guides.registry import load_sources
from edi.inspection import read_json
from edi.json_body import decode_body
from edi.listing import describe_inspected, list_inspected
from edi.outline.inputs import Asked, outline_input
from edi.remits import check_balance, read_remittance
from edi.remits.balance import pair_reversals
from edi.remits.writing import remittance_document
from edi.translation import UntranslatableError, find_guide, write_json, write_x12
from edi.whole_files import describe_whole, is_whole, write_whole
from edi.writer import write_documents
from tests.claim_files import make_envelope
from tests.corpus.round_trips import list_segments
from tests.properties.test_partition import compare as compare_parts
from tests.properties.test_streaming import compare as compare_streamed

NOW = datetime(2026, 11, 24, tzinfo=UTC)
READERS = {"999": read_999, "824": read_824, "277": read_277ca}
CLAIM_GUIDES = tuple(guide for guide, source in load_sources().items() if source.set == "837")


def exercise_file(content: bytes) -> None:
    """Reads, checks, translates and acknowledges a file, leniently and strictly."""
    for strict in (False, True):
        try:
            report = check_file(content, strict=strict, edits=strict)
        except Unreadable as unreadable:
            assert unreadable.finding.code.startswith("file.")
            return
        msgspec.json.encode(report.all_findings)
        acknowledge(report)
    documents = write_json(report)
    msgspec.json.encode(documents)
    read_answers(report)
    outline(content)
    with suppress(UntranslatableError):
        write_x12(documents, make_envelope())
    come_back(report, content)
    compare_streamed(content, 1 + len(content) % 509)
    compare_parts(content, 1 + len(content) // 3)
    for entry in report.sets:
        if entry.set_id == "837" and entry.accepted and entry.documents:
            check_writing(entry)


def outline(content: bytes) -> None:
    """Everything found in an input, as lines, as JSON and as a person reads it."""
    inspected, _ = outline_input("mutated", content, NOW, Asked())
    outline_input("mutated", content, NOW, Asked(strict=True, redacted=True, findings_alone=True))
    for values in (False, True):
        msgspec.json.encode(describe_inspected(inspected, values=values))
        list(list_inspected(inspected, values=values))


def come_back(report: FileReport, content: bytes) -> None:
    """The whole file through JSON; of one that nothing stops, every segment comes back."""
    whole = describe_whole(report, content)
    decoded = decode_body(json.dumps(whole).encode())
    if decoded.document is None:
        assert decoded.findings
        return
    try:
        written = write_whole(decoded.document)
    except UntranslatableError:
        assert any(finding.stops for finding in report.all_findings), (
            "a valid file could not be written again"
        )
        return
    again = check_file(written)
    if not any(finding.stops for finding in report.all_findings):
        assert list_segments(again) == list_segments(report), "a valid file lost something"


def check_writing(entry: SetReport) -> None:
    """The claims of an accepted set, written again by themselves, are accepted again."""
    guide = entry.guide or ""
    written = check_file(write_claims(entry.documents, make_envelope(), guide=guide).text)
    faults = [finding.code for finding in written.all_findings if finding.stops]
    assert not faults, f"an accepted set was written with {faults}"


def acknowledge(report: FileReport) -> None:
    """Every acknowledgment of a file."""
    judge_findings(report.all_findings)
    for kind in ANSWERS:
        acknowledge_file(report, kind=kind, created=NOW)
    for interchange in report.interchanges:
        acknowledge_interchange(interchange, created=NOW)
        for group in interchange.groups:
            msgspec.json.encode(acknowledge_group(interchange.header, group))


def read_answers(report: FileReport) -> None:
    """The typed reading of every TA1, 999, 277CA and 835 of a file."""
    for interchange in report.interchanges:
        for segment in interchange.acknowledgments:
            read_ta1(segment)
    for entry in report.sets:
        for document in entry.documents:
            if entry.set_id in READERS:
                READERS[entry.set_id](document)
            elif entry.set_id == "835":
                read_money(document)


def read_money(document: Any) -> None:
    """A remittance, its balance and reversals, and the document that it makes."""
    remittance = read_remittance(document)
    check_balance(remittance)
    pair_reversals(remittance)
    remittance_document(remittance)


def exercise_body(content: bytes) -> None:
    """Decodes bytes as JSON, checks what they hold as what they seem to be, and writes it."""
    decoded = decode_body(content)
    assert (decoded.document is None) == bool(decoded.findings)
    outline(content)
    documents, findings = read_json(content)
    msgspec.json.encode(findings)
    if is_whole(documents):
        with suppress(UntranslatableError):
            check_file(write_whole(documents[0]))
    for document in documents:
        exercise_document(document)


def exercise_document(document: Any) -> None:
    """Checks a document as a claim of each claim guide; what is clean is written without a fault.

    A document of another guide is checked as such, and read as every kind of answer.
    """
    for guide in CLAIM_GUIDES:
        checked = check_claim(document, guide=guide)
        msgspec.json.encode(checked.findings)
        if checked.clean:
            written = check_file(
                write_claims([checked.document], make_envelope(), guide=guide).text, edits=True
            )
            faults = [finding.code for finding in written.all_findings if finding.stops]
            assert not faults, f"a clean claim was written with {faults}"
    if isinstance(document, dict):
        with suppress(UntranslatableError):
            write_x12([document], make_envelope())
        exercise_report(document)


def exercise_report(document: dict[str, Any]) -> None:
    """Reads the transactions of a report as every kind of answer, and checks them by their guide."""
    entries = document.get("transactions")
    listed = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    for entry in listed or [document]:
        for read in READERS.values():
            read(entry)
        read_money(entry)
        with suppress(UntranslatableError):
            guide = find_guide(document)
            msgspec.json.encode(check_document(entry, guide))
            with suppress(DelimiterInValue):
                check_file(write_documents(guide, [entry], make_envelope()))
