"""A streamed file tells the same as a file read whole, however its bytes are cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edi.envelope import Unreadable
from edi.files import FileReport, SetReport, check_file
from edi.findings import Finding
from edi.guides.registry import load_guide
from edi.interchange import GroupClosed, InterchangeClosed, Noted
from edi.streaming import SetEnded, StreamEvent, UnitRead, stream_units

SAMPLES = sorted(Path(__file__).resolve().parents[2].glob("samples/**/*.x12"))
FORMS = (".edi", ".x12", ".txt", ".dat", ".835", ".837", ".999", ".277")


def cut(text: bytes, size: int) -> list[bytes]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def told(events: Iterable[StreamEvent]) -> Iterator[Finding]:
    for event in events:
        if isinstance(event, Noted):
            yield event.finding
        elif isinstance(event, UnitRead | SetEnded | GroupClosed | InterchangeClosed):
            yield from event.findings


def documents(events: Iterable[StreamEvent]) -> Iterator[list[Any]]:
    """The documents of each set, put together from what was handed on."""
    units: list[Any] = []
    for event in events:
        if isinstance(event, UnitRead):
            units.append(event.document)
        elif isinstance(event, SetEnded):
            yield [units, *event.documents]
            units = []


def expected(report: FileReport) -> Iterator[list[Any]]:
    for found in report.sets:
        guide = load_guide(found.guide) if found.guide else None
        if guide is not None and guide.handed_on == "2100":
            (document,) = found.documents
            yield [list(payments(document)), apart(document)]
        elif guide is not None and guide.handed_on:
            yield [list(found.documents)]
        else:
            yield [[], *found.documents]


def payments(document: Any) -> Iterator[Any]:
    for detail in document.get("detailInfo", []):
        yield from detail.get("paymentInfo", [])


def apart(document: Any) -> Any:
    return {name: value for name, value in document.items() if name not in ("detailInfo", "x12Extra")}


def comes_late(found: SetReport) -> bool:
    """Whether something around a claim stands after it. A claim that was handed on cannot know it any more:
    the stream has let it go, while a file read whole still puts both together.
    """
    return any(finding.code == "segment.out_of_order" for finding in found.findings)


def claim_alone(document: Any) -> Any:
    return document.get("claimInformation", document)


def whole_document(document: Any) -> Any:
    return document


def compare(
    text: bytes, size: int, *, strict: bool = False, edits: bool = False, character_set: str = ""
) -> None:
    try:
        report = check_file(text, strict=strict, edits=edits, character_set=character_set)
    except Unreadable as problem:
        with pytest.raises(Unreadable) as raised:
            list(stream_units(cut(text, size)))
        assert raised.value.finding == problem.finding
        return
    events = list(stream_units(cut(text, size), strict=strict, edits=edits, character_set=character_set))
    assert Counter(told(events)) == Counter(report.all_findings)
    for streamed, whole, found in zip(documents(events), expected(report), report.sets, strict=True):
        known = claim_alone if comes_late(found) else whole_document
        assert list(map(known, streamed[0])) == list(map(known, whole[0]))
        assert [apart(one) for one in streamed[1:]] == [apart(one) for one in whole[1:]]


@pytest.mark.parametrize("place", SAMPLES, ids=lambda place: "/".join(place.parts[-3:]))
@pytest.mark.parametrize("size", [1, 61, 1 << 20])
def test_a_streamed_sample_has_the_same_findings_and_documents(place: Path, size: int) -> None:
    compare(place.read_bytes(), size, edits=True)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_streamed_file_with_faults_has_the_same_findings_and_documents(drawn: st.DataObject) -> None:
    lines = drawn.draw(st.sampled_from(SAMPLES)).read_bytes().splitlines(keepends=True)
    for _ in range(drawn.draw(st.integers(1, 3))):
        at = drawn.draw(st.integers(0, len(lines) - 1))
        change = drawn.draw(st.sampled_from(["drop", "twice", "swap", "spoil"]))
        other = drawn.draw(st.integers(0, len(lines) - 1))
        if change == "drop":
            lines[at] = b""
        elif change == "twice":
            lines.insert(other, lines[at])
        elif change == "swap":
            lines[at], lines[other] = lines[other], lines[at]
        else:
            lines[at] = lines[at].replace(b"1", b"\xc3\xa9", 1)
    strict, characters = drawn.draw(st.booleans()), drawn.draw(st.sampled_from(["", "basic", "extended"]))
    compare(b"".join(lines), drawn.draw(st.integers(1, 300)), strict=strict, character_set=characters)


@pytest.mark.corpus
@pytest.mark.slow
def test_each_streamed_corpus_file_has_the_same_findings_and_documents(shared: Path) -> None:
    files = [file for file in sorted((shared / "corpus").rglob("*")) if file.suffix.lower() in FORMS]
    assert files
    for file in files:
        text = file.read_bytes()
        if len(text) < 1_000_000:
            try:
                compare(text, 4_093)
            except Exception as fault:
                raise AssertionError(f"{file.name} differs") from fault
