"""Hot statements straight on the driver: SQLAlchemy's result objects cost more than SQLite's own work.

Who listens to statements (the guard at the door, a test that counts them) hears these as it hears others.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gateway.store.failures import DRIVER_ERRORS

FAILURES: Final[tuple[type[Exception], ...]] = (SQLAlchemyError, *DRIVER_ERRORS)
PATIENCE: Final = 5.0
"""For so many seconds a thread waits for a connection of another, where the server gives no more."""

UNUSED: Final = 5.0
"""After so many seconds in which nobody used it a connection is closed: other processes may want it."""


class Line:
    """A connection that is kept, begun anew where it was lost. `used` is when it last was given back."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._held: Connection | None = None
        self.used = 0.0

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return self._held is not None

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


class Lines:
    """The connections of a process, kept for whichever of its threads is next.

    There are as many as threads were at work at once lately. Where the server gives no more, threads take
    turns on those that there are.
    """

    def __init__(self, connect: Callable[[], Connection], *, patience: float = PATIENCE) -> None:
        self._connect = connect
        self._patience = patience
        self._idle: deque[Line] = deque()
        self._working = 0
        self._changed = threading.Condition()

    def begin(self, sql: str) -> tuple[Line, Connection]:
        """A transaction, and the line to give back after it. Raises what the driver raises."""
        with self._changed:
            line = self._idle.pop() if self._idle else Line(self._connect)
            self._working += 1
        try:
            return line, line.begin(sql)
        except FAILURES:
            self.give_back(line, whole=False)
            other = self._wait()
            if other is None:
                raise
        try:
            return other, other.begin(sql)
        except BaseException:
            self.give_back(other, whole=False)
            raise

    @contextlib.contextmanager
    def look(self, sql: str) -> Iterator[Connection]:
        """A transaction that changes nothing, and is rolled back. Raises what the driver raises."""
        line, connection = self.begin(sql)
        whole = False
        try:
            yield connection
            whole = True
        except Exception as error:
            whole = not isinstance(error, FAILURES)
            raise
        finally:
            self.give_back(line, whole=whole and _roll_back(connection))

    def give_back(self, line: Line, *, whole: bool = True) -> None:
        """The transaction is over; where it is not `whole`, nobody knows how the connection stands."""
        if not whole:
            line.let_go()
        line.used = time.monotonic()
        with self._changed:
            self._working -= 1
            if line.is_open:
                self._idle.append(line)
            unused = self._idle and self._idle[0].used < line.used - UNUSED
            oldest = self._idle.popleft() if unused else None
            self._changed.notify_all()
        if oldest is not None:
            oldest.let_go()

    def close(self) -> None:
        """Close what nobody uses."""
        with self._changed:
            idle, self._idle = self._idle, deque()
        for line in idle:
            line.let_go()

    def _wait(self) -> Line | None:
        """The line of a thread that is done; None where none is at work, or none is done in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._idle or not self._working, self._patience)
            if not self._idle:
                return None
            self._working += 1
            return self._idle.pop()


def _roll_back(connection: Connection) -> bool:
    """False where nobody knows how the connection stands."""
    try:
        find_driver(connection).execute("ROLLBACK")
    except FAILURES:
        return False
    return True


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
