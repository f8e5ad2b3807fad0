"""Amounts of a window, added up row by row: what a claim or service makes is a difference of two sums.

The rows of a window that screens look at have been accepted, so their amounts are numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from itertools import accumulate, compress
from operator import itemgetter, sub

from edi.rows import Row
from edi.rules.remittance import PATIENT_GROUP, ZERO
from edi.sieve.windows import Window

Sums = list[Decimal]
"""Running totals over the rows of a list, from zero."""


class Adjustments:
    """The CAS of one loop; `patient` adds up those of group PR, by how many of these came before."""

    def __init__(self, window: Window, loop: str) -> None:
        self.asked = ("CAS", loop)
        self.rows = rows = window.list_rows(*self.asked)
        amounts = read_amounts(rows, 3)
        for number in [at for at, count in enumerate(map(len, rows)) if count > 6]:
            amounts[number] = add_amounts(rows[number])
        self.amounts = amounts
        self.sums: Sums = [*accumulate(amounts, initial=ZERO)]

    def list_patient_sums(self, parts: list[int]) -> Iterator[Decimal]:
        """What group PR makes in each part."""
        shares = [row[1] == PATIENT_GROUP for row in self.rows]
        before = [*accumulate(shares, initial=0)]
        sums = [*accumulate(compress(self.amounts, shares), initial=ZERO)]
        return differ(sums, [before[at] for at in parts])


def add_amounts(row: Row) -> Decimal:
    """The sum of the amounts of one CAS."""
    return sum((Decimal(text) for text in row[3::3] if text), ZERO)


def read_amounts(rows: Sequence[Row], element: int) -> list[Decimal]:
    """The amounts of an element of rows, nought where they have none."""
    try:
        return [*map(Decimal, map(itemgetter(element), rows))]
    except (IndexError, InvalidOperation):  # too short, or empty
        texts = [row[element] if element < len(row) else "" for row in rows]
        return [Decimal(text) if text else ZERO for text in texts]


def differ(sums: Sums, parts: list[int]) -> Iterator[Decimal]:
    """What each part makes."""
    ends = [sums[at] for at in parts]
    return map(sub, ends[1:], ends)
