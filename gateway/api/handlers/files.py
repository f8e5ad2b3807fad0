"""Files over HTTP: post an X12 file, and look at any file that was received."""

from __future__ import annotations

from aiohttp import web

from gateway.api.bodies import show, write_json
from gateway.api.call import Call
from gateway.api.problem import Problem, refuse_missing, refuse_parameter
from gateway.api.shapes import FileAnswer, FileAnswers, FileClaim, FileQuery, FileShown, FileTaken
from gateway.keys import Scope
from gateway.recording import Submission
from gateway.store import files

FILES = "/v1/files"


async def deposit_file(call: Call) -> web.Response:
    """POST /v1/files: the bytes are kept, claims taken in; 201, or 422 with findings and the file.

    With `partner` it is received from that partner, as if it came out of its mailbox: 202.
    """
    partner = call.query(FileQuery).partner
    if partner:
        return await receive_file(call, partner)
    content = await call.body(limit=call.services.settings.server.file_limit)
    deposit = await call.services.deposits.keep(call.tenant, content)
    call.tell(deposit.file.id)
    if not deposit.accepted:
        raise Problem("findings", "The file was kept.", deposit.findings, file=deposit.file.id)
    taken = FileTaken(
        file=show(deposit.file, FileShown),
        claims=[_show_claim(submission) for submission in deposit.submissions],
        findings=deposit.findings,
    )
    return write_json(taken, status=201, headers={"Location": f"{FILES}/{deposit.file.id}"})


async def receive_file(call: Call, partner: str) -> web.Response:
    """The file is kept and queued for reading; one whose bytes came before is a duplicate."""
    call.demand(Scope.FILES_APPLY)
    tenant = call.services.settings.tenant(call.tenant)
    if tenant is None or all(known.name != partner for known in tenant.partners):
        raise refuse_parameter("partner", "the name of one of your partners")
    content = await call.body(limit=call.services.settings.server.file_limit)
    file = await call.services.reception.receive(call.tenant, partner, "", content)
    call.tell(file.id)
    taken = FileTaken(file=show(file, FileShown), claims=(), findings=())
    return write_json(taken, status=202, headers={"Location": f"{FILES}/{file.id}"})


async def show_file(call: Call) -> web.Response:
    """GET /v1/files/{id}: what it is and what became of it."""
    file = await call.services.store.read(lambda scope: files.load(scope, call.subject), tenant=call.tenant)
    if file is None:
        raise refuse_missing("file")
    return write_json(show(file, FileShown))


async def show_acknowledgments(call: Call) -> web.Response:
    """GET /v1/files/{id}/acknowledgments: the 999 of a posted 837, and the 277CA of its claims."""
    answers = await call.services.answers.find(call.tenant, call.subject)
    if answers is None:
        raise refuse_missing("file")
    shown = [FileAnswer(kind=answer.kind, x12=answer.text.decode("utf-8")) for answer in answers]
    return write_json(FileAnswers(file=call.subject, acknowledgments=shown))


def _show_claim(submission: Submission) -> FileClaim:
    return FileClaim(
        id=submission.claim,
        state=submission.state,
        patient_control_number=submission.patient_control_number,
        findings=submission.findings,
    )
