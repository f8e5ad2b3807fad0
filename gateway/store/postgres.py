"""The store on PostgreSQL: any number of processes, each with its writers and readers."""

from __future__ import annotations

import asyncio
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event, text

from gateway.store.driver import Lines
from gateway.store.engine import Operation, Store
from gateway.store.errors import StoreError
from gateway.store.failures import name_failure
from gateway.store.guard import guard_statements
from gateway.store.listening import Listener, tell
from gateway.store.migrations import migrate
from gateway.store.scope import Means
from gateway.store.writer import GroupWriter, Manners

READERS: Final = 8
WRITERS: Final = 6
_LOOK: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
# Above 64 savepoints a transaction of PostgreSQL spills them to disk.
_MANNERS: Final = Manners(
    begin="BEGIN",
    is_open=lambda driver: not driver.closed and driver.info.transaction_status != TransactionStatus.IDLE,
    group_limit=50,
    tell=tell,
)


class PostgresStore(Store):
    """Opening brings the schema up to date. Raises StoreError where the server does not flush on commit.

    The first wait for a hint opens a connection that listens for those of other processes.

    A tenant's operations always meet the same writer of a process: they commit in groups and do not wait for
    each other's locks.
    """

    def __init__(self, url: str, means: Means, *, writers: int = WRITERS, readers: int = READERS) -> None:
        super().__init__(means)
        self._engine = open_engine(url, writers + readers + 1)
        self._backends: set[int] = set()
        event.listen(self._engine, "connect", self._note_backend)
        try:
            _assert_durable(self._engine)
            migrate(self._engine)
        except BaseException as error:
            self._engine.dispose()
            raise name_failure(error) from None
        guard_statements(self._engine)
        self._closed = False
        self._listener: Listener | None = None
        self._lines = Lines(lambda: _connect(self._engine))
        self._writers = [
            GroupWriter(self._lines, _MANNERS, f"claimwire-writer-{number}") for number in range(writers)
        ]
        self._readers = ThreadPoolExecutor(readers, "claimwire-reader")

    def _note_backend(self, driver: Any, _record: object) -> None:
        self._backends.add(driver.info.backend_pid)

    async def wait(self, topic: str, *, after: int, seconds: float) -> bool:
        if self._listener is None and not self._closed:
            self._listener = Listener(lambda: _connect(self._engine), self._hints.announce, self._backends)
        return await super().wait(topic, after=after, seconds=seconds)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._listener is not None:
            await asyncio.to_thread(self._listener.close)
        for writer in self._writers:
            await asyncio.to_thread(writer.close)
        self._readers.shutdown()
        self._lines.close()
        self._engine.dispose()

    async def _write(self, operation: Operation, tenant: str | None, topics: set[str]) -> Any:
        lane = zlib.crc32((tenant or "").encode("utf-8")) % len(self._writers)
        return await self._writers[lane].submit(operation, topics)

    async def _read(self, operation: Operation) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._look, operation)

    def _look(self, operation: Operation) -> Any:
        """Run on one snapshot that can write nothing."""
        try:
            with self._lines.look(_LOOK) as connection:
                return operation(connection)
        except Exception as error:
            raise name_failure(error) from None


def _connect(engine: Engine) -> Connection:
    """A connection whose transactions are ours to begin and end, not SQLAlchemy's."""
    return engine.connect().execution_options(isolation_level="AUTOCOMMIT")


def open_engine(url: str, connections: int) -> Engine:
    """An engine with `connections`, each checked before use, so that a restart of the server heals."""
    return create_engine(url, pool_size=connections, max_overflow=0, pool_pre_ping=True, hide_parameters=True)


def _assert_durable(engine: Engine) -> None:
    with engine.connect() as connection:
        for setting in ("fsync", "synchronous_commit"):
            if _show(connection, setting) not in ("on", "remote_apply", "remote_write"):
                raise StoreError(f"PostgreSQL runs with {setting} off: a commit would not be durable")


def _show(connection: Connection, setting: str) -> str:
    value: str = connection.execute(
        text("SELECT current_setting(:setting)"), {"setting": setting}
    ).scalar_one()
    return value
