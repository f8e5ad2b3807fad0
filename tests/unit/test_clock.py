"""Clocks."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.clock import RIDDEN_OUT, SteadyClock, SystemClock, VirtualClock

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Ticks:
    """A monotonic counter that a test turns by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_the_system_clock_knows_its_zone() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_a_virtual_clock_runs_as_many_times_faster_as_its_scale() -> None:
    ticks = Ticks()
    clock = VirtualClock(3600, NOON, monotonic=ticks)
    ticks.seconds = 2.0
    assert clock.now() == NOON + timedelta(hours=2)


def test_a_standing_clock_moves_by_advance_only() -> None:
    clock = VirtualClock(0, NOON)
    assert clock.now() == NOON
    clock.advance(timedelta(days=3))
    assert clock.now() == NOON + timedelta(days=3)


async def test_advance_wakes_those_whose_time_has_come_and_no_others() -> None:
    clock = VirtualClock(0, NOON)
    short, long = (asyncio.create_task(clock.sleep(seconds)) for seconds in (60, 7200))
    await asyncio.sleep(0)
    clock.advance(timedelta(hours=1))
    await short
    assert not long.done()
    clock.advance(timedelta(hours=1))
    await long


async def test_a_fast_clock_sleeps_days_in_a_moment() -> None:
    clock = VirtualClock(86_400 * 1000, NOON)
    await clock.sleep(86_400)
    assert clock.now() >= NOON + timedelta(days=1)


@pytest.mark.parametrize("turn", [lambda: VirtualClock(-1), lambda: VirtualClock().advance(timedelta(-1))])
def test_no_clock_runs_backwards(turn) -> None:  # type: ignore[no-untyped-def]  # a list of small thunks
    with pytest.raises(ValueError, match="backwards"):
        turn()


class Machine:
    """A machine whose clock can be set."""

    def __init__(self) -> None:
        self.ticks = Ticks()
        self.set_by = timedelta()
        self.told: list[float] = []
        self.clock = SteadyClock(wall=self.read, monotonic=self.ticks, tell=self.told.append)

    def read(self) -> datetime:
        return NOON + timedelta(seconds=self.ticks.seconds) + self.set_by


def test_a_clock_set_back_goes_on_at_half_speed_until_the_machine_has_caught_up() -> None:
    machine = Machine()
    machine.ticks.seconds = 60
    assert machine.clock.now() == NOON + timedelta(minutes=1)
    machine.set_by = timedelta(hours=-1)
    assert machine.clock.now() == NOON + timedelta(minutes=1)
    machine.ticks.seconds = 120
    assert machine.clock.now() == NOON + timedelta(seconds=90)
    assert machine.told == [3600.0]
    machine.ticks.seconds = 3 * 3600
    assert machine.clock.now() == machine.read()
    machine.ticks.seconds += 60
    assert machine.clock.now() == machine.read()


def test_a_clock_set_forward_is_followed() -> None:
    machine = Machine()
    machine.set_by = timedelta(days=1)
    assert machine.clock.now() == machine.read()
    machine.set_by = timedelta(hours=23)
    assert machine.clock.now() == NOON + timedelta(days=1)


def test_a_clock_set_back_by_days_is_followed_and_told() -> None:
    machine = Machine()
    machine.set_by = timedelta(days=5000)
    assert machine.clock.now() == machine.read()
    machine.set_by = timedelta()
    assert machine.clock.now() == NOON
    assert machine.told == [timedelta(days=5000).total_seconds()]


def test_a_clock_is_no_earlier_than_what_was_seen_before_it_began_unless_that_was_days_ahead() -> None:
    machine = Machine()
    machine.clock.pass_by(NOON + timedelta(minutes=20))
    assert machine.clock.now() == NOON + timedelta(minutes=20)
    machine.clock.pass_by(NOON - timedelta(days=2))
    assert machine.clock.now() == NOON + timedelta(minutes=20)
    machine.clock.pass_by(NOON + RIDDEN_OUT + timedelta(seconds=1))
    assert machine.clock.now() == NOON
