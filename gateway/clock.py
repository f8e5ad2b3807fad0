"""Clocks: where the gateway learns the time and waits. Injected, so that tests and the demo may own them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

RIDDEN_OUT: Final = timedelta(hours=26)
"""The largest step back that is ridden out: a day set wrong, and a time zone."""

REGAIN: Final = 0.5
"""How fast a clock goes that is ahead of the machine's."""


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


def _read_wall() -> datetime:
    return datetime.now(UTC)


class SteadyClock(SystemClock):
    """The machine's clock, but never back: what was queued by it stays due.

    Set back by up to `RIDDEN_OUT`, it goes on from where it was, at half speed, until the machine has
    caught up; set forward, or back by more, it follows. `tell` hears of each step back, in
    seconds. Any thread may ask.
    """

    def __init__(
        self,
        *,
        wall: Callable[[], datetime] = _read_wall,
        monotonic: Callable[[], float] = time.monotonic,
        tell: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._wall, self._monotonic, self._tell = wall, monotonic, tell
        self._lock = threading.Lock()
        self._last, self._tick = wall(), monotonic()
        self._ahead = timedelta()

    def now(self) -> datetime:
        with self._lock:
            before, self._ahead = self._ahead, self._turn()
            moment = self._last
        if self._ahead - before > timedelta(seconds=1):
            self._tell((self._ahead - before).total_seconds())
        return moment

    def pass_by(self, moment: datetime) -> None:
        """Be no earlier than `moment`, which was read from a clock before this one began (see `now`)."""
        with self._lock:
            self._last = max(self._last, moment)
        self.now()

    def _turn(self) -> timedelta:
        """Go on to the present; how far it is ahead of the machine's clock then."""
        wall, tick = self._wall(), self._monotonic()
        ridden = self._last + timedelta(seconds=(tick - self._tick) * REGAIN)
        ahead = ridden - wall
        self._tick = tick
        self._last = ridden if timedelta() < ahead <= RIDDEN_OUT else wall
        return max(timedelta(), ahead)


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
