"""How often somebody may call: token buckets, one for each name, in the memory of this process.

A bucket holds `burst` tokens at most and gains `rate` tokens a second; each call takes one. The buckets of
one process know nothing of another's: a shared count would cost every call a trip to the database (docs/why).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from gateway.limit_settings import LimitSettings, RateLimit

BUCKETS_KEPT = 10_000


class Standing(msgspec.Struct, frozen=True):
    """A bucket after a call: how many tokens it holds at most and now, and in how many seconds it is full.

    `wait` is in how many seconds the call would be taken; 0 where it was.
    """

    limit: int
    remaining: int
    reset: int
    wait: int = 0

    def headers(self) -> Mapping[str, str]:
        """As an answer says it (draft-ietf-httpapi-ratelimit-headers)."""
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }
        return told | {"Retry-After": str(self.wait)} if self.wait else told


class Buckets:
    """The buckets of one kind of name."""

    def __init__(self, limit: RateLimit) -> None:
        self._rate, self._burst = limit.rate, float(limit.burst)
        self._held: dict[str, tuple[float, float]] = {}

    def take(self, name: str, now: float, cost: float = 1.0) -> Standing | None:
        """Take `cost` tokens at `now`, in seconds of a clock that goes forward; None without a limit."""
        if not self._rate:
            return None
        tokens, since = self._held.get(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        taken = tokens >= cost
        if taken:
            tokens -= cost
        if name not in self._held and len(self._held) >= BUCKETS_KEPT:
            self._forget(now)
        self._held[name] = (tokens, now)
        reset = math.ceil((self._burst - tokens) / self._rate)
        wait = 0 if taken else max(1, math.ceil((cost - tokens) / self._rate))
        return Standing(int(self._burst), int(tokens), reset, wait)

    def charge(self, name: str, now: float, cost: float) -> None:
        """Take what is there of `cost` tokens."""
        if self._rate:
            tokens, since = self._held.get(name, (self._burst, now))
            full = min(self._burst, tokens + (now - since) * self._rate)
            self._held[name] = (max(0.0, full - cost), now)

    def _forget(self, now: float) -> None:
        """Forget the full ones, which say nothing; and the oldest where none is full."""
        enough = self._burst - 1.0
        full = [
            name for name, (tokens, at) in self._held.items() if tokens + (now - at) * self._rate >= enough
        ]
        for name in full or list(self._held)[: BUCKETS_KEPT // 10]:
            del self._held[name]


class Rates:
    """The buckets of addresses, of tenants and of keys."""

    def __init__(self, settings: LimitSettings) -> None:
        self._addresses = Buckets(settings.address)
        self._tenants = Buckets(settings.tenant)
        self._keys = Buckets(settings.key)
        self._refusal = float(settings.refusal_cost)

    def take_address(self, address: str, now: float) -> Standing | None:
        """A call from an address, before anybody knows whose it is."""
        return self._addresses.take(address, now)

    def take_key(self, tenant: str, key: str, now: float) -> Standing | None:
        """A call of a key and its tenant; the fuller tells no more than the emptier."""
        tenants = self._tenants.take(tenant, now)
        if tenants is not None and tenants.wait:
            return tenants
        keys = self._keys.take(key, now)
        return keys or tenants

    def charge_refusal(self, address: str, now: float) -> None:
        """A call without a valid key costs its address more than one that has it."""
        self._addresses.charge(address, now, self._refusal)
