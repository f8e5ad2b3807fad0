"""Jobs, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway.clock import VirtualClock
from gateway.store import Means, Store, TenantScope, claims, jobs, open_store
from gateway.store.errors import LostLease
from tests.contract.rows import make_claim

LEASE = timedelta(minutes=5)
ENDED = timedelta(0)
KINDS = ("batch", "send")


def enqueue(kind: str = "batch", subject: str = "PAYER1", **more: Any) -> Callable[[TenantScope], bool]:
    return lambda scope: jobs.enqueue(scope, jobs.NewJob(kind=kind, subject=subject, **more))


def take(limit: int = 10, lease: timedelta = LEASE) -> Callable[[TenantScope], list[jobs.Job]]:
    return lambda scope: jobs.take(scope, KINDS, lease=lease, limit=limit)


async def test_a_due_job_is_taken_once_and_finished(store: Store, tenant: str) -> None:
    await store.write(enqueue(), tenant=tenant)
    (job,) = await store.write(take(), tenant=tenant)
    assert (job.state, job.attempts, job.fence, job.subject) == ("running", 1, 1, "PAYER1")
    assert await store.write(take(), tenant=tenant) == []
    await store.write(lambda scope: jobs.finish(scope, job), tenant=tenant)
    assert await store.read(jobs.count_by_state, tenant=tenant) == {"done": 1}


async def test_a_job_waits_for_its_due_time(store: Store, tenant: str, clock: VirtualClock) -> None:
    due = clock.now() + timedelta(minutes=1)
    await store.write(enqueue(due_at=due), tenant=tenant)
    assert await store.write(take(), tenant=tenant) == []
    assert await store.read(lambda scope: jobs.next_due(scope, KINDS), tenant=tenant) == due
    clock.advance(timedelta(minutes=1))
    assert len(await store.write(take(), tenant=tenant)) == 1


async def test_jobs_are_taken_oldest_first_and_of_the_kinds_asked_for(
    store: Store, tenant: str, clock: VirtualClock
) -> None:
    for kind, subject in (("send", "1"), ("batch", "2"), ("other", "3"), ("send", "4")):
        await store.write(enqueue(kind, subject), tenant=tenant)
        clock.advance(timedelta(seconds=1))
    first = await store.write(take(limit=2), tenant=tenant)
    then = await store.write(take(limit=2), tenant=tenant)
    assert [job.subject for job in first + then] == ["1", "2", "4"]


async def test_a_lane_runs_one_job_at_a_time_in_order(store: Store, tenant: str) -> None:
    for subject in ("1", "2", "3"):
        await store.write(enqueue("send", subject, lane="north"), tenant=tenant)
    await store.write(enqueue("send", "4", lane="south"), tenant=tenant)
    served: list[str] = []
    while held := await store.write(take(), tenant=tenant):
        lanes = [job.lane for job in held]
        assert len(lanes) == len(set(lanes))
        served += [job.subject for job in held]
        for job in held:
            await store.write(lambda scope, job=job: jobs.finish(scope, job), tenant=tenant)
    assert [subject for subject in served if subject != "4"] == ["1", "2", "3"]
    assert "4" in served


async def test_a_full_lane_does_not_starve_the_others(store: Store, tenant: str) -> None:
    for number in range(20):
        await store.write(enqueue("send", str(number), lane="north"), tenant=tenant)
    await store.write(enqueue("send", "other", lane="south"), tenant=tenant)
    await store.write(take(limit=1), tenant=tenant)
    (job,) = await store.write(take(limit=1), tenant=tenant)
    assert job.subject == "other"


async def test_many_takers_never_share_a_job(store: Store, tenant: str) -> None:
    for number in range(60):
        await store.write(enqueue(subject=str(number)), tenant=tenant)
    taken = await asyncio.gather(*(store.write(take(limit=3), tenant=tenant) for _ in range(30)))
    subjects = [job.subject for held in taken for job in held]
    assert len(subjects) == len(set(subjects)) == 60


async def test_who_lost_the_lease_is_fenced_out_and_undone(store: Store, tenant: str) -> None:
    await store.write(enqueue(), tenant=tenant)
    (slow,) = await store.write(take(lease=ENDED), tenant=tenant)
    assert await store.write(jobs.reap, tenant=tenant) == 1
    (quick,) = await store.write(take(), tenant=tenant)
    assert (quick.id, quick.fence) == (slow.id, slow.fence + 1)

    def finish_late(scope: TenantScope) -> None:
        make_claim(scope)
        jobs.finish(scope, slow)

    for late in (
        finish_late,
        lambda scope: jobs.renew(scope, slow, lease=LEASE),
        lambda scope: jobs.bury(scope, slow, "error"),
        lambda scope: jobs.retry_later(scope, slow, scope.now(), "error"),
        lambda scope: jobs.postpone(scope, slow, scope.now()),
    ):
        with pytest.raises(LostLease):
            await store.write(late, tenant=tenant)
    assert await store.read(claims.list_page, tenant=tenant) == []
    await store.write(lambda scope: jobs.finish(scope, quick), tenant=tenant)


async def test_a_lease_that_has_not_ended_is_not_reaped(store: Store, tenant: str) -> None:
    await store.write(enqueue(), tenant=tenant)
    await store.write(take(), tenant=tenant)
    assert await store.write(jobs.reap, tenant=tenant) == 0


async def test_a_renewed_lease_is_kept(store: Store, tenant: str) -> None:
    await store.write(enqueue(), tenant=tenant)
    (job,) = await store.write(take(lease=ENDED), tenant=tenant)
    assert await store.read(jobs.tenants_to_reap) == [tenant]
    await store.write(lambda scope: jobs.renew(scope, job, lease=LEASE), tenant=tenant)
    assert await store.read(jobs.tenants_to_reap) == []
    assert await store.write(jobs.reap, tenant=tenant) == 0


async def test_a_failed_job_comes_back_at_its_time_until_its_limit(
    store: Store, tenant: str, clock: VirtualClock
) -> None:
    await store.write(enqueue(attempt_limit=2), tenant=tenant)
    for attempt in (1, 2):
        (job,) = await store.write(take(), tenant=tenant)
        assert job.attempts == attempt
        later = clock.now() + timedelta(minutes=1)
        await store.write(
            lambda scope, job=job, later=later: jobs.retry_later(scope, job, later, "Transient"),
            tenant=tenant,
        )
        assert await store.write(take(), tenant=tenant) == []
        clock.advance(timedelta(minutes=1))
    (dead,) = await store.read(lambda scope: jobs.list_in_state(scope, "dead"), tenant=tenant)
    assert (dead.attempts, dead.last_error) == (2, "Transient")
    assert await store.write(lambda scope: jobs.revive(scope, dead.id), tenant=tenant) is True
    (again,) = await store.write(take(), tenant=tenant)
    assert again.attempts == 1


async def test_a_job_that_kills_its_worker_is_buried_at_its_limit(store: Store, tenant: str) -> None:
    await store.write(enqueue(attempt_limit=3), tenant=tenant)
    for _ in range(3):
        assert len(await store.write(take(lease=ENDED), tenant=tenant)) == 1
        assert await store.write(jobs.reap, tenant=tenant) == 1
    assert await store.write(take(), tenant=tenant) == []
    (dead,) = await store.read(lambda scope: jobs.list_in_state(scope, "dead"), tenant=tenant)
    assert dead.last_error == jobs.LEASE_ENDED


async def test_a_postponed_take_does_not_count(store: Store, tenant: str) -> None:
    await store.write(enqueue(), tenant=tenant)
    (job,) = await store.write(take(), tenant=tenant)
    await store.write(lambda scope: jobs.postpone(scope, job, scope.now()), tenant=tenant)
    (again,) = await store.write(take(), tenant=tenant)
    assert (again.attempts, again.fence) == (1, 2)


async def test_a_key_is_used_once_for_ever(store: Store, tenant: str, foreigner: str) -> None:
    keyed = enqueue(once_key="2026-03-01")
    assert await store.write(keyed, tenant=tenant) is True
    (job,) = await store.write(take(), tenant=tenant)
    await store.write(lambda scope: jobs.finish(scope, job), tenant=tenant)
    assert await store.write(keyed, tenant=tenant) is False
    assert await store.write(enqueue("send", once_key="2026-03-01"), tenant=tenant) is True
    assert await store.write(keyed, tenant=foreigner) is True


async def test_one_waiting_job_is_enough_until_its_time_comes(
    store: Store, tenant: str, clock: VirtualClock
) -> None:
    def ask(scope: TenantScope) -> bool:
        due = scope.now() + timedelta(minutes=1)
        return jobs.enqueue_unless_waiting(scope, jobs.NewJob(kind="batch", subject="PAYER1", due_at=due))

    added = [await store.write(ask, tenant=tenant) for _ in range(3)]
    clock.advance(timedelta(minutes=1))
    added.append(await store.write(ask, tenant=tenant))
    assert added == [True, False, False, True]


async def test_done_jobs_are_purged_but_those_that_keep_a_key(
    store: Store, tenant: str, clock: VirtualClock
) -> None:
    await store.write(enqueue(), tenant=tenant)
    await store.write(enqueue(once_key="k"), tenant=tenant)
    for job in await store.write(take(), tenant=tenant):
        await store.write(lambda scope, job=job: jobs.finish(scope, job), tenant=tenant)
    clock.advance(timedelta(days=1))
    assert await store.write(lambda scope: jobs.purge_done(scope, scope.now()), tenant=tenant) == 1
    assert await store.write(enqueue(once_key="k"), tenant=tenant) is False


async def test_tenants_that_wait_are_named_each_once(
    store: Store, tenant: str, foreigner: str, clock: VirtualClock
) -> None:
    for _ in range(3):
        await store.write(enqueue(), tenant=tenant)
    await store.write(enqueue(due_at=clock.now() + timedelta(days=1)), tenant=foreigner)
    assert await store.read(lambda system: jobs.tenants_waiting(system, KINDS)) == [tenant]
    assert await store.read(lambda system: jobs.tenants_waiting(system, ("other",))) == []


async def test_enqueueing_wakes_a_waiting_worker(store: Store, tenant: str) -> None:
    mark = store.mark(jobs.TOPIC)
    await store.write(enqueue(), tenant=tenant)
    assert await store.wait(jobs.TOPIC, after=mark, seconds=0) is True


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_two_processes_share_the_jobs_and_a_lane_stays_serial(
    url: str, store: Store, means: Means, tenant: str
) -> None:
    other = open_store(url, means)
    for number in range(40):
        await store.write(enqueue("send", str(number), lane=f"lane-{number % 4}"), tenant=tenant)
    served: list[str] = []
    at_work: set[str | None] = set()

    async def work(mine: Store) -> None:
        while len(served) < 40:
            for job in await mine.write(take(limit=2), tenant=tenant):
                assert job.lane not in at_work
                at_work.add(job.lane)
                await asyncio.sleep(0)
                at_work.remove(job.lane)
                served.append(job.subject)
                await mine.write(lambda scope, job=job: jobs.finish(scope, job), tenant=tenant)

    await asyncio.gather(work(store), work(other), work(store), work(other))
    assert sorted(served, key=int) == [str(number) for number in range(40)]
    await other.close()


async def test_a_job_whose_worker_died_keeps_its_place_before_those_that_came_later(
    store: Store, tenant: str, clock: VirtualClock
) -> None:
    for subject in ("first", "second"):
        await store.write(
            lambda scope, it=subject: jobs.enqueue(scope, jobs.NewJob(kind="send", subject=it)), tenant=tenant
        )
        clock.advance(timedelta(seconds=1))
    lost = timedelta(seconds=-1)
    [held] = await store.write(lambda scope: jobs.take(scope, ("send",), lease=lost), tenant=tenant)
    assert held.subject == "first"
    assert await store.write(jobs.reap, tenant=tenant) == 1
    [again] = await store.write(
        lambda scope: jobs.take(scope, ("send",), lease=timedelta(minutes=1)), tenant=tenant
    )
    assert (again.id, again.attempts) == (held.id, 2)
