"""Samples that go the whole way: nothing stops what is sent and answered; the refused get what they list."""

from __future__ import annotations

from pathlib import Path

import pytest

from edi.claim_forms import choose_guide
from edi.claims import check_claim
from edi.files import check_file
from edi.remits import check_balance, read_remittance
from gateway.demo.client import list_expected
from gateway.demo.samples import GUIDE_FOLDERS, Sample, load_samples
from tests.samples.goldens import SAMPLES

STORED = sorted(
    place
    for guide in GUIDE_FOLDERS
    for place in (SAMPLES / guide).glob("*/*.x12")
    if not place.parent.name.startswith("refused")
)


def name_of(value: object) -> str:
    return f"{value.parent.name}/{value.name}" if isinstance(value, Path) else getattr(value, "case", "")


@pytest.mark.parametrize("place", STORED, ids=name_of)
def test_nothing_stops_a_sample_file_and_every_remittance_balances(place: Path) -> None:
    report = check_file(place.read_bytes())
    assert [finding for finding in report.all_findings if finding.stops] == []
    remittances = [document for s in report.sets if s.set_id == "835" for document in s.documents]
    assert all(check_balance(read_remittance(document)) == () for document in remittances)


@pytest.mark.parametrize("sample", load_samples(), ids=name_of)
def test_a_claim_gets_exactly_the_findings_that_its_sample_lists(sample: Sample) -> None:
    checked = check_claim(dict(sample.claim), guide=choose_guide(sample.claim))
    assert list_expected(checked.findings) == sample.findings
    assert checked.clean == (sample.expected.outcome == "accepted")


def test_no_two_samples_have_one_name_or_one_patient_control_number() -> None:
    samples = load_samples()
    assert (
        len({sample.case for sample in samples}) == len({sample.number for sample in samples}) == len(samples)
    )


def test_the_samples_are_professional_institutional_and_dental() -> None:
    assert {choose_guide(sample.claim) for sample in load_samples()} == {
        "005010X222A1",
        "005010X223A2",
        "005010X224A2",
    }


def test_two_samples_at_least_are_refused_for_several_findings() -> None:
    refused = [sample for sample in load_samples() if sample.expected.outcome == "refused"]
    assert len(refused) >= 2
    assert all(len(sample.findings) >= 3 for sample in refused)
