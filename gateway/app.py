"""The composition root: settings become a running gateway. Only this module and `wiring` name concrete parts.

gateway = await open_gateway(settings)
port = await gateway.start()
...
await gateway.stop()
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Final, Protocol

import msgspec

from adapters.retry import retry_transient
from edi.checking import check_document
from edi.claims import check_claim
from gateway.answers import Answers
from gateway.api.server import Server
from gateway.archive import Archive
from gateway.audit import AuditLog
from gateway.batching import Batching
from gateway.checking.checker import Checker
from gateway.checking.crew import Crew
from gateway.clock import Clock, SteadyClock
from gateway.codes.library import Library
from gateway.codes.shelf import Shelf
from gateway.commitpoints import Reach, pass_by
from gateway.data_keys import KeyHolder
from gateway.deposits import Deposits
from gateway.directory import PayerShelf
from gateway.dispatch import Dispatch
from gateway.drops import Drops
from gateway.follow_ups.filing import FollowUps
from gateway.housekeeping import Housekeeping
from gateway.ids import IdSource, TimeIds
from gateway.inbound import Inbound
from gateway.inquiries.asking import Inquiries
from gateway.inquiries.kinds import KINDS
from gateway.intake import Intake
from gateway.keys import KeyRoom
from gateway.logs import log_event
from gateway.metrics import Metrics
from gateway.outbound import HookClient
from gateway.partners import PartnerWatch
from gateway.payer_rules import load_books
from gateway.people.room import make_people
from gateway.places import Places
from gateway.processing import Processing
from gateway.rates import Rates
from gateway.reception import Reception
from gateway.rematching import Rematching
from gateway.replies import Replies
from gateway.resealing import Keeper, prepare_keys
from gateway.sealing import KeyRing, Sealer, load_key_ring
from gateway.services import Services
from gateway.settings import Settings
from gateway.status_requests import StatusRequests
from gateway.store import Means, Store, SystemScope, events, jobs, open_store, tenants
from gateway.store.errors import StoreBroken, StoreUnavailable
from gateway.store.key_reading import read_data_keys
from gateway.tokens import TokenRoom
from gateway.watchdogs import Watchdogs
from gateway.webhooks import HookSender
from gateway.wiring import (
    RealTimeAdapters,
    Transports,
    make_vault,
    make_volumes,
    make_wrapping_keys,
)
from gateway.worker import Worker


class Role(StrEnum):
    """What a process does: answer HTTP, do the background work, or both."""

    API = "api"
    WORKER = "worker"
    ALL = "all"


class Work(Protocol):
    """Background work: `run` goes on until `stop`."""

    async def run(self) -> None: ...
    def stop(self) -> None: ...


class Gateway:
    """A gateway made ready by `open_gateway`; `start` and `stop` it once."""

    def __init__(
        self, services: Services, role: Role, reach: Reach = pass_by, crew: Crew | None = None
    ) -> None:
        self.services = services
        self._crew = crew
        self._role = role
        self._reach = reach
        self._server = Server(services) if role is not Role.WORKER else None
        self._work: dict[Work, asyncio.Task[None]] = {}
        self._stopped = False
        self._resources = contextlib.AsyncExitStack()

    async def start(self) -> int | None:
        """Begin the work; the port that HTTP listens on, None for a worker alone.

        Raises SettingsError for a partner's absent secret, OSError for an address that is taken.
        """
        if self._role is not Role.API:
            client = await self._resources.enter_async_context(make_hook_client(self.services.settings))
            self._begin(build_worker(self.services, client, self._resources, self._reach))
            self._begin(Housekeeping(self.services.keeper))
        self.services.inquiries.prepare()
        if self._server is None:
            return None
        if self._crew is not None:
            self._resources.push_async_callback(self._crew.close)
            await self._crew.start()
        await asyncio.to_thread(warm_up)
        return await self._server.start()

    async def stop(self) -> None:
        """Take nothing more, let what is under way end within the drain time, close the store; once."""
        if self._stopped:
            return
        self._stopped = True
        if self._server is not None:
            await self._server.stop()
        await self.services.inquiries.stop(self.services.settings.server.drain_seconds)
        await self._drain()
        await self._resources.aclose()
        await self.services.audit.close()
        await self.services.store.close()
        log_event("gateway.stopped", role=self._role.value)

    def _begin(self, work: Work) -> None:
        task = asyncio.create_task(work.run())
        task.add_done_callback(self._note_end)
        self._work[work] = task

    def _note_end(self, work: asyncio.Task[None]) -> None:
        """Background work that ends by a failure ends the gateway: answering alone, it would look alive."""
        failure = None if work.cancelled() else work.exception()
        if failure is not None:
            log_event("worker.ended", level=logging.CRITICAL, error=failure)
            self.services.broken.set()

    async def _drain(self) -> None:
        """Wait for the background work, and cut what does not end: its leases give it to another process."""
        for work in self._work:
            work.stop()
        if self._work:
            await asyncio.wait(self._work.values(), timeout=self.services.settings.server.drain_seconds)
        for task in self._work.values():
            task.cancel()
        await asyncio.gather(*self._work.values(), return_exceptions=True)


OPENING_TRIES: Final = 6
OPENING_WAIT: Final = 4.0
"""Seconds between two tries at a database that starts too, or whose connections are all taken."""


async def open_gateway(
    settings: Settings,
    *,
    role: Role = Role.ALL,
    clock: Clock | None = None,
    ids: IdSource | None = None,
    reach: Reach = pass_by,
) -> Gateway:
    """Open database and archive and build every service. Raises StoreOwned, SettingsError, KeyRingInvalid."""
    time = clock or SteadyClock(tell=_note_step_back)
    crew = Crew(settings, time, settings.server.checkers) if settings.server.checkers else None
    patiently = retry_transient(OPENING_TRIES, longest=OPENING_WAIT, known=StoreUnavailable)
    services = await patiently(asyncio.to_thread)(
        _build_services, settings, time, ids or TimeIds(time), reach, crew
    )
    await patiently(_prepare)(services, time)
    return Gateway(services, role, reach, crew)


async def _prepare(services: Services, time: Clock) -> None:
    """What has to be in the database before anybody is served. It may run twice."""
    await services.store.write(lambda system: _add_tenants(system, services.settings))
    if isinstance(time, SteadyClock):
        await _go_on_from(services.store, time)
    await prepare_keys(services.keeper)


def _note_step_back(seconds: float) -> None:
    """The machine's clock is behind what it said before."""
    log_event("clock.set_back", level=logging.WARNING, seconds=seconds)


