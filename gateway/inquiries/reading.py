"""The answer to an inquiry as it came: what it says, whether it is to ours, and what is held against us."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from edi.acks import read_999, read_ta1
from edi.display import add_texts
from edi.documents import Document
from edi.files import FileReport, check_file
from edi.findings import Finding, find
from edi.lexer import Unreadable
from gateway.inquiries.kinds import ELIGIBILITY, Kind
from gateway.inquiries.rejections import list_rejections, list_unfound
from gateway.store.inquiries import ANSWERED, REFUSED, REJECTED

FUNCTIONAL = "005010X231A1"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer comes to: `answered`, `rejected` (by its payer, with reasons) or `refused` (it is no
    answer to the inquiry, `reason` is a finding's code). `document` has the standard shape.
    """

    state: str
    findings: tuple[Finding, ...]
    document: Mapping[str, Any] | None = None
    reason: str | None = None


def read_answer(kind: Kind, content: bytes, trace: str, posted: Document) -> Reading:
    """The answer in `content` to the inquiry with our `trace`, made from `posted`. Nothing in it raises."""
    try:
        report = check_file(content)
    except Unreadable as unreadable:
        return _refuse(find("inquiry.answer_unreadable"), unreadable.finding)
    answers = [each for each in report.sets if each.guide == kind.answers]
    documents = [document for each in answers for document in each.documents]
    if not documents:
        return _refuse(*_list_refusals(report))
    if len(documents) > 1 or not _is_ours(kind, documents[0], trace):
        return _refuse(find("inquiry.answer_of_other"))
    against = list_rejections(documents[0], posted) if kind is ELIGIBILITY else list_unfound(documents[0])
    findings = tuple(against)
    return Reading(
        state=REJECTED if any(finding.stops for finding in findings) else ANSWERED,
        findings=findings,
        document=add_texts(kind.answers, documents[0]),
    )


def _refuse(finding: Finding, *more: Finding) -> Reading:
    return Reading(state=REFUSED, findings=(finding, *more), reason=finding.code)


def _is_ours(kind: Kind, answer: Document, trace: str) -> bool:
    """False where the answer repeats other references than ours: it may tell of another patient."""
    echoed = {text for text in kind.echoes(answer) if text}
    return not echoed or trace in echoed


def _list_refusals(report: FileReport) -> Iterator[Finding]:
    """Why there is no answer: the payer's TA1 or 999, or something else altogether."""
    refused = list(_read_acknowledgments(report))
    if not refused:
        yield find("inquiry.answer_unexpected")
        return
    yield find("inquiry.refused")
    yield from refused


def _read_acknowledgments(report: FileReport) -> Iterator[Finding]:
    for interchange in report.interchanges:
        for segment in interchange.acknowledgments:
            yield from read_ta1(segment).findings
    for each in report.sets:
        if each.guide == FUNCTIONAL:
            for document in each.documents:
                group = read_999(document)
                yield from group.findings
                yield from (finding for answered in group.sets for finding in answered.findings)
