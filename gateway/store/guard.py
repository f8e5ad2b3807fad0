"""The second lock on a tenant's rows, at the driver's door: SQL that names no tenant does not pass.

Statements are made in `statements`, which adds the tenant; whatever is made elsewhere is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Engine, event

from gateway.store import tables
from gateway.store.errors import UnscopedStatement
from gateway.store.statements import owner_of

WALK: Final = "claimwire_walk"  # marks the statements that may look across tenants, for their ids only


def guard_statements(engine: Engine) -> None:
    """Refuse, on this engine, every SQL text that touches a tenant's table without naming the tenant."""

    @event.listens_for(engine, "before_cursor_execute")
    def check(_connection: Any, _cursor: Any, sql: str, _parameters: Any, context: Any, _many: bool) -> None:
        options = context.execution_options if context is not None else {}
        if not options.get(WALK) and not is_scoped(sql):
            raise UnscopedStatement("a statement touches a tenant's table without naming the tenant")


_SOURCES: Final = re.compile(
    r"\b(?:FROM|JOIN|UPDATE|INTO)\s+([a-z_]+(?: AS [a-z_0-9]+)?(?:,\s*[a-z_]+(?: AS [a-z_0-9]+)?)*)"
)
_OWNED: Final = {table.name: owner_of(table).name for table in tables.metadata.tables.values()}


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