async def _go_on_from(store: Store, clock: SteadyClock) -> None:
    """Let time go on from the last moment that the store has seen: the clock may have been set back."""
    seen = await store.read(_list_last_moments)
    if seen:
        clock.pass_by(max(seen))


def _list_last_moments(system: SystemScope) -> list[datetime]:
    scopes = [system.of(tenant) for tenant in system.tenants()]
    asked = [look(scope) for scope in scopes for look in (events.find_last_moment, jobs.find_last_change)]
    return [moment for moment in asked if moment is not None]


def _build_services(
    settings: Settings, clock: Clock, ids: IdSource, reach: Reach, crew: Crew | None
) -> Services:
    """Every service on one store. It blocks: the schema is brought up to date."""
    ring, holder = open_keys(settings, clock)
    sealer = Sealer(ring, holder)
    store = open_store(settings.database_url, Means(clock, ids, sealer))
    archive = Archive(make_vault(settings), sealer)
    shelf = Shelf(Library(settings.home), clock)
    directory = PayerShelf(settings.home)
    checker = Checker(settings, basis=shelf.basis, books=load_books(settings), directory=directory)
    intake = Intake(store, archive, checker, judge=crew, reach=reach)
    keys = KeyRoom(store, clock)
    return Services(
        settings=settings,
        store=store,
        archive=archive,
        clock=clock,
        ids=ids,
        keys=keys,
        tokens=TokenRoom(store, clock, keys),
        people=make_people(store, clock, settings),
        shelf=shelf,
        directory=directory,
        intake=intake,
        follow_ups=FollowUps(store, intake),
        deposits=Deposits(store, archive, intake, limit=settings.server.file_claims),
        reception=Reception(store, archive, reach=reach),
        answers=Answers(store, archive, clock),
        inquiries=Inquiries(store, archive, settings, clock, RealTimeAdapters(settings), checker.name_payer),
        audit=AuditLog(store),
        keeper=Keeper(store, archive, holder, ring, clock),
        metrics=Metrics(),
        rates=Rates(settings.limits),
        volumes=make_volumes(settings),
        places=Places(settings.server.claims_under_way, settings.server.claims_of_tenant),
    )


def warm_up() -> None:
    """Compile the guides before the first client waits for them."""
    check_claim({})
    for kind in KINDS.values():
        check_document({}, kind.asks)


