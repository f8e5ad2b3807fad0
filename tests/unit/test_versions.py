"""Which guide a set is read by, and what is said where GS08 names none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edi.acks import acknowledge_group
from edi.acks.answering import acknowledge_file
from edi.files import FileReport, check_file
from edi.guide import ElementUse
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


RETIRED = {
    "in GS08": [(f"*X*{GUIDE}~", "*X*004010X098A1~"), (f"*0001*{GUIDE}~", "*0001~")],
    "in GS08 and ST03": [(GUIDE, "004010X098A1")],
    "in ISA12 and GS08": [(f"*0001*{GUIDE}~", "*0001~"), (GUIDE, "004010X098A1"), ("*^*00501*", "*U*00401*")],
    "without a guide": [(f"*0001*{GUIDE}~", "*0001~"), (GUIDE, "004010"), ("*^*00501*", "*U*00401*")],
}


@pytest.mark.parametrize("changes", RETIRED.values(), ids=RETIRED)
def test_version_4010_is_told_once_and_never_read_by_a_guide(changes: list[tuple[str, str]]) -> None:
    report = read("claim.x12", *changes)
    assert codes(report) == ["group.version_4010"]
    assert [(entry.tree, entry.accepted) for entry in report.sets] == [(None, False)]
    assert group_errors(report) == ["2"]
    created = datetime(2026, 11, 24, tzinfo=UTC)
    for kind in ("999", "824"):
        answer = check_file(acknowledge_file(report, kind=kind, created=created))
        assert codes(answer) == []
        assert b"*TR*" in acknowledge_file(report, kind="824", created=created)


def test_version_4010_in_isa_alone_and_in_st03_alone_is_told() -> None:
    assert codes(read("claim.x12", ("*^*00501*", "*U*00401*"))) == ["isa.version_4010"]
    alone = read("claim.x12", (f"*0001*{GUIDE}~", "*0001*004010X098A1~"), ("*X*005010X222A1", "*X*005010"))
    assert codes(alone) == ["set.implementation_mismatch", "guide.retired"]


VARIANTS = {
    "005010X222A2": ("837P/paid_in_full/claim.x12", GUIDE),
    "005010X222": ("837P/paid_in_full/claim.x12", GUIDE),
    "005010X223A3": ("837I/inpatient_stay/claim.x12", "005010X223A2"),
    "005010X223A1": ("837I/inpatient_stay/claim.x12", "005010X223A2"),
    "005010X224A3": ("837D/restoration/claim.x12", "005010X224A2"),
    "005010X221": ("835/reversal_and_correction/document.x12", "005010X221A1"),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_another_version_of_a_guide_is_read_by_it_and_noted(variant: str) -> None:
    place, guide = VARIANTS[variant]
    text = (SAMPLE.parents[1] / place).read_text(encoding="ascii").replace(guide, variant)
    report = check_file(text.encode(), strict=True)
    assert [entry.guide for entry in report.sets] == [guide]
    assert [(each.code, each.severity.value) for each in report.all_findings] == [
        ("guide.other_version", "info")
    ]


@pytest.mark.parametrize("guide", sorted(load_sources()))
def test_a_guide_loaded_alone_is_the_guide_of_its_whole_file(guide: str) -> None:
    """What is left unparsed at first use is of no account for the guide itself."""
    source = load_sources()[guide]
    assert load_guide(guide) == load_source(source)
    head = load_heads()[guide]
    assert (head.set, head.versions) == (source.set, source.versions)


@pytest.mark.parametrize("guide", sorted(load_sources()))
def test_each_version_that_leads_to_a_guide_is_one_that_its_st03_may_hold(guide: str) -> None:
    loaded = load_guide(guide)
    st03 = next(use for use in loaded.root.segment_uses() if use.id == "ST").elements[2]
    assert isinstance(st03, ElementUse)
    assert st03.usage == "N" or set(loaded.versions) <= (st03.codes or set())
