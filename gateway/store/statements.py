"""The one place where the tenant is added to a statement.

`Statements` makes selects, updates and deletes for one owner. `Prepared` makes one for whatever owner, once,
and compiles it for the driver: SQLAlchemy takes ten times as long to build a statement as SQLite takes to run
it, and every claim passes the writer's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Delete,
    FromClause,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from gateway.store import tables
from gateway.store.driver import execute, execute_many

OWNER: Final = "claimwire_owner"
MOST_ROWS: Final = 64
"""Rows that one statement inserts at most; it inserts a power of two, so that few are ever compiled."""
Convert = Callable[[Any], Any]  # a column type's own step between Python and the driver


class Statements:
    """Makes statements over the rows of one owner: a tenant's id, or the parameter `OWNER` for a Prepared."""

    def __init__(self, owner: str | BindParameter[str]) -> None:
        self._owner = owner

    def select(self, table: FromClause | tuple[FromClause, ...], *columns: ColumnElement[Any]) -> Select[Any]:
        """A select over `table` (or several, joined in `where`) of `columns`, or of all, for this owner."""
        sources = table if isinstance(table, tuple) else (table,)
        chosen = columns or tuple(column for source in sources for column in source.c)
        statement = select(*chosen).select_from(*sources).where(*map(self._is_ours, sources))
        return statement.execution_options(**{OWNER: self._owner})

    def update(self, table: Table) -> Update:
        """An update of this owner's rows of `table`."""
        return update(table).where(self._is_ours(table)).execution_options(**{OWNER: self._owner})

    def delete(self, table: Table) -> Delete:
        """A delete of this owner's rows of `table`."""
        return delete(table).where(self._is_ours(table)).execution_options(**{OWNER: self._owner})

    def _is_ours(self, table: FromClause) -> ColumnElement[bool]:
        return owner_of(table) == self._owner


class Compiled(msgspec.Struct, frozen=True):
    """A statement as the driver takes it, and the steps of its parameters and result columns."""

    sql: str
    order: tuple[str, ...] | None  # of positional parameters; None where the driver takes them by name
    given: dict[str, object]
    bind: dict[str, Convert | None]
    results: tuple[Convert | None, ...]

    def run(self, connection: Connection, values: Mapping[str, object]) -> tuple[list[tuple[Any, ...]], int]:
        """Execute; the rows with their columns as Python values, and how many rows were met."""
        cursor = execute(connection, self.sql, self._fill(values))
        rows = [self._read(row) for row in cursor] if cursor.description else []
        return rows, cursor.rowcount

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert `rows`. PostgreSQL's driver sends them in one journey.

        SQLite's runs a statement for each and gives the interpreter away with each: many go into one there.
        """
        if self.order is None:
            execute_many(connection, self.sql, [self._fill(row) for row in rows])
            return
        at = 0
        while at < len(rows):
            count = 1 << min(MOST_ROWS, len(rows) - at).bit_length() - 1
            filled = [value for row in rows[at : at + count] for value in self._fill(row)]
            execute(connection, repeat_row(self.sql, count), tuple(filled))
            at += count

    def _fill(self, values: Mapping[str, object]) -> Any:  # a tuple or a dict, as the driver wants it
        known, bind = {**self.given, **values} if self.given else values, self.bind
        if self.order is None:
            return {name: (step(known[name]) if step else known[name]) for name, step in bind.items()}
        return tuple([step(known[name]) if (step := bind[name]) else known[name] for name in self.order])

    def _read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        return tuple([step(it) if step else it for it, step in zip(row, self.results, strict=True)])


@lru_cache(maxsize=1024)
def repeat_row(sql: str, count: int) -> str:
    """An insert of one row made one of so many."""
    head, values, row = sql.partition(" VALUES ")
    return head + values + ", ".join([row] * count)


class Prepared:
    """A statement made once for every owner; `make` names its values by `bindparam`."""

    def __init__(self, make: Callable[[Statements], Select[Any] | Update | Delete]) -> None:
        self._statement = make(Statements(bindparam(OWNER)))
        self._compiled: dict[str, Compiled] = {}

    def compile(self, dialect: Dialect) -> Compiled:
        """As the driver of `dialect` takes it, compiled at first use."""
        if dialect.name not in self._compiled:
            columns = tuple(self._statement.exported_columns)
            self._compiled[dialect.name] = _compile(self._statement, columns, dialect)
        return self._compiled[dialect.name]


@lru_cache(maxsize=256)
def compile_insert(table: Table, names: tuple[str, ...], dialect: Dialect) -> Compiled:
    """An insert of the columns `names` and the owner's."""
    return _compile(_insert_into(table, dialect), (), dialect, _columns(table, names))


@lru_cache(maxsize=64)
def compile_insert_unless_present(
    table: Table, names: tuple[str, ...], key: tuple[str, ...], dialect: Dialect
) -> Compiled:
    """An insert that does nothing where the owner has a row with the same `key`; else a row comes back."""
    owner = owner_of(table)
    statement = _insert_into(table, dialect).on_conflict_do_nothing(index_elements=[owner.name, *key])
    return _compile(statement.returning(owner), (owner,), dialect, _columns(table, names))


def make_insert_or_update(
    table: Table,
    row: Mapping[str, object],
    key: Sequence[str],
    changes: Mapping[str, object],
    dialect: Dialect,
) -> Insert:
    """An insert that applies `changes` where the owner has a row with the same `key`; the row comes back."""
    index = [owner_of(table).name, *key]
    statement = _insert_into(table, dialect).values(dict(row))
    return statement.on_conflict_do_update(index_elements=index, set_=dict(changes)).returning(*table.c)


@lru_cache(maxsize=256)
def name_owner(table: Table) -> str:
    """The name of that column."""
    return str(owner_of(table).name)


def owner_of(table: FromClause) -> ColumnElement[Any]:
    """The column that says whose row it is: `tenant`, and `id` in the table of tenants itself."""
    return table.c.id if table is tables.tenant else table.c.tenant


def columns_of(table: Table, shape: type[msgspec.Struct]) -> tuple[Column[Any], ...]:
    """The columns of `table` named like the fields of `shape`, in order. Raises KeyError."""
    return tuple(table.c[name] for name in shape.__struct_fields__)


def _columns(table: Table, names: tuple[str, ...]) -> list[str]:
    return sorted({*names, owner_of(table).name})


def _insert_into(table: Table, dialect: Dialect) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)


def _compile(
    statement: Any,  # SQLAlchemy has no common type for what compiles to SQL with parameters
    results: Sequence[ColumnElement[Any]],
    dialect: Dialect,
    column_keys: list[str] | None = None,
) -> Compiled:
    compiled = statement.compile(dialect=dialect, column_keys=column_keys)
    bound = compiled.bind_names.items()
    bind = {name: _step(parameter, dialect).bind_processor(dialect) for parameter, name in bound}
    order = tuple(compiled.positiontup) if compiled.positional else None
    read = tuple(_step(column, dialect).result_processor(dialect, None) for column in results)
    return Compiled(str(compiled), order, dict(compiled.params), bind, read)


def _step(element: ColumnElement[Any], dialect: Dialect) -> Any:  # a type with the dialect's own processors
    return element.type.dialect_impl(dialect)
