"""pyx12 is the independent oracle: it accepts every 837P that we write, or the reason is listed."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyx12.params import params
from pyx12.x12n_document import x12n_document

from edi.claims import check_claim, write_claims
from tests.claim_files import make_envelope

ROOT = Path(__file__).resolve().parent.parent
CLAIMS = sorted((ROOT / "claims").glob("*.json")) + sorted(
    (ROOT.parent / "samples" / "837P").glob("*/claim.json")
)

# Claims that pyx12 refuses although they are right, with the acknowledgment notes that it gives.
DISAGREEMENTS = {
    "equipment_with_certification": (
        ("IK3*PWK*25**8", "IK4*2*756*7*NS"),
        "the same as every_name: PWK01 CT is the certificate of medical necessity, whose PWK02 may be NS",
    ),
    "every_name": (
        ("IK3*PWK*153**8", "IK4*2*756*7*AB"),
        "pyx12 matches 2400 PWK siblings by PWK01 alone, so that the certificate of medical necessity "
        "(PWK01 CT, PWK02 AB, AD, AF, AG, NS) is taken for the line's supplemental information",
    ),
}


def load(path: Path) -> dict[str, Any]:
    claim: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    return claim


def name(path: Path) -> str:
    return path.stem if path.stem != "claim" else path.parent.name


def judge(text: bytes) -> tuple[bool, list[str]]:
    acknowledgment = io.StringIO()
    accepted = x12n_document(params(), io.StringIO(text.decode("ascii")), acknowledgment, None)
    lines = (line.strip().rstrip("~") for line in acknowledgment.getvalue().splitlines())
    return bool(accepted), [line for line in lines if line.startswith(("IK3", "IK4", "IK5*R"))]


@pytest.mark.parametrize("path", CLAIMS, ids=name)
def test_pyx12_accepts_each_claim_or_the_reason_is_listed(path: Path) -> None:
    claim = load(path)
    if not check_claim(claim).clean:
        return  # samples of refused claims are not sent
    accepted, notes = judge(write_claims([claim], make_envelope()).text)
    expected = DISAGREEMENTS.get(name(path))
    if expected is None:
        assert accepted, notes
    else:
        assert not accepted, "pyx12 now agrees: take the entry out of DISAGREEMENTS"
        assert notes[:2] == list(expected[0])


def test_pyx12_accepts_claims_folded_under_shared_providers_and_subscribers() -> None:
    claims = [load(path) for path in CLAIMS if name(path) not in DISAGREEMENTS]
    claims = [claim for claim in claims if check_claim(claim).clean]
    accepted, notes = judge(write_claims([*claims, *claims], make_envelope()).text)
    assert accepted, notes
