"""What a store promises, whichever database is behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, select, text

from gateway.store import Means, Store, TenantScope, claims, events, open_store, tables, tenants
from gateway.store.errors import (
    Conflict,
    NoSuchRow,
    StoreError,
    StoreNewer,
    StoreUnavailable,
    UnscopedStatement,
    ValueRefused,
)
from tests.contract.rows import make_claim


class Refused(Exception):
    """What an operation of a test raises."""


async def test_a_write_is_seen_by_every_later_read(store: Store, tenant: str) -> None:
    claim = await store.write(make_claim, tenant=tenant)
    assert await store.read(lambda scope: claims.load(scope, claim.id), tenant=tenant) == claim


async def test_a_write_outlives_the_store(url: str, means: Means, store: Store, tenant: str) -> None:
    claim = await store.write(make_claim, tenant=tenant)
    await store.close()
    again = open_store(url, means)
    assert await again.read(lambda scope: claims.load(scope, claim.id), tenant=tenant) == claim
    await again.close()


async def test_an_operation_that_raises_writes_nothing(store: Store, tenant: str) -> None:
    def write_then_raise(scope: TenantScope) -> None:
        make_claim(scope)
        events.append(scope, events.NewEvent(type="claim.received", body=b"{}"))
        raise Refused

    with pytest.raises(Refused):
        await store.write(write_then_raise, tenant=tenant)
    kept = await store.read(
        lambda scope: (claims.list_page(scope), events.last_sequence(scope)), tenant=tenant
    )
    assert kept == ([], 0)


async def test_an_operation_that_fails_does_not_hurt_its_neighbours(store: Store, tenant: str) -> None:
    def work(number: int) -> Callable[[TenantScope], int]:
        def run(scope: TenantScope) -> int:
            make_claim(scope, patient_control_number=f"ACCT-{number}")
            if number % 3 == 0:
                raise Refused
            return number

        return run

    answers = await asyncio.gather(
        *(store.write(work(number), tenant=tenant) for number in range(60)), return_exceptions=True
    )
    good = [number for number in range(60) if number % 3]
    assert [answer for answer in answers if isinstance(answer, int)] == good
    assert sum(isinstance(answer, Refused) for answer in answers) == 20
    kept = await store.read(lambda scope: claims.list_page(scope, limit=100), tenant=tenant)
    assert len(kept) == len(good)


async def test_a_broken_constraint_is_a_conflict_without_values(store: Store, tenant: str) -> None:
    claim = await store.write(make_claim, tenant=tenant)

    def add_again(scope: TenantScope) -> None:
        make_claim(scope, id=claim.id)

    with pytest.raises(Conflict) as conflict:
        await store.write(add_again, tenant=tenant)
    assert "claim" in str(conflict.value)
    assert claim.id not in str(conflict.value)
    assert conflict.value.__cause__ is None


async def test_a_read_can_write_nothing(store: Store, tenant: str) -> None:
    with pytest.raises(StoreError):
        await store.read(make_claim, tenant=tenant)
    assert await store.read(claims.list_page, tenant=tenant) == []


async def test_a_store_survives_many_failed_reads(store: Store, tenant: str) -> None:
    def refuse(scope: TenantScope) -> None:
        claims.list_page(scope)
        raise Refused

    for _ in range(40):
        with pytest.raises(Refused):
            await store.read(refuse, tenant=tenant)
    await store.write(make_claim, tenant=tenant)
    assert len(await store.read(claims.list_page, tenant=tenant)) == 1


async def test_concurrent_operations_see_whole_earlier_ones(store: Store, tenant: str) -> None:
    claim = await store.write(make_claim, tenant=tenant)

    def add_cent(scope: TenantScope) -> None:
        held = claims.load(scope, claim.id, lock=True)
        assert held is not None
        claims.change(scope, claim.id, paid=held.paid + Decimal("0.01"))

    await asyncio.gather(*(store.write(add_cent, tenant=tenant) for _ in range(50)))
    kept = await store.read(lambda scope: claims.load(scope, claim.id), tenant=tenant)
    assert kept is not None
    assert kept.paid == Decimal("0.50")


async def test_the_same_lock_is_held_by_one_transaction_at_a_time(store: Store, tenant: str) -> None:
    def add_unless_there(scope: TenantScope) -> bool:
        scope.lock("one")
        there = claims.list_page(scope)
        if not there:
            make_claim(scope)
        return not there

    added = await asyncio.gather(*(store.write(add_unless_there, tenant=tenant) for _ in range(20)))
    assert added.count(True) == 1


async def test_a_system_scope_learns_the_tenants_and_enters_each(
    store: Store, tenant: str, foreigner: str
) -> None:
    await store.write(make_claim, tenant=foreigner)

    def look(system):  # type: ignore[no-untyped-def]  # the scope is the store's business here
        with_claims = system.tenants_with(tables.claim, tables.claim.c.state == "received")
        return system.tenants(), with_claims, len(claims.list_page(system.of(foreigner)))

    assert await store.read(look) == (sorted((tenant, foreigner)), [foreigner], 1)


async def test_tenants_are_listed_and_their_ids_are_unique(store: Store, tenant: str) -> None:
    await store.write(lambda system: tenants.create(system, "Demo", tenant_id="ten_demo"))
    with pytest.raises(Conflict):
        await store.write(lambda system: tenants.create(system, "Demo", tenant_id="ten_demo"))
    listed = await store.read(tenants.list_all)
    assert {it.id: it.name for it in listed} == {tenant: "Lakeside Clinic", "ten_demo": "Demo"}


async def test_nothing_is_written_for_a_tenant_that_is_not_there(store: Store) -> None:
    with pytest.raises(Conflict):
        await store.write(make_claim, tenant="ten_nobody")
    with pytest.raises(NoSuchRow):
        await store.write(
            lambda scope: events.append(scope, events.NewEvent(type="x", body=b"")), tenant="ten_nobody"
        )


async def test_a_statement_that_no_scope_made_is_refused(store: Store, tenant: str, foreigner: str) -> None:
    def run_anothers(scope: TenantScope) -> None:
        scope.tuples(select(tables.claim))

    def run_foreign(system):  # type: ignore[no-untyped-def]  # the scope is the store's business here
        statement = system.of(foreigner).select(tables.claim)
        system.of(tenant).tuples(statement)

    with pytest.raises(UnscopedStatement):
        await store.read(run_anothers, tenant=tenant)
    with pytest.raises(UnscopedStatement):
        await store.read(run_foreign)


async def test_the_driver_refuses_sql_that_names_no_tenant(store: Store, tenant: str) -> None:
    def add_foreign_source(scope: TenantScope) -> None:
        statement = scope.select(tables.claim, tables.claim.c.id)
        scope.tuples(statement.where(tables.claim.c.id == tables.event.c.claim))

    with pytest.raises(UnscopedStatement):
        await store.read(add_foreign_source, tenant=tenant)


async def test_waiting_ends_with_a_commit_that_hints_at_the_topic(store: Store, tenant: str) -> None:
    mark = store.mark("news")
    waiting = asyncio.create_task(store.wait("news", after=mark, seconds=30))
    await asyncio.sleep(0)
    await store.write(lambda scope: scope.hint("other"), tenant=tenant)
    assert not waiting.done()
    await store.write(lambda scope: scope.hint("news"), tenant=tenant)
    assert await waiting is True
    assert await store.wait("news", after=mark, seconds=0) is True
    assert await store.wait("news", after=store.mark("news"), seconds=0.01) is False


async def test_nobody_is_woken_by_what_was_undone(store: Store, tenant: str) -> None:
    def hint_then_raise(scope: TenantScope) -> None:
        scope.hint("news")
        raise Refused

    mark = store.mark("news")
    with pytest.raises(Refused):
        await store.write(hint_then_raise, tenant=tenant)
    assert store.mark("news") == mark


async def test_no_body_is_in_the_database_in_clear(store: Store, tenant: str, database: Engine) -> None:
    await store.write(make_claim, tenant=tenant)
    with database.connect() as connection:
        rows = connection.execute(text("SELECT * FROM claim")).all()
    assert len(rows) == 1
    assert "MARKED" not in repr(rows)
    assert "ACCT-1" not in repr(rows)


async def test_close_finishes_what_was_taken_on(url: str, means: Means, store: Store, tenant: str) -> None:
    writes = [asyncio.create_task(store.write(make_claim, tenant=tenant)) for _ in range(50)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*writes)
    again = open_store(url, means)
    assert len(await again.read(claims.list_page, tenant=tenant)) == 50
    await again.close()


async def test_a_hundred_writers_do_not_deadlock(store: Store, tenant: str, foreigner: str) -> None:
    def tell_both(first: str, second: str) -> Callable[..., None]:
        def run(system):  # type: ignore[no-untyped-def]  # the scope is the store's business here
            for one in (first, second):
                events.append(system.of(one), events.NewEvent(type="x", body=b"{}"))

        return run

    orders = [(tenant, foreigner), (foreigner, tenant)] * 25
    await asyncio.gather(*(store.write(tell_both(*order)) for order in orders))
    for one in (tenant, foreigner):
        assert await store.read(events.last_sequence, tenant=one) == 50


async def test_the_schema_is_what_the_program_knows(database: Engine) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


async def test_a_database_of_a_newer_version_is_refused_in_words_and_left_as_it_is(
    url: str, means: Means, store: Store, database: Engine
) -> None:
    await store.close()
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreNewer, match="newer version of claimwire: run that version"):
        open_store(url, means)
    with database.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == ["9999"]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_lost_connection_fails_what_was_in_it_and_heals(store: Store, tenant: str) -> None:
    def cut(scope: TenantScope) -> None:
        make_claim(scope)
        scope._connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    for run in (store.write, store.read, store.write):
        with pytest.raises(StoreUnavailable):
            await run(cut, tenant=tenant)
    await asyncio.gather(*(store.write(make_claim, tenant=tenant) for _ in range(20)))
    assert len(await store.read(claims.list_page, tenant=tenant)) == 20


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_server_that_restarts_loses_nothing_that_was_acknowledged(
    store: Store, tenant: str, database: Engine
) -> None:
    kept: list[str] = []

    async def write_on() -> None:
        while len(kept) < 150:
            try:
                kept.append((await store.write(make_claim, tenant=tenant)).id)
            except StoreUnavailable:
                await asyncio.sleep(0.01)

    def cut_all() -> None:
        with database.connect() as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            connection.execute(text(f"{others} AND datname = current_database()"))

    writing = [asyncio.create_task(write_on()) for _ in range(8)]
    for _ in range(5):
        await asyncio.sleep(0.02)
        await asyncio.to_thread(cut_all)
    await asyncio.gather(*writing)
    there = await store.read(lambda scope: claims.list_page(scope, limit=1000), tenant=tenant)
    assert set(kept) <= {claim.id for claim in there}


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_character_that_the_database_does_not_take_is_refused(store: Store, tenant: str) -> None:
    with pytest.raises(ValueRefused) as refusal:
        await store.write(lambda scope: make_claim(scope, payer_id="MARKED\x00"), tenant=tenant)
    assert "MARKED" not in str(refusal.value)
