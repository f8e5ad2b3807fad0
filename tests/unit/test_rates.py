"""Token buckets: what a name may take, how it stands, and that nobody fills the memory with names."""

from __future__ import annotations

from gateway.limit_settings import LimitSettings, RateLimit
from gateway.rates import BUCKETS_KEPT, Buckets, Rates


def make_buckets(rate: float = 2.0, burst: int = 3) -> Buckets:
    return Buckets(RateLimit(rate=rate, burst=burst))


def test_a_bucket_gives_its_burst_and_then_says_when_to_come_again() -> None:
    buckets = make_buckets()
    taken = [buckets.take("a", 0.0) for _ in range(4)]
    assert [it.remaining for it in taken if it] == [2, 1, 0, 0]
    assert [it.wait for it in taken if it] == [0, 0, 0, 1]
    assert taken[-1] is not None
    assert taken[-1].headers() == {
        "RateLimit-Limit": "3",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "2",
        "Retry-After": "1",
    }


def test_a_bucket_fills_with_time_and_never_above_its_burst() -> None:
    buckets = make_buckets()
    for _ in range(3):
        buckets.take("a", 0.0)
    half = buckets.take("a", 0.5)
    assert half is not None and (half.wait, half.remaining) == (0, 0)
    rested = buckets.take("a", 1000.0)
    assert rested is not None and rested.remaining == 2


def test_names_do_not_share() -> None:
    buckets = make_buckets(burst=1)
    assert [buckets.take(name, 0.0).wait for name in ("a", "b")] == [0, 0]  # type: ignore[union-attr]


def test_a_rate_of_none_limits_nobody() -> None:
    assert make_buckets(rate=0.0).take("a", 0.0) is None


def test_a_refused_key_costs_its_address_more() -> None:
    one = RateLimit(rate=1.0, burst=20)
    rates = Rates(LimitSettings(key=one, tenant=one, address=one, refusal_cost=9))
    rates.take_address("192.0.2.1", 0.0)
    rates.charge_refusal("192.0.2.1", 0.0)
    after = rates.take_address("192.0.2.1", 0.0)
    assert after is not None and after.remaining == 9


def test_the_keys_of_a_tenant_share_its_bucket() -> None:
    few, many = RateLimit(rate=1.0, burst=2), RateLimit(rate=1.0, burst=100)
    rates = Rates(LimitSettings(key=many, tenant=few, address=many))
    taken = [rates.take_key("riverbend", f"key_{number}", 0.0) for number in range(3)]
    assert [it.wait for it in taken if it] == [0, 0, 1]


def test_addresses_without_number_do_not_fill_the_memory_and_the_one_that_calls_too_often_is_remembered() -> (
    None
):
    buckets = make_buckets(rate=1.0, burst=2)
    for _ in range(3):
        buckets.take("busy", 1e6)
    for number in range(2 * BUCKETS_KEPT):
        buckets.take(f"visitor {number}", 1e6 - BUCKETS_KEPT * 4 + number)
        assert len(buckets._held) <= BUCKETS_KEPT
    busy = buckets.take("busy", 1e6)
    assert busy is not None and busy.wait
