"""Reports in the dialects: what partners sent, as JSON in the field's report shape, or as it came."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from edi.envelope import Unreadable
from edi.files import check_file
from edi.guides.registry import load_guide
from edi.translation import write_json as write_documents
from gateway.api.bodies import write_json
from gateway.api.call import REQUEST_ID, Call
from gateway.api.dialects.identifiers import name_report, read_report_name, read_uuid, write_uuid
from gateway.api.problem import Problem
from gateway.keys import Scope
from gateway.store import TenantScope, files
from gateway.store.files import File

JSON = dict[str, Any]  # a JSON object


class ReportSet(msgspec.Struct, frozen=True):
    """A kind of report by its transaction set, and the scope that it asks for."""

    kind: str
    scope: Scope

    async def show_in_mailbox(self, call: Call) -> web.Response:
        """GET .../reports/v2/{name}/277 or /835."""
        call.demand(self.scope)
        return write_json(await self._describe(call, await find_report(call)))

    async def show_transaction(self, call: Call) -> web.Response:
        """GET .../reports/v2/{transactionId}/277 or /835."""
        call.demand(self.scope)
        file = await find_transaction(call)
        body = await self._describe(call, file)
        body["meta"]["transactionId"] = write_uuid(file.id)
        return write_json(body)

    async def _describe(self, call: Call, file: File) -> JSON:
        """The report. Raises Problem where the file has none of this kind."""
        content = await asyncio.to_thread(call.services.archive.get, file.sha256)
        found = await asyncio.to_thread(bind_report, content, self.kind)
        if found is None:
            raise Problem("not-found", f"This file holds no {self.kind}.")
        found["meta"]["traceId"] = call.request[REQUEST_ID]
        return found


def bind_report(content: bytes, kind: str) -> JSON | None:
    """All transaction sets of a kind in a file as one report, or None where there is none."""
    try:
        documents = write_documents(check_file(content, keep=True))
    except Unreadable:
        return None
    fitting = [
        document
        for document in documents
        if "transactions" in document and load_guide(document["meta"]["guide"]).transaction_set == kind
    ]
    if not fitting:
        return None
    meta = fitting[0]["meta"]
    told = {"senderId": meta["senderId"], "applicationMode": meta["applicationMode"]}
    return {
        "meta": told,
        "transactions": [entry for document in fitting for entry in document["transactions"]],
    }


async def list_reports(call: Call) -> web.Response:
    """GET /medicalnetwork/reports/v2: the names of the reports that wait in the mailbox."""
    found = await call.services.store.read(files.list_untaken, tenant=call.tenant)
    call.tell_page(*(file.id for file in found))
    names = [name_report(file.id, file.kinds) for file in found]
    return write_json({"reports": names, "meta": describe_meta(call)})


async def show_report(call: Call) -> web.Response:
    """GET /medicalnetwork/reports/v2/{name}: the file as it came."""
    content = await asyncio.to_thread(call.services.archive.get, (await find_report(call)).sha256)
    return write_json({"report_content": content.decode("utf-8", "replace"), "meta": describe_meta(call)})


async def take_report(call: Call) -> web.Response:
    """DELETE /medicalnetwork/reports/v2/{name}: out of the mailbox; the file itself is kept."""
    file = await find_report(call)

    def take(scope: TenantScope) -> bool:
        return files.take(scope, file.id)

    await call.services.store.write(take, tenant=call.tenant)
    return write_json({"status": "deleted", "meta": describe_meta(call)})


def describe_meta(call: Call) -> JSON:
    """`meta` of the mailbox: by what the request is found in our log."""
    return {"senderId": call.tenant, "traceId": call.request[REQUEST_ID]}


async def find_report(call: Call) -> File:
    """The file of a report by its name. Raises Problem 404, alike for nobody's and another tenant's."""
    return await _find(call, read_report_name(call.request.match_info["name"]), "report of this name")


async def find_transaction(call: Call) -> File:
    """The file that a transaction id stands for. Raises Problem 404."""
    file = read_uuid(call.request.match_info["transaction"], "fil")
    return await _find(call, file, "transaction with this id")


async def _find(call: Call, file_id: str | None, what: str) -> File:
    found = None
    if file_id is not None:
        known = file_id
        found = await call.services.store.read(lambda scope: files.load(scope, known), tenant=call.tenant)
    if found is None or found.direction != files.INBOUND:
        raise Problem("not-found", f"There is no {what}.")
    call.tell(found.id)
    return found


def write_moment(moment: datetime) -> str:
    """A moment as RFC 3339 in UTC."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
