"""Inquiries at the CORE door: a partner's 270 or 276 is passed on to the payer, and its answer handed back.

An inquiry that cannot be read is answered by its 999 or TA1, one that cannot be answered by a 271 that says
so (AAA 79, 42): both ride in an envelope that says Success.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from adapters.core_connectivity.envelopes import Envelope, EnvelopeFault, answer_envelope
from adapters.core_connectivity.forms import RECEIVER, SENDER, UNAUTHORIZED
from edi.acks.answering import turn_envelope
from edi.documents import Document, read_text
from edi.envelope_writer import wrap_interchange
from edi.files import FileReport, SetReport, check_file
from edi.guides.registry import load_guide
from edi.guides.words import load_words
from edi.lexer import Unreadable
from edi.library import acknowledge
from edi.writer import write_documents
from gateway.api.call import FORBIDDEN, Call
from gateway.inquiries.asking import NotAsked, Outcome
from gateway.inquiries.kinds import ELIGIBILITY, KINDS, Kind
from gateway.keys import ALL_SCOPES, Scope
from gateway.store.inquiries import Inquiry

SCOPES: Final = {ELIGIBILITY.name: Scope.ELIGIBILITY_WRITE, "claim_status": Scope.CLAIM_STATUS_WRITE}
ANSWER_TYPES: Final = {
    "005010X279A1-271": "X12_271_Response_005010X279A1",
    "005010X212-277": "X12_277_Response_005010X212",
}
FUNCTIONAL: Final = "X12_999_Response_005010X231A1"
INTERCHANGE: Final = "X12_TA1_Response_00501X231A1"
UNKNOWN_PAYER, UNABLE = "79", "42"


async def answer_inquiry(call: Call, request: Envelope) -> Envelope:
    """One inquiry in real time. Raises EnvelopeFault."""
    try:
        report = await asyncio.to_thread(check_file, request.payload or b"")
    except Unreadable:
        raise EnvelopeFault(SENDER, "The payload is not X12.") from None
    found = _find_inquiry(report)
    if found is None:
        return _acknowledge(call, request, report)
    kind, asked = found
    if kind.payload_type != request.payload_type:
        raise EnvelopeFault("PayloadTypeIllegal", "PayloadType does not name what Payload holds.")
    if not call.caller.scopes & {SCOPES[kind.name].value, ALL_SCOPES}:
        call.told.outcome = FORBIDDEN
        raise EnvelopeFault(UNAUTHORIZED, f"The key does not have the scope {SCOPES[kind.name].value}.")
    if not asked.accepted:
        return _acknowledge(call, request, report)
    content = await _ask(call, kind, asked, report)
    return answer_envelope(
        request, payload_type=ANSWER_TYPES[kind.answers], moment=call.services.clock.now(), payload=content
    )


def _find_inquiry(report: FileReport) -> tuple[Kind, SetReport] | None:
    """The one inquiry of an interchange, None where there is another number of sets, or of another kind."""
    kinds = [kind for kind in KINDS.values() if [kind.asks] == [each.guide for each in report.sets]]
    envelope_faults = [*report.findings, *(f for each in report.interchanges for f in each.findings)]
    if not kinds or any(finding.stops for finding in envelope_faults):
        return None
    return kinds[0], report.sets[0]


def _acknowledge(call: Call, request: Envelope, report: FileReport) -> Envelope:
    """The TA1 or 999 that says why nothing was asked. Raises EnvelopeFault where there is none."""
    moment = call.services.clock.now()
    content = acknowledge(report, "999", created=moment)
    if not content:
        raise EnvelopeFault(SENDER, "The payload holds no inquiry.")
    kind = FUNCTIONAL if b"ST" in content and b"999" in content else INTERCHANGE
    return answer_envelope(request, payload_type=kind, moment=moment, payload=content)


async def _ask(call: Call, kind: Kind, asked: SetReport, report: FileReport) -> bytes:
    """The payer's answer in an envelope to the partner, or an answer of ours that there is none."""
    [document] = asked.documents
    try:
        outcome = await call.services.inquiries.ask(call.tenant, kind, dict(document), fresh=False)
    except NotAsked as refusal:
        payer = any(finding.code.startswith("payer.") for finding in refusal.findings)
        return _write_refusal(call, kind, document, report, UNKNOWN_PAYER if payer else UNABLE)
    call.tell(outcome.inquiry.id)
    if outcome.document is None:
        return _write_refusal(call, kind, document, report, UNABLE)
    return await asyncio.to_thread(_wrap_answer, call, kind, outcome, report)


def _wrap_answer(call: Call, kind: Kind, outcome: Outcome, report: FileReport) -> bytes:
    """The payer's own transaction set, segment by segment, from us to the partner."""
    inquiry: Inquiry = outcome.inquiry
    archived = call.services.archive.get(inquiry.answer_sha256 or "")
    [answer] = [each for each in check_file(archived).sets if each.guide == kind.answers]
    guide = load_guide(kind.answers)
    envelope = turn_envelope(
        report.interchanges[0], report.interchanges[0].groups[0].header, call.services.clock.now()
    )
    return wrap_interchange(envelope, [(guide.functional_group, guide.version, [list(answer.segments)])])


def _write_refusal(call: Call, kind: Kind, asked: Document, report: FileReport, reason: str) -> bytes:
    """A 271 that gives no answer (2000A AAA). Raises EnvelopeFault for a 276, which has no such answer."""
    if kind is not ELIGIBILITY:
        raise EnvelopeFault(RECEIVER, "The payer of the claim gives no answer now.")
    action = load_words()["follow_up"]["N" if reason == UNKNOWN_PAYER else "R"]
    answer: dict[str, Any] = {
        "meta": {"outboundTraceId": read_text(asked, "submitterTransactionIdentifier")},
        "errors": [{"code": reason, "followupAction": action}],
        "payer": {
            "name": read_text(asked, "tradingPartnerName"),
            "payorIdentification": read_text(asked, "tradingPartnerServiceId"),
        },
    }
    envelope = turn_envelope(
        report.interchanges[0], report.interchanges[0].groups[0].header, call.services.clock.now()
    )
    return write_documents(kind.answers, [answer], envelope)
