"""The writer of SQLite: one thread, one connection, many operations in one durable commit.

What waits when the thread becomes free goes into one BEGIN IMMEDIATE .. COMMIT, each operation behind a
savepoint of its own, so that one that fails does not hurt its neighbours. An operation is answered after the
commit, never before.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from gateway.store.errors import StoreBroken, StoreUnavailable
from gateway.store.failures import is_fatal, name_failure

GROUP_LIMIT: Final = 256
QUEUE_LIMIT: Final = 10_000

Operation = Callable[
    [Connection], Any
]  # each operation's result has a type of its own; `Store.write` restores it


class _Waiting(msgspec.Struct, frozen=True, eq=False):
    operation: Operation
    answer: asyncio.Future[Any]


class _Outcome(msgspec.Struct, frozen=True, eq=False):
    answer: asyncio.Future[Any]
    result: object
    error: BaseException | None

    def deliver(self) -> None:
        """Answer the caller; on the caller's event loop."""
        if self.answer.done():
            return
        if self.error is not None:
            self.answer.set_exception(self.error)
        else:
            self.answer.set_result(self.result)


class GroupWriter:
    """Takes operations from any event loop and runs them in groups on its own thread."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(QUEUE_LIMIT)
        self._broken = False
        self.commits = 0
        self._thread = threading.Thread(target=self._work, name="claimwire-writer", daemon=True)
        self._thread.start()

    async def submit(self, operation: Operation) -> Any:
        """Run `operation` and return its result once it is durable.

        Raises what the operation raises, StoreUnavailable where nothing was written, StoreBroken where the
        disk is not to be trusted any more.
        """
        if self._broken:
            raise StoreBroken("an earlier flush to disk failed: this process must end")
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait(_Waiting(operation, answer))
        except queue.Full:
            raise StoreUnavailable("too many operations wait for the writer") from None
        return await answer

    def close(self) -> None:
        """Finish what waits, then end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        with self._connect() as connection:
            closing = False
            while not closing:
                group, closing = self._gather()
                if group:
                    _answer(self._commit(connection, group))

    def _gather(self) -> tuple[list[_Waiting], bool]:
        """What waits, at most GROUP_LIMIT, and whether this is the end."""
        group: list[_Waiting] = []
        while len(group) < GROUP_LIMIT:
            try:
                waiting = self._queue.get(block=not group)
            except queue.Empty:
                break
            if waiting is None:
                return group, True
            group.append(waiting)
        return group, False

    def _commit(self, connection: Connection, group: list[_Waiting]) -> list[_Outcome]:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        try:
            driver.execute("BEGIN IMMEDIATE")
            outcomes = [_perform(connection, driver, waiting) for waiting in group]
            driver.execute("COMMIT")
        except sqlite3.Error as error:
            return self._fail(driver, group, error)
        self.commits += 1
        return outcomes

    def _fail(
        self, driver: sqlite3.Connection, group: list[_Waiting], error: sqlite3.Error
    ) -> list[_Outcome]:
        """Nothing of the group is there: every operation of it is told so."""
        if driver.in_transaction:
            driver.rollback()
        self._broken = self._broken or is_fatal(error)
        return [_Outcome(waiting.answer, None, name_failure(error)) for waiting in group]


def _perform(connection: Connection, driver: sqlite3.Connection, waiting: _Waiting) -> _Outcome:
    """Run one operation behind its savepoint. Raises sqlite3.Error where the whole transaction is gone."""
    driver.execute("SAVEPOINT operation")
    try:
        result = waiting.operation(connection)
    except BaseException as error:
        if not driver.in_transaction:
            raise sqlite3.OperationalError("the database ended the transaction") from error
        driver.execute("ROLLBACK TO operation")
        driver.execute("RELEASE operation")
        return _Outcome(waiting.answer, None, name_failure(error))
    driver.execute("RELEASE operation")
    return _Outcome(waiting.answer, result, None)


def _answer(outcomes: Sequence[_Outcome]) -> None:
    """Deliver the outcomes, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_loop[outcome.answer.get_loop()].append(outcome)
    for loop, ours in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_deliver, ours)


def _deliver(outcomes: Sequence[_Outcome]) -> None:
    for outcome in outcomes:
        outcome.deliver()
