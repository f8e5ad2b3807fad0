"""A separator or control character inside a JSON value is a finding on the way out, for every guide and name.

And the file that is written all the same is not broken: its envelope is whole, and it has no segment more.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from edi.checking import check_document
from edi.claims import check_claim, write_claims
from edi.files import check_file
from edi.writer import write_documents
from tests.samples.guide_samples import CASES, CLAIMS, envelope, guide_of, load_document

BAD = "*:^~\n\r\x00\x1c\x1d\x7f\ud83d"
UNWRITTEN = {"claimType", "usageIndicator", "controlNumber", "tradingPartnerServiceId", "tradingPartnerName"}
ENVELOPE = ("file.", "isa.", "interchange.", "group.", "set.")
CONTENT = "content"  # of BIN, which is read by its length
GOOD = [case for case in CASES if not case.name.startswith("refused")]
Way = tuple[str | int, ...]


def list_texts(value: Any, way: Way = ()) -> Iterator[Way]:
    """The way to every text of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in inner:
        yield from list_texts(child, (*way, step))
    if isinstance(value, str) and value:
        yield way


def first_of_each_name(document: Any) -> list[Way]:
    """One way for each name of the document, whatever the indexes of arrays."""
    ways = {tuple(step for step in way if isinstance(step, str)): way for way in list_texts(document)}
    return [way for way in ways.values() if not {CONTENT, "x12Extra"} & set(way) and way[0] not in UNWRITTEN]


def spoil(document: Any, way: Way, mark: str) -> Any:
    changed = copy.deepcopy(document)
    place = changed
    for step in way[:-1]:
        place = place[step]
    text = place[way[-1]]
    place[way[-1]] = text[:1] + mark + text[1:]
    return changed


def write(case: Path, document: Any) -> bytes:
    if case.parent.name in CLAIMS:
        return write_claims([document], envelope(), guide=guide_of(case)).text
    return write_documents(guide_of(case), [document], envelope())


def find_pointers(case: Path, document: Any) -> set[str | None]:
    """The places of a document at which something stops it."""
    guide = guide_of(case)
    claim = case.parent.name in CLAIMS
    findings = check_claim(document, guide=guide).findings if claim else check_document(document, guide)
    return {finding.pointer for finding in findings if finding.stops}


@pytest.mark.parametrize("case", GOOD, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_no_separator_or_control_character_of_a_value_breaks_the_file(case: Path) -> None:
    document = load_document(case)
    whole = write(case, document)
    ids = Counter(segment.id for segment in check_file(whole).sets[0].segments)
    for way, mark in zip(first_of_each_name(document), cycle(BAD), strict=False):
        spoilt = spoil(document, way, mark)
        text = write(case, spoilt)
        unsaid = text == whole  # a word that a code stands beside, and that is not written
        assert find_pointers(case, spoilt) or unsaid, (way, mark)
        report = check_file(text)
        assert Counter(segment.id for segment in report.sets[0].segments) <= ids, (way, mark)
        assert len(report.interchanges) == len(report.sets) == 1
        assert not [found for found in report.all_findings if found.code.startswith(ENVELOPE)]
