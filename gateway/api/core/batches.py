"""Batches at the CORE door: 837 files submitted, their 999 and 277CA and the payers' 277CA and 835 picked up.

A PayloadID stands for one request: sent again with the same payload it is answered as before and does nothing
anew, with another payload it is refused. What was picked up under a PayloadID can be picked up again under it
for a day.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from adapters.core_connectivity.envelopes import Envelope, EnvelopeFault, answer_envelope
from adapters.core_connectivity.forms import NO_BATCH_ACK, NO_BATCH_RESULTS, RECEIPT
from gateway.api.call import Call
from gateway.deposits import Deposit, Origin
from gateway.store import TenantScope, files, idempotency
from gateway.store.files import File

SUBMITTED: Final = "core:submitted"
ACKS: Final = "core:acknowledgments"
RESULTS: Final = "core:results"
SENDER_NAME: Final = "core"
"""In place of a partner's name at files that came through this door."""

DIGEST: Final = "core_payload"
AT_ONCE: Final = 100
CLAIM_TYPES: Final = (
    "X12_837_Request_005010X222A1",
    "X12_837_Request_005010X223A1_2",
    "X12_837_Request_005010X224A1_2",
    "X12_005010_Request_BatchSubmissionMixed",
)
ACKS_GIVEN: Final = "X12_005010_Response_Acks"
RESULTS_GIVEN: Final = "X12_005010_Response_BatchResultsMixed"
RESULT_KINDS: Final = {"X12_835_Request_005010X221A1": "835", "X12_277CA_Request_005010X214": "277"}
"""The transaction set that a payload type asks for; any other type asks for all."""


class Repeated(Exception):
    """The same request was taken in at the same time."""


async def take_submission(call: Call, request: Envelope) -> Envelope:
    """A batch of claims is kept and taken in; its acknowledgment is picked up later (CORE 153)."""
    if request.payload_type not in CLAIM_TYPES:
        raise EnvelopeFault("PayloadTypeNotUnderstood", "Batches of claims (837) are taken here.")
    await _keep(call, request)
    return answer_envelope(request, payload_type=RECEIPT, moment=call.services.clock.now())


async def take_acknowledgment(call: Call, request: Envelope) -> Envelope:
    """A partner's 999 for results is kept; it moves nothing."""
    await _keep(call, request)
    return answer_envelope(request, payload_type=RECEIPT, moment=call.services.clock.now())


async def _keep(call: Call, request: Envelope) -> None:
    """The payload as a posted file, once for each PayloadID. Raises EnvelopeFault for another payload."""

    async def is_kept() -> bool:
        return await call.services.store.read(lambda scope: _is_kept(scope, request), tenant=call.tenant)

    def note(scope: TenantScope, deposit: Deposit) -> None:
        if not _remember(scope, SUBMITTED, request, [deposit.file.id]):
            raise Repeated

    if await is_kept():
        return
    origin = Origin(sender=SENDER_NAME, name=request.payload_id)
    try:
        deposit = await call.services.deposits.keep(
            call.tenant, request.payload or b"", origin=origin, also=note
        )
        call.tell(deposit.file.id)
    except Repeated:
        await is_kept()


def _remember(scope: TenantScope, route: str, request: Envelope, ids: list[str]) -> bool:
    """Keep what the PayloadID stands for; False where it stands for something already."""
    if idempotency.begin(scope, route, request.payload_id, _digest(scope, request)) is not None:
        return False
    answer = msgspec.json.encode(ids)
    idempotency.complete(scope, route, request.payload_id, status=200, response=answer)
    return True


def _is_kept(scope: TenantScope, request: Envelope) -> bool:
    """True where this very request came before. Raises EnvelopeFault for another of its PayloadID."""
    entry = idempotency.load(scope, SUBMITTED, request.payload_id)
    if entry is not None and entry.digest != _digest(scope, request):
        raise EnvelopeFault("PayloadIDIllegal", "This PayloadID came before with another payload.")
    return entry is not None


def _digest(scope: TenantScope, request: Envelope) -> str:
    """What tells one request of a PayloadID from another."""
    content = hashlib.sha256(request.payload or b"").hexdigest()
    return scope.fingerprint(f"{request.name}:{content}", DIGEST)


async def give_acknowledgments(call: Call, request: Envelope) -> Envelope:
    """The 999 and 277CA of the submission with this PayloadID, else of all that are not picked up yet."""

    def choose(scope: TenantScope) -> list[File]:
        return files.list_unanswered(scope, SENDER_NAME, limit=AT_ONCE)

    posted = await _pick_up(call, request, (SUBMITTED, ACKS), choose)
    texts = [
        answer.text for file in posted for answer in await call.services.answers.find(call.tenant, file) or ()
    ]
    return _give(call, request, texts, ACKS_GIVEN, NO_BATCH_ACK)


async def give_results(call: Call, request: Envelope) -> Envelope:
    """What payers sent and nobody has taken: 277CA and 835, as they came."""
    wanted = RESULT_KINDS.get(request.payload_type)

    def choose(scope: TenantScope) -> list[File]:
        waiting = files.list_untaken(scope, limit=AT_ONCE)
        return [file for file in waiting if _is_result(file, wanted)]

    chosen = await _pick_up(call, request, (RESULTS,), choose)
    found = await call.services.store.read(lambda scope: list(_load_all(scope, chosen)), tenant=call.tenant)
    texts = [await asyncio.to_thread(call.services.archive.get, file.sha256) for file in found]
    return _give(call, request, texts, RESULTS_GIVEN, NO_BATCH_RESULTS)


def _is_result(file: File, wanted: str | None) -> bool:
    return bool({"277", "835"} & set(file.kinds)) if wanted is None else wanted in file.kinds


def _load_all(scope: TenantScope, ids: list[str]) -> Iterator[File]:
    for file_id in ids:
        file = files.load(scope, file_id)
        if file is not None:
            yield file


async def _pick_up(
    call: Call, request: Envelope, routes: tuple[str, ...], choose: Callable[[TenantScope], list[File]]
) -> list[str]:
    """The ids of the files that the request gets: what its PayloadID stands for, else what is chosen now."""

    def take(scope: TenantScope) -> list[str]:
        for route in routes:
            entry = idempotency.load(scope, route, request.payload_id)
            if entry is not None and entry.response is not None:
                return msgspec.json.decode(entry.response, type=list[str])
        ids = [file.id for file in choose(scope) if files.take(scope, file.id)]
        if ids:
            _remember(scope, routes[-1], request, ids)
        return ids

    picked = await call.services.store.write(take, tenant=call.tenant)
    call.tell(*picked)
    return picked


def _give(call: Call, request: Envelope, texts: list[bytes], kind: str, nothing: str) -> Envelope:
    """The texts one after the other, or the rule's word for there is nothing."""
    return answer_envelope(
        request,
        payload_type=kind if texts else nothing,
        moment=call.services.clock.now(),
        payload=b"".join(texts) or None,
    )
