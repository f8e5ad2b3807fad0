"""Webhooks: what is due is signed and sent, and the receiver's answer decides what follows.

Deliveries come from the outbox that events fill in their own transaction. Sent is at least once: a process
that dies between the answer and its record sends again, with the same webhook-id.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec

from gateway.clock import Clock
from gateway.feed import show_event
from gateway.hook_schedule import HookAnswer, Outcome, Step, plan_step
from gateway.logs import log_event
from gateway.metrics import Metrics
from gateway.settings import WebhookSettings
from gateway.signatures import write_headers
from gateway.store import Store, TenantScope, events, webhooks
from gateway.store.errors import LostLease, StoreUnavailable
from gateway.store.webhooks import Delivery, Endpoint

Post = Callable[[str, dict[str, str], bytes], Awaitable[HookAnswer]]
LEASE_MARGIN = timedelta(seconds=30)


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
        self._stopping = False
        self._lease = timedelta(seconds=settings.timeout_seconds) + LEASE_MARGIN

    def stop(self) -> None:
        """Take up nothing more; `run` ends when what is on its way has ended."""
        self._stopping = True

    async def run(self) -> None:
        """Deliver what is due, wait for more, until `stop`."""
        under_way: set[asyncio.Task[None]] = set()
        while not self._stopping:
            mark = self._store.mark(webhooks.TOPIC)
            taken = await self._try_take_due(self._settings.concurrent - len(under_way))
            for tenant, delivery in taken:
                task = asyncio.create_task(self._try_attempt(tenant, delivery))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            if not taken:
                await self._store.wait(webhooks.TOPIC, after=mark, seconds=self._settings.poll_seconds)
        await asyncio.gather(*under_way)

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
        return webhooks.take(scope, lease=self._lease, limit=limit)

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
        webhooks.change_endpoint(scope, delivery.endpoint, state=webhooks.DISABLED)
