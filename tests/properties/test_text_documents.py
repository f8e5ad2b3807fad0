"""The JSON text that is made straight from segments is that of the documents."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edi import json_text, stencils
from edi.binding import unit_ways
from edi.claim_texts import ClaimTexts
from edi.comparison import reading_context
from edi.envelope import Unreadable
from edi.files import FileReport, check_file
from edi.json_text import REMITTANCE, encode_json, translate, translate_remittances
from edi.loop_stencils import load_stencils
from edi.plans import load_plan
from edi.remits.payment_texts import load_part_stencils, write_tree
from edi.remits.tree import read_tree
from edi.sieve import sifting
from edi.translation import write_json
from edi.unit_texts import TextWriter
from tests.bench.files import make_file

SAMPLES = sorted(Path(__file__).resolve().parents[2].glob("samples/**/*.x12"))
CLAIMS = [place for place in SAMPLES if b"*837*" in place.read_bytes()]
PAYMENTS = [place for place in SAMPLES if b"*835*" in place.read_bytes()]


@pytest.fixture(autouse=True)
def stencil_at_first_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each loop gets a stencil when it first comes, so that a small file is written by them."""
    monkeypatch.setattr(stencils, "OFTEN", 1)
    monkeypatch.setattr(sifting, "WINDOW", 60)
    monkeypatch.setattr(json_text, "LARGE", 0)
    load_stencils.cache_clear()
    load_part_stencils.cache_clear()


def compare(text: bytes) -> int:
    """How many sets were compared."""
    try:
        report = check_file(text, keep=True)
    except Unreadable:
        return 0
    documents = msgspec.json.encode(write_json(report))
    assert encode_json(report) == documents
    translated = translate(text)
    assert translated.text == documents
    assert list_findings(translated.report) == list_findings(report)
    told = [
        msgspec.json.encode(read_tree(found.tree, found.delimiters))
        for found in report.sets
        if found.tree is not None and found.guide == REMITTANCE
    ]
    trees = [found for found in report.sets if found.guide == REMITTANCE]
    assert [write_tree(each.tree, each.delimiters) for each in trees if each.tree is not None] == told
    assert translated.units == len(write_json(report))
    remitted = translate_remittances(text)
    assert remitted.units == sum(len(json["claims"]) for json in map(msgspec.json.decode, told))
    assert remitted.text == b"[" + b",".join(told) + b"]"
    assert list_findings(remitted.report) == list_findings(report)
    return len(report.sets)


def list_findings(report: FileReport) -> list[str]:
    """The findings of a file; those of one set in any order."""
    return sorted(map(repr, report.all_findings))


def count_texts(report: FileReport) -> tuple[int, int]:
    """How many claims were written without being bound, and how many there are."""
    written = 0
    every = 0
    for found in report.sets:
        assert found.guide is not None and found.tree is not None
        plan = load_plan(found.guide)
        texts = ClaimTexts(plan, reading_context(found.delimiters))
        told = [texts.write(way) for way in unit_ways(found.tree, plan.root)]
        written += sum(text is not None for text in told)
        every += len(told)
    return written, every


@pytest.mark.parametrize("place", CLAIMS + PAYMENTS, ids=lambda place: "/".join(place.parts[-3:]))
def test_the_text_of_a_sample_is_that_of_its_documents(place: Path) -> None:
    assert compare(place.read_bytes())


@pytest.mark.parametrize("kind", ["837P", "837I", "835"])
def test_the_text_of_a_large_file_is_that_of_its_documents(kind: str) -> None:
    assert compare(make_file(kind, 300))


