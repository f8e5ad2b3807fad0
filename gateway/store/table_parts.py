"""What the tables are made of: the tenant first in every key and index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    String,
    text,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def tenant_column() -> Column[str]:
    """Whose row it is."""
    return Column("tenant", String, ForeignKey("tenant.id"), nullable=False)


def id_column() -> Column[str]:
    """The row's own id."""
    return Column("id", String, nullable=False)


def columns(type_: type[TypeEngine[Any]], *names: str) -> list[Column[Any]]:
    """Columns of one type that always have a value."""
    return [Column(name, type_, nullable=False) for name in names]


def key(*columns: str) -> PrimaryKeyConstraint:
    """The primary key: the tenant, then `columns`."""
    return PrimaryKeyConstraint("tenant", *columns)


def names(column: str, table: str) -> ForeignKeyConstraint:
    """`column` names a row of `table` of the same tenant."""
    return ForeignKeyConstraint(["tenant", column], [f"{table}.tenant", f"{table}.id"])


def index(name: str, *columns: str, only: str, unique: bool = False) -> Index:
    """An index over the rows where the condition `only` holds, for both databases."""
    condition = text(only)
    return Index(name, "tenant", *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
