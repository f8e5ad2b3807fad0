"""Hints that something was committed, so that a worker need not wait for its next look."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable


class Hints:
    """Counts commits by topic and wakes who waits. A hint may be missed: look again now and then."""

    def __init__(self) -> None:
        self._marks: Counter[str] = Counter()
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    def mark(self, topic: str) -> int:
        """How many commits touched `topic` so far: take it before looking, hand it to `wait` after."""
        return self._marks[topic]

    def announce(self, topics: Iterable[str]) -> None:
        """Wake who waits for one of `topics`; call it on the event loop's thread."""
        for topic in topics:
            self._marks[topic] += 1
            for waiter in self._waiting.pop(topic, ()):
                if not waiter.done():
                    waiter.set_result(None)

    async def wait(self, topic: str, after: int, seconds: float) -> bool:
        """Wait for a commit after the mark that touched `topic`, at most `seconds`; False then."""
        if self._marks[topic] > after:
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(topic, set()).add(waiter)
        try:
            await asyncio.wait_for(waiter, seconds)
        except TimeoutError:
            return False
        finally:
            self._waiting.get(topic, set()).discard(waiter)
        return True
