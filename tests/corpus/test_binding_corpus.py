"""Public EDI: every readable set becomes JSON and, where it is right, exactly the same X12 again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edi.binding import bind_tree, unit_ways
from edi.comparison import bind_document, reading_context
from edi.envelope import read_envelopes
from edi.guides.registry import load_guide, resolve_guide
from edi.interchange import TransactionSet
from edi.lexer import Unreadable
from edi.plans import load_plan
from edi.reader import read_set
from edi.repetitions import mark_repetitions
from edi.segments import Delimiters
from edi.tree import Loop
from edi.writer import generate_set

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
LARGEST = 3_000_000
LONGEST = 20_000
#: The numbers of the hierarchy are written new: the guides say that they run from 1.
RENUMBERED = frozenset({"HL"})


def read_sets(shared: Path, guide: str) -> Iterator[tuple[TransactionSet, Delimiters]]:
    for path in sorted((shared / "corpus").rglob("*")):
        if not path.is_file() or path.stat().st_size > LARGEST:
            continue
        try:
            reading = read_envelopes(path.read_bytes())
        except Unreadable:
            continue
        for interchange in reading.interchanges:
            for group in interchange.groups:
                for found in group.sets:
                    if resolve_guide(found.set_id, found.implementation, group.header.version) == guide:
                        yield found, interchange.header.delimiters


def plain(elements: list[str], component: str) -> list[str]:
    """The elements without empty components and elements at their ends."""
    kept = [element.rstrip(component) for element in elements]
    while len(kept) > 1 and not kept[-1]:
        kept.pop()
    return kept if kept[0] not in RENUMBERED else [kept[0], *kept[3:]]


def bind_carefully(guide: str, tree: Loop, delimiters: Delimiters) -> list[dict[str, Any]]:
    """The documents by the way that generates everything again."""
    plan = load_plan(guide)
    context = reading_context(delimiters)
    tree = mark_repetitions(tree, delimiters.repetition, plan.repeats)
    ways = [*unit_ways(tree, plan.root)] if plan.unit else [[tree]]
    return [bind_document(plan, way, delimiters.component, context) for way in ways]


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.parametrize(
    ("guide", "least"),
    [
        ("005010X222A1", 1000),
        ("005010X221A1", 1000),
        ("005010X214", 20),
        ("005010X231A1", 20),
        ("005010X220A1", 6),
        ("005010X218", 2),
        ("005010X224A2", 4),
    ],
)
def test_sets_without_errors_come_back_segment_for_segment(shared: Path, guide: str, least: int) -> None:
    same: Counter[bool] = Counter()
    for found, delimiters in read_sets(shared, guide):
        segments = list(found.segments)
        if len(segments) > LONGEST:
            continue
        reading = read_set(guide, segments, delimiters)
        if any(finding.code == "element.bad_character" for finding in reading.findings):
            continue  # such a value is never written again, in neither way
        documents = bind_tree(load_guide(guide), reading.tree, delimiters=delimiters)
        assert documents == bind_carefully(guide, reading.tree, delimiters)
        if not documents or any(finding.stops for finding in (*found.findings, *reading.findings)):
            continue
        again = generate_set(
            guide, documents, control_number=found.control_number, created=CREATED, delimiters=delimiters
        )
        expected = [plain(segment.elements, delimiters.component) for segment in segments[1:-1]]
        got = [plain(segment.elements, delimiters.component) for segment in again.segments[1:-1]]
        same[expected == got] += 1
        if expected != got:
            first = next(
                (
                    at
                    for at, pair in enumerate(zip(expected, got, strict=False))
                    if len(set(map(tuple, pair))) > 1
                ),
                -1,
            )
            pytest.fail(f"segment {first + 2} of set {found.control_number} differs after JSON")
    assert same[True] >= least
