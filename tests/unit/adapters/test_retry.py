from __future__ import annotations

import pickle

import pytest

from adapters.errors import Ambiguous, DeliveryError, Permanent, Transient
from adapters.retry import retry_transient


class Calls:
    """Fails a number of times, then answers; sleeps of the policy are noted instead of slept."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.made = 0
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def fetch(self, name: str, *, limit: int) -> str:
        self.made += 1
        if self.failures:
            raise self.failures.pop(0)
        return f"{name} {limit}"


def failure(kind: type[DeliveryError]) -> DeliveryError:
    return kind("no connection", "sftp://partner.example:22", "Check the firewall.")


async def test_transient_failures_are_tried_again_until_one_call_succeeds() -> None:
    calls = Calls(failure(Transient), failure(Transient))
    fetch = retry_transient(3, sleep=calls.sleep)(calls.fetch)
    assert await fetch("a.835", limit=7) == "a.835 7"
    assert calls.made == 3
    assert len(calls.waits) == 2


async def test_the_last_transient_failure_passes_when_the_attempts_are_used_up() -> None:
    calls = Calls(*(failure(Transient) for _ in range(9)))
    with pytest.raises(Transient, match="no connection"):
        await retry_transient(4, sleep=calls.sleep)(calls.fetch)("a.835", limit=7)
    assert calls.made == 4


@pytest.mark.parametrize("kind", [Permanent, Ambiguous])
async def test_other_kinds_of_failure_are_never_tried_again(kind: type[DeliveryError]) -> None:
    calls = Calls(failure(kind))
    with pytest.raises(kind):
        await retry_transient(4, sleep=calls.sleep)(calls.fetch)("a.835", limit=7)
    assert calls.made == 1
    assert calls.waits == []


async def test_a_programming_error_is_never_tried_again() -> None:
    calls = Calls(ValueError("a bug"))
    with pytest.raises(ValueError, match="a bug"):
        await retry_transient(4, sleep=calls.sleep)(calls.fetch)("a.835", limit=7)
    assert calls.made == 1


async def test_waits_may_double_each_time_up_to_the_longest_and_are_spread_by_chance() -> None:
    calls = Calls(*(failure(Transient) for _ in range(12)))
    policy = retry_transient(12, shortest=1.0, longest=20.0, sleep=calls.sleep)
    with pytest.raises(Transient):
        await policy(calls.fetch)("a.835", limit=7)
    assert all(0 <= wait <= min(20.0, 2.0**turn) for turn, wait in enumerate(calls.waits))
    assert len(set(calls.waits)) == 11


async def test_a_policy_starts_afresh_with_every_call() -> None:
    calls = Calls(failure(Transient))
    fetch = retry_transient(2, sleep=calls.sleep)(calls.fetch)
    await fetch("a.835", limit=7)
    calls.failures = [failure(Transient)]
    await fetch("a.835", limit=7)
    assert calls.made == 4


@pytest.mark.parametrize("kind", [Transient, Permanent, Ambiguous])
def test_an_error_says_what_where_and_what_to_do_and_survives_pickling(kind: type[DeliveryError]) -> None:
    error = failure(kind)
    assert str(error) == "no connection (at sftp://partner.example:22). Check the firewall."
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.remedy) == (kind, str(error), "Check the firewall.")
