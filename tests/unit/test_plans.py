"""SQLite plans as for a large tenant from the first row on: what is looked up is not read through."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import event

from gateway.clock import SystemClock
from gateway.ids import TimeIds
from gateway.sealing import Sealer, read_key_ring, write_key_ring
from gateway.store import Means, TenantScope, claims, tenants
from gateway.store.sqlite import SqliteStore, open_engine
from gateway.store.statistics import describe_index


def test_a_unique_index_ends_in_one_row_and_a_coarse_column_keeps_many() -> None:
    assert describe_index(["tenant", "id"], unique=True) == "100000000 1000000 1"
    told = describe_index(["tenant", "state", "payer_id", "id"], unique=False)
    assert told == "100000000 1000000 100000 10000 4"
    assert describe_index(["tenant", "due_at"], unique=False, partial=True) == "100000 1000 4"


async def test_equal_claims_are_found_by_their_fingerprint_not_among_all_of_the_tenant(
    tmp_path: Path,
) -> None:
    clock = SystemClock()
    means = Means(clock, TimeIds(clock), Sealer(read_key_ring(write_key_ring())))
    store = SqliteStore(tmp_path / "claimwire.db", means)
    asked: list[str] = []

    @event.listens_for(store._engine, "before_cursor_execute")
    def note(_1: object, _2: object, sql: str, *_3: object) -> None:
        asked.append(sql)

    tenant = await store.write(lambda system: tenants.create(system, "Lakeside Clinic"))

    def look(scope: TenantScope) -> None:
        claims.find_equal(scope, ["a fingerprint", "another"])
        claims.find_by_control_number(scope, "a number")

    await store.write(look, tenant=tenant.id)
    await store.close()
    engine = open_engine(tmp_path / "claimwire.db")
    with engine.connect() as connection:
        selects = [sql for sql in asked if "FROM claim" in sql]
        plans = [
            str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", ("a",) * sql.count("?")).all())
            for sql in selects
        ]
    engine.dispose()
    assert "ix_claim_tenant_duplicate_fingerprint (tenant=? AND duplicate_fingerprint=?)" in plans[0]
    assert "ix_claim_tenant_control_fingerprint (tenant=? AND control_fingerprint=?)" in plans[1]
