"""API keys have the shape that is promised, and nothing about them shows their secret."""

from __future__ import annotations

import asyncio

import pytest

from gateway.keys import KeyText, Scope, SharedLooks, check_scopes, split_key, write_key
from gateway.store.errors import StoreUnavailable
from gateway.store.keys import ApiKey


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


async def test_who_asks_while_a_look_is_under_way_gets_the_answer_of_the_next_one_with_all_others() -> None:
    looks, ends, begun = SharedLooks(), [asyncio.Event() for _ in range(3)], []

    async def look() -> ApiKey | None:
        number = len(begun)
        begun.append(number)
        await ends[number].wait()
        return number  # type: ignore[return-value]  # any answer will do

    first = asyncio.create_task(looks.share(b"key", look))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(looks.share(b"key", look)) for _ in range(5)]
    await asyncio.sleep(0.01)
    assert begun == [0]
    ends[0].set()
    assert await first == 0
    ends[1].set()
    assert await asyncio.gather(*others) == [1] * 5
    ends[2].set()
    assert await looks.share(b"key", look) == 2
    assert not looks._begun
    assert not looks._next


async def test_a_look_that_fails_fails_for_all_who_shared_it_and_for_nobody_else() -> None:
    looks = SharedLooks()

    async def fail() -> ApiKey | None:
        raise StoreUnavailable("down")

    async def find() -> ApiKey | None:
        return None

    answers = await asyncio.gather(*(looks.share(b"key", fail) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 3
    assert await looks.share(b"key", find) is None
