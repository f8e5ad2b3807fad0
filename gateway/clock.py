"""Clocks: where the gateway learns the time and waits. Injected, so that tests and the demo may own them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the gateway asks of a clock."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of this clock."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class VirtualClock:
    """A clock that runs `scale` times as fast as the machine's, from `start`; 0 stands still.

    `advance` moves it forward at once and wakes those whose time has come. Payer delays of days pass in
    seconds on it.
    """

    def __init__(
        self,
        scale: float = 0.0,
        start: datetime | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if scale < 0:
            raise ValueError("a clock does not run backwards")
        self.scale = scale
        self._monotonic = monotonic
        self._start = start or datetime.now(UTC)
        self._begun = monotonic()
        self._moved = timedelta()
        self._sleepers: set[asyncio.Event] = set()

    def now(self) -> datetime:
        elapsed = timedelta(seconds=(self._monotonic() - self._begun) * self.scale)
        return self._start + elapsed + self._moved

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of virtual time; on a standing clock only `advance` ends it."""
        due = self.now() + timedelta(seconds=seconds)
        moved = asyncio.Event()
        self._sleepers.add(moved)
        try:
            await asyncio.sleep(0)
            while (left := (due - self.now()).total_seconds()) > 0:
                await self._wait(moved, left)
        finally:
            self._sleepers.discard(moved)

    async def _wait(self, moved: asyncio.Event, left: float) -> None:
        try:
            await asyncio.wait_for(moved.wait(), left / self.scale if self.scale else None)
        except TimeoutError:
            return
        moved.clear()

    def advance(self, step: timedelta) -> None:
        """Move the clock forward by `step`; call it on the thread of the event loop that sleeps on it."""
        if step < timedelta():
            raise ValueError("a clock does not run backwards")
        self._moved += step
        for moved in self._sleepers:
            moved.set()
