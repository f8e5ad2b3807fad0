"""Webhooks: what is due is signed and sent, and the receiver's answer decides what follows.

Deliveries come from the outbox that events fill in their own transaction. Sent is at least once: a process
that dies between the answer and its record sends again, with the same webhook-id.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec

from gateway.clock import Clock
from gateway.events import WEBHOOK_DISABLED, WEBHOOK_TEST, Happening, publish, publish_to
from gateway.feed import show_event
from gateway.hands import Hand, HandRefused, settle_item
from gateway.hook_schedule import HookAnswer, Outcome, Step, load_schedule, plan_step
from gateway.logs import log_event
from gateway.metrics import Metrics
from gateway.patience import wait_for_first
from gateway.settings import WebhookSettings
from gateway.signatures import write_headers
from gateway.store import Store, TenantScope, events, webhooks, work_items
from gateway.store.errors import LostLease, NoSuchRow, StoreUnavailable
from gateway.store.webhooks import Delivery, Endpoint
from gateway.story import HookStory

Post = Callable[[str, dict[str, str], bytes], Awaitable[HookAnswer]]
LEASE_MARGIN = timedelta(seconds=30)
QUIET = 5  # times as long as usual is the wait where nothing is under way or due soon
REPLAYED_AT_ONCE = 1000
WEBHOOK = "webhook"


class Replayed(msgspec.Struct, frozen=True):
    """So many deliveries were planned; `next` is where to go on, None where the feed or the wish ends."""

    deliveries: int
    next: int | None


class Letter(msgspec.Struct, frozen=True):
    """One attempt made ready: where to, signed by which secrets, with which event."""

    endpoint: Endpoint
    secrets: tuple[str, ...]
    message_id: str
    body: bytes


class HookSender:
    """Delivers webhooks until it is stopped. `chance` gives numbers from 0 to 1 that spread the retries."""

    def __init__(
        self,
        store: Store,
        post: Post,
        clock: Clock,
        settings: WebhookSettings,
        metrics: Metrics,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store, self._post, self._clock = store, post, clock
        self._settings, self._metrics, self._chance = settings, metrics, chance
        self._stopping = asyncio.Event()
        self._lease = timedelta(seconds=settings.timeout_seconds) + LEASE_MARGIN

    def stop(self) -> None:
        """Take up nothing more; `run` ends when what is on its way has ended."""
        self._stopping.set()

    async def run(self) -> None:
        """Deliver what is due, wait for more, until `stop`."""
        under_way: set[asyncio.Task[None]] = set()
        while not self._stopping.is_set():
            mark = self._store.mark(webhooks.TOPIC)
            taken = await self._try_take_due(self._settings.concurrent - len(under_way))
            for tenant, delivery in taken:
                task = asyncio.create_task(self._try_attempt(tenant, delivery))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            if not taken:
                seconds = await self._choose_wait()
                hint = self._store.wait(webhooks.TOPIC, after=mark, seconds=seconds)
                await wait_for_first(hint, self._stopping.wait())
        await asyncio.gather(*under_way)

    async def _choose_wait(self) -> float:
        """Seconds until the next look, where no hint comes before."""
        seconds = self._settings.poll_seconds
        within = timedelta(seconds=seconds * QUIET)
        try:
            near = await self._store.read(lambda system: webhooks.is_any_near(system, within))
        except StoreUnavailable:
            near = True
        return seconds if near else seconds * QUIET

    async def deliver_due(self) -> int:
        """One attempt for each delivery that is due and not behind another of its claim; how many."""
        taken = await self._take_due(self._settings.concurrent)
        await asyncio.gather(*(self._attempt(tenant, delivery) for tenant, delivery in taken))
        return len(taken)

    async def _try_take_due(self, free: int) -> list[tuple[str, Delivery]]:
        """A database that cannot write now is asked again at the next turn."""
        try:
            return await self._take_due(free)
        except StoreUnavailable as failure:
            log_event("webhook.failed", level=logging.ERROR, error=failure, step="take")
            return []

    async def _try_attempt(self, tenant: str, delivery: Delivery) -> None:
        """What fails here is ours; the delivery's lease ends and it is tried again."""
        try:
            await self._attempt(tenant, delivery)
        except Exception as failure:
            log_event(
                "webhook.failed", level=logging.ERROR, error=failure, tenant=tenant, delivery=delivery.id
            )

    async def _take_due(self, free: int) -> list[tuple[str, Delivery]]:
        """Up to `free` deliveries, shared fairly among the tenants that have some."""
        if free <= 0:
            return []
        await self._reap()
        waiting = await self._store.read(webhooks.tenants_waiting)
        share = max(1, free // max(1, len(waiting)))
        taken: list[tuple[str, Delivery]] = []
        for tenant in waiting[:free]:
            held = await self._store.write(lambda scope: self._take(scope, share), tenant=tenant)
            taken += [(tenant, delivery) for delivery in held]
        return taken

    def _take(self, scope: TenantScope, limit: int) -> list[Delivery]:
        each = self._settings.concurrent_per_endpoint
        return webhooks.take(scope, lease=self._lease, limit=limit, per_endpoint=each)

    async def _reap(self) -> None:
        """Give back what a process took and died with."""
        for tenant in await self._store.read(webhooks.tenants_to_reap):
            await self._store.write(webhooks.reap, tenant=tenant)

    async def _attempt(self, tenant: str, delivery: Delivery) -> None:
        letter = await self._store.read(lambda scope: write_letter(scope, delivery), tenant=tenant)
        answer, step = await self._send(letter, delivery)
        try:
            await self._store.write(lambda scope: _record(scope, delivery, answer, step), tenant=tenant)
        except LostLease:
            log_event("webhook.lease_lost", tenant=tenant, delivery=delivery.id)
            return
        self._metrics.count_hook(step.outcome.value)
        log_event(
            "webhook.attempted",
            tenant=tenant,
            delivery=delivery.id,
            endpoint=delivery.endpoint,
            attempt=delivery.attempts,
            status=answer.status,
            reason=answer.failure,
            outcome=step.outcome.value,
        )

    async def _send(self, letter: Letter | None, delivery: Delivery) -> tuple[HookAnswer, Step]:
        """Send and judge; a delivery whose endpoint is off or gone is given up unsent."""
        if letter is None:
            return HookAnswer(None, failure="endpoint_off"), Step(Outcome.FAILED)
        now = self._clock.now()
        headers = write_headers(letter.secrets, letter.message_id, now, letter.body)
        answer = await self._post(letter.endpoint.url, headers, letter.body)
        since = letter.endpoint.failing_since
        return answer, plan_step(answer, delivery.attempts, self._clock.now(), since, self._chance())


def write_letter(scope: TenantScope, delivery: Delivery) -> Letter | None:
    """The attempt for `delivery`, or None where its endpoint takes no more."""
    endpoint = webhooks.load_endpoint(scope, delivery.endpoint)
    event = events.load(scope, delivery.sequence)
    if endpoint is None or event is None or endpoint.state != webhooks.ACTIVE:
        return None
    keys = tuple(secret.decode("ascii") for secret in webhooks.read_secrets(scope, endpoint.id))
    body = msgspec.json.encode(show_event(scope.tenant, event))
    return Letter(endpoint, keys, event.id, body)


def _record(scope: TenantScope, delivery: Delivery, answer: HookAnswer, step: Step) -> None:
    """Write down what became of the attempt. Raises LostLease."""
    if step.outcome is Outcome.DELIVERED and answer.status is not None:
        webhooks.record_delivered(scope, delivery, answer.status)
    elif step.due is not None:
        webhooks.retry_later(scope, delivery, step.due, answer.status)
    else:
        webhooks.give_up(scope, delivery, answer.status)
    if step.disable:
        switch_off(scope, delivery.endpoint)


def switch_off(scope: TenantScope, endpoint_id: str) -> None:
    """Send an endpoint nothing more, and tell the feed, the other endpoints and a person; once."""
    endpoint = webhooks.load_endpoint(scope, endpoint_id)
    if endpoint is None or endpoint.state != webhooks.ACTIVE:
        return
    webhooks.change_endpoint(scope, endpoint_id, state=webhooks.DISABLED)
    work_items.add(scope, kind=WEBHOOK, reason=WEBHOOK_DISABLED, subject=endpoint_id)
    story = HookStory(webhook=endpoint_id, reason=WEBHOOK_DISABLED)
    publish(scope, Happening(type=WEBHOOK_DISABLED, story=story))


def switch_on(scope: TenantScope, endpoint_id: str, hand: Hand) -> Endpoint:
    """Send an endpoint what happens from now on, and settle what said that it is off. Raises NoSuchRow."""
    webhooks.change_endpoint(scope, endpoint_id, state=webhooks.ACTIVE)
    for item in work_items.find_about(scope, WEBHOOK, WEBHOOK_DISABLED, endpoint_id):
        if item.state == work_items.OPEN:
            settle_item(scope, item, hand)
    return _load(scope, endpoint_id)


def rotate(scope: TenantScope, endpoint_id: str, secret: str) -> tuple[Endpoint, datetime]:
    """Sign with `secret` from now on, and with the one before until the moment. Raises NoSuchRow."""
    until = scope.now() + timedelta(seconds=load_schedule().rotation_seconds)
    webhooks.rotate_secret(scope, endpoint_id, secret.encode("ascii"), previous_until=until)
    return _load(scope, endpoint_id), until


def replay(scope: TenantScope, endpoint_id: str, after: int, until: int | None) -> Replayed:
    """Deliver once more what the endpoint wants of a page of the feed. Raises NoSuchRow, HandRefused."""
    endpoint = _load(scope, endpoint_id)
    if endpoint.state != webhooks.ACTIVE:
        raise HandRefused("webhook.is_off")
    page = events.list_after(scope, after, limit=REPLAYED_AT_ONCE)
    wanted = [event for event in page if until is None or event.sequence <= until]
    planned = webhooks.plan_again(scope, endpoint, wanted)
    more = len(page) == REPLAYED_AT_ONCE and len(wanted) == len(page)
    return Replayed(planned, page[-1].sequence if more else None)


def try_out(scope: TenantScope, endpoint_id: str) -> str:
    """Deliver a test event to this endpoint alone; the delivery's id. Raises NoSuchRow, HandRefused."""
    endpoint = _load(scope, endpoint_id)
    if endpoint.state != webhooks.ACTIVE:
        raise HandRefused("webhook.is_off")
    return publish_to(scope, endpoint, Happening(type=WEBHOOK_TEST, story=HookStory(webhook=endpoint_id)))


def _load(scope: TenantScope, endpoint_id: str) -> Endpoint:
    endpoint = webhooks.load_endpoint(scope, endpoint_id)
    if endpoint is None:
        raise NoSuchRow(endpoint_id)
    return endpoint
