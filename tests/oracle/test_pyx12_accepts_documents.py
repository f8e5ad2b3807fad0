"""pyx12 is the independent oracle: it accepts every 834 and 820 that we write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.test_pyx12_accepts_acknowledgments import judge
from tests.samples.guide_samples import SAMPLES, write_case

CASES = sorted(case for folder in ("820", "834") for case in (SAMPLES / folder).iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_pyx12_accepts_each_enrollment_and_premium_payment(case: Path) -> None:
    assert judge(write_case(case)) == []
