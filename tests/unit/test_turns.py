"""Turns: tenants are served in turn, each in its own order."""

from __future__ import annotations

from gateway.checking.turns import Turns


def test_the_first_of_a_tenant_comes_after_one_of_another_however_many_that_one_has() -> None:
    turns: Turns[str] = Turns()
    for number in range(1000):
        turns.add("noisy", f"noisy {number}")
    turns.add("quiet", "quiet 0")
    turns.add("other", "other 0")
    turns.add("quiet", "quiet 1")
    assert turns.take(5) == ["noisy 0", "quiet 0", "other 0", "noisy 1", "quiet 1"]
    assert turns.take(2) == ["noisy 2", "noisy 3"]
    assert len(turns) == 996


def test_who_was_served_goes_behind_one_that_came_later() -> None:
    turns: Turns[int] = Turns()
    turns.add("a", 1)
    turns.add("a", 2)
    assert turns.take(1) == [1]
    turns.add("b", 3)
    turns.add("c", 4)
    assert turns.take(3) == [2, 3, 4]
    assert turns.take(3) == []
    assert not turns
