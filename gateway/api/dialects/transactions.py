"""Transactions of the transaction-id dialect: polled in order, shown by id, fetched by a short-lived URL.

A transaction is a file that a partner sent; all its transaction sets are told together. Polling never skips:
the list ends before the first file that was not read yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from aiohttp import web

from edi.envelope import Unreadable, read_envelopes
from edi.files import check_file
from edi.interchange import Group, Interchange, TransactionSet
from edi.translation import write_json as write_documents
from gateway.api.bodies import write_json
from gateway.api.call import Call
from gateway.api.dialects.identifiers import MODES, read_uuid, write_uuid
from gateway.api.dialects.reports import find_transaction, write_moment
from gateway.api.problem import Problem, refuse_parameter
from gateway.ids import write_earliest
from gateway.store import TenantScope, files
from gateway.store.files import File

JSON = dict[str, Any]  # a JSON object
SETTLED = timedelta(seconds=2)
"""Another process may still commit a file that is older by so much: polling waits for it."""
X12 = "application/edi-x12"
PARTS = {"input": X12, "output": "application/json"}


class PollQuery(msgspec.Struct, frozen=True, rename="camel"):
    """`pageToken` is the last transaction seen; `startDateTime` says from when, where there is none yet."""

    page_size: float = 100
    page_token: str = ""
    start_date_time: str = ""


class TokenQuery(msgspec.Struct, frozen=True):
    """What opens the document, as the URL that was given has it."""

    token: str = ""


async def poll_transactions(call: Call) -> web.Response:
    """GET {prefix}/polling/transactions: what partners sent, oldest first, after a token or a moment."""
    query = call.query(PollQuery)
    limit, after = int(query.page_size), read_start(query)
    if not 1 <= limit <= 500:
        raise refuse_parameter("pageSize", "a number from 1 to 500")
    until = call.services.clock.now() - SETTLED

    def load(scope: TenantScope) -> list[File]:
        return files.list_after(scope, after, until=until, limit=limit + 1)

    found = await call.services.store.read(load, tenant=call.tenant)
    page = found[:limit]
    call.tell_page(*(file.id for file in page))
    body: JSON = {"items": [await describe(call, file) for file in page]}
    last = write_uuid(page[-1].id) if page else query.page_token
    if last:
        body["nextPageToken"] = last
    return write_json(body)


def read_start(query: PollQuery) -> str:
    """The file id to go on after. Raises Problem."""
    if query.page_token:
        after = read_uuid(query.page_token, "fil")
        if after is None:
            raise refuse_parameter("pageToken", "the nextPageToken of an earlier answer")
        return after
    if not query.start_date_time:
        raise refuse_parameter("startDateTime", "a moment such as 2026-11-24T00:00:00Z, or a pageToken")
    try:
        moment = datetime.fromisoformat(query.start_date_time)
    except ValueError:
        raise refuse_parameter("startDateTime", "a moment such as 2026-11-24T00:00:00Z") from None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return write_earliest("fil", moment)


async def show_transaction(call: Call) -> web.Response:
    """GET {prefix}/transactions/{transactionId}."""
    return write_json(await describe(call, await find_transaction(call)))


async def describe(call: Call, file: File) -> JSON:
    """One transaction."""
    content = await asyncio.to_thread(call.services.archive.get, file.sha256)
    number = write_uuid(file.id)
    first = await asyncio.to_thread(find_first, content)
    sender = first[0].header.sender if first else ""
    receiver = first[0].header.receiver if first else ""
    told: JSON = {
        "transactionId": number,
        "fileExecutionId": number,
        "status": "succeeded" if file.state == files.PROCESSED else "failed",
        "direction": "INBOUND",
        "mode": MODES.get(first[0].header.usage, "other") if first else "other",
        "processedAt": write_moment(file.processed_at or file.created_at),
        "artifacts": list(list_artifacts(call, file, number)),
        "partnership": {
            "partnershipId": file.partner,
            "partnershipType": "x12",
            "sender": {"profileId": write_profile(sender)},
            "receiver": {"profileId": write_profile(receiver)},
        },
    }
    if first:
        told["x12"] = {
            "metadata": describe_envelope(*first),
            "transactionSetting": {"guideId": first[2].set_id},
        }
    return told


def find_first(content: bytes) -> tuple[Interchange, Group, TransactionSet] | None:
    """The first transaction set of a file with the envelopes around it."""
    try:
        reading = read_envelopes(content)
    except Unreadable:
        return None
    places = (
        (interchange, group, each)
        for interchange in reading.interchanges
        for group in interchange.groups
        for each in group.sets
    )
    return next(places, None)


def list_artifacts(call: Call, file: File, number: str) -> Iterator[JSON]:
    """The file as it came, and as JSON."""
    version = call.request.match_info["version"]
    base = f"{call.request.url.origin()}/{version}/transactions/{number}"
    for part, media in PARTS.items():
        yield {
            "artifactType": media,
            "usage": part,
            "sizeBytes": file.size,
            "url": f"{base}/{part}",
            "model": "transaction",
        }


def write_profile(identifier: str) -> str:
    """An interchange id as the id of a profile: other characters than it may have become dashes."""
    return (
        "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in identifier) or "unknown"
    )


def describe_envelope(interchange: Interchange, group: Group, each: TransactionSet) -> JSON:
    """`x12.metadata`."""
    header, inner = interchange.header, group.header
    sides = {
        "sender": (inner.sender, header.sender_qualifier, header.sender),
        "receiver": (inner.receiver, header.receiver_qualifier, header.receiver),
    }
    return {
        "interchange": {
            "acknowledgmentRequestedCode": header.acknowledgment_requested,
            "controlNumber": read_number(header.control_number),
        },
        "functionalGroup": {
            "controlNumber": read_number(inner.control_number),
            "date": inner.date,
            "time": inner.time,
            "functionalIdentifierCode": inner.functional_id,
            "release": inner.version,
        },
        "transaction": {"controlNumber": each.control_number, "transactionSetIdentifier": each.set_id},
        **{
            side: {"applicationCode": code, "isa": {"qualifier": qualifier, "id": identifier}}
            for side, (code, qualifier, identifier) in sides.items()
        },
    }


def read_number(text: str) -> int:
    """A control number as the number that the dialect wants; 0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() else 0


