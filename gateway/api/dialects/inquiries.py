"""Eligibility and claim status in the dialects: the same inquiries, answered at the top of the body."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from edi.documents import Document, read_entries, read_section, read_text
from edi.files import check_file
from edi.json_body import decode_body
from edi.lexer import Unreadable
from gateway.api.bodies import write_json
from gateway.api.call import REQUEST_ID, Call
from gateway.api.dialects.faults import describe_error, describe_warning
from gateway.api.dialects.identifiers import MODES, write_uuid
from gateway.api.dialects.submissions import read_x12
from gateway.api.handlers.inquiries import refuse_without_answer
from gateway.api.problem import Problem
from gateway.inquiries.asking import NotAsked, Outcome
from gateway.inquiries.kinds import Kind
from gateway.store.inquiries import REJECTED

JSON = dict[str, Any]  # a JSON object
PEOPLE = ("payer", "provider", "subscriber")


class InquiryDesk(msgspec.Struct, frozen=True):
    """Asks payers in one dialect. `rejected` is the status of an answer that its payer rejects."""

    kind: Kind
    rejected: HTTPStatus

    async def ask(self, call: Call) -> web.Response:
        """An inquiry as JSON: the payer's answer."""
        decoded = decode_body(await call.body())
        if not isinstance(decoded.document, dict):
            raise Problem("unreadable", findings=decoded.findings)
        return await self._ask(call, decoded.document)

    async def ask_x12(self, call: Call) -> web.Response:
        """An inquiry as `{"x12": "ISA..."}`: the payer's answer."""
        return await self._ask(call, await self._read(await call.body()))

    async def _read(self, body: bytes) -> JSON:
        """The one inquiry of an interchange. Raises Problem."""
        try:
            report = await asyncio.to_thread(check_file, read_x12(body))
        except Unreadable as unreadable:
            raise Problem("bad-request", findings=[unreadable.finding]) from None
        stopping = [finding for finding in report.all_findings if finding.stops]
        found = [dict(it) for each in report.sets if each.guide == self.kind.asks for it in each.documents]
        if stopping or len(found) != 1:
            detail = f"One inquiry ({self.kind.asks}) without faults is asked at a time."
            raise Problem("bad-request", detail, stopping)
        return found[0]

    async def _ask(self, call: Call, document: JSON) -> web.Response:
        try:
            outcome = await call.services.inquiries.ask(call.tenant, self.kind, document)
        except NotAsked as refusal:
            raise Problem("bad-request", "Nothing was asked.", refusal.findings) from None
        call.tell(outcome.inquiry.id)
        refuse_without_answer(outcome)
        body = await describe_answer(call, document, outcome)
        status = self.rejected if outcome.state == REJECTED else HTTPStatus.OK
        return write_json(body, status=status)


async def describe_answer(call: Call, asked: Document, outcome: Outcome) -> JSON:
    """The answer as the dialects have it: the document, with what was found, `meta` and the X12 beside it."""
    inquiry, answer = outcome.inquiry, dict(outcome.document or {})
    partner = call.services.settings.find_partner(call.tenant, inquiry.partner)
    meta = {
        **read_section(answer, "meta"),
        "senderId": partner.envelope.sender,
        "applicationMode": MODES[partner.envelope.usage],
        "traceId": call.request[REQUEST_ID],
    }
    told = {
        **answer,
        "meta": meta,
        "controlNumber": read_text(asked, "controlNumber") or f"{inquiry.control_number:09d}",
        "reassociationKey": f"{inquiry.control_number:09d}",
        "tradingPartnerServiceId": inquiry.payer_id,
        "id": write_uuid(inquiry.id),
        "errors": list(list_errors(answer, outcome)),
        "warnings": [describe_warning(finding) for finding in outcome.findings if not finding.stops],
        "x12": await read_answer_text(call, outcome),
    }
    return {name: value for name, value in told.items() if value or name == "errors"}


def list_errors(answer: Document, outcome: Outcome) -> Iterator[Mapping[str, Any]]:
    """The payer's own reasons (AAA) with their codes; where it gives none, our findings that stop."""
    places = [read_section(answer, name) for name in PEOPLE]
    places += [person for _, person in read_entries(answer, "dependents")]
    reasons = [reason for place in places for _, reason in read_entries(place, "aaaErrors")]
    yield from reasons or [describe_error(finding) for finding in outcome.findings if finding.stops]


async def read_answer_text(call: Call, outcome: Outcome) -> str:
    """The answer as it came, or ""."""
    digest = outcome.inquiry.answer_sha256
    if digest is None:
        return ""
    return (await asyncio.to_thread(call.services.archive.get, digest)).decode("utf-8", "replace")
