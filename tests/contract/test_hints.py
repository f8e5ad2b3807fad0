"""Hints of commits: within a process, and on PostgreSQL between processes."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from gateway.store import Means, Store, jobs, open_store
from gateway.store.jobs import NewJob

LONG = 30.0
SHORT = 0.3


async def enqueue(store: Store, tenant: str) -> None:
    await store.write(
        lambda scope: jobs.enqueue(scope, NewJob(kind="send", subject=uuid4().hex)), tenant=tenant
    )


async def test_a_commit_wakes_who_waits_in_the_same_process_once(store: Store, tenant: str) -> None:
    mark = store.mark(jobs.TOPIC)
    waiting = asyncio.create_task(store.wait(jobs.TOPIC, after=mark, seconds=LONG))
    await enqueue(store, tenant)
    assert await waiting
    assert not await store.wait(jobs.TOPIC, after=store.mark(jobs.TOPIC), seconds=SHORT)
    assert store.mark(jobs.TOPIC) == mark + 1


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_commit_of_another_process_wakes_too_and_again_after_the_connection_was_lost(
    store: Store, tenant: str, url: str, means: Means
) -> None:
    other = open_store(url, means)
    for _ in range(2):
        assert not await other.wait("nothing", after=other.mark("nothing"), seconds=SHORT)
        waiting = asyncio.create_task(other.wait(jobs.TOPIC, after=other.mark(jobs.TOPIC), seconds=LONG))
        await asyncio.sleep(0)
        while not waiting.done():  # until the new connection listens, a hint may be missed
            await enqueue(store, tenant)
            await asyncio.wait({waiting}, timeout=0.2)
        assert waiting.result()
        end_listeners(url)
    await other.close()


def end_listeners(url: str) -> None:
    """End every connection of the database that listens."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
    with engine.connect() as connection:
        assert connection.execute(text(ended + " AND datname = current_database()")).all()
    engine.dispose()
