"""The store on PostgreSQL: any number of processes, each with a pool of threads and connections."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, text

from gateway.store.engine import Operation, Store
from gateway.store.errors import StoreError
from gateway.store.failures import is_transient, name_failure
from gateway.store.migrations import migrate
from gateway.store.scope import Means, guard_statements

CONNECTIONS: Final = 16
ATTEMPTS: Final = 8


class PostgresStore(Store):
    """Opening brings the schema up to date. Raises StoreError where the server does not flush on commit."""

    def __init__(self, url: str, means: Means, *, connections: int = CONNECTIONS) -> None:
        super().__init__(means)
        self._engine = open_engine(url, connections)
        try:
            _assert_durable(self._engine)
            migrate(self._engine)
        except BaseException:
            self._engine.dispose()
            raise
        guard_statements(self._engine)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="claimwire-postgres")

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    async def _write(self, operation: Operation) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, operation)

    async def _read(self, operation: Operation) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._look, operation)

    def _run(self, operation: Operation) -> Any:
        """Run in one transaction; again where PostgreSQL chose it to give way to another (a deadlock)."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._engine.begin() as connection:
                    return operation(connection)
            except Exception as error:
                if attempt == ATTEMPTS or not is_transient(error):
                    raise name_failure(error) from None
        raise AssertionError("the last attempt returns or raises")

    def _look(self, operation: Operation) -> Any:
        """Run on one snapshot that can write nothing."""
        try:
            with self._engine.connect() as connection, connection.begin():
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
                return operation(connection)
        except Exception as error:
            raise name_failure(error) from None


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
