"""API keys, idempotency keys and webhooks, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from gateway.clock import VirtualClock
from gateway.store import Store, TenantScope, events, idempotency, keys, webhooks
from gateway.store.errors import Conflict, LostLease, NoSuchRow
from tests.contract.rows import make_claim

LEASE = timedelta(minutes=1)
ROUTE = "POST /v1/claims"


def add_key(scope: TenantScope, prefix: str = "cw_abc") -> keys.ApiKey:
    return keys.add(scope, prefix=prefix, digest="d" * 64, label="demo", scopes=("claims", "events"))


async def test_a_key_is_found_by_its_prefix_and_names_its_tenant(
    store: Store, tenant: str, foreigner: str
) -> None:
    key = await store.write(add_key, tenant=tenant)
    assert await store.read(lambda system: keys.find(system, "cw_abc")) == key
    assert key.tenant == tenant
    assert await store.read(lambda system: keys.find(system, "cw_abd")) is None
    with pytest.raises(Conflict):
        await store.write(add_key, tenant=foreigner)


async def test_a_revoked_key_stays_revoked_and_is_shown(store: Store, tenant: str) -> None:
    key = await store.write(add_key, tenant=tenant)
    assert await store.write(lambda scope: keys.revoke(scope, key.id), tenant=tenant) is True
    assert await store.write(lambda scope: keys.revoke(scope, key.id), tenant=tenant) is False
    (shown,) = await store.read(keys.list_all, tenant=tenant)
    assert shown.state == keys.REVOKED
    assert shown.revoked_at is not None


def begin(key: str = "k-MARKED", digest: str = "d1") -> Callable[[TenantScope], idempotency.Entry | None]:
    return lambda scope: idempotency.begin(scope, ROUTE, key, digest)


async def test_the_first_request_takes_the_key_and_its_answer_is_kept(
    store: Store, tenant: str, database: Engine
) -> None:
    assert await store.write(begin(), tenant=tenant) is None
    in_flight = await store.write(begin(digest="d2"), tenant=tenant)
    assert in_flight is not None
    assert (in_flight.digest, in_flight.status) == ("d1", None)
    await store.write(
        lambda scope: idempotency.complete(scope, ROUTE, "k-MARKED", status=202, response=b"MARKED-NAME"),
        tenant=tenant,
    )
    known = await store.write(begin(), tenant=tenant)
    assert known is not None
    assert (known.status, known.response) == (202, b"MARKED-NAME")
    with database.connect() as connection:
        assert "MARKED" not in repr(connection.execute(text("SELECT * FROM idempotency")).all())


async def test_of_many_requests_at_once_one_takes_the_key(store: Store, tenant: str) -> None:
    taken = await asyncio.gather(*(store.write(begin(), tenant=tenant) for _ in range(20)))
    assert taken.count(None) == 1


async def test_a_key_of_another_tenant_or_route_is_another_key(
    store: Store, tenant: str, foreigner: str
) -> None:
    assert await store.write(begin(), tenant=tenant) is None
    assert await store.write(begin(), tenant=foreigner) is None
    other = await store.write(
        lambda scope: idempotency.begin(scope, "POST /x", "k-MARKED", "d"), tenant=tenant
    )
    assert other is None


async def test_an_abandoned_or_expired_key_is_free_again(
    store: Store, tenant: str, clock: VirtualClock
) -> None:
    await store.write(begin(), tenant=tenant)
    await store.write(lambda scope: idempotency.abandon(scope, ROUTE, "k-MARKED"), tenant=tenant)
    assert await store.write(begin(), tenant=tenant) is None
    clock.advance(timedelta(hours=25))

    def begin_anew(scope: TenantScope) -> idempotency.Entry | None:
        old = scope.now() - timedelta(hours=24)
        return idempotency.begin(scope, ROUTE, "k-MARKED", "d3", expired_before=old)

    assert await store.write(begin_anew, tenant=tenant) is None
    kept = await store.write(begin_anew, tenant=tenant)
    assert kept is not None
    assert kept.digest == "d3"
    clock.advance(timedelta(seconds=1))
    assert await store.write(lambda scope: idempotency.purge(scope, scope.now()), tenant=tenant) == 1
    with pytest.raises(NoSuchRow):
        await store.write(
            lambda scope: idempotency.complete(scope, ROUTE, "k-MARKED", status=200, response=b""),
            tenant=tenant,
        )


def add_endpoint(scope: TenantScope, *types: str) -> webhooks.Endpoint:
    return webhooks.add_endpoint(
        scope, url="https://billing.example/hook", types=types, secret=b"MARKED-SECRET"
    )


def tell(scope: TenantScope, *claims_: str | None) -> int:
    told = events.append(
        scope, *(events.NewEvent(type="claim.sent", claim=claim, body=b"{}") for claim in claims_)
    )
    return webhooks.plan(scope, told)


def take(limit: int = 10, lease: timedelta = LEASE) -> Callable[[TenantScope], list[webhooks.Delivery]]:
    return lambda scope: webhooks.take(scope, lease=lease, limit=limit)


async def test_an_endpoint_keeps_its_secret_sealed_and_rotates_it(
    store: Store, tenant: str, clock: VirtualClock, database: Engine
) -> None:
    endpoint = await store.write(add_endpoint, tenant=tenant)

    def read(scope: TenantScope) -> list[bytes]:
        return webhooks.read_secrets(scope, endpoint.id)

    assert await store.read(read, tenant=tenant) == [b"MARKED-SECRET"]
    until = clock.now() + timedelta(hours=1)
    await store.write(
        lambda scope: webhooks.rotate_secret(scope, endpoint.id, b"new", previous_until=until), tenant=tenant
    )
    assert await store.read(read, tenant=tenant) == [b"new", b"MARKED-SECRET"]
    clock.advance(timedelta(hours=1))
    assert await store.read(read, tenant=tenant) == [b"new"]
    with database.connect() as connection:
        assert "MARKED" not in repr(connection.execute(text("SELECT * FROM webhook_endpoint")).all())


async def test_an_event_goes_to_each_active_endpoint_that_wants_it(store: Store, tenant: str) -> None:
    def plan(scope: TenantScope) -> tuple[int, webhooks.Endpoint]:
        everything = add_endpoint(scope)
        add_endpoint(scope, "claim.sent")
        add_endpoint(scope, "claim.paid")
        off = add_endpoint(scope)
        webhooks.change_endpoint(scope, off.id, state=webhooks.DISABLED)
        return tell(scope, None), everything

    planned, everything = await store.write(plan, tenant=tenant)
    assert planned == 2
    (delivery,) = await store.read(
        lambda scope: webhooks.list_deliveries(scope, everything.id), tenant=tenant
    )
    assert (delivery.sequence, delivery.state) == (1, webhooks.WAITING)
    assert await store.read(webhooks.tenants_waiting) == [tenant]


async def test_deliveries_of_one_claim_go_in_order_and_others_do_not_wait(store: Store, tenant: str) -> None:
    def prepare(scope: TenantScope) -> tuple[str, str]:
        add_endpoint(scope)
        one, two = make_claim(scope).id, make_claim(scope).id
        tell(scope, one, one, two, None, None)
        return one, two

    one, two = await store.write(prepare, tenant=tenant)
    held = await store.write(take(), tenant=tenant)
    assert [(it.sequence, it.claim) for it in held] == [(1, one), (3, two), (4, None), (5, None)]
    later = held[0].due_at + timedelta(minutes=5)
    await store.write(lambda scope: webhooks.retry_later(scope, held[0], later, 500), tenant=tenant)
    assert await store.write(take(), tenant=tenant) == []


async def test_a_delivered_or_given_up_delivery_lets_the_next_go(
    store: Store, tenant: str, clock: VirtualClock
) -> None:
    def prepare(scope: TenantScope) -> str:
        endpoint, claim = add_endpoint(scope), make_claim(scope)
        tell(scope, claim.id, claim.id, claim.id)
        return endpoint.id

    endpoint_id = await store.write(prepare, tenant=tenant)
    (first,) = await store.write(take(), tenant=tenant)
    await store.write(lambda scope: webhooks.give_up(scope, first, None), tenant=tenant)
    failing = await store.read(lambda scope: webhooks.load_endpoint(scope, endpoint_id), tenant=tenant)
    assert failing is not None
    assert failing.failing_since == clock.now()
    (second,) = await store.write(take(), tenant=tenant)
    await store.write(lambda scope: webhooks.record_delivered(scope, second, 204), tenant=tenant)
    healed = await store.read(lambda scope: webhooks.load_endpoint(scope, endpoint_id), tenant=tenant)
    assert healed is not None
    assert healed.failing_since is None
    (third,) = await store.write(take(), tenant=tenant)
    assert [it.sequence for it in (first, second, third)] == [1, 2, 3]
    counts = await store.read(webhooks.count_by_state, tenant=tenant)
    assert counts == {"dead": 1, "delivered": 1, "running": 1}


async def test_a_delivery_whose_lease_ended_is_taken_again_and_the_first_holder_fenced(
    store: Store, tenant: str
) -> None:
    await store.write(lambda scope: (add_endpoint(scope), tell(scope, None)), tenant=tenant)
    (slow,) = await store.write(take(lease=timedelta(0)), tenant=tenant)
    assert await store.read(webhooks.tenants_to_reap) == [tenant]
    assert await store.write(webhooks.reap, tenant=tenant) == 1
    (quick,) = await store.write(take(), tenant=tenant)
    assert (quick.id, quick.attempts) == (slow.id, 2)
    with pytest.raises(LostLease):
        await store.write(lambda scope: webhooks.record_delivered(scope, slow, 200), tenant=tenant)


async def test_events_are_delivered_again_on_demand(store: Store, tenant: str) -> None:
    def prepare(scope: TenantScope) -> int:
        endpoint = add_endpoint(scope, "claim.sent")
        tell(scope, None, None)
        return webhooks.plan_again(scope, endpoint, events.list_after(scope, 1))

    assert await store.write(prepare, tenant=tenant) == 1
    assert [it.sequence for it in await store.write(take(), tenant=tenant)] == [1, 2, 2]


async def test_an_endpoint_is_changed_and_deleted_with_its_deliveries(store: Store, tenant: str) -> None:
    endpoint = await store.write(add_endpoint, tenant=tenant)
    await store.write(lambda scope: tell(scope, None), tenant=tenant)
    await store.write(
        lambda scope: webhooks.change_endpoint(scope, endpoint.id, url="https://b.example/", types=("x",)),
        tenant=tenant,
    )
    (shown,) = await store.read(webhooks.list_endpoints, tenant=tenant)
    assert (shown.url, shown.types, shown.state) == ("https://b.example/", ("x",), webhooks.ACTIVE)
    assert await store.write(lambda scope: webhooks.delete_endpoint(scope, endpoint.id), tenant=tenant)
    assert not await store.write(lambda scope: webhooks.delete_endpoint(scope, endpoint.id), tenant=tenant)
    assert await store.read(webhooks.count_by_state, tenant=tenant) == {}
    with pytest.raises(NoSuchRow):
        await store.read(lambda scope: webhooks.read_secrets(scope, endpoint.id), tenant=tenant)


async def test_no_endpoint_has_more_under_way_than_its_share_and_the_idle_come_first(
    store: Store, tenant: str
) -> None:
    def furnish(scope: TenantScope) -> tuple[str, str]:
        busy, idle = [
            webhooks.add_endpoint(scope, url=f"https://{name}.example", types=(), secret=b"s").id
            for name in ("busy", "idle")
        ]
        webhooks.plan(scope, events.append(scope, *[events.NewEvent(type="x", body=b"{}")] * 9))
        return busy, idle

    busy, idle = await store.write(furnish, tenant=tenant)

    async def take(limit: int) -> list[str]:
        lease = timedelta(minutes=1)
        taken = await store.write(
            lambda scope: webhooks.take(scope, lease=lease, limit=limit, per_endpoint=3), tenant=tenant
        )
        return [delivery.endpoint for delivery in taken]

    assert await take(2) == [busy, busy]
    assert sorted(await take(4)) == sorted([idle, idle, idle, busy])
    assert await take(4) == []
