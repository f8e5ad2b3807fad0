"""Amounts and days as X12 writes them: what is read, what is no number, and that memory changes nothing."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import product

import pytest

from edi import notation
from edi.notation import Remembered, parse_amount, parse_date, read_number

NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")


def test_an_amount_is_what_the_form_of_an_x12_number_says() -> None:
    for length in range(6):
        for characters in product("01.-+e_ \u0663", repeat=length):
            text = "".join(characters)
            expected = Decimal(text) if NUMBER.fullmatch(text) else None
            assert parse_amount(text) == expected, text


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e5", "1_0", " 1", "1 ", "--1", "1.2.3", ""])
def test_other_notations_are_no_amounts(text: str) -> None:
    assert parse_amount(text) is None


def test_a_day_that_does_not_exist_is_none() -> None:
    assert parse_date("20260229") is None
    assert parse_date("2026-01-31") is not None


def test_memory_is_bounded_in_number_and_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notation, "REMEMBERED", 10)
    amounts = Remembered(read_number)
    for number in range(100):
        assert amounts[str(number)] == number
    assert amounts["1" * 1000] == Decimal("1" * 1000)
    assert len(amounts) <= 10
    assert "1" * 1000 not in amounts
