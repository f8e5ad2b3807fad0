"""Control numbers (ISA13, GS06, ST02): counted for each partner and kind, taken with what bears them.

They are taken in the caller's transaction: a number is used up if and only if what bears it was stored. After
999999999 comes 1 (005010 ISA13 has nine digits, and zero is no number that partners expect); a partner may be
given a smaller range.
"""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import and_, case

from gateway.store import tables
from gateway.store.scope import TenantScope

LARGEST: Final = 999_999_999

_number = tables.control_number


class Span(msgspec.Struct, frozen=True):
    """A range of control numbers, both ends in it."""

    first: int = 1
    last: int = LARGEST

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return self.last - self.first + 1

    def follow(self, number: int, steps: int = 1) -> int:
        """The number so many steps after one of the range; after the last comes the first."""
        return self.first + (number - self.first + steps) % self.size


EVERY: Final = Span()


def take(scope: TenantScope, partner: str, kind: str, span: Span = EVERY) -> int:
    """The next number of this partner and kind."""
    return take_many(scope, partner, kind, 1, span)[0]


def take_many(scope: TenantScope, partner: str, kind: str, count: int, span: Span = EVERY) -> list[int]:
    """The next `count` numbers, in order; the first ones of `span` where the last taken is not in it.

    Raises ValueError for a count below 1 or above the size of the range.
    """
    if not 1 <= count <= span.size:
        raise ValueError("the count of control numbers is out of range")
    held, start = _number.c.value, span.first + count - 1
    advanced = case(
        (and_(held >= span.first, held <= span.last), span.first + (held - span.first + count) % span.size),
        else_=start,
    )
    row = {"partner": partner, "kind": kind, "value": start}
    last = scope.insert_or_update(_number, row, ("partner", "kind"), {"value": advanced}).value
    return [span.follow(last, step - count + 1) for step in range(count)]


def read_last(scope: TenantScope, partner: str, kind: str) -> int | None:
    """The number that was used last, or None where none was."""
    statement = scope.select(_number, _number.c.value).where(
        _number.c.partner == partner, _number.c.kind == kind
    )
    last: int | None = scope.value(statement)
    return last


def set_last(scope: TenantScope, partner: str, kind: str, last: int) -> None:
    """Say which number was used last: for a partner taken over from another system, or after a restore."""
    if not 0 <= last <= LARGEST:
        raise ValueError("a control number is out of range")
    row = {"partner": partner, "kind": kind, "value": last}
    scope.insert_or_update(_number, row, ("partner", "kind"), {"value": last})
