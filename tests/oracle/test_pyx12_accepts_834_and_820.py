"""pyx12 is the independent oracle: it accepts our 834 and 820 samples, which we read and check only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.test_pyx12_accepts_837 import judge
from tests.samples.guide_samples import FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.parent.name}/{file.parent.name}")
def test_pyx12_accepts_the_sample(file: Path) -> None:
    accepted, notes = judge(file.read_bytes())
    assert accepted, notes
