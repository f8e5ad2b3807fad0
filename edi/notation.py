"""How X12 writes money and dates, and how this package reads and writes them.

Money is an X12 R number (optional minus, digits, optional decimal point); a date is CCYYMMDD.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
DATE_DIGITS = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")


@lru_cache(maxsize=4096)  # remittances repeat few amounts and fewer dates many times
def parse_amount(text: str) -> Decimal | None:
    """The number that `text` writes, or None where it is no X12 number (`1e5`, `NaN`, blanks)."""
    return Decimal(text) if NUMBER.fullmatch(text) else None


@lru_cache(maxsize=4096)
def parse_date(text: str) -> date | None:
    """The day that `text` writes as CCYYMMDD or CCYY-MM-DD, or None where there is no such day."""
    digits = DATE_DIGITS.fullmatch(text)
    if digits is None:
        return None
    try:
        return date(*(int(part) for part in digits.groups()))
    except ValueError:
        return None


def write_amount(amount: Decimal) -> str:
    """`amount` in the shortest form X12 allows: no exponent, no trailing zeros, no minus before zero."""
    if not amount:
        return "0"
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def write_date(day: date | None) -> str:
    """`day` as CCYYMMDD, or "" for no day."""
    return "" if day is None else f"{day.year:04}{day.month:02}{day.day:02}"
