"""The store on SQLite: one process owns the file, one thread writes it, others read it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event

from gateway.store.driver import FAILURES, Line, Lines, find_driver
from gateway.store.engine import Operation, Store
from gateway.store.errors import StoreError, StoreOwned
from gateway.store.failures import name_failure
from gateway.store.guard import guard_statements
from gateway.store.migrations import migrate
from gateway.store.scope import Means
from gateway.store.statistics import write_statistics
from gateway.store.writer import GroupWriter, Manners

READERS: Final = 4
BUSY_MILLISECONDS: Final = 5_000
# What must be true of every connection: (pragma, what we set, what SQLite must then answer).
_PRAGMAS: Final = (
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("foreign_keys", "ON", 1),
    ("busy_timeout", str(BUSY_MILLISECONDS), BUSY_MILLISECONDS),
)
_MANNERS: Final = Manners(
    begin="BEGIN IMMEDIATE", is_open=lambda driver: bool(driver.in_transaction), group_limit=256
)


class SqliteStore(Store):
    """Opening takes the lock, brings the schema up to date and starts the writer.

    Raises StoreOwned where another process has the file open, StoreError where SQLite refuses a setting.
    """

    shared = False

    def __init__(self, path: Path, means: Means) -> None:
        super().__init__(means)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _take_lock(path)
        try:
            path.touch(mode=0o600)  # SQLite would let everybody read it, and gives its WAL the same mode
            self._engine = open_engine(path)
            migrate(self._engine)
            self._engine = _tell_planner(path, self._engine)
            guard_statements(self._engine)
        except BaseException:
            os.close(self._lock)
            raise
        self._closed = False
        self._written = Lines(lambda: _connect(self._engine))
        self._writer = GroupWriter(self._written, _MANNERS, "claimwire-writer")
        self._own = threading.local()
        self._lines: list[Line] = []
        self._readers = ThreadPoolExecutor(READERS, "claimwire-reader", initializer=self._open_line)

    @property
    def commits(self) -> int:
        """How many groups were committed so far."""
        return self._writer.commits

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._writer.close)
        self._readers.shutdown()
        self._written.close()
        for line in self._lines:
            line.let_go()
        self._engine.dispose()
        os.close(self._lock)

    async def _write(self, operation: Operation, tenant: str | None, topics: set[str]) -> Any:
        return await self._writer.submit(operation)

    async def _read(self, operation: Operation) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._look, operation)

    def _look(self, operation: Operation) -> Any:
        line: Line = self._own.line
        try:
            connection = line.begin("BEGIN")
            try:
                return operation(connection)
            finally:
                find_driver(connection).execute("ROLLBACK")
        except Exception as error:
            if isinstance(error, FAILURES):
                line.let_go()
            raise name_failure(error) from None

    def _open_line(self) -> None:
        """Give a reader's thread a connection of its own, which can write nothing."""
        self._own.line = Line(self._connect_reader)
        self._lines.append(self._own.line)

    def _connect_reader(self) -> Connection:
        connection = _connect(self._engine)
        find_driver(connection).execute("PRAGMA query_only = ON")
        return connection


def open_engine(path: Path) -> Engine:
    """An engine with every setting made and asserted. Raises StoreError where one did not take."""
    engine = create_engine(f"sqlite:///{path}", pool_size=READERS + 2, max_overflow=0, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(driver: Any, _record: object) -> None:
        for pragma, wanted, answer in _PRAGMAS:
            driver.execute(f"PRAGMA {pragma} = {wanted}")
            if driver.execute(f"PRAGMA {pragma}").fetchone()[0] != answer:
                raise StoreError(f"SQLite does not accept {pragma} = {wanted} for this file")

    return engine


def _tell_planner(path: Path, engine: Engine) -> Engine:
    """An engine whose connections plan by our statistics: they are read when a connection opens."""
    with engine.begin() as connection:
        write_statistics(connection)
    engine.dispose()
    return open_engine(path)


def _connect(engine: Engine) -> Connection:
    """A connection whose transactions are ours to begin and end, not SQLAlchemy's."""
    return engine.connect().execution_options(isolation_level="AUTOCOMMIT")


def _take_lock(path: Path) -> int:
    """The descriptor that holds the file's lock; the kernel frees it however this process ends."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise StoreOwned("another process has this database open") from None
    return lock
