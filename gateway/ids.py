"""Identifiers: sortable by time, without any meaning from a document, and injected."""

from __future__ import annotations

import os
import re
import secrets
import threading
from datetime import datetime
from typing import Final, Protocol

from gateway.clock import Clock

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS: Final = 80
_RANDOM_BYTES: Final = _RANDOM_BITS // 8
_DRAWN: Final = 64  # identifiers' worth of random bytes that are read at once
_PAIRS: Final = tuple(first + second for first in ALPHABET for second in ALPHABET)
_SHIFTS: Final = tuple(range(120, -1, -10))
_RANDOM_SHIFTS: Final = tuple(range(70, -1, -10))
_TIME_LETTERS: Final = 10
_SHAPE: Final = re.compile(r"[a-z]{2,8}_[0-9A-HJKMNP-TV-Z]{26}")


class IdSource(Protocol):
    """Where new identifiers come from."""

    def new(self, prefix: str) -> str:
        """A new identifier such as `clm_01K2ABCDEFGHJKMNPQRSTVWXYZ`."""
        ...


def write_base32(number: int) -> str:
    """`number` (up to 130 bits) as 26 characters of Crockford's base 32."""
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])


def write_earliest(prefix: str, moment: datetime) -> str:
    """The first identifier that anything made at `moment` (aware) can have: ids are ordered by time."""
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return f"{prefix}_{write_base32(milliseconds << _RANDOM_BITS)}"


def is_id(text: str, prefix: str | None = None) -> bool:
    """True where `text` has the shape of one of our identifiers (and the prefix, where given)."""
    return _SHAPE.fullmatch(text) is not None and (prefix is None or text.startswith(f"{prefix}_"))


class TimeIds:
    """Identifiers of 48 bits of time in milliseconds and 80 random bits, rising even within a millisecond.

    Source: the ULID specification, monotonic variant.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = 0
        self._begun, self._beginning = -1, ""
        self._random = b""
        self._process = 0

    def new(self, prefix: str) -> str:
        milliseconds = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            fresh = (milliseconds << _RANDOM_BITS) | self._draw()
            self._last = fresh if fresh > self._last else self._last + 1
            return f"{prefix}_{self._write(self._last)}"

    def _write(self, number: int) -> str:
        """`number` in base 32; those of one millisecond begin alike."""
        if self._begun != (begun := number >> _RANDOM_BITS):
            self._begun, self._beginning = begun, write_base32(number)[:_TIME_LETTERS]
        return self._beginning + "".join([_PAIRS[(number >> shift) & 1023] for shift in _RANDOM_SHIFTS])

    def _draw(self) -> int:
        """Random bits, read from the system for many identifiers at once; a forked process reads its own."""
        if not self._random or self._process != os.getpid():
            self._random, self._process = secrets.token_bytes(_RANDOM_BYTES * _DRAWN), os.getpid()
        drawn, self._random = self._random[:_RANDOM_BYTES], self._random[_RANDOM_BYTES:]
        return int.from_bytes(drawn) >> 1


class SequentialIds:
    """Identifiers that count from 1 for each prefix: tests that compare whole answers use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def new(self, prefix: str) -> str:
        with self._lock:
            count = self._counts[prefix] = self._counts.get(prefix, 0) + 1
        return f"{prefix}_{write_base32(count)}"
