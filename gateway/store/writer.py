"""The group writer: one thread, many operations in one durable commit.

What waits when the thread becomes free goes into one transaction, each operation behind a savepoint of its
own, so that one that fails does not hurt its neighbours. An operation is answered after the commit, never
before.
"""

from __future__ import annotations

import asyncio
import queue
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence, Set
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from gateway.store.driver import Lines, find_driver
from gateway.store.errors import StoreBroken, StoreUnavailable
from gateway.store.failures import DRIVER_ERRORS, is_fatal, is_transient, name_failure

QUEUE_LIMIT: Final = 10_000
ATTEMPTS: Final = 10
LONGEST_WAIT: Final = 0.1

Operation = Callable[[Connection], Any]  # each result has a type of its own; `Store.write` restores it


def _tell_nobody(connection: Connection, topics: Set[str]) -> None:
    """There are no other processes."""


class Manners(msgspec.Struct, frozen=True):
    """How a database wants its transactions: how to begin one, to see it is open, how much fits in it."""

    begin: str
    is_open: Callable[[Any], bool]  # of the driver's own connection
    group_limit: int
    tell: Callable[[Connection, Set[str]], None] = _tell_nobody
    """Lets other processes hear of the topics that a group touched, with its commit."""


class _Waiting(msgspec.Struct, frozen=True, eq=False):
    operation: Operation
    topics: Set[str]
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


class _GroupEnded(Exception):
    """The database ended the whole transaction within one operation; its cause says why."""


class GroupWriter:
    """Takes operations from any event loop and runs them in groups on its own thread."""

    def __init__(self, lines: Lines, manners: Manners, name: str) -> None:
        self._lines = lines
        self._manners = manners
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(QUEUE_LIMIT)
        self._broken = False
        self.commits = 0
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def submit(self, operation: Operation, topics: Set[str] = frozenset()) -> Any:
        """Run `operation` and return its result once it is durable; it may add to `topics` what it touches.

        Raises what the operation raises, StoreUnavailable where nothing was written, StoreBroken where the
        disk is not to be trusted any more.
        """
        if self._broken:
            raise StoreBroken("an earlier flush to disk failed: this process must end")
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait(_Waiting(operation, topics, answer))
        except queue.Full:
            raise StoreUnavailable("too many operations wait for the writer") from None
        return await answer

    def close(self) -> None:
        """Finish what waits, then end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        closing = False
        while not closing:
            group, closing = self._gather()
            if group:
                _answer(self._settle(group))

    def _gather(self) -> tuple[list[_Waiting], bool]:
        """What waits, up to the limit, and whether this is the end."""
        group: list[_Waiting] = []
        while len(group) < self._manners.group_limit:
            try:
                waiting = self._queue.get(block=not group)
            except queue.Empty:
                break
            if waiting is None:
                return group, True
            group.append(waiting)
        return group, False

    def _settle(self, group: list[_Waiting], attempt: int = 1) -> list[_Outcome]:
        """The outcome of each operation; where a deadlock ended the group, each runs again alone."""
        try:
            return self._commit(group)
        except Exception as error:
            cause = error.__cause__ if isinstance(error, _GroupEnded) and error.__cause__ else error
        if is_transient(cause) and attempt < ATTEMPTS:
            time.sleep(random.uniform(0, LONGEST_WAIT * attempt / ATTEMPTS))  # noqa: S311  spreads, no secret
            return [outcome for waiting in group for outcome in self._settle([waiting], attempt + 1)]
        self._broken = self._broken or is_fatal(cause)
        return [_Outcome(waiting.answer, None, name_failure(cause)) for waiting in group]

    def _commit(self, group: list[_Waiting]) -> list[_Outcome]:
        """Run the group in one transaction. Raises what the database raises; then nothing of it is there."""
        line, connection = self._lines.begin(self._manners.begin)
        driver, whole = find_driver(connection), False
        try:
            outcomes = self._perform_all(connection, driver, group)
            whole = True
        except BaseException:
            whole = self._roll_back(driver)
            raise
        finally:
            self._lines.give_back(line, whole=whole)
        return outcomes

    def _perform_all(self, connection: Connection, driver: Any, group: list[_Waiting]) -> list[_Outcome]:
        if len(group) == 1:
            return [self._perform_alone(connection, driver, group[0])]
        outcomes = [self._perform(connection, driver, waiting) for waiting in group]
        self._end(connection, driver, group)
        return outcomes

    def _end(self, connection: Connection, driver: Any, group: Sequence[_Waiting]) -> None:
        self._manners.tell(connection, set[str]().union(*(waiting.topics for waiting in group)))
        driver.execute("COMMIT")
        self.commits += 1

    def _perform_alone(self, connection: Connection, driver: Any, waiting: _Waiting) -> _Outcome:
        """Run the only operation of a transaction, which needs no savepoint. Raises _GroupEnded as below."""
        try:
            result = waiting.operation(connection)
        except BaseException as error:
            if is_transient(error) or not self._manners.is_open(driver):
                raise _GroupEnded from error
            self._roll_back(driver)
            return _Outcome(waiting.answer, None, name_failure(error))
        self._end(connection, driver, [waiting])
        return _Outcome(waiting.answer, result, None)

    def _perform(self, connection: Connection, driver: Any, waiting: _Waiting) -> _Outcome:
        """Run one operation behind its savepoint. Raises _GroupEnded where the transaction must go."""
        driver.execute("SAVEPOINT operation")
        try:
            result = waiting.operation(connection)
        except BaseException as error:
            if is_transient(error) or not self._manners.is_open(driver):
                raise _GroupEnded from error
            driver.execute("ROLLBACK TO SAVEPOINT operation")
            driver.execute("RELEASE SAVEPOINT operation")
            return _Outcome(waiting.answer, None, name_failure(error))
        driver.execute("RELEASE SAVEPOINT operation")
        return _Outcome(waiting.answer, result, None)

    def _roll_back(self, driver: Any) -> bool:
        """Undo the transaction; false where nobody knows how the connection stands."""
        if not self._manners.is_open(driver):
            return True
        try:
            driver.execute("ROLLBACK")
        except DRIVER_ERRORS:
            return False
        return True


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
