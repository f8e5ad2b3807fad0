"""Lock-out: how long one waits after failed sign-ins. It rises, and no stranger can keep anybody out.

Passwords are counted by account and place. The place is the address, or a device from which the person has
signed in before (it proves so by a cookie): guesses that a stranger makes elsewhere do not count there.
Codes are counted by account wherever they come from: only who knows the password comes so far. An address is
counted over all accounts too, for those who show no device.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

import msgspec

from gateway.store.sign_ins import Attempts

MEMORY: Final = 10_000
FORGOTTEN: Final = timedelta(days=1)
CODES: Final = "codes"
"""The place where codes are counted."""


class TooSoon(Exception):
    """After failed attempts one waits; `wait` says how long."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("too soon")
        self.wait = wait


class Delay(msgspec.Struct, frozen=True):
    """So many failures are free; then one waits `first`, each time twice as long, up to `longest`."""

    free: int
    first: timedelta
    longest: timedelta

    def after(self, failures: int) -> timedelta:
        """How long to wait after so many failures."""
        over = failures - self.free
        if over < 0:
            return timedelta()
        return min(self.longest, self.first * (1 << min(over, 32)))

    def find_wait(self, attempts: Attempts | None, now: datetime) -> timedelta:
        """How long one must still wait; zero or less: no more."""
        if attempts is None or now - attempts.last_at > FORGOTTEN:
            return timedelta()
        return attempts.last_at + self.after(attempts.failures) - now


ACCOUNT: Final = Delay(5, timedelta(seconds=2), timedelta(minutes=15))
"""Passwords of one account from one place, or its codes."""
ADDRESS: Final = Delay(40, timedelta(seconds=1), timedelta(minutes=5))
"""One address, whatever the account."""


class AddressBook:
    """Failures by address, in the memory of this process; the addresses tried longest ago are forgotten."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, Attempts] = OrderedDict()

    def count(self, address: str, now: datetime) -> None:
        """Count an attempt. Raises TooSoon, and counts nothing, while the address must wait."""
        known = self._failed.get(address)
        wait = ADDRESS.find_wait(known, now)
        if wait > timedelta():
            raise TooSoon(wait)
        recent = known if known is not None and now - known.last_at <= FORGOTTEN else Attempts(0, now)
        self._failed.pop(address, None)
        self._failed[address] = Attempts(recent.failures + 1, now)
        while len(self._failed) > MEMORY:
            self._failed.popitem(last=False)

    def take_back(self, address: str) -> None:
        """The attempt that was counted went well: it was no failure, those before it were."""
        known = self._failed.get(address)
        if known is not None and known.failures > 0:
            self._failed[address] = Attempts(known.failures - 1, known.last_at)
