"""Amounts of a window, added up row by row: what a claim or service makes is a difference of two sums.

The rows of a window that screens look at have been accepted, so their amounts are numbers.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import accumulate, pairwise
from operator import itemgetter

from edi.rows import Row
from edi.rules.remittance import PATIENT_GROUP, ZERO
from edi.sieve.windows import Places, Window

Sums = list[Decimal]
"""Running totals over the rows of a list, from zero."""


class Adjustments:
    """The CAS of one loop; `patient` adds up group PR alone."""

    def __init__(self, window: Window, loop: str) -> None:
        self.asked = ("CAS", loop)
        rows = [*map(window.rows.__getitem__, window.find(*self.asked))]
        amounts = [*map(Decimal, map(itemgetter(3), rows))]
        for number in [at for at, row in enumerate(rows) if len(row) > 6]:
            amounts[number] = add_amounts(rows[number])
        patient = [
            amount if row[1] == PATIENT_GROUP else ZERO for row, amount in zip(rows, amounts, strict=True)
        ]
        self.sums: Sums = list(accumulate(amounts, initial=ZERO))
        self.patient: Sums = list(accumulate(patient, initial=ZERO))


def add_amounts(row: Row) -> Decimal:
    """The sum of the amounts of one CAS."""
    return sum((Decimal(text) for text in row[3::3] if text), ZERO)


def read_amounts(window: Window, places: Places, element: int) -> list[Decimal]:
    """The amounts of an element of rows that all have it."""
    rows = map(window.rows.__getitem__, places)
    return [*map(Decimal, map(itemgetter(element), rows))]


def differ(sums: Sums, parts: list[int]) -> list[Decimal]:
    """What each part makes."""
    return [sums[last] - sums[first] for first, last in pairwise(parts)]
