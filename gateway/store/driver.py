"""Hot statements straight on the driver: SQLAlchemy's result objects cost more than SQLite's own work.

Who listens to statements (the guard at the door, a test that counts them) hears these as it hears others.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gateway.store.failures import DRIVER_ERRORS

FAILURES: Final[tuple[type[Exception], ...]] = (SQLAlchemyError, *DRIVER_ERRORS)


class Line:
    """The connection that a thread keeps, begun anew where it was lost."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._held: Connection | None = None

    def begin(self, sql: str) -> Connection:
        """A transaction on the connection, or on a new one. Raises what the driver raises."""
        if self._held is not None:
            try:
                find_driver(self._held).execute(sql)
            except FAILURES:
                self.let_go()
        if self._held is None:
            self._held = self._connect()
            find_driver(self._held).execute(sql)
        return self._held

    def let_go(self) -> None:
        """Close the connection: nobody knows how it stands."""
        held, self._held = self._held, None
        if held is not None:
            with contextlib.suppress(*FAILURES):
                held.invalidate()
                held.close()


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