def open_sealer(settings: Settings, clock: Clock | None = None) -> Sealer:
    """The sealer with the key ring of the settings, or of the home folder, and the data keys of the database.

    Raises KeyRingInvalid, SettingsError.
    """
    return Sealer(*open_keys(settings, clock or SteadyClock()))


def open_keys(settings: Settings, clock: Clock) -> tuple[KeyRing, KeyHolder]:
    """The key ring and the holder of the data keys, which reads them when they are first asked for."""
    reference = settings.sealing.keys
    ring = load_key_ring(settings.home, reference.read() if reference else None)
    load = partial(read_data_keys, settings.database_url)
    return ring, KeyHolder(make_wrapping_keys(settings, ring), load, clock.now)


def _add_tenants(system: SystemScope, settings: Settings) -> None:
    """A row for each tenant of the settings that has none yet."""
    known = set(system.tenants())
    for tenant in settings.tenants:
        if tenant.name not in known:
            tenants.create(system, tenant.name, tenant_id=tenant.name)


def build_worker(
    services: Services, client: HookClient, resources: contextlib.AsyncExitStack, reach: Reach = pass_by
) -> Worker:
    """All background work; the partners' connections are closed with `resources`."""
    settings, store, clock = services.settings, services.store, services.clock
    transports = Transports(settings)
    resources.push_async_callback(transports.close)
    transports.make_all()
    watch = PartnerWatch(store, transports.describe_wire)
    inbound = Inbound(
        store, services.archive, transports.find, watch, limit=settings.server.file_limit, reach=reach
    )
    watchdogs = Watchdogs(store, clock, settings.partner_for, inbound.has_looked)
    drops, replies = build_drops(services, transports, watch, reach)
    return Worker(
        store,
        clock,
        settings.worker,
        settings.tenants,
        batching=Batching(store, services.archive, clock, reach=reach),
        dispatch=Dispatch(store, services.archive, transports.find, watch, clock, reach=reach),
        inbound=inbound,
        processing=Processing(store, services.archive, settings.find_partner, reach=reach),
        watchdogs=watchdogs,
        requests=StatusRequests(
            store, services.archive, clock, settings.partner_for, watchdogs.may_have_come
        ),
        drops=drops,
        replies=replies,
        sender=HookSender(store, client.post, clock, settings.webhooks, services.metrics),
        inquiries=services.inquiries,
        rematching=Rematching(store, services.archive, clock, settings.find_partner),
    )


def build_drops(
    services: Services, transports: Transports, watch: PartnerWatch, reach: Reach
) -> tuple[Drops, Replies]:
    """What empties the folders of senders, and what puts the answers into them."""
    drops = Drops(
        services.store,
        services.archive,
        services.deposits,
        transports.find_folder,
        watch,
        services.clock,
        limit=services.settings.server.file_limit,
        reach=reach,
    )
    replies = Replies(
        services.store,
        services.archive,
        services.deposits,
        services.answers,
        transports.find_folder,
        services.clock,
        reach=reach,
    )
    return drops, replies


def make_hook_client(settings: Settings) -> HookClient:
    """The client that webhooks are sent with."""
    hooks = settings.webhooks
    return HookClient(
        timeout_seconds=hooks.timeout_seconds, allow_private=hooks.allow_private, connections=hooks.concurrent
    )


def choose_checkers(settings: Settings) -> Settings:
    """The settings with a number of checkers where they leave it open: one for each of several cores."""
    cores = len(os.sched_getaffinity(0))
    if settings.server.checkers is not None:
        return settings
    server = msgspec.structs.replace(settings.server, checkers=cores if cores > 1 else 0)
    return msgspec.structs.replace(settings, server=server)


async def serve(settings: Settings, *, role: Role = Role.ALL, reach: Reach = pass_by) -> None:
    """Run a gateway until SIGINT or SIGTERM, then drain it; `reach` is told of each commit point.

    Raises StoreBroken after a failed flush or the end of the background work, OSError where the address
    cannot be listened on.
    """
    gateway = await open_gateway(choose_checkers(settings), role=role, reach=reach)
    asked, broken = asyncio.Event(), gateway.services.broken
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    ends = [asyncio.create_task(event.wait()) for event in (asked, broken)]
    try:
        await gateway.start()
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for end in ends:
            end.cancel()
        await gateway.stop()
    if broken.is_set():
        raise StoreBroken("the gateway cannot go on, its log says why: look at the disk and start it again")
