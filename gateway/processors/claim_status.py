"""277: the payer says where a claim stands that we asked about. Money is told by the 835 alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from edi.acks import read_277
from edi.acks.status import StatusAnswer
from edi.files import SetReport
from gateway.inquiries.kinds import CLAIM_STATUS
from gateway.journal import Particulars
from gateway.lifecycle import load_lifecycle
from gateway.processors.arrival import Apply, Arrival
from gateway.processors.claim_ack import name_event_of
from gateway.processors.claim_match import hold_traced, match_status
from gateway.processors.inquiry_answer import complete_inquiry
from gateway.story import AcknowledgmentTold, tell_status_report, write_dollars

KIND = "277"
NOT_FOUND = "claim_status.not_found"


def prepare_claim_status(report: SetReport) -> Apply:
    """What moves each claim that the payer tells of. Source: 005010X212 277 2200D STC, TRN, REF."""
    answers = [answer for document in report.documents for answer in read_277(document)]
    return partial(_apply_answers, answers)


def _apply_answers(answers: Sequence[StatusAnswer], arrival: Arrival) -> None:
    for answer in answers:
        if not arrival.wants(tell_answer(answer, arrival.file.id)):
            continue
        asked = (answer.status.clearinghouse_trace,) if answer.status.clearinghouse_trace else ()
        if not complete_inquiry(arrival, CLAIM_STATUS, asked, alone=len(answers) == 1):
            _apply_answer(arrival, answer)


def _apply_answer(arrival: Arrival, answer: StatusAnswer) -> None:
    """The claim's event; where the payer has no such claim or cannot say, a person looks at it instead."""
    told = tell_answer(answer, arrival.file.id)
    match = match_status(arrival, answer.status, hold_traced(arrival, [answer.status]))
    if match.claim is None:
        arrival.keep_orphan(told, "claim_status.unmatched", match.candidates)
        return
    arrival.note_payer_number(match.claim, answer.status.payer_claim_control_number)
    rules = load_lifecycle().claim_status
    if not told.statuses or told.statuses[0].category in rules.unknown_categories:
        arrival.have_looked_at(told, NOT_FOUND, (match.claim.id,))
        event = "claim.not_found"
    else:
        event = name_event_of(status.category for status in answer.status.statuses)
    particulars = Particulars(acknowledgment=told, file=arrival.file.id)
    moved = arrival.journal.record(match.claim, event, particulars)
    arrival.keep(told, applied=moved, claim=match.claim.id)


def tell_answer(answer: StatusAnswer, file: str) -> AcknowledgmentTold:
    """The answer as events and timelines tell it."""
    status = answer.status
    number = status.payer_claim_control_number
    told = tell_status_report(KIND, status.statuses, file, status.clearinghouse_trace, number)
    return msgspec.structs.replace(
        told,
        paid=write_dollars(answer.paid) if answer.paid is not None else None,
        paid_on=answer.paid_on.isoformat() if answer.paid_on else None,
        check_number=answer.check_number,
    )
