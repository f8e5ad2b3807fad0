"""Control numbers (ISA13, GS06, ST02): counted for each partner and kind, taken with what bears them.

They are taken in the caller's transaction: a number is used up if and only if what bears it was stored. After
999999999 comes 1 (005010 ISA13 has nine digits, and zero is no number that partners expect).
"""

from __future__ import annotations

from typing import Final

from gateway.store import tables
from gateway.store.scope import TenantScope

LARGEST: Final = 999_999_999

_number = tables.control_number


def take(scope: TenantScope, partner: str, kind: str) -> int:
    """The next number of this partner and kind."""
    return take_many(scope, partner, kind, 1)[0]


def take_many(scope: TenantScope, partner: str, kind: str, count: int) -> list[int]:
    """The next `count` numbers, in order. Raises ValueError for a count below 1 or above LARGEST."""
    if not 1 <= count <= LARGEST:
        raise ValueError("the count of control numbers is out of range")
    advanced = (_number.c.value + (count - 1)) % LARGEST + 1
    row = {"partner": partner, "kind": kind, "value": count}
    last = scope.insert_or_update(_number, row, ("partner", "kind"), {"value": advanced}).value
    first = (last - count) % LARGEST + 1
    return [(first - 1 + step) % LARGEST + 1 for step in range(count)]


def set_last(scope: TenantScope, partner: str, kind: str, last: int) -> None:
    """Say which number was used last: for a partner taken over from another system, or after a restore."""
    if not 0 <= last <= LARGEST:
        raise ValueError("a control number is out of range")
    row = {"partner": partner, "kind": kind, "value": last}
    scope.insert_or_update(_number, row, ("partner", "kind"), {"value": last})
