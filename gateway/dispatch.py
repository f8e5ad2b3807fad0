"""Dispatch: an interchange goes to its partner exactly once, whatever dies in between.

Each step is recorded before the next: an attempt is counted, the temporary file is there (`temp_uploaded`),
the file has its name and the receipt is kept (`sent`). Whoever finds an attempt begun asks the other end
what became of it before a byte is sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import msgspec

from adapters.base import TEMP_UPLOADED, Progress, Receipt, Transport
from adapters.errors import Ambiguous, DeliveryError, Permanent, Refused, Transient
from adapters.retry import retry_transient
from gateway.archive import Archive
from gateway.clock import Clock
from gateway.commitpoints import Reach, pass_by
from gateway.journal import Journal, Particulars, record_all
from gateway.logs import log_event
from gateway.partners import REFUSED_WAIT, PartnerWatch
from gateway.store import Store, claims, interchanges, jobs
from gateway.store.claims import Claim
from gateway.store.errors import NoSuchRow
from gateway.store.interchanges import Interchange
from gateway.store.scope import TenantScope

ATTEMPTS: Final = 3
SHORTEST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(minutes=15)
UNSENT: Final = (interchanges.STORED, interchanges.TEMP_UPLOADED)

Transports = Callable[[str, str], Transport]
"""The transport of a tenant's partner, by their names."""


class Dispatch:
    """Sends interchanges. `reach` is told of each commit point."""

    def __init__(
        self,
        store: Store,
        archive: Archive,
        transports: Transports,
        watch: PartnerWatch,
        clock: Clock,
        *,
        reach: Reach = pass_by,
    ) -> None:
        self._store = store
        self._archive = archive
        self._transports = transports
        self._watch = watch
        self._clock = clock
        self._reach = reach

    async def run(self, tenant: str, job: jobs.Job) -> None:
        """Send the job's interchange, or say when to try again, or hold its claims. Raises LostLease.

        What a partner that turns us away is to get waits for it, however long, and counts no attempt.
        """
        interchange = await self._load(tenant, job.subject)
        if interchange.state not in UNSENT:
            await self._store.write(lambda scope: jobs.finish(scope, job), tenant=tenant)
            return
        pause = await self._watch.find_pause(tenant, interchange.partner)
        if pause is not None:
            await self._wait(tenant, job, pause)
            return
        deliver = retry_transient(ATTEMPTS, sleep=self._clock.sleep)(self._deliver)
        try:
            receipt = await deliver(tenant, job, interchange.id)
        except Refused as failure:
            log_event("interchange.delayed", tenant=tenant, interchange=interchange.id, error=failure)
            await self._note_failure(tenant, interchange, failure)
            await self._wait(tenant, job, REFUSED_WAIT)
        except (Transient, Ambiguous) as failure:
            await self._postpone(tenant, job, interchange, failure)
        except Permanent as failure:
            await self._hold(tenant, job, interchange, failure)
        else:
            await self._settle(tenant, job, interchange.id, receipt)

    async def _deliver(self, tenant: str, job: jobs.Job, interchange_id: str) -> Receipt:
        """One attempt: what an earlier one left is reconciled first, and sent again only where nothing
        arrived. Raises LostLease where another worker has the job meanwhile.
        """
        interchange = await self._load(tenant, interchange_id)
        content = await asyncio.to_thread(self._archive.get, interchange.sha256)
        await self._store.write(lambda scope: record_attempt(scope, job, interchange.id), tenant=tenant)
        self._reach("dispatch.started")
        transport = self._transports(tenant, interchange.partner)
        if interchange.attempts:
            receipt = await self._resume(tenant, job, transport, interchange)
            if receipt is not None:
                return receipt
        return await transport.send(
            interchange.name, content, progress=self._record_step(tenant, job, interchange.id)
        )

    async def _resume(
        self, tenant: str, job: jobs.Job, transport: Transport, interchange: Interchange
    ) -> Receipt | None:
        """The receipt of an interrupted delivery, or None where all of it is to be sent anew."""
        uploaded = interchange.state == interchanges.TEMP_UPLOADED
        receipt = await transport.resume(interchange.name, interchange.size, temp_uploaded=uploaded)
        if receipt is None and uploaded:
            await self._move(tenant, job, interchange.id, interchanges.STORED, interchanges.TEMP_UPLOADED)
        return receipt

    def _record_step(self, tenant: str, job: jobs.Job, interchange_id: str) -> Progress:
        async def record(step: str) -> None:
            self._reach(f"dispatch.{step}")
            if step == TEMP_UPLOADED:
                await self._move(tenant, job, interchange_id, interchanges.TEMP_UPLOADED, interchanges.STORED)
                self._reach("dispatch.temp_recorded")

        return record

    async def _move(self, tenant: str, job: jobs.Job, interchange_id: str, state: str, before: str) -> None:
        """Record a step while the job is ours. Raises LostLease: a worker that paused past its lease sends,
        renames and records nothing more.
        """

        def move(scope: TenantScope) -> bool:
            jobs.require(scope, job)
            return interchanges.move(scope, interchange_id, state, only_from=(before,))

        await self._store.write(move, tenant=tenant)

    async def _settle(self, tenant: str, job: jobs.Job, interchange_id: str, receipt: Receipt) -> None:
        self._reach("dispatch.delivered")
        await self._store.write(lambda scope: record_sent(scope, job, interchange_id, receipt), tenant=tenant)
        self._reach("dispatch.recorded")
        log_event("interchange.sent", tenant=tenant, interchange=interchange_id, job=job.id)
        interchange = await self._load(tenant, interchange_id)
        await self._watch.note_success(tenant, interchange.partner, way="send")

    async def _postpone(
        self, tenant: str, job: jobs.Job, interchange: Interchange, failure: DeliveryError
    ) -> None:
        if job.attempts >= job.attempt_limit:
            await self._hold(tenant, job, interchange, failure)
            return
        log_event("interchange.delayed", tenant=tenant, interchange=interchange.id, error=failure)
        due = self._clock.now() + find_wait(job.attempts)
        kind = type(failure).__name__
        await self._store.write(lambda scope: jobs.retry_later(scope, job, due, kind), tenant=tenant)
        await self._note_failure(tenant, interchange, failure)

    async def _wait(self, tenant: str, job: jobs.Job, pause: timedelta) -> None:
        due = self._clock.now() + pause
        await self._store.write(lambda scope: jobs.postpone(scope, job, due), tenant=tenant)

    async def _note_failure(self, tenant: str, interchange: Interchange, failure: DeliveryError) -> None:
        partner = interchange.partner
        await self._watch.note_failure(tenant, partner, failure, way="send", interchange=interchange.id)

    async def _hold(
        self, tenant: str, job: jobs.Job, interchange: Interchange, failure: DeliveryError
    ) -> None:
        log_event("interchange.held", tenant=tenant, interchange=interchange.id, error=failure)
        await self._store.write(lambda scope: record_held(scope, job, interchange.id, failure), tenant=tenant)
        await self._note_failure(tenant, interchange, failure)

    async def _load(self, tenant: str, interchange_id: str) -> Interchange:
        interchange = await self._store.read(
            lambda scope: interchanges.load(scope, interchange_id), tenant=tenant
        )
        if interchange is None:
            raise NoSuchRow(interchange_id)
        return interchange


