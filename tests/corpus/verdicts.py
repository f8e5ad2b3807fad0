"""Verdicts over the shared corpus: ours, that of a file's makers, that of pyx12, and where they differ.

A file of the corpus is named by its place there (`837P/....edi`, `derived/....edi`); nothing of its text is
kept here.
"""

from __future__ import annotations

import csv
import os
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import msgspec

from edi.envelope import Unreadable
from edi.files import FileReport, check_file

ROOT = Path(__file__).resolve().parent
VALID, INVALID, NO_GUIDE = "valid", "invalid", "no guide"
MAKERS, ORACLE = "makers", "pyx12"
#: What the provenance column says, as a verdict; what stands apart from these is no verdict.
PROVENANCE = {"valid": VALID, "invalid": INVALID, "invalid(by name)": INVALID}
#: Transforms of derived/MANIFEST.tsv that make no file invalid, and those that nothing can be read of.
UNREADABLE_FORMS = frozenset({"f13_utf16le_bom"})


class CorpusFile(msgspec.Struct, frozen=True):
    """A file of the corpus: its kind (`published` or that of its derivation) and others' verdicts on it."""

    name: str
    type: str
    kind: str
    transform: str
    makers: str
    oracle: str
    expected: str


class Verdict(msgspec.Struct, frozen=True):
    """Our verdict on a file, with what was read; `report` is None where nothing could be."""

    ours: str
    codes: tuple[str, ...]
    report: FileReport | None


class Listed(msgspec.Struct, frozen=True):
    """Files (a pattern of names) whose verdict by `whose` differs from ours, and why ours is right."""

    files: str
    whose: str
    ours: str
    reason: str


class Comparison(msgspec.Struct, frozen=True):
    """One verdict of others beside ours. `reason` is that of the list where they differ."""

    file: CorpusFile
    whose: str
    theirs: str
    ours: str
    reason: str = ""

    @property
    def agrees(self) -> bool:
        return self.theirs == self.ours

    @property
    def settled(self) -> bool:
        """True where the verdicts agree, or the list says why they do not."""
        return self.agrees or bool(self.reason)


def find_corpus() -> Path | None:
    """The shared corpus beside the checkout, or None where it is absent."""
    shared = Path(os.environ.get("CLAIMWIRE_SHARED", ROOT.parent.parent.parent / "shared"))
    place = shared / "corpus"
    return place if (place / "INDEX.tsv").is_file() else None


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a tab-separated table."""
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def read_oracle(text: str) -> str:
    """pyx12's verdict out of its column: on the file with a version it knows, or without its blanks."""
    for part in reversed(text.split(";")):
        verdict = part.rpartition(":")[2]
        if verdict in (VALID, INVALID):
            return verdict
    return ""


def list_files(corpus: Path) -> Iterator[CorpusFile]:
    """Every file of INDEX.tsv and of derived/MANIFEST.tsv."""
    index = read_table(corpus / "INDEX.tsv")
    origins = {row["origin"]: row for row in index}
    for row in index:
        makers = PROVENANCE.get(row["provenance_verdict"], "")
        oracle = read_oracle(row["pyx12_verdict"])
        yield CorpusFile(row["file"], row["type"], "published", "", makers, oracle, row["expected"])
    for row in read_table(corpus / "derived" / "MANIFEST.tsv"):
        base = origins.get(row["base"], {})
        makers = INVALID if row["kind"] == "invalid" or row["transform"] in UNREADABLE_FORMS else VALID
        if makers == VALID and PROVENANCE.get(base.get("provenance_verdict", VALID)) == INVALID:
            makers = INVALID
        yield CorpusFile(
            name=f"derived/{row['file']}",
            type=row["type"],
            kind=row["kind"],
            transform=row["transform"],
            makers=makers,
            oracle=read_oracle(row["pyx12_verdict"]),
            expected=row["expected"],
        )


def judge(data: bytes) -> Verdict:
    """Our verdict on a file; `no guide` where a set of it follows a guide that is not here yet."""
    try:
        report = check_file(data)
    except Unreadable as unreadable:
        return Verdict(INVALID, (unreadable.finding.code,), None)
    stopping = tuple(dict.fromkeys(finding.code for finding in report.all_findings if finding.stops))
    if "guide.unknown" in stopping:
        return Verdict(NO_GUIDE, stopping, report)
    return Verdict(INVALID if stopping else VALID, stopping, report)


@cache
def load_listed() -> tuple[Listed, ...]:
    """The disagreements of disagreements.toml."""
    raw = tomllib.loads((ROOT / "disagreements.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw["disagreement"], tuple[Listed, ...])


def compare(file: CorpusFile, ours: str) -> Iterator[Comparison]:
    """Our verdict beside each that others gave; none where the guide is not here yet."""
    if ours == NO_GUIDE:
        return
    for whose, theirs in ((MAKERS, file.makers), (ORACLE, file.oracle)):
        if theirs:
            yield Comparison(file, whose, theirs, ours, "" if theirs == ours else explain(file, whose, ours))


def explain(file: CorpusFile, whose: str, ours: str) -> str:
    """The listed reason why our verdict differs from another, or ""."""
    for listed in load_listed():
        if listed.whose == whose and listed.ours == ours and fnmatchcase(file.name, listed.files):
            return listed.reason
    return ""


def find_stale(comparisons: list[Comparison]) -> list[Listed]:
    """The listed disagreements that no file shows any more."""
    differing = [each for each in comparisons if not each.agrees]
    return [
        listed
        for listed in load_listed()
        if not any(
            listed.whose == each.whose
            and listed.ours == each.ours
            and fnmatchcase(each.file.name, listed.files)
            for each in differing
        )
    ]
