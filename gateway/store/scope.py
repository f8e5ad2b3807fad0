"""The one place that adds the tenant to every statement.

Query modules ask a `TenantScope` for their select, insert, update and delete; it adds the tenant to each
table that the statement names. As a second lock, `guard_statements` refuses, at the driver's door, any SQL
that touches a tenant's table without naming its tenant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Delete,
    Engine,
    Executable,
    FromClause,
    Row,
    Select,
    Table,
    Update,
    delete,
    event,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from gateway.clock import Clock
from gateway.ids import IdSource
from gateway.sealing import Sealer
from gateway.store import tables
from gateway.store.errors import UnscopedStatement

S = TypeVar("S", bound=msgspec.Struct)
_TENANT: Final = "claimwire_tenant"
_WALK: Final = "claimwire_walk"


class Means(msgspec.Struct, frozen=True):
    """What every scope carries besides its connection: clock, ids, sealer."""

    clock: Clock
    ids: IdSource
    sealer: Sealer


class _Scope:
    """What both scopes have: the connection of their transaction, clock, ids and hints."""

    def __init__(self, connection: Connection, means: Means, topics: set[str]) -> None:
        self._connection = connection
        self._means = means
        self._topics = topics

    def now(self) -> datetime:
        """The time of the injected clock."""
        return self._means.clock.now()

    def lease_now(self) -> datetime:
        """The time that leases go by: PostgreSQL's, since workers share it; else the injected clock's."""
        if self._is_postgres:
            moment: datetime = self._connection.execute(select(func.clock_timestamp())).scalar_one()
            return moment
        return self.now()

    def new_id(self, prefix: str) -> str:
        """A new identifier."""
        return self._means.ids.new(prefix)

    def hint(self, topic: str) -> None:
        """After the commit, wake those who wait for `topic` (`Store.wait`)."""
        self._topics.add(topic)

    @property
    def _is_postgres(self) -> bool:
        return self._connection.dialect.name == "postgresql"


class SystemScope(_Scope):
    """The view of a worker that serves all tenants: it learns who they are and enters them one by one."""

    def of(self, tenant: str) -> TenantScope:
        """The scope of one tenant within this transaction."""
        return TenantScope(self._connection, self._means, self._topics, tenant)

    def tenants(self) -> list[str]:
        """The ids of all tenants, in order."""
        return self._walk(select(tables.tenant.c.id).order_by(tables.tenant.c.id))

    def tenants_with(self, table: Table, *criteria: ColumnElement[bool]) -> list[str]:
        """The ids of the tenants with a row of `table` that meets the criteria; nothing else of it."""
        column = table.c.tenant
        return self._walk(select(column).where(*criteria).distinct().order_by(column))

    def _walk(self, statement: Select[Any]) -> list[str]:
        return list(self._connection.execute(statement.execution_options(**{_WALK: True})).scalars())


class TenantScope(_Scope):
    """One tenant's rows within one transaction, with the clock, ids and sealer of the store.

    Statements come from `select`, `insert`, `update`, `delete`; `rows`, `one`, `value` and `run` execute them
    and refuse a statement that another scope, or none, has made.
    """

    def __init__(self, connection: Connection, means: Means, topics: set[str], tenant: str) -> None:
        super().__init__(connection, means, topics)
        self.tenant = tenant

    def seal(self, content: bytes, context: str) -> bytes:
        """`content` sealed for this tenant and the row and column that `context` names."""
        return self._means.sealer.seal(content, f"{self.tenant}:{context}")

    def open(self, sealed: bytes, context: str) -> bytes:
        """The content sealed for the same tenant and context. Raises SealBroken."""
        return self._means.sealer.open(sealed, f"{self.tenant}:{context}")

    def fingerprint(self, text: str, context: str) -> str:
        """The keyed digest of `text`, of this tenant only: equal texts of two tenants differ."""
        return self._means.sealer.fingerprint(text, f"{self.tenant}:{context}")

    def lock(self, name: str) -> None:
        """Until the transaction ends, let no other transaction of this tenant pass a lock of this name.

        SQLite has one writer and needs none.
        """
        if self._is_postgres:
            statement = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
            self._connection.execute(statement, {"name": f"{self.tenant}:{name}"})

    def select(self, table: FromClause | tuple[FromClause, ...], *columns: ColumnElement[Any]) -> Select[Any]:
        """A select over `table` (or several, joined in `where`) of `columns`, or of all, for this tenant."""
        sources = table if isinstance(table, tuple) else (table,)
        chosen = columns or tuple(column for source in sources for column in source.c)
        statement = select(*chosen).select_from(*sources).where(*map(self._is_ours, sources))
        return statement.execution_options(**{_TENANT: self.tenant})

    def update(self, table: Table) -> Update:
        """An update of this tenant's rows of `table`."""
        return update(table).where(self._is_ours(table)).execution_options(**{_TENANT: self.tenant})

    def delete(self, table: Table) -> Delete:
        """A delete of this tenant's rows of `table`."""
        return delete(table).where(self._is_ours(table)).execution_options(**{_TENANT: self.tenant})

    def insert(self, table: Table, *rows: Mapping[str, object]) -> None:
        """Insert `rows`, all with the same columns, as this tenant's."""
        if not rows:
            return
        sql, bind = _compile_insert(table, tuple(sorted(rows[0])), self._connection.dialect)
        owned = [{**row, _owner(table).name: self.tenant} for row in rows]
        self._connection.exec_driver_sql(sql, [bind(row) for row in owned])

    def insert_unless_present(self, table: Table, row: Mapping[str, object], key: Sequence[str]) -> bool:
        """Insert `row` unless this tenant has one with the same columns `key`; True where it was inserted."""
        statement = self._upsert(table, row)
        index = [_owner(table).name, *key]
        written = statement.on_conflict_do_nothing(index_elements=index).returning(_owner(table))
        return self._connection.execute(written).first() is not None

    def insert_or_update(
        self, table: Table, row: Mapping[str, object], key: Sequence[str], changes: Mapping[str, object]
    ) -> Row[Any]:
        """Insert `row`, or apply `changes` to the row with the same columns `key`; the row as it is then."""
        statement = self._upsert(table, row)
        index = [_owner(table).name, *key]
        written = statement.on_conflict_do_update(index_elements=index, set_=dict(changes)).returning(
            *table.c
        )
        return self._connection.execute(written).one()

    def rows(self, shape: type[S], statement: Executable) -> list[S]:
        """The rows of `statement`, whose columns are the fields of `shape` in order (see `columns_of`)."""
        return [shape(*row) for row in self._execute(statement)]

    def one(self, shape: type[S], statement: Executable) -> S | None:
        """The first row of `statement`, or None."""
        row = self._execute(statement).first()
        return None if row is None else shape(*row)

    def tuples(self, statement: Executable) -> Sequence[Any]:  # the columns are known to the query only
        """The rows of `statement` as they come."""
        return self._execute(statement).all()

    def value(self, statement: Executable) -> Any:  # the type of a column is known to its query only
        """The first column of the first row, or None."""
        return self._execute(statement).scalar()

    def run(self, statement: Executable) -> int:
        """Execute an update or a delete; how many rows it met."""
        return self._execute(statement).rowcount

    def _execute(self, statement: Executable) -> CursorResult[Any]:
        if statement.get_execution_options().get(_TENANT) != self.tenant:
            raise UnscopedStatement("a statement was not made by this scope")
        return self._connection.execute(statement)

    def _is_ours(self, table: FromClause) -> ColumnElement[bool]:
        return _owner(table) == self.tenant

    def _upsert(self, table: Table, row: Mapping[str, object]) -> sqlite.Insert | postgresql.Insert:
        owned = {**row, _owner(table).name: self.tenant}
        if self._is_postgres:
            return postgresql.insert(table).values(owned)
        return sqlite.insert(table).values(owned)