@pytest.mark.parametrize("kind", ["837P", "835"])
def test_units_that_go_through_the_sieve_are_written_from_their_rows(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = make_file(kind, 100)
    compare(text)
    read = []
    real = TextWriter.take_handed

    def count(writer: TextWriter) -> None:
        read.extend(writer.reader.handed)
        real(writer)

    monkeypatch.setattr(TextWriter, "take_handed", count)
    assert compare(text)
    assert len(read) < 40


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_the_text_of_a_large_file_with_faults_is_that_of_its_documents(drawn: st.DataObject) -> None:
    lines = [*drawn.draw(st.sampled_from(LARGE_FILES))]
    for _ in range(drawn.draw(st.integers(1, 12))):
        at = drawn.draw(st.integers(3, len(lines) - 3))
        other = drawn.draw(st.integers(3, len(lines) - 3))
        lines[other:other] = drawn.draw(st.sampled_from([[], [lines[at]]]))
        spoilt = [lines[at].replace(*spoil) for spoil in SPOILS]
        lines[at] = drawn.draw(st.sampled_from([lines[at], b"", *spoilt]))
    compare(b"".join(lines))


def test_almost_all_claims_of_a_large_file_are_written_without_being_bound() -> None:
    report = check_file(make_file("837P", 300))
    count_texts(report)
    written, every = count_texts(report)
    assert written > 0.98 * every


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_the_text_of_a_file_with_faults_is_that_of_its_documents(drawn: st.DataObject) -> None:
    place = drawn.draw(
        st.sampled_from([place for place in CLAIMS + PAYMENTS if place.stat().st_size < 20_000])
    )
    lines = place.read_bytes().splitlines(keepends=True)
    for _ in range(drawn.draw(st.integers(1, 4))):
        at = drawn.draw(st.integers(2, len(lines) - 3))
        other = drawn.draw(st.integers(2, len(lines) - 3))
        lines[other:other] = drawn.draw(st.sampled_from([[], [lines[at]]]))
        spoilt = [lines[at].replace(*spoil) for spoil in SPOILS]
        lines[at] = drawn.draw(st.sampled_from([lines[at], b"", *spoilt]))
    compare(b"".join(lines))


SPOILS = [
    (b"*", b"*A"),
    (b"*", b'*"'),
    (b"*", b"*\\"),
    (b"*", b"**"),
    (b":", b""),
    (b":", b"::"),
    (b"A", b"\xc3\xa9"),
    (b"A", b"\x07"),
    (b"1", b"0"),
    (b".", b"0."),
    (b"~", b"*@1@~"),
    (b"~", b"*870000001~"),
]


@pytest.mark.parametrize("level", [b"HL*7*", b"HL*12*"])
def test_a_unit_that_does_not_fit_after_all_is_written_once(level: bytes) -> None:
    assert compare(make_file("837P", 30).replace(level, level.replace(b"HL*", b"HL*9"), 1))


def test_a_large_file_with_other_sets_is_written_as_its_documents() -> None:
    claims, payments = make_file("837P", 3), make_file("835", 3)
    assert compare(claims + payments)
    assert compare(claims + make_file("837I", 3))


def test_a_code_that_json_escapes_is_escaped_once() -> None:
    assert compare(make_file("837P", 5).replace(b"*ABK:", b'*"ABK:'))


LARGE_FILES = [make_file(kind, 30).splitlines(keepends=True) for kind in ("837P", "837I", "835")]


@pytest.mark.parametrize("separators", [b"*:~", b'*"~', b"*\\~", b"|>\n"])
def test_any_separators_make_the_same_text(separators: bytes) -> None:
    text = make_file("837P", 20).replace(b"~\n", b"~")
    assert compare(text.translate(bytes.maketrans(b"*:~", separators)))


@pytest.mark.corpus
def test_the_text_of_each_claim_file_of_the_corpus_is_that_of_its_documents(shared: Path) -> None:
    found = [
        file
        for kind in ("837p", "837i", "837d", "835")
        for file in (shared / "corpus").rglob("*")
        if file.is_file() and kind in str(file).lower()
    ]
    assert sum(compare(file.read_bytes()) for file in set(found) if file.stat().st_size < 300_000) > 100
