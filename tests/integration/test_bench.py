"""The benchmark runs and its asserts hold, on files too small to say anything of speed."""

from __future__ import annotations

import json

import pytest

from tests.cli import run_module


@pytest.mark.slow
def test_the_benchmark_runs_on_a_small_file_and_tells_every_measure() -> None:
    ran = run_module("tests.bench", "--claims", "20", "--peer-claims", "5", "--json")
    assert ran.status == 0, ran.err
    told = json.loads(ran.out)
    assert len(told["measures"]) == 13
    assert set(told["times_as_fast_as_pyx12"]) == {"837P", "835"}
