"""Sets made at random from each guide's definition: read without a static finding, and back the same.

`tests/made_sets.py` knows the guides and nothing of the engine, so that a set which the engine refuses, loses
a part of or writes otherwise shows a fault of the engine.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edi.binding import bind_tree, unit_ways
from edi.comparison import bind_document, reading_context
from edi.files import FileReport, check_file
from edi.findings import Severity
from edi.guides.registry import load_guide, load_sources
from edi.plans import load_plan
from edi.repetitions import mark_repetitions
from edi.whole_files import describe_whole, write_whole
from edi.writer import write_documents
from tests.made_sets import make_file
from tests.properties.test_streaming import compare
from tests.samples.guide_samples import envelope
from tests.samples.test_sample_schemas import faults

GUIDES = tuple(load_sources())
#: What checks of a segment by itself and of its place find; the other findings are those of rules.
STATIC = ("element.", "segment.", "loop.", "set.", "group.", "interchange.", "file.", "isa.", "gs.", "guide.")
#: Findings of rules that look like the others, and of the codes that people look up.
RULES = frozenset({"element.situational_missing", "guide.other_version"})
SEEDS = st.integers(0, 2**32)
SOME = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))


def made(guide: str, seed: int, **options: Any) -> bytes:
    return make_file(guide, Random(f"{guide}:{seed}"), **options)


def static_faults(report: FileReport) -> list[str]:
    return [
        f"{finding.code} {finding.rule}"
        for finding in report.all_findings
        if finding.code.startswith(STATIC)
        and finding.code not in RULES
        and finding.severity is not Severity.INFO
    ]


@pytest.mark.parametrize("guide", GUIDES)
@SOME
@given(seed=SEEDS)
def test_what_the_guide_allows_is_read_and_comes_back_byte_for_byte(guide: str, seed: int) -> None:
    content = made(guide, seed, sets=1 + seed % 2)
    report = check_file(content)
    assert {found.guide for found in report.sets} == {guide}
    assert static_faults(report) == []
    assert write_whole(describe_whole(report, content)) == content


@pytest.mark.parametrize("guide", GUIDES)
@FEW
@given(seed=SEEDS)
def test_documents_come_back_through_x12_of_our_own(guide: str, seed: int) -> None:
    (found,) = check_file(made(guide, seed, gaps=False)).sets
    documents = [dict(document) for document in found.documents]
    again = check_file(write_documents(guide, documents, envelope()))
    assert [dict(document) for found in again.sets for document in found.documents] == documents


@pytest.mark.parametrize("guide", GUIDES)
@FEW
@given(seed=SEEDS)
def test_documents_agree_with_the_schema_of_the_guide(guide: str, seed: int) -> None:
    """Gaps in a row of values make items without what the schema asks of an item."""
    (found,) = check_file(made(guide, seed, gaps=False)).sets
    assert [fault for document in found.documents for fault in faults(guide, dict(document))] == []


@pytest.mark.parametrize("guide", GUIDES)
@FEW
@given(seed=SEEDS)
def test_a_streamed_set_tells_the_same(guide: str, seed: int) -> None:
    compare(made(guide, seed, sets=2), Random(seed).choice((7, 61, 4_096)))


@pytest.mark.parametrize("guide", GUIDES)
@FEW
@given(seed=SEEDS)
def test_the_quick_binding_gives_what_the_careful_one_does(guide: str, seed: int) -> None:
    """Claims bound together share what they have in common; each must be what it is by itself."""
    report = check_file(made(guide, seed))
    delimiters = report.interchanges[0].header.delimiters
    plan = load_plan(guide)
    for found in report.sets:
        assert found.tree is not None
        tree = mark_repetitions(found.tree, delimiters.repetition, plan.repeats)
        if not plan.unit:
            careful = [bind_document(plan, [tree], delimiters.component, reading_context(delimiters))]
            assert bind_tree(load_guide(guide), found.tree) == careful
            continue
        ways = list(unit_ways(tree, plan.root))
        careful = [
            bind_document(plan, way, delimiters.component, reading_context(delimiters)) for way in ways
        ]
        assert bind_tree(load_guide(guide), found.tree) == careful