def columns_of(table: Table, shape: type[msgspec.Struct]) -> tuple[Column[Any], ...]:
    """The columns of `table` named like the fields of `shape`, in order. Raises KeyError."""
    return tuple(table.c[name] for name in shape.__struct_fields__)


def _owner(table: FromClause) -> ColumnElement[Any]:
    """The column that says whose row it is: `tenant`, and `id` in the table of tenants itself."""
    return table.c.id if table is tables.tenant else table.c.tenant


@lru_cache(maxsize=256)
def _compile_insert(
    table: Table, names: tuple[str, ...], dialect: Dialect
) -> tuple[str, Callable[[Mapping[str, object]], Any]]:
    """An insert compiled once for the driver, and what turns a row into its parameters.

    Core's own way costs four times as much on the writer's thread, which every claim passes.
    """
    columns = sorted({*names, _owner(table).name})
    compiled = insert(table).compile(dialect=dialect, column_keys=columns)
    order: list[str] = list(getattr(compiled, "positiontup", None) or columns)
    convert = {name: table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in order}

    def bind(row: Mapping[str, object]) -> Any:  # a tuple or a dict, as the driver wants it
        values = {name: (step(row[name]) if step else row[name]) for name, step in convert.items()}
        return tuple(values.values()) if dialect.positional else values

    return str(compiled), bind


def guard_statements(engine: Engine) -> None:
    """Refuse, on this engine, every SQL text that touches a tenant's table without naming the tenant."""

    @event.listens_for(engine, "before_cursor_execute")
    def check(_connection: Any, _cursor: Any, sql: str, _parameters: Any, context: Any, _many: bool) -> None:
        options = context.execution_options if context is not None else {}
        if not options.get(_WALK) and not is_scoped(sql):
            raise UnscopedStatement("a statement touches a tenant's table without naming the tenant")


_SOURCES: Final = re.compile(
    r"\b(?:FROM|JOIN|UPDATE|INTO)\s+([a-z_]+(?: AS [a-z_0-9]+)?(?:,\s*[a-z_]+(?: AS [a-z_0-9]+)?)*)"
)
_OWNED: Final = {table.name: _owner(table).name for table in tables.metadata.tables.values()}


@lru_cache(maxsize=4096)
def is_scoped(sql: str) -> bool:
    """True where each of our tables in `sql` (as SQLAlchemy writes it) is held to one tenant."""
    return all(_names_owner(sql, *source) for source in _find_sources(sql))


def _find_sources(sql: str) -> Iterable[tuple[str, str]]:
    """(table, alias) of each of our tables that the SQL reads or writes."""
    for match in _SOURCES.finditer(sql):
        for source in match[1].split(","):
            table, _, alias = source.strip().partition(" AS ")
            if table in _OWNED:
                yield table, alias or table


def _names_owner(sql: str, table: str, alias: str) -> bool:
    owner = _OWNED[table]
    if sql.startswith(f"INSERT INTO {table} "):
        return re.search(rf"\({owner}[,)]|[( ]{owner}[,)]", sql.partition(" VALUES")[0]) is not None
    return re.search(rf"\b{alias}\.{owner} = ", sql) is not None
