"""The meanings of codes."""

from __future__ import annotations

import pytest

from gateway.meanings import explain


def test_a_known_code_has_its_own_sentence() -> None:
    assert explain("adjustment_reason", "1") == "Deductible."


def test_an_unknown_code_says_that_it_is_not_explained() -> None:
    assert "not explained here" in explain("adjustment_reason", "ZZZ")


def test_a_table_that_is_not_there_is_a_broken_promise() -> None:
    with pytest.raises(KeyError):
        explain("no_such_table", "1")
