"""Turns: what tenants wait for is given out in turn, one of each tenant that waits, then the next of each.

However many one tenant has waiting, the first of another comes after one of it at most.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """A queue for each tenant, taken from in turn."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[T]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, tenant: str, waiting: T) -> None:
        """Let `waiting` stand behind what its tenant has waiting already."""
        self._queues.setdefault(tenant, deque()).append(waiting)
        self._count += 1

    def take(self, most: int) -> list[T]:
        """Up to so many, in turn; who was served goes behind the other tenants."""
        taken: list[T] = []
        while self._queues and len(taken) < most:
            taken.append(self._take_of(next(iter(self._queues))))
        return taken

    def take_if(self, may: Callable[[str], bool]) -> T | None:
        """The next in turn of a tenant that may be served; None where none may."""
        tenant = next(filter(may, self._queues), None)
        return self._take_of(tenant) if tenant is not None else None

    def _take_of(self, tenant: str) -> T:
        queue = self._queues.pop(tenant)
        taken = queue.popleft()
        if queue:
            self._queues[tenant] = queue
        self._count -= 1
        return taken
