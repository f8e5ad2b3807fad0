"""Claims in the dialects: JSON or X12 in, the same intake behind, an answer in the words of the dialect."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from edi.documents import read_text
from edi.findings import Finding, find
from edi.json_body import decode_body
from gateway.api.bodies import write_json
from gateway.api.call import REQUEST_ID, Call
from gateway.api.dialects.claim_answers import ClaimAnswer, describe_submission, write_alone
from gateway.api.idempotency import (
    JSON_TYPE,
    Repeated,
    StoredAnswer,
    Ticket,
    find_answer,
    hold,
    read_ticket,
    replay,
)
from gateway.api.places import hold_place
from gateway.api.problem import Problem
from gateway.api.trail import witness
from gateway.checking.checker import Judged
from gateway.deposits import Deposit
from gateway.recording import Submission, preview
from gateway.store import TenantScope

JSON = dict[str, Any]  # a JSON object
X12 = "x12"
PAYER = "tradingPartnerServiceId"


class Desk(msgspec.Struct, frozen=True):
    """Takes claims of one guide. `shows_x12`: answers hold the claim as X12, in this dialect."""

    guide: str
    shows_x12: bool

    async def submit(self, call: Call) -> web.Response:
        """A claim as JSON: 200 with its reference, or 400 with every finding."""
        body = await call.body()
        ticket = read_ticket(call, call.request.match_info.route.name or "", body)
        if ticket is None:
            return (await self._take(call, body, None)).write()
        with hold(call, ticket):
            given = await find_answer(call, ticket)
            return given or await self._take_once(call, body, ticket)

    async def validate(self, call: Call) -> web.Response:
        """A claim as JSON, checked; nothing is stored."""
        body = await call.body()
        document = await self._read(call, body)
        return self._write(call, preview(await self._judge(call, body)), document).write()

    async def submit_x12(self, call: Call) -> web.Response:
        """The claims of `{"x12": "ISA..."}`: kept and taken in as a posted file."""
        return self._answer_deposit(call, await self._deposit(call)).write()

    async def validate_x12(self, call: Call) -> web.Response:
        """The first claim of `{"x12": "ISA..."}`, checked; nothing is stored."""
        text = read_x12(await call.body(limit=call.services.settings.server.file_limit))
        submissions, findings = await call.services.deposits.check(call.tenant, text)
        checked = submissions[0] if submissions else make_refusal(findings)
        return self._write(call, checked, {}).write()

    async def _take_once(self, call: Call, body: bytes, ticket: Ticket) -> web.Response:
        try:
            return (await self._take(call, body, ticket)).write()
        except Repeated as repeated:
            digest = await call.services.store.read(ticket.digest, tenant=call.tenant)
            return replay(repeated.entry, digest)

    async def _take(self, call: Call, body: bytes, ticket: Ticket | None) -> StoredAnswer:
        document = await self._read(call, body)
        alone = self._write_alone(call, document) if self.shows_x12 else ""
        at = call.services.clock.now()  # one moment, so that the kept answer is the one that is sent

        def save(scope: TenantScope, submission: Submission) -> None:
            assert ticket is not None, "what is saved is the answer to a key"
            ticket.save(scope, self._write(call, submission, document, alone, at=at))

        async with hold_place(call):
            judged = await self._judge(call, body)
            submission = await call.services.intake.record(
                call.tenant, judged, also=save if ticket else None, entry=witness(call)
            )
            call.told.recorded = True
        return self._write(call, submission, document, alone, at=at)

    async def _judge(self, call: Call, body: bytes) -> Judged:
        """What a check says of a body that can be read."""
        judged = (await call.services.intake.judge(call.tenant, body, guide=self.guide)).judged
        assert judged is not None
        return judged

    def _write_alone(self, call: Call, document: JSON) -> str:
        partner = call.services.settings.partner_for(call.tenant, read_text(document, PAYER))
        return write_alone(document, self.guide, partner, call.services.clock.now()) if partner else ""

    async def _read(self, call: Call, body: bytes) -> JSON:
        """The claim; what cannot be read is kept. Raises Problem."""
        decoded = decode_body(body)
        if isinstance(decoded.document, dict):
            return decoded.document
        findings = decoded.findings or (find("json.not_a_claim", pointer=""),)
        kept = await call.services.intake.keep_unreadable(call.tenant, body, findings)
        call.tell(kept.file)
        raise Problem("unreadable", "The bytes were kept.", findings)

    async def _deposit(self, call: Call) -> Deposit:
        text = read_x12(await call.body(limit=call.services.settings.server.file_limit))
        deposit = await call.services.deposits.keep(call.tenant, text)
        call.tell(deposit.file.id)
        return deposit

    def _answer_deposit(self, call: Call, deposit: Deposit) -> StoredAnswer:
        taken = deposit.submissions
        first = taken[0] if taken else make_refusal(deposit.findings)
        return self._write(call, first, {}, rest=taken[1:])

    def _write(
        self,
        call: Call,
        submission: Submission,
        document: Mapping[str, Any],
        x12: str = "",
        rest: tuple[Submission, ...] = (),
        at: datetime | None = None,
    ) -> StoredAnswer:
        answer = ClaimAnswer(
            guide=self.guide,
            submission=submission,
            document=document,
            at=at or call.services.clock.now(),
            trace=call.request[REQUEST_ID],
            partner=call.services.settings.partner_for(call.tenant, submission.payer_id),
            x12=x12,
        )
        body = describe_submission(answer)
        if rest:
            body["claimReferences"] = [
                describe_submission(msgspec.structs.replace(answer, submission=other)) for other in rest
            ]
        status = 200 if submission.accepted else 400
        return StoredAnswer(status, msgspec.json.encode(body), media=JSON_TYPE)


def make_refusal(findings: tuple[Finding, ...]) -> Submission:
    """What stands for a submission where a file held no claim that could be taken in."""
    told = findings if any(it.stops for it in findings) else (*findings, find("file.no_claims"))
    return Submission(claim="", state="rejected", findings=told, payer_id="", patient_control_number="")


def read_x12(body: bytes) -> bytes:
    """The X12 of a body `{"x12": "..."}`. Raises Problem."""
    decoded = decode_body(body)
    document = decoded.document
    text = document.get(X12) if isinstance(document, dict) else None
    if not isinstance(text, str):
        wrong = find("request.bad_field", pointer="/x12", problem="Expected text with the X12 interchange.")
        raise Problem("unreadable", findings=decoded.findings or (wrong,))
    return text.encode("utf-8", "surrogateescape")


async def show_health(call: Call) -> web.Response:
    """That the service is there."""
    return write_json({"status": "ok", "version": "v1"})
