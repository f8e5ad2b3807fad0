"""Every sample of every guide: JSON becomes its X12, its X12 becomes its JSON, and what is wrong is found."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edi.claim_forms import canonicalise, choose_guide
from edi.files import SetReport, check_file
from edi.segments import Delimiters
from edi.writer import write_documents
from tests.samples.guide_samples import (
    CASES,
    CLAIMS,
    GUIDES,
    envelope,
    find_faults,
    guide_of,
    load_document,
    write_case,
)

GOOD = [case for case in CASES if not case.name.startswith("refused")]
REFUSED = [case for case in CASES if case.name.startswith("refused")]
CLAIM_CASES = [case for case in CASES if case.parent.name in CLAIMS]


def name_of(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def read_case(case: Path) -> SetReport:
    return check_file(write_case(case)).sets[0]


@pytest.mark.parametrize("case", GOOD, ids=name_of)
def test_a_sample_is_without_fault(case: Path) -> None:
    assert [finding.message for finding in find_faults(case)] == []


@pytest.mark.parametrize("case", GOOD, ids=name_of)
def test_the_x12_of_a_sample_becomes_json_that_makes_the_same_x12(case: Path) -> None:
    report = read_case(case)
    assert report.guide == guide_of(case)
    again = write_documents(guide_of(case), report.documents, envelope())
    assert again == write_case(case)


@pytest.mark.parametrize("case", GOOD, ids=name_of)
def test_every_name_of_a_sample_comes_back_from_its_x12(case: Path) -> None:
    posted = load_document(case)
    if case.parent.name in CLAIMS:
        posted = canonicalise(posted, guide_of(case)).document
    bound = read_case(case).documents[0]
    assert list(lost_names(posted, bound)) == []


NOT_IN_X12 = {"claimType", "usageIndicator", "controlNumber"}


def lost_names(posted: object, bound: object, path: str = "") -> list[str]:
    """Paths of `posted` whose value `bound` does not have."""
    if isinstance(posted, dict):
        if not isinstance(bound, dict):
            return [path]
        kept = (key for key in posted if path or key not in NOT_IN_X12)
        return [lost for key in kept for lost in lost_names(posted[key], bound.get(key), f"{path}/{key}")]
    if isinstance(posted, list):
        if not isinstance(bound, list) or len(posted) != len(bound):
            return [path]
        pairs = enumerate(zip(posted, bound, strict=True))
        return [lost for at, (left, right) in pairs for lost in lost_names(left, right, f"{path}/{at}")]
    return [] if posted == bound else [path]


@pytest.mark.parametrize("case", REFUSED, ids=name_of)
def test_a_refused_sample_is_refused(case: Path) -> None:
    assert any(finding.stops for finding in find_faults(case))


@pytest.mark.parametrize("case", CLAIM_CASES, ids=name_of)
def test_the_kind_of_a_claim_is_told_from_its_json(case: Path) -> None:
    claim = load_document(case)
    assert choose_guide(claim) == GUIDES[case.parent.name]
    claim.pop("claimType", None)
    assert choose_guide(claim) == GUIDES[case.parent.name]


@pytest.mark.parametrize("case", GOOD, ids=name_of)
def test_other_separators_carry_the_same_document(case: Path) -> None:
    report = read_case(case)
    other = Delimiters(element="|", component="<", repetition="!", segment="\x1c")
    settings = msgspec.structs.replace(envelope(), delimiters=other)
    text = write_documents(guide_of(case), report.documents, settings)
    assert check_file(text).sets[0].documents == report.documents
