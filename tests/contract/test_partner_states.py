"""Partners in trouble: one row each, and one caller at a time who may try."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from gateway.store import Store, TenantScope, jobs, partner_states
from tests.contract.rows import make_state


async def test_a_try_is_taken_by_one_caller_only(store: Store, tenant: str) -> None:
    def furnish(scope: TenantScope) -> None:
        partner_states.save(scope, make_state(scope, "key 1"))

    def take(scope: TenantScope) -> bool:
        state = partner_states.load(scope, "north", lock=True)
        assert state is not None
        later = scope.lease_now().replace(year=2100)
        return partner_states.take_try(scope, "north", later)

    await store.write(furnish, tenant=tenant)
    assert [await store.write(take, tenant=tenant) for _ in range(2)] == [True, False]
    assert await store.write(lambda scope: partner_states.allow_try(scope, "north"), tenant=tenant)
    assert await store.write(take, tenant=tenant)


async def test_a_state_is_kept_changed_and_removed_and_holds_no_secret(store: Store, tenant: str) -> None:
    def walk(scope: TenantScope) -> None:
        first = make_state(scope, "key 1")
        assert "key 1" not in repr(first)
        partner_states.save(scope, first)
        changed = msgspec.structs.replace(first, failures=4, work_item="wki_1")
        partner_states.save(scope, changed)
        assert partner_states.load(scope, "north") == changed
        assert [partner_states.remove(scope, "north") for _ in range(2)] == [True, False]
        assert partner_states.load(scope, "north") is None

    await store.write(walk, tenant=tenant)


async def test_what_waits_in_a_lane_is_due_once_it_is_hastened(store: Store, tenant: str) -> None:
    def walk(scope: TenantScope) -> int:
        later = scope.now().replace(year=2100)
        for lane in ("send:north", "send:south"):
            jobs.enqueue(scope, jobs.NewJob(kind="send", subject=lane, lane=lane, due_at=later))
        return jobs.hasten(scope, "send", "send:north")

    assert await store.write(walk, tenant=tenant) == 1
    due = await store.write(
        lambda scope: jobs.take(scope, ("send",), lease=timedelta(minutes=1), limit=9), tenant=tenant
    )
    assert [job.subject for job in due] == ["send:north"]
