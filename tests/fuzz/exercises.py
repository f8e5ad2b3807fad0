"""What is done with a mutated file or document. Nothing but the named errors may be raised."""

from __future__ import annotations

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
from edi.claims import check_claim, write_claims
from edi.envelope import Unreadable
from edi.files import FileReport, SetReport, check_file
from edi.guides.registry import load_sources
from edi.inspection import inspect
from edi.remits import check_balance, read_remittance
from edi.translation import UntranslatableError, write_json, write_x12
from tests.claim_files import make_envelope

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
    inspect("mutated", content)
    with suppress(UntranslatableError):
        write_x12(documents, make_envelope())
    for entry in report.sets:
        if entry.set_id == "837" and entry.accepted and entry.documents:
            check_writing(entry)


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
                check_balance(read_remittance(document))


def exercise_document(document: Any) -> None:
    """Checks a document as a claim of each claim guide; what is clean is written without a fault."""
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
