"""The store: durable operations of one tenant, or of the workers that serve all, on SQLite or PostgreSQL."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any, TypeVar, overload

from sqlalchemy import Connection

from gateway.store.hints import Hints
from gateway.store.scope import Means, SystemScope, TenantScope

T = TypeVar("T")
Operation = Callable[
    [Connection], Any
]  # each operation's result has a type of its own; `write`, `read` restore it


class Store(abc.ABC):
    """Runs operations, each in a transaction of its own.

    An operation is a plain function of a scope. It blocks nobody but other writers, so it computes nothing
    slow; it may be run again after a deadlock, so it changes nothing outside its scope.
    """

    shared = True
    """True where other processes may change the database too; what was read may not be remembered then."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._hints = Hints()

    @overload
    async def write(self, operation: Callable[[TenantScope], T], *, tenant: str) -> T: ...
    @overload
    async def write(self, operation: Callable[[SystemScope], T]) -> T: ...

    async def write(self, operation: Callable[[Any], T], *, tenant: str | None = None) -> T:
        """Run `operation` in a transaction; its result, once durable.

        Raises what the operation raises (then nothing of it was written), Conflict, StoreUnavailable,
        StoreBroken.
        """
        topics: set[str] = set()

        def perform(connection: Connection) -> T:
            return operation(self._scope(connection, topics, tenant))

        result: T = await self._write(perform, tenant, topics)
        self._hints.announce(topics)
        return result

    @overload
    async def read(self, operation: Callable[[TenantScope], T], *, tenant: str) -> T: ...
    @overload
    async def read(self, operation: Callable[[SystemScope], T]) -> T: ...

    async def read(self, operation: Callable[[Any], T], *, tenant: str | None = None) -> T:
        """Run `operation` on one consistent view that sees every earlier awaited write. It can write nothing.

        Raises what the operation raises, StoreUnavailable, StoreBroken.
        """
        result: T = await self._read(lambda connection: operation(self._scope(connection, set(), tenant)))
        return result

    def mark(self, topic: str) -> int:
        """How many commits hinted at `topic` so far; take it before a look, hand it to `wait` after."""
        return self._hints.mark(topic)

    async def wait(self, topic: str, *, after: int, seconds: float) -> bool:
        """Wait for a commit after the mark that hints at `topic` (job, event, delivery); False if none."""
        return await self._hints.wait(topic, after, seconds)

    @abc.abstractmethod
    async def close(self) -> None:
        """Finish what was taken on and let go of the database; to close twice is to close once."""

    @abc.abstractmethod
    async def _write(self, operation: Operation, tenant: str | None, topics: set[str]) -> Any: ...

    @abc.abstractmethod
    async def _read(self, operation: Operation) -> Any: ...

    def _scope(
        self, connection: Connection, topics: set[str], tenant: str | None
    ) -> TenantScope | SystemScope:
        system = SystemScope(connection, self._means, topics)
        return system if tenant is None else system.of(tenant)
