"""Every planted defect is found, and clean claims are let through."""

from __future__ import annotations

from tests.recall.defects import DEFECTS
from tests.recall.measure import break_claims, count_false


def test_every_way_to_break_a_claim_is_told() -> None:
    broken = list(break_claims(1))
    assert {one.defect.name for one in broken} == {defect.name for defect in DEFECTS}
    assert [(one.defect.name, one.codes) for one in broken if not one.told] == []


def test_clean_claims_of_every_kind_have_no_finding() -> None:
    assert count_false(120) == {}
