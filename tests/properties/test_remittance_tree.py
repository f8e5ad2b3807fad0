"""A remittance read straight from the tree is the one that its document tells of."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edi.envelope import Unreadable
from edi.files import check_file
from edi.models import Remittance
from edi.remits import read_remittance
from edi.remits.tree import read_tree
from edi.segments import Delimiters
from tests.answers import make_remittance
from tests.bench.files import make_payment_file

SAMPLES = sorted(Path(__file__).resolve().parents[2].glob("samples/**/remit*.x12"))


def sort_unreadable(remittance: Remittance) -> Remittance:
    return msgspec.structs.replace(remittance, unreadable=tuple(sorted(remittance.unreadable)))


def compare(text: bytes) -> int:
    """How many remittances were compared."""
    try:
        report = check_file(text)
    except Unreadable:
        return 0
    count = 0
    for found in report.sets:
        if found.guide == "005010X221A1" and found.tree is not None:
            tree = found.tree
            marks = Delimiters(component=tree.component_separator, repetition=tree.repetition_separator)
            wanted = read_remittance(found.documents[0])
            assert sort_unreadable(read_tree(tree, marks)) == sort_unreadable(wanted)
            count += 1
    return count


@pytest.mark.parametrize("place", SAMPLES, ids=lambda place: "/".join(place.parts[-3:]))
def test_the_tree_of_a_sample_tells_the_same_remittance(place: Path) -> None:
    assert compare(place.read_bytes())


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_the_tree_of_a_remittance_with_faults_tells_the_same(drawn: st.DataObject) -> None:
    lines = drawn.draw(st.sampled_from(SAMPLES)).read_bytes().splitlines(keepends=True)
    for _ in range(drawn.draw(st.integers(1, 3))):
        at = drawn.draw(st.integers(2, len(lines) - 3))
        other = drawn.draw(st.integers(2, len(lines) - 3))
        lines[other:other] = drawn.draw(st.sampled_from([[], [lines[at]]]))
        lines[at] = drawn.draw(
            st.sampled_from(
                [lines[at], b"", lines[at].replace(b"*", b"*A", 1), lines[at].replace(b".", b"x")]
            )
        )
    compare(b"".join(lines))


def test_a_large_remittance_tells_the_same() -> None:
    assert compare(make_payment_file(50)) == 1


def test_a_remittance_without_claims_tells_the_same() -> None:
    assert make_remittance().claims == ()
    lines = make_payment_file(1).splitlines(keepends=True)
    assert compare(b"".join(line for line in lines if line[:3] not in (b"CLP", b"LX*"))) == 1


@pytest.mark.corpus
def test_the_tree_of_each_remittance_of_the_corpus_tells_the_same(shared: Path) -> None:
    files = [file for file in (shared / "corpus" / "835").iterdir() if file.stat().st_size < 1_000_000]
    assert sum(compare(file.read_bytes()) for file in files) > 20