def find_wait(attempts: int) -> timedelta:
    """How long a job waits after so many attempts: twice as long each time, up to a limit."""
    seconds = SHORTEST_WAIT.total_seconds() * float(1 << min(attempts, 16))
    return min(LONGEST_WAIT, timedelta(seconds=seconds))


def record_attempt(scope: TenantScope, job: jobs.Job, interchange_id: str) -> None:
    """Count an attempt, while the job is ours. Raises LostLease, NoSuchRow."""
    jobs.require(scope, job)
    interchanges.record_attempt(scope, interchange_id)


def record_sent(scope: TenantScope, job: jobs.Job, interchange_id: str, receipt: Receipt) -> None:
    """The partner has the interchange: receipt, claims and events, and the job is done. Raises LostLease."""
    jobs.finish(scope, job)
    kept = msgspec.json.encode(
        {"name": receipt.name, "size": receipt.size, "sha256": receipt.sha256, "detail": receipt.detail}
    )
    if interchanges.record_receipt(scope, interchange_id, kept.decode("utf-8")):
        _record_claims(scope, interchange_id, "claim.sent")


def record_held(scope: TenantScope, job: jobs.Job, interchange_id: str, failure: DeliveryError) -> None:
    """Nobody but a person can go on: the job is dead until it is revived, its claims are marked."""
    jobs.bury(scope, job, type(failure).__name__)
    _record_claims(scope, interchange_id, "claim.held")


def hold_claims(scope: TenantScope, interchange_id: str) -> None:
    """Mark the claims of an interchange whose delivery was given up by whoever found it dead."""
    interchange = interchanges.load(scope, interchange_id, lock=True)
    if interchange is not None and interchange.state in UNSENT:
        _record_claims(scope, interchange_id, "claim.held")


def _record_claims(scope: TenantScope, interchange_id: str, event: str) -> None:
    journal = Journal(scope)
    record_all(journal, _load_claims(scope, interchange_id), event, Particulars(interchange=interchange_id))
    journal.close()


def _load_claims(scope: TenantScope, interchange_id: str) -> list[Claim]:
    placements = interchanges.list_placements(scope, interchange_id)
    return claims.load_many(scope, [placement.claim for placement in placements], lock=True)
