"""What the watchdogs wait for, as data (`schemas/watchdogs.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from gateway.settings import WatchSettings


class Delay(msgspec.Struct, frozen=True, kw_only=True):
    """How long: the key of the partner's `watch` settings, and its unit."""

    setting: str
    unit: Literal["hours", "days"]

    def read_wait(self, settings: WatchSettings) -> timedelta:
        """The time to wait; zero where the watch is off."""
        amount: float = getattr(settings, self.setting)
        return timedelta(**{self.unit: amount})


class Wait(Delay, frozen=True, kw_only=True):
    """What did not come in time is told by `reason`."""

    reason: str


class ClaimWatch(Wait, frozen=True, kw_only=True):
    """Claims in one of `states` wait for an answer; without it they get the mark `reason`."""

    states: tuple[str, ...]
    meaning: str


class Silence(Wait, frozen=True, kw_only=True):
    """Nothing at all comes from a partner."""

    timer: str


class Inquiry(Delay, frozen=True, kw_only=True):
    """Claims in one of `states` are asked about, up to `limit` times."""

    timer: str
    states: tuple[str, ...]
    limit: int


class Filing(msgspec.Struct, frozen=True, kw_only=True):
    """Claims in one of `states` near the payer's filing limit."""

    timer: str
    states: tuple[str, ...]
    frequencies: tuple[str, ...]
    reason: str
    meaning: str


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Skipped control numbers among the files of the last `days`; up to `largest` at once."""

    days: int
    largest: int
    reason: str


class Watches(msgspec.Struct, frozen=True, kw_only=True):
    """The whole table; `claims` by the kind of their timers."""

    claims: dict[str, ClaimWatch]
    silence: Silence
    inquiry: Inquiry
    filing: Filing
    gap: Gap

    def timed(self) -> Iterator[tuple[str, Delay]]:
        """The timers of an interchange, with what each waits for."""
        yield from self.claims.items()
        yield self.silence.timer, self.silence
        yield self.inquiry.timer, self.inquiry

    @property
    def timers(self) -> tuple[str, ...]:
        """The kinds of jobs that are timers of the watchdogs."""
        return (*self.claims, self.silence.timer, self.filing.timer)


@cache
def load_watches() -> Watches:
    """The table; raises msgspec.ValidationError where it is not one."""
    text = (files("schemas") / "watchdogs.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Watches)
