"""271, and the 277 of a question that no claim of ours bears: they belong to an inquiry made in real time.

The answer did not come on the wire that asked; it is found by our reference (TRN02, BHT03) and completes the
inquiry, unless one came before. What answers nothing of ours is kept for a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import msgspec

from edi.documents import Document
from edi.files import SetReport
from gateway.events import Happening
from gateway.inquiries.kinds import ELIGIBILITY, KINDS, Kind
from gateway.inquiries.telling import InquiryStory
from gateway.processors.arrival import Apply, Arrival
from gateway.store import inquiries
from gateway.store.inquiries import Inquiry
from gateway.story import AcknowledgmentTold

UNMATCHED = "inquiry.unmatched"
ELIGIBILITY_KIND = "271"


class Answered(msgspec.Struct, frozen=True):
    """One answer: the references of ours that it gives back."""

    references: tuple[str, ...]


def prepare_eligibility_answer(report: SetReport) -> Apply:
    """What completes the inquiry that a 271 answers. Source: 005010X279A1 271 BHT03, 2000C TRN02."""
    answers = [Answered(tuple(list_references(ELIGIBILITY, document))) for document in report.documents]
    return partial(_apply_answers, answers)


def list_references(kind: Kind, document: Document) -> Iterator[str]:
    """The references in an answer, none of them empty."""
    yield from (text for text in kind.echoes(document) if text)


def _apply_answers(answers: list[Answered], arrival: Arrival) -> None:
    for answer in answers:
        if not complete_inquiry(arrival, ELIGIBILITY, answer.references, alone=len(answers) == 1):
            reference = answer.references[0] if answer.references else ""
            arrival.keep_orphan(_tell(arrival, reference), UNMATCHED)


def complete_inquiry(arrival: Arrival, kind: Kind, references: tuple[str, ...], *, alone: bool) -> bool:
    """True where an inquiry of ours bears one of the references; it is answered by the file from now on.

    An inquiry reads its answer as a file of one transaction set: one among others (not `alone`) is not
    applied, and neither is a second one.
    """
    inquiry = _find(arrival, kind, references)
    if inquiry is None:
        return False
    if alone and inquiries.answer_late(arrival.scope, inquiry.id, arrival.file.sha256):
        story = InquiryStory(
            inquiry=inquiry.id,
            partner=inquiry.partner,
            payer_id=inquiry.payer_id,
            state=inquiries.ANSWERED,
        )
        event = KINDS[inquiry.kind].event
        arrival.journal.tell(Happening(type=event, story=story, file=arrival.file.id))
    return True


def _find(arrival: Arrival, kind: Kind, references: tuple[str, ...]) -> Inquiry | None:
    for reference in references:
        found = inquiries.find_by_trace(arrival.scope, arrival.partner.name, kind.name, reference)
        if found is not None:
            return found
    return None


def _tell(arrival: Arrival, reference: str) -> AcknowledgmentTold:
    return AcknowledgmentTold(
        kind=ELIGIBILITY_KIND,
        code="",
        meaning="An answer to an inquiry about coverage.",
        file=arrival.file.id,
        control_number=reference,
    )
