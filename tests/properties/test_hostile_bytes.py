"""Whatever the bytes are, the engine reads them or refuses them by name, in every way to read a file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.exercises import exercise_body, exercise_file
from tests.fuzz.mutations import NASTY, mutate_body, mutate_file

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
LONGEST = 20_000
HEADER = "ISA*00*{0:10}*00*{0:10}*ZZ*{1:15}*ZZ*{1:15}*261124*0930*^*00501*000000001*0*T*:~"
ISA = HEADER.format("", "CLAIMWIRE").encode()
IDS = ["ISA", "GS", "ST", "BHT", "HL", "NM1", "CLM", "HI", "LX", "SV1", "CLP", "BIN", "SE", "GE", "IEA"]
VALUE = st.sampled_from(NASTY) | st.text(max_size=4)
SEGMENT = st.tuples(st.sampled_from(IDS), st.lists(VALUE, max_size=9))


@cache
def load_files() -> list[bytes]:
    """Every X12 file among the samples that is no larger than the property needs."""
    contents = (place.read_bytes() for place in sorted(SAMPLES.rglob("*.x12")))
    return [content for content in contents if len(content) <= LONGEST]


@cache
def load_documents() -> list[object]:
    """A few documents of each kind."""
    places = [*sorted(SAMPLES.rglob("claim.json"))[::7], *sorted(SAMPLES.rglob("document.json"))[::5]]
    return [json.loads(place.read_text(encoding="utf-8")) for place in places]


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_random_bytes_are_refused_by_name(content: bytes) -> None:
    exercise_file(content)
    exercise_body(content)


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_random_bytes_after_a_header_are_findings(content: bytes) -> None:
    exercise_file(ISA + content)


@given(st.lists(SEGMENT, max_size=12))
@settings(max_examples=100, deadline=None)
def test_segments_of_any_values_in_any_order_are_findings(segments: list[tuple[str, list[str]]]) -> None:
    text = "".join("*".join((name, *values)) + "~" for name, values in segments)
    exercise_file(ISA + b"GS*HC*A*B*20261124*0930*1*X*005010X222A1~" + text.encode("utf-8", "replace"))


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_mutated_sample_raises_nothing_but_named_errors(seed: int) -> None:
    exercise_file(mutate_file(Random(seed), load_files()))


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_a_mutated_document_raises_nothing_but_named_errors(seed: int) -> None:
    exercise_body(mutate_body(Random(seed), load_documents()))
