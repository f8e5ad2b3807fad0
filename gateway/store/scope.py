"""Scopes: what an operation sees of the database, one tenant at a time.

Query modules ask a `TenantScope` for their select, insert, update and delete; `statements` adds the tenant to
each table that they name, and `guard` refuses, at the driver's door, SQL that names none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    Row,
    Select,
    Table,
    func,
    select,
    text,
)

from gateway.clock import Clock
from gateway.ids import IdSource
from gateway.sealing import Sealer
from gateway.store import tables
from gateway.store.errors import UnscopedStatement
from gateway.store.guard import WALK
from gateway.store.statements import (
    OWNER,
    Prepared,
    Statements,
    compile_insert,
    compile_insert_unless_present,
    make_insert_or_update,
    name_owner,
)

_LOCK_ALL: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(CAST(:names AS text[])) AS name"
)
S = TypeVar("S", bound=msgspec.Struct)
Statement = Executable | Prepared


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
        """The ids of the tenants with a row of `table` that meets the criteria; nothing else of it.

        It asks for each tenant whether there is one, so that a long queue costs no more than a short one.
        """
        one = select(table.c.tenant).where(table.c.tenant == tables.tenant.c.id, *criteria)
        return self._walk(select(tables.tenant.c.id).where(one.exists()).order_by(tables.tenant.c.id))

    def find_tenant(self, table: Table, *criteria: ColumnElement[bool]) -> str | None:
        """The id of the tenant with the one row of `table` that meets the criteria; or None."""
        found = self._walk(select(table.c.tenant).where(*criteria).limit(1))
        return found[0] if found else None

    def _walk(self, statement: Select[Any]) -> list[str]:
        return list(self._connection.execute(statement.execution_options(**{WALK: True})).scalars())


class TenantScope(_Scope, Statements):
    """One tenant's rows within one transaction, with the clock, ids and sealer of the store.

    Statements come from `select`, `insert`, `update`, `delete`; `rows`, `one`, `value` and `run` execute them
    and refuse a statement that another scope, or none, has made.
    """

    def __init__(self, connection: Connection, means: Means, topics: set[str], tenant: str) -> None:
        _Scope.__init__(self, connection, means, topics)
        Statements.__init__(self, tenant)
        self.tenant = tenant

    def seal(self, content: bytes, context: str, *, period: str = "") -> bytes:
        """`content` sealed for this tenant and the row and column that `context` names.

        By the tenant's key of this month, or of the month `period`.
        """
        return self._means.sealer.seal(content, f"{self.tenant}:{context}", owner=self.tenant, period=period)

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
        self.lock_all([name])

    def lock_all(self, names: Iterable[str]) -> None:
        """As `lock`, for each of the names, always in the same order."""
        wanted = sorted({f"{self.tenant}:{name}" for name in names}) if self._is_postgres else []
        if wanted:
            self._connection.execute(_LOCK_ALL, {"names": wanted})

    def insert(self, table: Table, *rows: Mapping[str, object]) -> None:
        """Insert `rows`, all with the same columns, as this tenant's."""
        if rows:
            statement = compile_insert(table, tuple(sorted(rows[0])), self._connection.dialect)
            owner = {name_owner(table): self.tenant}
            statement.run_many(self._connection, [row | owner for row in map(dict, rows)])

    def insert_unless_present(self, table: Table, row: Mapping[str, object], key: tuple[str, ...]) -> bool:
        """Insert `row` unless this tenant has one with the same columns `key`; True where it was inserted."""
        names, dialect = tuple(sorted(row)), self._connection.dialect
        statement = compile_insert_unless_present(table, names, key, dialect)
        inserted, _count = statement.run(self._connection, self._own(table, row))
        return bool(inserted)

    def insert_or_update(
        self, table: Table, row: Mapping[str, object], key: tuple[str, ...], changes: Mapping[str, object]
    ) -> Row[Any]:
        """Insert `row`, or apply `changes` to the row with the same columns `key`; the row as it is then."""
        owned = self._own(table, row)
        statement = make_insert_or_update(table, owned, key, changes, self._connection.dialect)
        return self._connection.execute(statement).one()

    def rows(self, shape: type[S], statement: Statement, **values: object) -> list[S]:
        """The rows of `statement`, whose columns are the fields of `shape` in order (`columns_of`)."""
        return [shape(*row) for row in self._fetch(statement, values)]

    def one(self, shape: type[S], statement: Statement, **values: object) -> S | None:
        """The first row of `statement`, or None."""
        found = self.rows(shape, statement, **values)
        return found[0] if found else None

    def tuples(self, statement: Statement, **values: object) -> Sequence[Any]:  # the query knows the columns
        """The rows of `statement` as they come."""
        return self._fetch(statement, values)

    def value(self, statement: Statement, **values: object) -> Any:  # the query knows the column's type
        """The first column of the first row, or None."""
        found = self._fetch(statement, values)
        return found[0][0] if found else None

    def run(self, statement: Statement, **values: object) -> int:
        """Execute an update or a delete; how many rows it met."""
        if isinstance(statement, Prepared):
            return self._run_prepared(statement, values)[1]
        return self._execute(statement).rowcount

    def _fetch(self, statement: Statement, values: Mapping[str, object]) -> Sequence[Any]:
        if isinstance(statement, Prepared):
            return self._run_prepared(statement, values)[0]
        return self._execute(statement).all()

    def _run_prepared(
        self, statement: Prepared, values: Mapping[str, object]
    ) -> tuple[list[tuple[Any, ...]], int]:
        compiled = statement.compile(self._connection.dialect)
        return compiled.run(self._connection, {**values, OWNER: self.tenant})

    def _execute(self, statement: Executable) -> CursorResult[Any]:
        if statement.get_execution_options().get(OWNER) != self.tenant:
            raise UnscopedStatement("a statement was not made by this scope")
        return self._connection.execute(statement)

    def _own(self, table: Table, row: Mapping[str, object]) -> dict[str, object]:
        return {**row, name_owner(table): self.tenant}
