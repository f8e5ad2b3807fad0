"""The published files of each guide: what is valid is accepted, what is made wrong is refused.

A file that its origin calls valid and that we refuse is listed with everything found and the reason.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from edi.envelope import Unreadable
from edi.files import FileReport, SetReport, check_file
from edi.generation import Context
from edi.segments import Delimiters
from edi.writer import generate_sets
from tests.corpus.published_faults import FAULTS

pytestmark = pytest.mark.corpus

#: The folders of the corpus whose guides this test covers.
#: The folders of the corpus whose guides this test covers.
FOLDERS = ("270", "271", "275", "276", "277", "278", "820", "834", "837D", "837I")
#: What is never written: a set without its end, a value that would break the file.
UNWRITTEN = frozenset({"set.missing_trailer", "element.bad_character"})
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@cache
def read_index(shared: Path) -> tuple[dict[str, str], ...]:
    with (shared / "corpus" / "INDEX.tsv").open(encoding="utf-8") as lines:
        return tuple(csv.DictReader(lines, delimiter="\t"))


def published(shared: Path, folder: str, verdict: str = "") -> list[Path]:
    return [
        shared / "corpus" / row["file"]
        for row in read_index(shared)
        if row["type"] == folder and verdict in ("", row["provenance_verdict"])
    ]


def read(path: Path) -> FileReport | None:
    try:
        return check_file(path.read_bytes())
    except Unreadable:
        return None


def stopping(report: FileReport) -> set[str]:
    return {f"{f.code} {(f.rule or '').partition(' ')[2]}".strip() for f in report.all_findings if f.stops}


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_valid_is_accepted_or_the_fault_is_listed(shared: Path, folder: str) -> None:
    surprises = {}
    for path in published(shared, folder, "valid"):
        report = read(path)
        found = stopping(report) if report else {"unreadable"}
        if found != set(FAULTS.get(path.name, ((), ""))[0]):
            surprises[path.name] = sorted(found)
    assert surprises == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_made_wrong_is_refused(shared: Path, folder: str) -> None:
    missed = []
    for path in published(shared, folder, "invalid"):
        report = read(path)
        if report is not None and not stopping(report):
            missed.append(path.name)
    assert missed == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_readable_set_survives_the_way_through_json(shared: Path, folder: str) -> None:
    lost = []
    for path in published(shared, folder):
        report = read(path)
        for interchange in report.interchanges if report else ():
            delimiters = interchange.header.delimiters
            for group in interchange.groups:
                for entry in filter(is_whole, group.sets):
                    if through_json(entry, delimiters) != plain(entry, delimiters):
                        lost.append(f"{path.name} {entry.control_number}")
    assert lost == []


def is_whole(entry: SetReport) -> bool:
    """True where the set has JSON names, a trailer, a place for each segment, and levels numbered right.

    Numbers of levels are always written anew; a control character is never written.
    """
    codes = {finding.code for finding in entry.findings}
    placed = all(segment.use is not None for segment in entry.segments)
    numbered = not any(code.startswith("hierarchy.") for code in codes) and all(
        segment.element(1) for segment in entry.segments if segment.id == "HL"
    )
    return entry.guide is not None and placed and numbered and codes.isdisjoint(UNWRITTEN)


def through_json(entry: SetReport, delimiters: Delimiters) -> list[list[str]]:
    context = Context("0001", NOW, "1", "S", "R", delimiters)
    sets = generate_sets(entry.guide or "", entry.documents, context)
    return [segment.elements for made in sets for segment in made.segments[1:-1]]


def plain(entry: SetReport, delimiters: Delimiters) -> list[list[str]]:
    """Segments between ST and SE without separators that end a segment or composite."""
    trimmed = []
    for segment in entry.segments[1:-1]:
        elements = [text.rstrip(delimiters.component) for text in segment.elements]
        while len(elements) > 1 and not elements[-1]:
            elements.pop()
        trimmed.append(elements)
    return trimmed
