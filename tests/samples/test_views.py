"""Every case has all its views, each as it is made today: one walk over every sample of every guide."""

from __future__ import annotations

from pathlib import Path

import pytest

from edi.files import check_file
from edi.inspection import inspect
from edi.outline.files import outline_file
from edi.outline.lines import list_outline
from tests.samples.guide_samples import CLAIMS
from tests.samples.views import EVERY, JOURNEYS, SAMPLES, SOURCES, is_refused, list_views


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


@pytest.mark.parametrize("case", [case for case in EVERY if case.parent.name in CLAIMS], ids=name_of)
def test_a_claim_is_explained_segment_by_segment(case: Path) -> None:
    text = (case / "claim.x12").read_bytes()
    told = "\n".join(list_outline(outline_file(inspect(case.name, text))))
    for entry in check_file(text).sets:
        assert entry.tree is not None
        named = {segment.use.name for segment in entry.tree.all_segments() if segment.use is not None}
        assert [name for name in sorted(named) if name not in told] == []


def test_every_journey_tells_its_story() -> None:
    assert sum(not is_refused(case) for case in JOURNEYS) >= 12
