"""Hot statements straight on the driver: SQLAlchemy's result objects cost more than SQLite's own work.

Who listens to statements (the guard at the door, a test that counts them) hears these as it hears others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection


def find_driver(connection: Connection) -> Any:  # a connection of sqlite3 or of psycopg
    """The driver's own connection."""
    driver = connection.connection.driver_connection
    assert driver is not None
    return driver


def execute(connection: Connection, sql: str, parameters: Any) -> Any:
    """Run one statement; the driver's cursor. Raises what the driver raises."""
    _announce(connection, sql, parameters, many=False)
    return find_driver(connection).execute(sql, parameters)


def execute_many(connection: Connection, sql: str, parameters: Sequence[Any]) -> None:
    """Run one statement for each of the parameters. Raises what the driver raises."""
    _announce(connection, sql, parameters, many=True)
    find_driver(connection).cursor().executemany(sql, parameters)


def _announce(connection: Connection, sql: str, parameters: Any, *, many: bool) -> None:
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, None, sql, parameters, None, many)
