"""What a compiled rule does with the values of a claim. Whatever is absent, or of the wrong form, is None.

An absent value makes nothing true and nothing false, as an error does in CEL; `&&` and `||` need only the
side that decides.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from edi.edits.basis import Basis
from edi.edits.table import Verdict
from edi.notation import parse_date

STEPS = 20_000
LONGEST_NUMBER = 40
EMPTY: Mapping[str, Any] = {}
Scalar = str | Decimal | date | bool


class TooCostly(Exception):
    """A rule walked more items than a claim's rules may."""


class Ground:
    """What a rule stands on beside the claim: tables, the day of receipt, and how far it may still walk."""

    __slots__ = ("left", "received", "tables")

    def __init__(self, basis: Basis) -> None:
        self.tables = basis.tables
        self.received = basis.received
        self.left = STEPS

    def walk(self, items: Sequence[Any]) -> Sequence[Any]:
        """The items, counted. Raises TooCostly."""
        self.left -= len(items)
        if self.left < 0:
            raise TooCostly
        return items

    def in_effect(self, table: str, code: str | None, on: date | None) -> bool | None:
        """Whether a code is in effect on a day; None where the table cannot say."""
        if code is None or on is None:
            return None
        verdict = self.tables.judge(table, code, on)
        return None if verdict is Verdict.NOT_HELD else verdict is Verdict.VALID


def section(owner: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The section of a name; empty where there is none."""
    held = owner.get(name)
    return held if held.__class__ is dict or isinstance(held, dict) else EMPTY


def items(owner: Mapping[str, Any], name: str) -> list[Any]:
    """The list of a name; empty where there is none."""
    held = owner.get(name)
    return held if isinstance(held, list) else []


def sections(held: Iterable[Any]) -> list[Mapping[str, Any]]:
    """The items of a list that are sections."""
    return [one for one in held if isinstance(one, dict)]


def lists(held: Iterable[Any]) -> list[list[Any]]:
    """The items of a list that are lists."""
    return [one for one in held if isinstance(one, list)]


def as_text(held: object) -> str | None:
    """A text that is not empty."""
    if held.__class__ is str or isinstance(held, str):
        return held or None
    if held is None:
        return None
    return str(held) if isinstance(held, int | Decimal) and not isinstance(held, bool) else None


def as_number(held: object) -> Decimal | None:
    """An exact number out of a text, a whole number or a decimal."""
    if isinstance(held, bool) or not isinstance(held, str | int | Decimal):
        return None
    if isinstance(held, str) and len(held) > LONGEST_NUMBER:
        return None
    try:
        number = Decimal(held)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def as_date(held: object) -> date | None:
    """A day written CCYYMMDD."""
    return parse_date(held) if isinstance(held, str) else None


def as_truth(held: object) -> bool | None:
    """A truth value."""
    return held if isinstance(held, bool) else None


def read_item(held: Sequence[Any], number: int) -> Any:
    """An item of a list, counted from 0; None where the list is shorter."""
    return held[number] if number < len(held) else None


# --- three values: true, false, absent


def negate(one: bool | None) -> bool | None:
    """Not."""
    return None if one is None else not one


def every(held: Iterable[bool | None]) -> bool | None:
    """False where any is false, absent where none is but one is absent."""
    known = True
    for one in held:
        if one is False:
            return False
        known = known and one is not None
    return True if known else None


def some(held: Iterable[bool | None]) -> bool | None:
    """True where any is true, absent where none is but one is absent."""
    known = True
    for one in held:
        if one:
            return True
        known = known and one is not None
    return False if known else None


def one_of(held: Iterable[bool | None]) -> bool | None:
    """True where exactly one is true; absent where any is."""
    found = list(held)
    return None if None in found else found.count(True) == 1


def compare(sign: str, one: Any, other: Any) -> bool | None:
    """A comparison of two values of one type."""
    if one is None or other is None:
        return None
    return COMPARISONS[sign](one, other)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda one, other: one in other,
}


# --- numbers, texts, dates


def calculate(sign: str, one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Exact arithmetic; a division by zero is absent."""
    if one is None or other is None:
        return None
    try:
        return CALCULATIONS[sign](one, other)
    except ArithmeticError:
        return None


CALCULATIONS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def join(one: str | None, other: str | None) -> str | None:
    """Two texts as one."""
    return None if one is None or other is None else one + other


def minus(one: Decimal | None) -> Decimal | None:
    """The number with its other sign."""
    return None if one is None else -one


def total(numbers: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; absent where one of the numbers is."""
    found = list(numbers)
    return None if None in found else sum((one for one in found if one is not None), Decimal(0))


def whole(number: Decimal | None) -> bool | None:
    """Whether a number has no parts."""
    return None if number is None else number == number.to_integral_value()


def unique(held: Sequence[Any]) -> bool:
    """Whether no value comes twice; absent ones do not count."""
    found = [one for one in held if one is not None]
    return len(set(found)) == len(found)


def days(first: date | None, last: date | None) -> Decimal | None:
    """Days from one date to another."""
    return None if first is None or last is None else Decimal((last - first).days)


def years(first: date | None, last: date | None) -> Decimal | None:
    """Whole years from one date to another: an age."""
    if first is None or last is None:
        return None
    return Decimal(last.year - first.year - ((last.month, last.day) < (first.month, first.day)))


def size_of(held: Any) -> Decimal | None:
    """The length of a text, or how many items a list has."""
    return None if held is None else Decimal(len(held))


def take(text: str | None, first: Decimal | None, last: Decimal | None = None) -> str | None:
    """The characters from `first` (from 0) up to but not `last`; absent where the text has no such place."""
    if text is None or first is None:
        return None
    end = len(text) if last is None else int(last)
    return text[int(first) : end] if 0 <= first <= end <= len(text) else None
