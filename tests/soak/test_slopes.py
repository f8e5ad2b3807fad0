"""The judge of the soak: what rises is found, what wavers is not."""

from __future__ import annotations

import os
from pathlib import Path

from tests.soak.slopes import Sample, find_trend, look_at


def test_a_process_that_wavers_is_flat_and_its_warm_up_does_not_count() -> None:
    samples = [Sample(at, 80.0 if at < 30 else 200.0 + at % 7, 20 + at % 3) for at in range(0, 100, 2)]
    trend = find_trend("gateway", samples)
    assert trend.flat
    assert trend.megabytes[0] > 199


def test_a_process_that_leaks_memory_or_handles_is_found() -> None:
    leaking = [Sample(at, 100.0 + at / 2, 20) for at in range(0, 100, 2)]
    forgetting = [Sample(at, 100.0, 20 + at // 5) for at in range(0, 100, 2)]
    assert not find_trend("gateway", leaking).flat
    assert not find_trend("gateway", forgetting).flat


def test_a_sample_is_what_the_kernel_says_of_the_process() -> None:
    before = look_at(os.getpid(), 0)
    with Path(os.devnull).open() as _:
        after = look_at(os.getpid(), 1)
    assert after.handles == before.handles + 1
    assert after.megabytes > 1
