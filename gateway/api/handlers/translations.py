"""Translation over HTTP: X12 to JSON and back; nothing is stored."""

from __future__ import annotations

import asyncio
from datetime import datetime

from aiohttp import web

from edi.definitions.asking import UnknownNameError, find_guide_id
from edi.envelope import Unreadable
from edi.files import check_file
from edi.findings import find
from edi.inspection import inspect_documents, looks_like_json, read_json
from edi.translation import UntranslatableError, make_envelope, write_x12
from edi.translation import write_json as write_documents
from edi.whole_files import describe_whole, is_whole, write_whole
from gateway.api.bodies import write_json
from gateway.api.call import Call
from gateway.api.money_shapes import Translated, TranslateQuery
from gateway.api.places import hold_place
from gateway.api.problem import Problem, refuse_parameter
from gateway.api.routing import Taken

X12 = Taken.X12.value


async def translate(call: Call) -> web.Response:
    """POST /v1/translate: by what the body is; findings come with it, whatever they say."""
    query = call.query(TranslateQuery)
    guide = _find_guide(query.guide)
    body = await call.body(limit=call.services.settings.server.file_limit)
    async with hold_place(call):
        if not looks_like_json(body):
            return write_json(await asyncio.to_thread(read_x12, body, whole=query.whole))
        now = call.services.clock.now()
        made = await asyncio.to_thread(make_x12, body, query, guide, now)
    if X12 in call.request.headers.get("Accept", "").lower():
        return web.Response(body=made.x12.encode("utf-8", "surrogateescape"), content_type=X12)
    return write_json(made)


def _find_guide(name: str) -> str:
    try:
        return find_guide_id(name) if name else ""
    except UnknownNameError:
        raise refuse_parameter("guide", "the name of a guide, as 837P or 005010X221A1") from None


def read_x12(content: bytes, *, whole: bool) -> Translated:
    """A file as JSON. Raises Problem where nothing of it can be read."""
    try:
        report = check_file(content)
    except Unreadable as unreadable:
        raise Problem("unreadable", findings=[unreadable.finding]) from None
    documents = describe_whole(report, content) if whole else write_documents(report)
    return Translated(documents=documents, findings=report.all_findings)


def make_x12(body: bytes, query: TranslateQuery, guide: str, now: datetime) -> Translated:
    """Documents as one interchange. Raises Problem where they are of no known kind, or of several."""
    documents, faults = read_json(body)
    if faults:
        raise Problem("unreadable", findings=faults)
    envelope = make_envelope(query.sender, query.receiver, query.control_number, now, usage=query.usage)
    try:
        if is_whole(documents):
            text = write_whole(documents[0])
        else:
            text = write_x12(documents, envelope, guide=guide)
    except (UntranslatableError, ValueError):
        raise Problem("findings", findings=[find("json.not_documents")]) from None
    checked = inspect_documents("body", documents, guide)
    return Translated(x12=text.decode("utf-8", "surrogateescape"), findings=checked.findings)
