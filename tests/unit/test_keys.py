"""API keys have the shape that is promised, and nothing about them shows their secret."""

from __future__ import annotations

import pytest

from gateway.keys import KeyText, Scope, check_scopes, split_key, write_key


def test_a_new_key_can_be_split_into_its_parts() -> None:
    key = write_key()
    assert split_key(key.text) == key
    assert key.text == f"cw_{key.prefix}_{key.secret}"


def test_no_two_keys_are_alike() -> None:
    keys = [write_key() for _ in range(200)]
    assert len({key.secret for key in keys}) == len({key.prefix for key in keys}) == 200


WHOLE = "cw_" + "a" * 12 + "_" + "B" * 43


@pytest.mark.parametrize("text", ["", "cw_", "cw_abc_def", "Bearer", WHOLE + "x", WHOLE[:-1]])
def test_what_is_no_key_is_none(text: str) -> None:
    assert split_key(text) is None


def test_the_secret_is_not_shown_by_accident() -> None:
    key = KeyText("abcdefghijkl", "s" * 43)
    assert "s" * 43 not in repr(key)


def test_scopes_are_checked_sorted_and_each_once() -> None:
    wanted = [Scope.EVENTS_READ.value, Scope.CLAIMS_READ.value, Scope.EVENTS_READ.value]
    assert check_scopes(wanted) == ("claims:read", "events:read")
    assert check_scopes(["*"]) == ("*",)


@pytest.mark.parametrize("names", [[], ["claims:eat"]])
def test_unknown_or_no_scopes_are_refused_with_those_there_are(names: list[str]) -> None:
    with pytest.raises(ValueError, match="claims:read"):
        check_scopes(names)
