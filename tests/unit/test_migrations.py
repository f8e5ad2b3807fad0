"""Migrations make exactly the tables that the program knows."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from gateway.store import tables
from gateway.store.migrations import migrate


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return create_engine(f"sqlite:///{tmp_path / 'claimwire.db'}")


def test_a_new_database_gets_every_table_and_no_other(engine: Engine) -> None:
    migrate(engine)
    assert set(inspect(engine).get_table_names()) == {*tables.metadata.tables, "alembic_version"}


def test_the_migrations_and_the_tables_agree(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_to_migrate_twice_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO tenant (id, name, created_at) VALUES ('t', 'n', '2026')"))
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM tenant")).scalar() == "t"


def list_indexes(engine: Engine) -> set[str]:
    """Every index as SQLite was told to make it, conditions included."""
    with engine.connect() as connection:
        found = connection.execute(text("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql > ''"))
        return set(found.scalars())


def test_every_index_and_its_condition_agree(engine: Engine, tmp_path: Path) -> None:
    migrate(engine)
    fresh = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    tables.metadata.create_all(fresh)
    assert list_indexes(engine) == list_indexes(fresh)
    assert sum(" WHERE " in sql for sql in list_indexes(engine)) == 13


@pytest.mark.parametrize(
    "table", sorted(tables.TENANT_TABLES, key=lambda it: it.name), ids=lambda it: it.name
)
def test_a_tenant_s_table_has_the_tenant_first_in_its_key(table) -> None:  # type: ignore[no-untyped-def]
    assert next(iter(table.primary_key.columns)).name == "tenant"
    for constraint in table.foreign_key_constraints:
        assert constraint.column_keys[0] == "tenant"


def test_every_table_but_the_tenants_own_belongs_to_a_tenant() -> None:
    assert {it.name for it in tables.metadata.tables.values()} - {it.name for it in tables.TENANT_TABLES} == {
        "tenant"
    }
