"""Which guide a set is read by, and what is said where GS08 names none."""

from __future__ import annotations

from pathlib import Path

import pytest

from edi.acks import acknowledge_group
from edi.files import FileReport, check_file
from edi.guides.loading import load_source
from edi.guides.registry import load_guide, load_heads, load_sources, recognise_guide
from edi.segments import Segment

SAMPLE = Path(__file__).resolve().parent.parent.parent / "samples" / "837P" / "paid_in_full"
GUIDE = "005010X222A1"


def read(name: str, *changes: tuple[str, str]) -> FileReport:
    text = (SAMPLE / name).read_text(encoding="ascii")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return check_file(text.encode())


def codes(report: FileReport) -> list[str]:
    return [finding.code for finding in report.all_findings]


def group_errors(report: FileReport) -> list[str]:
    interchange = report.interchanges[0]
    answer = acknowledge_group(interchange.header, interchange.groups[0])
    errors = answer.get("syntaxErrorCodes", [])
    assert isinstance(errors, list)
    return errors


def test_a_group_of_an_unknown_version_is_read_by_st03_and_refused() -> None:
    report = read("claim.x12", (f"*X*{GUIDE}~", "*X*005010X999A9~"))
    assert [entry.guide for entry in report.sets] == [GUIDE]
    assert "group.version_unknown" in codes(report)
    assert group_errors(report) == ["2"]


def test_a_group_of_the_lone_release_is_read_by_st03_and_refused() -> None:
    report = read("claim.x12", (f"*X*{GUIDE}~", "*X*005010~"))
    assert [entry.guide for entry in report.sets] == [GUIDE]
    assert group_errors(report) == ["2"]


def test_a_set_of_the_lone_release_without_st03_is_read_by_its_content_and_that_is_told() -> None:
    report = read("claim.x12", (f"*X*{GUIDE}~", "*X*005010~"), (f"*0001*{GUIDE}~", "*0001~"))
    assert [entry.guide for entry in report.sets] == [GUIDE]
    assert "guide.assumed" in codes(report)
    assert group_errors(report) == ["2"]


def test_remittances_and_claim_acknowledgments_are_recognised_by_their_content() -> None:
    remittance = read("remit.x12", ("*X*005010X221A1~", "*X*005010~"))
    assert [entry.guide for entry in remittance.sets] == ["005010X221A1"]
    status = read("status.x12", ("*X*005010X214~", "*X*005010~"), ("*005010X214~\nBHT", "~\nBHT"))
    assert [entry.guide for entry in status.sets] == ["005010X214"]


def test_another_release_or_an_unknown_guide_is_never_guessed() -> None:
    segments = [Segment(["SV1", "HC:99213"])]
    assert recognise_guide("837", "", "005010", segments) == GUIDE
    assert recognise_guide("837", "", "004010", segments) is None
    assert recognise_guide("837", "", "005010X999", segments) is None
    assert recognise_guide("837", "005010X999", "005010", segments) is None
    assert recognise_guide("837", "", "005010", [Segment(["LX", "1"])]) is None


def test_version_4010_is_retired_and_not_unknown() -> None:
    report = read("claim.x12", (f"*X*{GUIDE}~", "*X*004010X098A1~"), (f"*0001*{GUIDE}~", "*0001~"))
    assert "guide.retired" in codes(report)
    assert "group.version_unknown" not in codes(report)
    assert [entry.tree for entry in report.sets] == [None]


@pytest.mark.parametrize("guide", sorted(load_sources()))
def test_a_guide_loaded_alone_is_the_guide_of_its_whole_file(guide: str) -> None:
    """What is left unparsed at first use is of no account for the guide itself."""
    source = load_sources()[guide]
    assert load_guide(guide) == load_source(source)
    head = load_heads()[guide]
    assert (head.set, head.versions) == (source.set, source.versions)
