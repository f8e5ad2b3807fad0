"""Identifiers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.clock import VirtualClock
from gateway.ids import SequentialIds, TimeIds, is_id

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_ids_have_their_prefix_and_shape() -> None:
    made = TimeIds(VirtualClock(0, NOON)).new("clm")
    assert is_id(made, "clm")
    assert not is_id(made, "evt")
    assert not is_id("clm_' OR 1=1 --")


def test_ids_rise_with_time_and_within_a_millisecond() -> None:
    clock = VirtualClock(0, NOON)
    ids = TimeIds(clock)
    made = []
    for _ in range(3):
        made += [ids.new("clm") for _ in range(500)]
        clock.advance(timedelta(milliseconds=1))
    assert made == sorted(set(made))


def test_ids_rise_though_the_clock_jumps_back() -> None:
    class Jumping:
        moments = [NOON, NOON - timedelta(hours=1)]

        def now(self) -> datetime:
            return self.moments.pop(0)

        async def sleep(self, seconds: float) -> None:
            raise AssertionError("nobody sleeps here")

    ids = TimeIds(Jumping())
    assert ids.new("clm") < ids.new("clm")


def test_sequential_ids_count_for_each_prefix() -> None:
    ids = SequentialIds()
    assert [ids.new("clm"), ids.new("evt"), ids.new("clm")] == [
        "clm_00000000000000000000000001",
        "evt_00000000000000000000000001",
        "clm_00000000000000000000000002",
    ]
    assert is_id(ids.new("clm"), "clm")
