"""A large file that is read window by window tells the same as one that is kept: the sieve only declines."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edi.envelope import Unreadable
from edi.files import FileReport, check_file
from edi.large_files import UnusualError, check_large
from edi.rules import load_rules
from edi.rules.registry import RULES
from edi.sieve import sifting
from edi.sieve.screens import SCREENS, load_screens
from edi.sieve.sifting import Sieve
from edi.sieve.windows import Window
from tests.bench.files import KINDS, make_file

SAMPLES = sorted(Path(__file__).resolve().parents[2].glob("samples/**/*.x12"))
CLAIMS = 60
STRANGE = (
    "1",
    "18",
    "7",
    "XX",
    "20260101",
    "Z" * 40,
    "22",
    "A:B",
    "1.005",
    " x",
    "x ",
    "G1",
    "-5",
    "25",
    "é",
)
Spoiler = Callable[[random.Random, list[str]], None]


@pytest.fixture(autouse=True)
def windows_of_some_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sifting, "WINDOW", 300)


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many units went through, window by window."""
    found: list[int] = []
    real = Sieve._pass

    def count(sieve: Sieve, window: Window, units: list[int]) -> None:
        found.append(len(units))
        real(sieve, window, units)

    monkeypatch.setattr(Sieve, "_pass", count)
    return found


def spoil(text: bytes, chance: float, seed: int) -> bytes:
    """A file in which some segments are lost, doubled, displaced or changed."""
    draw = random.Random(seed)
    segments = text.decode().split("~\n")[:-1]
    spoilt = [each for segment in segments for each in spoil_segment(draw, segment, segments, chance)]
    return ("~\n".join(spoilt) + "~\n").encode()


def spoil_segment(draw: random.Random, segment: str, others: list[str], chance: float) -> Iterator[str]:
    if segment[:3] in ("ISA", "GS*", "ST*") or draw.random() >= chance:
        yield segment
        return
    elements = segment.split("*")
    place = draw.randrange(1, len(elements))
    way = draw.randrange(7)
    if way == 0:
        return  # it is lost
    if way == 1:
        yield segment  # it comes twice
    elif way == 2:
        yield draw.choice(others)
    elif way == 3:
        elements[place] = draw.choice(STRANGE)
    elif way == 4:
        elements[place] = ""
    elif way == 5:
        elements[place] = elements[place][:-1] + draw.choice("0123456789AZ:")
    else:
        elements = [*elements[:place], *elements[place + 1 :]]
    yield "*".join(elements)


def equal(one: FileReport, other: FileReport) -> bool:
    assert one.all_findings == other.all_findings
    assert [each.segment_count for each in one.sets] == [each.segment_count for each in other.sets]
    return one == other


@pytest.mark.parametrize("kind", KINDS)
def test_a_clean_file_goes_through_almost_whole(kind: str, passed: list[int]) -> None:
    text = make_file(kind, 4 * CLAIMS)
    report = check_large(text)
    assert equal(report, check_file(text, keep=True))
    assert report.all_findings == ()
    assert sum(passed) > CLAIMS, passed


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", KINDS)
def test_a_spoilt_file_has_the_same_findings(kind: str, seed: int, passed: list[int]) -> None:
    text = spoil(make_file(kind, 2 * CLAIMS), 0.004, seed)
    assert equal(check_large(text), check_file(text, keep=True))
    assert sum(passed) > CLAIMS // 4, passed


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_wrong_all_over_has_the_same_findings(kind: str) -> None:
    text = spoil(make_file(kind, CLAIMS), 0.2, 7)
    assert equal(check_large(text, strict=True), check_file(text, strict=True, keep=True))


@pytest.mark.parametrize("kind", KINDS)
def test_trees_and_documents_of_a_large_file_are_read_when_asked_for(kind: str) -> None:
    text = make_file(kind, CLAIMS)
    large, kept = check_large(text), check_file(text, keep=True)
    for one, other in zip(large.sets, kept.sets, strict=True):
        assert one.segments == other.segments
        assert one.documents == other.documents
        assert [it.ordinal for it in one.segments] == [it.ordinal for it in other.segments]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: str(path.relative_to(path.parents[2])))
def test_every_sample_is_read_alike(path: Path) -> None:
    text = path.read_bytes()
    try:
        report = check_large(text)
    except (Unreadable, UnusualError):
        return
    assert equal(report, check_file(text, keep=True))


def test_screens_are_of_rules_that_there_are() -> None:
    load_rules()
    load_screens()
    assert set(SCREENS) <= set(RULES)
