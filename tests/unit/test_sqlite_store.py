"""What SQLite adds to the contract: its settings, its groups, and what a failing disk does."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.exc import TimeoutError as PoolExhausted

from gateway.clock import VirtualClock
from gateway.ids import TimeIds
from gateway.sealing import Sealer, read_key_ring, write_key_ring
from gateway.store import (
    Means,
    TenantScope,
    claims,
    jobs,
    keys,
    open_store,
    sqlite,
    tenants,
    webhooks,
)
from gateway.store.errors import StoreBroken, StoreError, StoreUnavailable
from gateway.store.failures import is_fatal, name_failure
from gateway.store.sqlite import SqliteStore
from tests.contract.rows import make_claim
from tests.contract.test_tenants_are_apart import TRIES, furnish

WALK_OF_TENANTS = "SCAN tenant USING COVERING INDEX sqlite_autoindex_tenant_1"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def means() -> Means:
    clock = VirtualClock(0, NOON)
    return Means(clock, TimeIds(clock), Sealer(read_key_ring(write_key_ring())))


@pytest.fixture
async def store(tmp_path: Path, means: Means) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "claimwire.db", means)
    yield opened
    await opened.close()


@pytest.fixture
async def tenant(store: SqliteStore) -> str:
    return (await store.write(lambda system: tenants.create(system, "Lakeside Clinic"))).id


def ask(scope: TenantScope, pragma: str) -> Any:
    return scope._connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()


@pytest.mark.parametrize(
    ("pragma", "answer"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)],
)
async def test_the_settings_hold_for_writer_and_readers(
    store: SqliteStore, tenant: str, pragma: str, answer: object
) -> None:
    assert await store.write(lambda scope: ask(scope, pragma), tenant=tenant) == answer
    for _ in range(8):
        assert await store.read(lambda scope: ask(scope, pragma), tenant=tenant) == answer


def test_a_setting_that_does_not_take_refuses_to_open(
    tmp_path: Path, means: Means, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_PRAGMAS", (("synchronous", "FULL", 3),))
    with pytest.raises(StoreError, match="synchronous"):
        SqliteStore(tmp_path / "claimwire.db", means)
    monkeypatch.undo()
    asyncio.run(SqliteStore(tmp_path / "claimwire.db", means).close())


async def test_operations_that_wait_commit_together(store: SqliteStore, tenant: str) -> None:
    before = store.commits
    await asyncio.gather(*(store.write(make_claim, tenant=tenant) for _ in range(300)))
    assert store.commits - before < 30


async def test_a_reader_does_not_wait_for_the_writer(store: SqliteStore, tenant: str) -> None:
    loop = asyncio.get_running_loop()
    inside, release = asyncio.Event(), asyncio.Event()

    def write_slowly(scope: TenantScope) -> None:
        make_claim(scope)
        loop.call_soon_threadsafe(inside.set)
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result()

    writing = asyncio.create_task(store.write(write_slowly, tenant=tenant))
    await inside.wait()
    assert await store.read(claims.list_page, tenant=tenant) == []
    release.set()
    await writing
    assert len(await store.read(claims.list_page, tenant=tenant)) == 1


async def test_a_full_disk_fails_the_operations_and_heals(tmp_path: Path, means: Means) -> None:
    store = SqliteStore(tmp_path / "claimwire.db", means)
    tenant = (await store.write(lambda system: tenants.create(system, "Lakeside Clinic"))).id

    def limit_pages(scope: TenantScope, pages: int) -> None:
        scope._connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    pages = await store.write(lambda scope: ask(scope, "page_count"), tenant=tenant)
    await store.write(lambda scope: limit_pages(scope, pages + 4), tenant=tenant)
    writes = (
        store.write(lambda scope: make_claim(scope, body=b"x" * 9000), tenant=tenant) for _ in range(40)
    )
    answers = await asyncio.gather(*writes, return_exceptions=True)
    failed = [answer for answer in answers if isinstance(answer, BaseException)]
    assert failed
    assert all(isinstance(answer, StoreUnavailable) for answer in failed)
    kept = await store.read(lambda scope: claims.list_page(scope, limit=99), tenant=tenant)
    assert {claim.id for claim in kept} == {it.id for it in answers if isinstance(it, claims.Claim)}
    await store.write(lambda scope: limit_pages(scope, 1_000_000), tenant=tenant)
    await store.write(make_claim, tenant=tenant)
    await store.close()


async def test_a_failed_flush_acknowledges_nothing_and_ends_the_writing(
    store: SqliteStore, tenant: str
) -> None:
    def fail_as_a_disk_does(_scope: TenantScope) -> None:
        failure = sqlite3.OperationalError("disk I/O error")
        failure.sqlite_errorcode = 10 | (4 << 8)
        failure.sqlite_errorname = "SQLITE_IOERR_FSYNC"
        _scope._connection.connection.driver_connection.execute("ROLLBACK")  # type: ignore[union-attr]
        raise failure

    neighbours = [store.write(make_claim, tenant=tenant) for _ in range(3)]
    answers = await asyncio.gather(
        store.write(fail_as_a_disk_does, tenant=tenant), *neighbours, return_exceptions=True
    )
    assert isinstance(answers[0], StoreBroken)
    with pytest.raises(StoreBroken):
        await store.write(make_claim, tenant=tenant)
    told = {answer.id for answer in answers[1:] if isinstance(answer, claims.Claim)}
    kept = await store.read(claims.list_page, tenant=tenant)
    assert told == {claim.id for claim in kept}


async def test_another_process_that_holds_the_lock_makes_writers_wait_then_fail(
    tmp_path: Path, means: Means, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = tuple(it if it[0] != "busy_timeout" else ("busy_timeout", "50", 50) for it in sqlite._PRAGMAS)
    monkeypatch.setattr(sqlite, "_PRAGMAS", short)
    store = SqliteStore(tmp_path / "claimwire.db", means)
    tenant = (await store.write(lambda system: tenants.create(system, "Lakeside Clinic"))).id
    backup = sqlite3.connect(tmp_path / "claimwire.db", isolation_level=None)
    backup.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="SQLITE_BUSY"):
        await store.write(make_claim, tenant=tenant)
    backup.execute("ROLLBACK")
    await store.write(make_claim, tenant=tenant)
    backup.close()
    await store.close()


async def test_a_cancelled_caller_does_not_stop_the_writer(store: SqliteStore, tenant: str) -> None:
    writing = asyncio.create_task(store.write(make_claim, tenant=tenant))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await store.write(make_claim, tenant=tenant)


def test_a_driver_error_shows_its_kind_and_never_its_text() -> None:
    error = sqlite3.OperationalError("no such thing as MARKED-NAME")
    named = name_failure(error)
    assert isinstance(named, StoreUnavailable)
    assert "MARKED" not in str(named)
    assert not is_fatal(error)
    assert name_failure(ValueError("ours")).args == ("ours",)


def test_a_pool_without_a_free_connection_is_a_database_that_cannot_be_had_now() -> None:
    assert isinstance(name_failure(PoolExhausted("QueuePool limit")), StoreUnavailable)


def test_a_url_of_no_known_database_is_refused(means: Means) -> None:
    for url in ("mysql://localhost/x", "sqlite://"):
        with pytest.raises(StoreError, match="sqlite:///FILE"):
            open_store(url, means)


async def test_no_value_is_in_the_text_of_a_database_error(store: SqliteStore, tenant: str) -> None:
    def break_statement(scope: TenantScope) -> None:
        scope._connection.exec_driver_sql("SELECT missing_column, ?", ("MARKED-NAME",))

    with pytest.raises(StoreUnavailable) as failure:
        await store.write(break_statement, tenant=tenant)
    shown = f"{failure.value!r} {failure.value.__cause__!r}"
    assert "MARKED" not in shown


async def test_every_look_up_by_id_and_every_worker_s_look_uses_an_index(
    store: SqliteStore, tenant: str, tmp_path: Path
) -> None:
    asked: list[tuple[str, Any]] = []

    @event.listens_for(store._engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, _many: bool) -> None:
        if sql.startswith(("SELECT", "UPDATE", "DELETE")):
            asked.append((sql, parameters))

    its = await store.write(furnish, tenant=tenant)
    for call in TRIES.values():
        try:
            await store.write(lambda scope, call=call: call(scope, its), tenant=tenant)
        except Exception as refusal:
            assert type(refusal).__module__.startswith("gateway")
    for look in (
        lambda system: jobs.tenants_waiting(system, ("send", "batch")),
        jobs.tenants_to_reap,
        webhooks.tenants_waiting,
        webhooks.tenants_to_reap,
        lambda system: keys.find(system, "cw_1"),
    ):
        await store.read(look)
    engine = create_engine(f"sqlite:///{tmp_path / 'claimwire.db'}")
    with engine.connect() as connection:
        plans = {
            (sql, row[3])
            for sql, parameters in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
        }
    engine.dispose()
    assert len(plans) > 50
    assert sorted({plan for _sql, plan in plans if plan.startswith("SCAN")}) == [WALK_OF_TENANTS]
