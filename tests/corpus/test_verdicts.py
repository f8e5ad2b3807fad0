"""Verdicts over the shared corpus: each agrees or its reason is listed; each planted defect is named."""

from __future__ import annotations

import io
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from pyx12.params import params
from pyx12.x12n_document import x12n_document

from edi.envelope import Unreadable
from edi.files import check_file
from tests.corpus.answers import load_expectations
from tests.corpus.round_trips import trim
from tests.corpus.survey import Survey, find_defects, rate, survey_corpus
from tests.corpus.verdicts import INVALID, NO_GUIDE, VALID, list_files, load_listed, read_table

pytestmark = pytest.mark.corpus

#: Derivations whose form strict reading refuses.
FORGIVEN = ("f08", "f09", "f10", "f12", "f14", "e11")


@pytest.fixture(scope="module")
def corpus(shared: Path) -> Path:
    return shared / "corpus"


@pytest.fixture(scope="module")
def survey(corpus: Path) -> Survey:
    return survey_corpus(corpus)


def test_no_file_raises_anything_but_unreadable(survey: Survey) -> None:
    assert survey.crashed == ()
    assert len(survey.files) > 400


def test_every_verdict_agrees_or_its_reason_is_listed(survey: Survey) -> None:
    told = [f"{each.file.name}: {each.whose} {each.theirs}, ours {each.ours}" for each in survey.unlisted]
    assert not told, "look at each; correct the engine, or list it in tests/corpus/disagreements.toml"


def test_no_listed_disagreement_is_stale(survey: Survey) -> None:
    assert [listed.files for listed in survey.stale] == []


def test_every_acknowledgment_names_what_the_makers_planted(survey: Survey) -> None:
    assert survey.unsaid == ()


def test_every_derived_defect_has_an_expected_acknowledgment(survey: Survey) -> None:
    expected = set(survey.answered)
    unexpected = [
        file.name
        for file, ours in survey.files
        if file.kind == "invalid" and ours != NO_GUIDE and file.name not in expected
    ]
    # the value that 837I e24 plants is a code of the list that the guide points to (see disagreements.toml)
    assert unexpected == ["derived/837I_e24_CLM05_3_bad_code.edi"]


def test_every_file_with_an_expected_acknowledgment_is_looked_at(survey: Survey) -> None:
    expected = set(survey.answered)
    forgotten = [
        file.name
        for file, ours in survey.files
        if file.kind == "published" and file.expected and ours != NO_GUIDE and file.name not in expected
    ]
    assert forgotten == []


def test_every_expectation_is_used(survey: Survey) -> None:
    names = [file.name for file, _ in survey.files]
    unused = [
        each.files for each in load_expectations() if not any(fnmatchcase(n, each.files) for n in names)
    ]
    assert unused == []


def test_every_planted_defect_is_named_at_its_place(survey: Survey) -> None:
    defects = find_defects(survey)
    assert sum(len(found) for found in defects.values()) >= 110
    assert all(named for found in defects.values() for named in found.values())


def test_valid_files_come_back_through_json(survey: Survey) -> None:
    assert survey.lost == []
    assert len(survey.round_trips) > 130
    assert all(trip.every_byte or trip.put_right for _, trip in survey.round_trips)


def test_agreement_on_valid_files_is_at_least_99_percent(survey: Survey) -> None:
    """Without the files of which the list cites the place of the guide that they break."""
    assert rate(survey, VALID).of_unlisted >= 99
    assert rate(survey, VALID, published=True).of_unlisted >= 99


def test_a_file_in_another_form_holds_the_same_segments(corpus: Path) -> None:
    bases = {row["origin"]: row["file"] for row in read_table(corpus / "INDEX.tsv")}
    compared = 0
    for row in read_table(corpus / "derived" / "MANIFEST.tsv"):
        if row["kind"] != "format" or row["transform"][:3] in ("f13", "f15", "f16"):
            continue  # a file that nobody reads, and two whose names differ from those of the base
        told = [read_segments(corpus / name) for name in (f"derived/{row['file']}", bases[row["base"]])]
        assert told[0] == told[1], row["file"]
        compared += 1
    assert compared > 50


def read_segments(path: Path) -> list[list[list[list[str]]]]:
    """The components of every element of every set of a file."""
    report = check_file(path.read_bytes())
    return [
        [
            [element.split(interchange.header.delimiters.component) for element in trim(segment, mark)]
            for segment in found.segments
        ]
        for interchange in report.interchanges
        for mark in [interchange.header.delimiters.component]
        for group in interchange.groups
        for found in group.sets
    ]


def test_strict_reading_refuses_what_lenient_reading_forgives_and_nothing_more(corpus: Path) -> None:
    forgiven = 0
    for file in list_files(corpus):
        content = (corpus / file.name).read_bytes()
        try:
            lenient = check_file(content).all_findings
        except Unreadable:
            with pytest.raises(Unreadable):
                check_file(content, strict=True)
            continue
        strict = check_file(content, strict=True).all_findings
        assert [(each.code, each.x12) for each in strict] == [(each.code, each.x12) for each in lenient]
        raised = {
            each.code for each, before in zip(strict, lenient, strict=True) if each.stops != before.stops
        }
        assert all(each.stops for each in strict if each.code in raised), file.name
        if file.transform.startswith(FORGIVEN):
            assert any(each.stops for each in strict), file.name
            assert raised, file.name
            forgiven += 1
    assert forgiven >= 26


def test_a_reason_cites_a_place_and_holds_no_line_of_a_file() -> None:
    for listed in load_listed():
        assert len(listed.reason) > 30, listed.files
        assert "*" not in listed.reason and "~" not in listed.reason, listed.files


def accept(data: bytes) -> bool:
    """pyx12's verdict, asked now."""
    return bool(x12n_document(params(), io.StringIO(data.decode("latin-1")), io.StringIO(), None))


def test_the_recorded_verdicts_of_pyx12_are_those_it_gives_today(corpus: Path) -> None:
    asked = 0
    for file in list_files(corpus):
        if file.kind == "invalid" and file.type in ("837P", "835") and file.transform[:2] == "e2":
            data = (corpus / file.name).read_bytes()
            assert accept(data) == (file.oracle == VALID), file.name
            asked += 1
    assert asked >= 7


def test_unreadable_files_are_invalid_by_a_named_finding(corpus: Path, survey: Survey) -> None:
    verdicts = {file.name: ours for file, ours in survey.files}
    for file in list_files(corpus):
        try:
            check_file((corpus / file.name).read_bytes())
        except Unreadable as unreadable:
            assert unreadable.finding.code.startswith("file.")
            assert verdicts[file.name] == INVALID
