"""How X12 writes money and dates, and how this package reads and writes them.

Money is an X12 R number (optional minus, digits, optional decimal point); a date is CCYYMMDD.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

Value = TypeVar("Value")
NUMERALS = "0123456789.-"
DATE_DIGITS = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
LONGEST = 24  # what is longer is hardly an amount, and may be as long as a file
REMEMBERED = 32_768  # files repeat their amounts, and their days still more


def read_number(text: str) -> Decimal | None:
    """What `parse_amount` says of a text that it meets for the first time."""
    if text.strip(NUMERALS):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def read_day(text: str) -> date | None:
    """What `parse_date` says of a text that it meets for the first time."""
    digits = DATE_DIGITS.fullmatch(text)
    if digits is None:
        return None
    try:
        return date(*(int(part) for part in digits.groups()))
    except ValueError:
        return None


class Remembered(dict[str, Value | None]):
    """What texts were read as; all is forgotten when it has become too much.

    A hit takes half the time of one in `lru_cache`, and files of many amounts have hardly any in a small one.
    """

    def __init__(self, read: Callable[[str], Value | None]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, text: str) -> Value | None:
        value = self.read(text)
        if len(text) <= LONGEST:
            if len(self) >= REMEMBERED:
                self.clear()
            self[text] = value
        return value


parse_amount: Callable[[str], Decimal | None] = Remembered(read_number).__getitem__
"""The number that a text writes, or None where it is no X12 number (`1e5`, `NaN`, blanks)."""

parse_date: Callable[[str], date | None] = Remembered(read_day).__getitem__
"""The day that a text writes as CCYYMMDD or CCYY-MM-DD, or None where there is no such day."""


def write_amount(amount: Decimal) -> str:
    """`amount` in the shortest form X12 allows: no exponent, no trailing zeros, no minus before zero."""
    if not amount:
        return "0"
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def write_date(day: date | None) -> str:
    """`day` as CCYYMMDD, or "" for no day."""
    return "" if day is None else f"{day.year:04}{day.month:02}{day.day:02}"
