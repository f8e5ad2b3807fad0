"""Data keys: each tenant seals with a key of the month, which is kept wrapped by a wrapping key.

A wrapping key comes from the key ring (a file, an environment variable) or from a key management service; a
data key is unwrapped once in a process and then remembered, so that sealing asks nobody. Keys of a month are
destroyed when retention has emptied them: what copies of the database hold of that month opens no more once
the wrapping key of that time is retired too (docs/why: data keys). The archive has keys of its own, under the
owner "".

Source: NIST SP 800-57 part 1 rev. 5 (8.3.4, destruction of keys); 45 CFR 164.312(a)(2)(iv).
"""

from __future__ import annotations

import secrets
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from gateway.clock import Clock
from gateway.sealing import KeyRing, SealBroken, Sealer

ARCHIVE: Final = ""
"""The owner of the archive's keys: a file of the archive may belong to several tenants."""
KEY_BYTES: Final = 32
REFRESHED_AFTER: Final = timedelta(minutes=10)
"""A process looks for keys that others have made at least so often."""


class DataKey(msgspec.Struct, frozen=True):
    """A data key as it is kept: whose, of which month (`2026-11`), wrapped by the key `kek`.

    A key that was superseded seals nothing any more.
    """

    tenant: str
    id: str
    period: str
    kek: str
    wrapped: bytes
    created_at: datetime
    superseded_at: datetime | None


class WrappingKeys(Protocol):
    """What wraps data keys. `current` is the id of the wrapping key that is used now."""

    @property
    def current(self) -> str: ...

    def wrap(self, key: bytes, context: str) -> bytes:
        """`key` for the place that `context` names, wrapped by the current key. Raises StoreUnavailable."""

    def unwrap(self, wrapped: bytes, kek: str, context: str) -> bytes:
        """The key. Raises SealBroken where it does not open, StoreUnavailable where nobody answers."""

    def knows(self, kek: str) -> bool:
        """True where the wrapping key of this id can still unwrap."""


class RingKeys:
    """The sealing keys of a key ring as wrapping keys: those of one installation, in a file or a secret."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._sealer = Sealer(ring)

    @property
    def current(self) -> str:
        return self._ring.current

    def wrap(self, key: bytes, context: str) -> bytes:
        """Seal the key by the ring."""
        return self._sealer.seal(key, context)

    def unwrap(self, wrapped: bytes, kek: str, context: str) -> bytes:
        """Open it."""
        return self._sealer.open(wrapped, context)

    def knows(self, kek: str) -> bool:
        """True where the ring has the line."""
        return kek in self._ring.keys


def name_period(moment: datetime) -> str:
    """The month of a moment."""
    return f"{moment.year:04d}-{moment.month:02d}"


def name_context(owner: str, key_id: str) -> str:
    """The place of a wrapped key: moved to another row it does not open."""
    return f"data key:{owner}:{key_id}"


class KeyHolder:
    """The data keys of all owners, unwrapped as they are needed. Safe to use from several threads.

    `load` reads all keys as they are kept; it is called at the first use, where a key is not known, and now
    and then.
    """

    def __init__(
        self, wrapping: WrappingKeys, load: Callable[[], Iterable[DataKey]], now: Callable[[], datetime]
    ) -> None:
        self.wrapping = wrapping
        self._load = load
        self._now = now
        self._lock = threading.RLock()
        self._clear: dict[str, bytes] = {}
        self._known: dict[str, DataKey] = {}
        self._periods: dict[str, tuple[list[str], list[str]]] = {}
        self._due: datetime | None = None

    def find_current(self, owner: str, period: str = "") -> tuple[str, bytes] | None:
        """Id and key that the owner seals with in this month or the one given; None without any key.

        Where the month has none, the newest before it, or else the first after it.
        """
        now = self._now()
        if self._due is None or now >= self._due:
            self.refresh()
        periods, ids = self._periods.get(owner, ([], []))
        if not ids:
            return None
        place = bisect_right(periods, period or name_period(now))
        key_id = ids[max(0, place - 1)]
        return key_id, self._clear.get(key_id) or self.find(key_id)

    def find(self, key_id: str) -> bytes:
        """The key of this id in clear. Raises SealBroken where it was destroyed, StoreUnavailable."""
        key = self._clear.get(key_id)
        if key is not None:
            return key
        with self._lock:
            if key_id not in self._known:
                self.refresh()
            kept = self._known.get(key_id)
            if kept is None:
                raise SealBroken("the data key of a sealed value is not there: it was destroyed")
            context = name_context(kept.tenant, kept.id)
            self._clear[key_id] = self.wrapping.unwrap(kept.wrapped, kept.kek, context)
            return self._clear[key_id]

    def refresh(self) -> None:
        """Read all keys anew; those that are gone are forgotten."""
        with self._lock:
            self.learn(self._load())

    def learn(self, keys: Iterable[DataKey]) -> None:
        """These are the keys now."""
        with self._lock:
            self._known = {key.id: key for key in keys}
            self._clear = {key_id: key for key_id, key in self._clear.items() if key_id in self._known}
            self._periods = _sort_current(self._known.values())
            self._due = self._now() + REFRESHED_AFTER

    def make(self, owner: str, period: str, now: datetime) -> DataKey:
        """A new key of the owner, wrapped by the current wrapping key; it is not kept yet."""
        key_id = f"d{secrets.token_hex(8)}"
        wrapped = self.wrapping.wrap(secrets.token_bytes(KEY_BYTES), name_context(owner, key_id))
        return DataKey(owner, key_id, period, self.wrapping.current, wrapped, now, None)

    def rewrap(self, key: DataKey) -> DataKey:
        """The same key, wrapped by the current wrapping key."""
        context = name_context(key.tenant, key.id)
        clear = self.wrapping.unwrap(key.wrapped, key.kek, context)
        wrapped = self.wrapping.wrap(clear, context)
        return msgspec.structs.replace(key, kek=self.wrapping.current, wrapped=wrapped)

    def list_wrapping(self) -> tuple[str, ...]:
        """The ids of the wrapping keys that the keys need, in order."""
        self.refresh()
        return tuple(sorted({key.kek for key in self._known.values()}))

    def knows(self, wrapping: str) -> bool:
        """True where the wrapping key of this id is at hand."""
        return self.wrapping.knows(wrapping)

    @property
    def known(self) -> list[DataKey]:
        """All keys, oldest month first."""
        with self._lock:
            return sorted(self._known.values(), key=lambda key: (key.tenant, key.period, key.created_at))


def _sort_current(keys: Iterable[DataKey]) -> dict[str, tuple[list[str], list[str]]]:
    """By owner, the months and the ids of the keys that seal, in order."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    live = (key for key in keys if key.superseded_at is None)
    for key in sorted(live, key=lambda key: (key.period, key.created_at, key.id)):
        periods, ids = found.setdefault(key.tenant, ([], []))
        periods.append(key.period)
        ids.append(key.id)
    return found


def list_missing(holder: KeyHolder, owners: Iterable[str], clock: Clock) -> list[DataKey]:
    """New keys for the owners that have none of this month or the next; to be kept, then learned."""
    now = clock.now()
    soon = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    have = {(key.tenant, key.period) for key in holder.known if key.superseded_at is None}
    wanted = [(owner, name_period(moment)) for owner in owners for moment in (now, soon)]
    return [holder.make(owner, period, now) for owner, period in wanted if (owner, period) not in have]
