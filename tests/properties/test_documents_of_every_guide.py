"""Documents and files of every guide, changed at random: nothing raises, and what is written can be read."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edi.checking import check_document
from edi.claims import check_claim, write_claims
from edi.envelope import Unreadable
from edi.files import check_file
from edi.writer import write_documents
from tests.samples.guide_samples import CASES, CLAIMS, envelope, guide_of, load_document, write_case

VALUES = (None, "", 0, -1, True, [], {}, [[]], [None], {"a": 1}, "*~:^", "\x1d", "\u00e9", "x" * 300)
MORE = (Decimal("1.5"), "20261345", ["a", {"b": []}], "30^35", [["a"]], 10**30)
HEADER = 106  # characters of ISA
NO_DEADLINE = settings(deadline=None, max_examples=120, suppress_health_check=list(HealthCheck))


def list_places(value: Any, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The way to every value of a document."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    found = [place for step, child in inner for place in list_places(child, (*way, step))]
    return [way, *found] if way else found


def put(document: Any, way: tuple[str | int, ...], value: Any) -> None:
    for step in way[:-1]:
        document = document[step]
    document[way[-1]] = copy.deepcopy(value)


@NO_DEADLINE
@given(case=st.sampled_from(CASES), seed=st.randoms(use_true_random=False))
def test_no_document_raises_and_its_x12_reads(case: Any, seed: Any) -> None:
    document, guide = load_document(case), guide_of(case)
    for _ in range(seed.randint(1, 4)):
        places = list_places(document)
        if places:
            put(document, seed.choice(places), seed.choice(VALUES + MORE))
    if case.parent.name in CLAIMS:
        check_claim(document, guide=guide)
        text = write_claims([document], envelope(), guide=guide).text
    else:
        check_document(document, guide)
        text = write_documents(guide, [document], envelope())
    assert check_file(text).sets[0].guide == guide


@NO_DEADLINE
@given(case=st.sampled_from(CASES), seed=st.randoms(use_true_random=False))
def test_no_file_raises_anything_but_unreadable(case: Any, seed: Any) -> None:
    text = bytearray(write_case(case))
    for _ in range(seed.randint(1, 6)):
        at, change = seed.randrange(HEADER, len(text)), seed.randrange(3)
        if change == 0:
            text[at] = seed.choice(b"*~:^A1 \n")
        elif change == 1:
            del text[at : at + seed.randint(1, 30)]
        else:
            text[at:at] = text[seed.randrange(HEADER, len(text)) :][:40]
    try:
        report = check_file(bytes(text))
    except Unreadable:
        return
    for entry in report.sets:
        if entry.guide is not None and entry.documents:
            write_documents(entry.guide, entry.documents, envelope())