class Part(msgspec.Struct, frozen=True):
    """The input or output of a transaction."""

    name: str

    async def redirect(self, call: Call) -> web.Response:
        """GET .../input or .../output: 302 to a URL that opens without a key for some minutes."""
        url = await self._sign(call)
        return web.Response(status=302, headers={"Location": url})

    async def show_url(self, call: Call) -> web.Response:
        """GET .../input-url or .../output-url."""
        return write_json({"documentDownloadUrl": await self._sign(call)})

    async def fetch(self, call: Call) -> web.Response:
        """The document itself, opened by the token in its URL."""
        file = await find_transaction(call)
        content = await asyncio.to_thread(call.services.archive.get, file.sha256)
        body = content if self.name == "input" else await asyncio.to_thread(translate, content)
        return web.Response(body=body, content_type=PARTS[self.name])

    async def _sign(self, call: Call) -> str:
        file = await find_transaction(call)
        number, version = write_uuid(file.id), call.request.match_info["version"]
        token = await call.services.tokens.issue_for(call.caller.prefix, number)
        base = f"{call.request.url.origin()}/{version}/transactions/{number}"
        return f"{base}/document/{self.name}?token={token}"


def translate(content: bytes) -> bytes:
    """A file as JSON. Raises Problem where it cannot be read."""
    try:
        return msgspec.json.encode(write_documents(check_file(content, keep=True)))
    except Unreadable as unreadable:
        raise Problem("findings", findings=[unreadable.finding]) from None
