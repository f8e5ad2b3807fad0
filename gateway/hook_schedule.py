"""What follows from a receiver's answer: delivered, again later, given up, or endpoint off. The times are
data (`schemas/webhooks.toml`).
"""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec


class Schedule(msgspec.Struct, frozen=True):
    """The table of `schemas/webhooks.toml`; all times in seconds."""

    delays: tuple[float, ...]
    jitter: float
    gone: frozenset[int]
    disable_after_seconds: float
    throttling: frozenset[int]
    longest_wait: float
    rotation_seconds: float


class HookAnswer(msgspec.Struct, frozen=True):
    """What came back: an HTTP status with its Retry-After (seconds), or the kind of failure before one."""

    status: int | None
    retry_after: float | None = None
    failure: str | None = None


class Outcome(StrEnum):
    """What becomes of a delivery."""

    DELIVERED = "delivered"
    WAITING = "waiting"
    FAILED = "failed"


class Step(msgspec.Struct, frozen=True):
    """The next step of a delivery: `due` is set where it waits; `disable` switches its endpoint off."""

    outcome: Outcome
    due: datetime | None = None
    disable: bool = False


@cache
def load_schedule() -> Schedule:
    """The table of `schemas/webhooks.toml`."""
    text = (files("schemas") / "webhooks.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Schedule)


def plan_step(
    answer: HookAnswer, attempts: int, now: datetime, failing_since: datetime | None, chance: float
) -> Step:
    """What follows attempt number `attempts` (from 1). `chance` (0 to 1) spreads the retries."""
    schedule = load_schedule()
    if answer.status is not None and 200 <= answer.status < 300:
        return Step(Outcome.DELIVERED)
    if answer.status in schedule.gone:
        return Step(Outcome.FAILED, disable=True)
    tired = failing_since is not None and now - failing_since >= _seconds(schedule.disable_after_seconds)
    if tired or attempts >= len(schedule.delays):
        return Step(Outcome.FAILED, disable=tired)
    delay = schedule.delays[attempts] * (1 + schedule.jitter * chance)
    return Step(Outcome.WAITING, due=now + _seconds(max(delay, _patience(answer))))


def _patience(answer: HookAnswer) -> float:
    """How long the receiver asked us to wait (seconds)."""
    schedule = load_schedule()
    if answer.status not in schedule.throttling or answer.retry_after is None:
        return 0.0
    return min(answer.retry_after, schedule.longest_wait)


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
