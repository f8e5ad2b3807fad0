"""A file that is cut into parts tells the same as a file read whole, wherever it is cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edi.envelope import Unreadable
from edi.files import check_file
from edi.findings import Finding
from edi.partition import FilePlan, plan_file
from edi.parts import PartEnded, read_part
from edi.streaming import UnitRead
from tests.properties.test_streaming import SAMPLES, apart, expected


def read_parts(text: bytes, plan: FilePlan, character_set: str) -> Iterator[tuple[int, list[Any]]]:
    """The events of each part with the number of its set; the last part of a set is read after the others."""
    tallies: dict[int, list[Any]] = {}
    for last in (False, True):
        for part in plan.parts:
            if part.last is last:
                told = tallies.setdefault(part.set_number, [])
                part_of = partial(read_part, part, lambda start, end: text[start:end], told)
                events = list(part_of(character_set=character_set))
                (*_, ended) = events
                assert isinstance(ended, PartEnded)
                told.append(ended.tallies)
                yield part.number, events


def compare(text: bytes, target: int, *, character_set: str = "") -> int:
    """The number of parts that were compared with the whole."""
    try:
        plan = plan_file([text], target=target)
    except Unreadable:
        return 0
    if plan is None:
        return 0
    report = check_file(text, character_set=character_set)
    found: list[Finding] = [*plan.findings, *report.findings]
    found += [finding for planned in plan.sets for finding in planned.findings]
    units: dict[int, list[Any]] = {number: [] for number in range(len(plan.sets))}
    for number, events in sorted(read_parts(text, plan, character_set), key=lambda read: read[0]):
        for event in events:
            found += event.findings
            at = units[plan.parts[number].set_number]
            at += [event.document] if isinstance(event, UnitRead) else map(apart, event.documents)
    assert Counter(found) == Counter(report.all_findings)
    assert [planned.segment_count for planned in plan.sets] == [each.segment_count for each in report.sets]
    wanted = [[*first, *map(apart, rest)] for first, *rest in expected(report)]
    assert list(units.values()) == wanted
    return len(plan.parts)


@pytest.mark.parametrize("place", SAMPLES, ids=lambda place: "/".join(place.parts[-3:]))
def test_a_sample_in_parts_has_the_same_findings_and_documents(place: Path) -> None:
    compare(place.read_bytes(), 200, character_set="basic")


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_a_file_with_faults_in_parts_has_the_same_findings_and_documents(drawn: st.DataObject) -> None:
    lines = drawn.draw(st.sampled_from(SAMPLES)).read_bytes().splitlines(keepends=True)
    body = [at for at, line in enumerate(lines) if line.startswith((b"HL", b"CLP", b"LX"))] or [3]
    for _ in range(drawn.draw(st.integers(0, 3))):
        first, last = sorted((drawn.draw(st.sampled_from(body)), drawn.draw(st.sampled_from(body))))
        lines[last:last] = lines[first:last]
        if len(lines) < 6:
            break  # a file of one line, or little is left of it
        at = drawn.draw(st.integers(3, len(lines) - 3))
        lines[at] = drawn.draw(st.sampled_from([b"", lines[at], lines[at].replace(b"*", b"*9", 1)]))
    characters = drawn.draw(st.sampled_from(["", "basic"]))
    compare(b"".join(lines), drawn.draw(st.integers(100, 3000)), character_set=characters)


@pytest.mark.corpus
@pytest.mark.slow
def test_each_corpus_file_in_parts_has_the_same_findings_and_documents(shared: Path) -> None:
    parts = 0
    for file in sorted((shared / "corpus").rglob("*.edi")) + sorted((shared / "corpus").rglob("*.x12")):
        text = file.read_bytes()
        if len(text) < 1_000_000:
            try:
                parts += compare(text, 1_000)
            except Exception as fault:
                raise AssertionError(f"{file.name} differs") from fault
    assert parts > 100
