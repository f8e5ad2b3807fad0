"""Every case has all its views, each as it is made today: one walk over every sample of every guide."""

from __future__ import annotations

from pathlib import Path

import pytest

from edi.files import check_file
from edi.outline import Kind, outline_file
from edi.translation import make_envelope, write_json, write_x12
from tests.samples.guide_samples import CLAIMS
from tests.samples.views import EVERY, JOURNEYS, SAMPLES, SENT, SOURCES, is_refused, list_views


def name_of(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def test_the_samples_are_as_many_as_promised_and_of_every_guide() -> None:
    assert len(EVERY) >= 60
    folders = {case.parent.name for case in EVERY}
    claims, inquiries = {"837P", "837I", "837D"}, {"270", "271", "276", "277", "278", "275"}
    assert folders == claims | inquiries | {"835", "277CA", "999", "TA1", "824", "834", "820"}
    assert {*SAMPLES.glob("*/*")} == set(EVERY)


@pytest.mark.parametrize("case", EVERY, ids=name_of)
def test_a_case_has_every_view_and_each_is_what_is_made_today(case: Path) -> None:
    views = list_views(case)
    held = {place.name for place in case.iterdir()}
    assert held - SOURCES == set(views), "run: python -m scripts.samples"
    for name, make in views.items():
        assert (case / name).read_bytes() == make(), (
            f"{name}: read the difference, then: python -m scripts.samples"
        )


@pytest.mark.parametrize("case", EVERY, ids=name_of)
def test_the_answers_to_a_case_are_without_fault(case: Path) -> None:
    for place in sorted({*case.glob("ack.x12"), *case.glob("status.x12"), *case.glob("remit.x12")}):
        stopping = [finding.code for finding in check_file(place.read_bytes()).all_findings if finding.stops]
        assert stopping == [], place.name


@pytest.mark.parametrize("case", [case for case in EVERY if is_refused(case)], ids=name_of)
def test_a_refused_case_is_refused_by_its_acknowledgments_too(case: Path) -> None:
    told = (case / "ack.x12").read_bytes() + (
        b"" if case.parent.name not in CLAIMS else (case / "status.x12").read_bytes()
    )
    assert b"IK5*R*" in told or b"STC*A7:" in told


@pytest.mark.parametrize(
    "place", sorted(SAMPLES.glob("*/*/*.x12")), ids=lambda place: "/".join(place.parts[-3:])
)
def test_json_and_x12_of_a_sample_lead_into_each_other(place: Path) -> None:
    """X12 to JSON to X12 gives the same segments, and JSON to X12 to JSON the same documents."""
    report = check_file(place.read_bytes())
    documents = write_json(report)
    for document in documents:
        envelope = make_envelope("SENDER", "RECEIVER", 1, SENT, usage="T")
        written = check_file(write_x12([document], envelope))
        (again,) = write_json(written)
        assert without_envelope(again) == without_envelope(document)


def without_envelope(document: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in document.items() if key != "meta"}


@pytest.mark.parametrize("case", [case for case in EVERY if case.parent.name in CLAIMS], ids=name_of)
def test_a_claim_is_explained_segment_by_segment(case: Path) -> None:
    report = check_file((case / "claim.x12").read_bytes())
    told = [entry for entry in outline_file(report) if entry.kind is Kind.SEGMENT]
    segments = [segment.id for entry in report.sets for segment in entry.segments]
    assert [entry.label for entry in told] == segments
    assert all(entry.name and "not in the guide" not in entry.name for entry in told)


def test_every_journey_tells_its_story() -> None:
    assert sum(not is_refused(case) for case in JOURNEYS) >= 12
