"""Files over HTTP: post an X12 file, and look at any file that was received."""

from __future__ import annotations

from aiohttp import web

from gateway.api.bodies import show, write_json
from gateway.api.call import Call
from gateway.api.problem import Problem, refuse_missing
from gateway.api.shapes import FileShown, FileTaken
from gateway.store import files

FILES = "/v1/files"


async def deposit_file(call: Call) -> web.Response:
    """POST /v1/files: the bytes are kept and checked; 201, or 422 with findings and the file's id."""
    content = await call.body(limit=call.services.settings.server.file_limit)
    deposit = await call.services.deposits.keep(call.tenant, content)
    if not deposit.accepted:
        raise Problem("findings", "The file was kept.", deposit.findings, file=deposit.file.id)
    taken = FileTaken(file=show(deposit.file, FileShown), findings=deposit.findings)
    return write_json(taken, status=201, headers={"Location": f"{FILES}/{deposit.file.id}"})


async def show_file(call: Call) -> web.Response:
    """GET /v1/files/{id}: what it is and what became of it."""
    file = await call.services.store.read(lambda scope: files.load(scope, call.subject), tenant=call.tenant)
    if file is None:
        raise refuse_missing("file")
    return write_json(show(file, FileShown))
