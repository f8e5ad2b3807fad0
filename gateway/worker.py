"""The worker: the loops that move claims along, on the injected clock, until it is told to stop.

Batching and mailboxes are looked at now and then; jobs are taken under a lease that is renewed while they
run. A loop that fails says so in the log and goes on at its next turn, so that one partner's trouble is its
own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final, Protocol

from gateway import surrender
from gateway.batching import ACCEPTED, SEND, Batching
from gateway.clock import Clock
from gateway.dispatch import Dispatch, find_wait
from gateway.drops import REPLY, Drops
from gateway.inbound import Inbound
from gateway.inquiries.asking import Inquiries
from gateway.logs import log_event
from gateway.patience import wait_for_first
from gateway.processing import Processing
from gateway.reception import PROCESS
from gateway.rematching import Rematching
from gateway.replies import Replies
from gateway.settings import Partner, Tenant, WorkerSettings
from gateway.settings import Sender as DropSender
from gateway.status_requests import StatusRequests
from gateway.store import Store, claims, events, jobs
from gateway.store.errors import LostLease, StoreUnavailable
from gateway.watchdogs import Watchdogs
from gateway.watches import load_watches

CONCURRENT: Final = 8
QUIET: Final = 5
"""So many times as long as usual is the wait where nothing is under way or due soon; a hint ends it."""

Handler = Callable[[str, jobs.Job], Awaitable[None]]
Turn = Callable[[], Awaitable[object]]


class Sender(Protocol):
    """What sends webhooks: runs until it is stopped."""

    async def run(self) -> None: ...
    def stop(self) -> None: ...


class Worker:
    """All background work of the given tenants.

    `sender` is None where webhooks are sent elsewhere, `drops` and `replies` where nobody drops files,
    `requests` where no payer is asked about claims, `inquiries` where nobody is asked in real time.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        settings: WorkerSettings,
        tenants: Sequence[Tenant],
        *,
        batching: Batching,
        dispatch: Dispatch,
        inbound: Inbound,
        processing: Processing,
        watchdogs: Watchdogs,
        requests: StatusRequests | None = None,
        drops: Drops | None = None,
        replies: Replies | None = None,
        sender: Sender | None = None,
        inquiries: Inquiries | None = None,
        rematching: Rematching | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._tenants = tenants
        self._batching = batching
        self._inbound = inbound
        self._processing = processing
        self._watchdogs = watchdogs
        self._drops = drops
        self._sender = sender
        self._inquiries = inquiries
        self._rematching = rematching
        timers = dict.fromkeys(load_watches().timers, watchdogs.run)
        self._handlers: dict[str, Handler] = {SEND: dispatch.run, PROCESS: processing.run, **timers}
        if requests is not None:
            self._handlers[load_watches().inquiry.timer] = requests.run
        if replies is not None:
            self._handlers[REPLY] = replies.run
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Take up nothing more; `run` ends when what is under way has ended."""
        self._stopping.set()
        if self._sender is not None:
            self._sender.stop()

    async def run(self) -> None:
        """Work until `stop`."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._run_jobs())
            tasks.create_task(self._repeat("batching", self._batch_waiting, self._settings.poll_seconds))
            tasks.create_task(self._repeat("watchdogs", self._look_all, self._settings.watch_seconds))
            for tenant, partner in self._list_partners():
                tasks.create_task(self._watch_mailbox(tenant, partner))
            if self._inquiries is not None:
                resend = self._inquiries.resend_due
                tasks.create_task(self._repeat("inquiries", resend, self._settings.poll_seconds))
            for tenant, software in self._list_senders():
                tasks.create_task(self._watch_folder(tenant, software))
            if self._sender is not None:
                tasks.create_task(self._sender.run())

    async def run_due(self) -> int:
        """One turn of everything that is due now, for tests and the demo's end; how much there was to do."""
        done = await self._batch_all()
        for tenant, partner in self._list_partners():
            done += await self._inbound.poll(tenant.name, partner.name)
        for tenant, software in self._list_senders():
            done += await self._poll_drops(tenant, software)
        done += await self._look_all()
        while taken := await self._take_jobs(CONCURRENT):
            await asyncio.gather(*(self._run_job(tenant, job) for tenant, job in taken))
            done += len(taken)
        return done

    def _list_partners(self) -> Iterator[tuple[Tenant, Partner]]:
        """The partners with a mailbox, each with its tenant."""
        both = ((tenant, partner) for tenant in self._tenants for partner in tenant.partners)
        return ((tenant, partner) for tenant, partner in both if partner.transport is not None)

    def _list_senders(self) -> Iterator[tuple[Tenant, DropSender]]:
        return ((tenant, sender) for tenant in self._tenants for sender in tenant.senders)

    async def _batch_all(self) -> int:
        return sum(
            [await self._batching.run(tenant.name, partner) for tenant, partner in self._list_partners()]
        )

    async def _batch_waiting(self) -> None:
        """Batch what waits; where nothing does, sleep until something may have come."""
        mark = self._store.mark(events.TOPIC)
        if await self._store.read(lambda system: claims.tenants_with_state(system, ACCEPTED)):
            await self._batch_all()
            return
        seconds = self._settings.poll_seconds * QUIET
        hint = self._store.wait(events.TOPIC, after=mark, seconds=seconds)
        await wait_for_first(hint, self._stopping.wait())

    async def _look_all(self) -> int:
        found = 0
        if self._rematching is not None:
            found = sum([await self._rematching.look(tenant.name) for tenant in self._tenants])
        looked = [
            await self._watchdogs.look(tenant.name, partner) for tenant, partner in self._list_partners()
        ]
        return found + sum(looked)

    async def _watch_mailbox(self, tenant: Tenant, partner: Partner) -> None:
        async def poll() -> int:
            return await self._inbound.poll(tenant.name, partner.name)

        await self._repeat("polling", poll, partner.poll_seconds, partner=partner.name)

    async def _watch_folder(self, tenant: Tenant, software: DropSender) -> None:
        async def poll() -> int:
            return await self._poll_drops(tenant, software)

        await self._repeat("drops", poll, software.poll_seconds, partner=software.name)

    async def _poll_drops(self, tenant: Tenant, software: DropSender) -> int:
        return await self._drops.poll(tenant.name, software) if self._drops is not None else 0

    async def _repeat(self, step: str, turn: Turn, seconds: float, *, partner: str | None = None) -> None:
        """Take a turn every `seconds` of the clock until stopped."""
        while not self._stopping.is_set():
            try:
                await turn()
            except Exception as failure:
                log_event("worker.failed", level=logging.ERROR, error=failure, step=step, partner=partner)
            await self._pause(seconds)

    async def _pause(self, seconds: float) -> None:
        """Wait `seconds` of the clock, or until stopped."""
        await wait_for_first(self._clock.sleep(seconds), self._stopping.wait())

    async def _run_jobs(self) -> None:
        under_way: set[asyncio.Task[None]] = set()
        while not self._stopping.is_set():
            mark = self._store.mark(jobs.TOPIC)
            taken = await self._try_take_jobs(CONCURRENT - len(under_way))
            for tenant, job in taken:
                task = asyncio.create_task(self._run_job(tenant, job))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            if not taken:
                await self._wait_for_jobs(mark, under_way)
        await asyncio.gather(*under_way)

    async def _wait_for_jobs(self, mark: int, under_way: set[asyncio.Task[None]]) -> None:
        """Wait until a job comes in or one ends: its lane is free then, and so is its place."""
        seconds = self._settings.poll_seconds * (1 if under_way or await self._is_any_near() else QUIET)
        hint = self._store.wait(jobs.TOPIC, after=mark, seconds=seconds)
        await wait_for_first(hint, self._stopping.wait(), *under_way)

    async def _is_any_near(self) -> bool:
        """True where the queue is worth a look soon."""
        within = timedelta(seconds=self._settings.poll_seconds * QUIET)
        try:
            return await self._store.read(lambda system: jobs.is_any_near(system, within))
        except StoreUnavailable:
            return True

    async def _try_take_jobs(self, free: int) -> list[tuple[str, jobs.Job]]:
        try:
            return await self._take_jobs(free)
        except StoreUnavailable as failure:
            log_event("worker.failed", level=logging.ERROR, error=failure, step="jobs")
            return []

    async def _take_jobs(self, free: int) -> list[tuple[str, jobs.Job]]:
        """Up to `free` due jobs, shared fairly among the tenants that have some."""
        kinds = tuple(self._handlers)
        dead, waiting = await self._store.read(
            lambda system: (jobs.tenants_to_reap(system), jobs.tenants_waiting(system, kinds))
        )
        for tenant in dead:
            await self._store.write(surrender.reap, tenant=tenant)
        if dead:  # what was reaped waits now
            waiting = await self._store.read(lambda system: jobs.tenants_waiting(system, kinds))
        share = max(1, free // max(1, len(waiting)))
        taken: list[tuple[str, jobs.Job]] = []
        for tenant in waiting[: max(0, free)]:
            held = await self._store.write(
                lambda scope: jobs.take(scope, kinds, lease=self._lease, limit=share), tenant=tenant
            )
            taken += [(tenant, job) for job in held]
        return taken

    async def _run_job(self, tenant: str, job: jobs.Job) -> None:
        """Run one job under its lease; what fails is tried again later, and given up at its attempt limit."""
        try:
            await self._run_under_lease(tenant, job)
        except LostLease:
            log_event("job.lease_lost", tenant=tenant, job=job.id, kind=job.kind)
        except Exception as failure:
            log_event(
                "job.failed", level=logging.ERROR, error=failure, tenant=tenant, job=job.id, kind=job.kind
            )
            await self._put_off(tenant, job, failure)

    async def _run_under_lease(self, tenant: str, job: jobs.Job) -> None:
        """Raises what the handler raises, LostLease where another worker has taken the job over."""
        work = asyncio.ensure_future(self._handlers[job.kind](tenant, job))
        beat = asyncio.ensure_future(self._renew(tenant, job))
        await asyncio.wait({work, beat}, return_when=asyncio.FIRST_COMPLETED)
        ended, other = (work, beat) if work.done() else (beat, work)
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
        await ended

    async def _renew(self, tenant: str, job: jobs.Job) -> None:
        """Hold the job as long as it runs. Raises LostLease."""
        while True:
            await self._clock.sleep(self._lease.total_seconds() / 3)
            await self._store.write(lambda scope: jobs.renew(scope, job, lease=self._lease), tenant=tenant)

    async def _put_off(self, tenant: str, job: jobs.Job, failure: Exception) -> None:
        try:
            kind = type(failure).__name__
            if job.attempts >= job.attempt_limit:
                await self._store.write(lambda scope: surrender.surrender(scope, job, kind), tenant=tenant)
                return
            due = self._clock.now() + find_wait(job.attempts)
            await self._store.write(lambda scope: jobs.retry_later(scope, job, due, kind), tenant=tenant)
        except (LostLease, StoreUnavailable) as unsettled:
            log_event("job.unsettled", level=logging.ERROR, error=unsettled, tenant=tenant, job=job.id)
