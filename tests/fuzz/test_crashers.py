"""Every crasher that a hunt found stays found, and a short hunt finds no new one."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.exercises import exercise_body, exercise_document, exercise_file
from tests.fuzz.hunt import CRASHERS, Seeds, load_seeds, try_case
from tests.fuzz.mutations import mutate_body, mutate_document, mutate_file

FOUND = sorted(CRASHERS.glob("*.*"))
CASES = 150


@pytest.fixture(scope="module")
def seeds() -> Seeds:
    return load_seeds()._replace(corpus=[])


@pytest.mark.parametrize("place", FOUND, ids=lambda place: place.name)
def test_a_crasher_of_an_earlier_hunt_is_survived(place: Path) -> None:
    if place.suffix == ".body":
        exercise_body(place.read_bytes())
    elif place.suffix == ".json":
        exercise_document(json.loads(place.read_text(encoding="utf-8"), parse_float=Decimal))
    else:
        exercise_file(place.read_bytes())


@pytest.mark.slow
def test_a_short_hunt_finds_no_crash(seeds: Seeds) -> None:
    crashes = [try_case(seeds, f"short:{case}") for case in range(CASES)]
    assert [f"{crash.error} at {crash.where}" for crash in crashes if crash] == []


def test_a_case_is_made_by_its_seed_alone(seeds: Seeds) -> None:
    for case in range(20):
        assert mutate_file(Random(case), seeds.files) == mutate_file(Random(case), seeds.files)
        first, second = (mutate_document(Random(case), seeds.documents) for _ in range(2))
        assert first == second
        assert mutate_body(Random(case), seeds.wholes) == mutate_body(Random(case), seeds.wholes)


def test_empty_and_random_bytes_are_refused_by_name() -> None:
    for content in (b"", b"\x00", b"ISA", b"ISA*", b"\xff" * 200, b"{}", b"ISA" + b"*" * 500, b"~" * 300):
        exercise_file(content)
        exercise_body(content)
