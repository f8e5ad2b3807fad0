"""The sender against a real database: what it does when it dies, and when the database cannot write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from gateway.archive import Archive
from gateway.clock import VirtualClock
from gateway.data_keys import KeyHolder, RingKeys
from gateway.hook_schedule import HookAnswer
from gateway.housekeeping import Housekeeping
from gateway.ids import TimeIds
from gateway.metrics import Metrics
from gateway.resealing import Keeper
from gateway.sealing import Sealer, load_key_ring
from gateway.settings import WebhookSettings
from gateway.signatures import write_secret
from gateway.store import Means, Store, TenantScope, events, idempotency, open_store, tenants, webhooks
from gateway.store.errors import StoreUnavailable
from gateway.webhooks import HookSender

TENANT = "clinic"
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Post:
    """A receiver that answers with the next of `answers`, then 200; it keeps what was sent."""

    def __init__(self, *answers: HookAnswer) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, dict[str, str], bytes]] = []

    async def __call__(self, url: str, headers: dict[str, str], body: bytes) -> HookAnswer:
        self.sent.append((url, headers, body))
        return self.answers.pop(0) if self.answers else HookAnswer(200)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _, headers, _ in self.sent]


class Bench:
    """A store with one endpoint, on a clock that stands still."""

    def __init__(self, store: Store, clock: VirtualClock) -> None:
        self.store, self.clock = store, clock
        self.secret = write_secret()
        self.endpoint = ""

    async def prepare(self) -> None:
        await self.store.write(lambda system: tenants.create(system, "Clinic", tenant_id=TENANT))
        made = await self.write(
            lambda scope: webhooks.add_endpoint(
                scope, url="https://example.com/", types=(), secret=self.secret.encode()
            )
        )
        self.endpoint = made.id

    async def write(self, operation: Any) -> Any:
        return await self.store.write(operation, tenant=TENANT)

    async def happen(self, *types: str) -> None:
        def add(scope: TenantScope) -> None:
            webhooks.plan(
                scope, events.append(scope, *(events.NewEvent(type=it, body=b"{}") for it in types))
            )

        await self.write(add)

    async def states(self) -> list[str]:
        found = await self.store.read(
            lambda scope: webhooks.list_deliveries(scope, self.endpoint), tenant=TENANT
        )
        return [delivery.state for delivery in reversed(found)]

    def sender(self, post: Post) -> HookSender:
        return HookSender(self.store, post, self.clock, WebhookSettings(), Metrics(), chance=lambda: 0.0)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    clock = VirtualClock(0, NOON)
    means = Means(clock, TimeIds(clock), Sealer(load_key_ring(tmp_path)))
    store = open_store(f"sqlite:///{tmp_path}/claimwire.db", means)
    bench = Bench(store, clock)
    await bench.prepare()
    yield bench
    await store.close()


async def test_a_failed_delivery_is_tried_again_when_it_is_due_and_not_before(bench: Bench) -> None:
    post = Post(HookAnswer(500), HookAnswer(None, failure="timeout"))
    sender = bench.sender(post)
    await bench.happen("file.received")
    assert [await sender.deliver_due(), await sender.deliver_due()] == [1, 0]
    bench.clock.advance(timedelta(seconds=5))
    assert [await sender.deliver_due(), await sender.deliver_due()] == [1, 0]
    bench.clock.advance(timedelta(minutes=5))
    assert await sender.deliver_due() == 1
    assert await bench.states() == [webhooks.DELIVERED]
    assert len(set(post.ids)) == 1


async def test_what_a_dead_sender_took_is_sent_by_another_after_its_lease(bench: Bench) -> None:
    await bench.happen("file.received")
    taken = await bench.write(lambda scope: webhooks.take(scope, lease=timedelta(seconds=50)))
    assert len(taken) == 1
    post = Post()
    sender = bench.sender(post)
    assert await sender.deliver_due() == 0
    bench.clock.advance(timedelta(seconds=51))
    assert await sender.deliver_due() == 1
    assert await bench.states() == [webhooks.DELIVERED]


async def test_a_sender_that_lost_its_lease_records_nothing(bench: Bench) -> None:
    await bench.happen("file.received")
    second = bench.sender(Post(HookAnswer(500)))

    class SlowPost(Post):
        async def __call__(self, url: str, headers: dict[str, str], body: bytes) -> HookAnswer:
            bench.clock.advance(timedelta(minutes=10))
            assert await second.deliver_due() == 1
            return await super().__call__(url, headers, body)

    await bench.sender(SlowPost()).deliver_due()
    assert await bench.states() == [webhooks.WAITING]


async def test_a_rotated_secret_signs_beside_the_new_one_until_its_day_has_passed(bench: Bench) -> None:
    new = write_secret()
    until = bench.clock.now() + timedelta(days=1)
    await bench.write(
        lambda scope: webhooks.rotate_secret(scope, bench.endpoint, new.encode(), previous_until=until)
    )
    post = Post()
    await bench.happen("file.received")
    await bench.sender(post).deliver_due()
    bench.clock.advance(timedelta(days=2))
    await bench.happen("file.received")
    await bench.sender(post).deliver_due()
    during, after = (headers["webhook-signature"].split() for _, headers, _ in post.sent)
    assert (len(during), len(after)) == (2, 1)
    _, headers, body = post.sent[0]
    stamp = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    for secret, signature in ((new, during[0]), (bench.secret, during[1])):
        expected = standardwebhooks.Webhook(secret).sign(headers["webhook-id"], stamp, body.decode())
        assert signature == expected


async def test_a_database_that_cannot_write_for_a_while_ends_no_sender(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, faults = bench.store.read, [1, 2]

    async def read_sometimes(*given: Any, **named: Any) -> Any:
        if faults:
            faults.pop()
            raise StoreUnavailable("the disk is full")
        return await read(*given, **named)

    monkeypatch.setattr(bench.store, "read", read_sometimes)
    post = Post()
    sender = HookSender(bench.store, post, bench.clock, WebhookSettings(poll_seconds=0.02), Metrics())
    await bench.happen("file.received")
    running = asyncio.create_task(sender.run())
    async with asyncio.timeout(10):
        while not post.sent:
            await asyncio.sleep(0.02)
    sender.stop()
    await asyncio.wait_for(running, 10)
    assert await bench.states() == [webhooks.DELIVERED]


async def test_answers_of_idempotency_keys_are_deleted_after_a_day(bench: Bench, tmp_path: Path) -> None:
    def begin(key: str) -> Any:
        return lambda scope: idempotency.begin(scope, "/v1/claims", key, "digest")

    archive = Archive(tmp_path / "archive", Sealer(load_key_ring(tmp_path)))
    ring = load_key_ring(tmp_path)
    holder = KeyHolder(RingKeys(ring), list, bench.clock.now)
    keeper = Housekeeping(Keeper(bench.store, archive, holder, ring, bench.clock))
    await bench.write(begin("old"))
    bench.clock.advance(timedelta(hours=23))
    await bench.write(begin("new"))
    assert await keeper.tidy() == 0
    bench.clock.advance(timedelta(hours=2))
    assert await keeper.tidy() == 1
    assert await bench.store.read(lambda scope: idempotency.load(scope, "/v1/claims", "new"), tenant=TENANT)
