"""Amounts of a window, added up row by row: what a claim or service makes is a difference of two sums."""

from __future__ import annotations

from decimal import Decimal
from itertools import accumulate, pairwise

from edi.notation import read_number
from edi.rules.remittance import PATIENT_GROUP, ZERO
from edi.sieve.windows import Places, Window

Sums = list[Decimal]
"""Running totals over the rows of a list, from zero."""


class Adjustments:
    """The CAS of one loop; `known` is false where one has an amount that is no number.

    `patient` adds up group PR alone.
    """

    def __init__(self, window: Window, loop: str) -> None:
        self.places = window.find("CAS", loop)
        rows = [window.rows[at] for at in self.places]
        amounts = [read_number(row[3]) if len(row) < 6 else add_amounts(row) for row in rows]
        self.known = None not in amounts
        kept = [amount or ZERO for amount in amounts]
        patient = [
            amount if row[1] == PATIENT_GROUP else ZERO for row, amount in zip(rows, kept, strict=True)
        ]
        self.sums: Sums = list(accumulate(kept, initial=ZERO))
        self.patient: Sums = list(accumulate(patient, initial=ZERO))


def add_amounts(row: list[str]) -> Decimal | None:
    """The sum of the amounts of one CAS, or None where one is no number."""
    total = ZERO
    for text in row[3::3]:
        amount = read_number(text) if text else ZERO
        if amount is None:
            return None
        total += amount
    return total


def read_amounts(window: Window, places: Places, element: int) -> list[Decimal] | None:
    """The amounts of an element of rows that all have it, or None where one is no number."""
    rows = window.rows
    amounts = [read_number(rows[at][element]) for at in places]
    known = [amount for amount in amounts if amount is not None]
    return known if len(known) == len(amounts) else None


def differ(sums: Sums, parts: list[int]) -> list[Decimal]:
    """What each part makes."""
    return [sums[last] - sums[first] for first, last in pairwise(parts)]
