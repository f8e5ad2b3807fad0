"""pyx12 is the independent oracle: it accepts every 837I that we write."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edi.claims import write_claims
from tests.claim_files import make_envelope
from tests.oracle.test_pyx12_accepts_837 import judge

GUIDE = "005010X223A2"
SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "837I"
CLAIMS = [path for path in sorted(SAMPLES.glob("*/claim.json")) if not path.parent.name.startswith("refused")]


def load(path: Path) -> dict[str, Any]:
    claim: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    return claim


@pytest.mark.parametrize("path", CLAIMS, ids=lambda path: path.parent.name)
def test_pyx12_accepts_each_institutional_claim(path: Path) -> None:
    accepted, notes = judge(write_claims([load(path)], make_envelope(), guide=GUIDE).text)
    assert accepted, notes


def test_pyx12_accepts_institutional_claims_folded_together() -> None:
    accepted, notes = judge(write_claims([load(path) for path in CLAIMS], make_envelope(), guide=GUIDE).text)
    assert accepted, notes
