"""The quick way of a claim that is surely right says and writes what the careful way does."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

import pytest

from edi import checking
from edi.claim_forms import DENTAL, INSTITUTIONAL, PROFESSIONAL
from edi.claims import CheckedClaim, check_claim
from edi.edits.tables import load_shipped
from edi.openings import Tries
from edi.sure import claims as claims_way
from tests.unit.test_openings import load_claims, spoil

GUIDES = (PROFESSIONAL, INSTITUTIONAL, DENTAL)
RECEIVED = date(2026, 11, 24)
SPOILT = 12


def check_carefully(document: dict[str, Any], patch: pytest.MonkeyPatch, **how: Any) -> CheckedClaim:
    """What is said of a claim that is never sure."""
    with patch.context() as without:
        without.setattr(checking, "write_sure", lambda *given: None)
        return check_claim(document, **how)


@pytest.mark.parametrize("edits", [True, False])
@pytest.mark.parametrize("guide", GUIDES)
def test_spoilt_claims_are_told_and_written_as_the_careful_way_does(
    guide: str, edits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims_way, "is_worth_trying", lambda tries: True)
    chance = Random(f"{guide} {edits}")
    claims = load_claims(guide)
    right = wrong = 0
    how = {"guide": guide, "edits": edits, "tables": load_shipped(), "received": RECEIVED}
    for document in [*claims, *(spoil(claim, chance) for claim in claims for _ in range(SPOILT))]:
        quick, careful = check_claim(document, **how), check_carefully(document, monkeypatch, **how)
        assert quick == careful
        right, wrong = right + (not quick.findings), wrong + bool(quick.findings)
    assert right > len(claims) < wrong


@pytest.mark.parametrize("guide", GUIDES)
def test_a_claim_without_findings_takes_the_quick_way(guide: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[object] = []

    def write_sure(*given: Any) -> object:
        taken.append(checking_way(*given))
        return taken[-1]

    checking_way = checking.write_sure
    monkeypatch.setattr(checking, "write_sure", write_sure)
    # Other tests' claims of the same practices count too where they ran before: here each one is tried.
    monkeypatch.setattr(claims_way, "is_worth_trying", lambda _: True)
    clean = [claim for claim in load_claims(guide) if not check_claim(claim, guide=guide).findings]
    taken.clear()
    for claim in clean:
        check_claim(claim, guide=guide)
    assert sum(text is not None for text in taken) > 0.9 * len(clean) > 0


def test_a_practice_whose_claims_are_in_doubt_is_tried_now_and_then() -> None:
    tries = Tries()
    for _ in range(20):
        if claims_way.is_worth_trying(tries):
            tries.doubted += 1
    assert 8 <= tries.doubted <= 10
    for _ in range(400):
        if claims_way.is_worth_trying(tries):
            tries.passed += 1
    assert claims_way.is_worth_trying(tries)
    assert tries.doubted <= tries.passed
