"""Every published 835, 999, 277CA and TA1 of the shared corpus reads, and what is valid balances."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edi.acks import acknowledge_group, acknowledge_interchange, read_277ca, read_999, read_ta1
from edi.envelope import Unreadable
from edi.files import FileReport, check_file
from edi.remits import check_balance, read_remittance, remittance_document

pytestmark = pytest.mark.corpus
NOW = datetime(2026, 11, 24, tzinfo=UTC)
READERS = {"835": read_remittance, "999": read_999, "277": read_277ca}

#: 835 files whose amounts do not add up, and why that is the file's fault.
UNBALANCED = {
    "IPerception__EDI-Workbench--3404d0--line_does_not_reconcile.edi": "made so: a service is 10 off",
    "affect-therapeutics__edi-835-parser--825757--sample_835_with_interests.txt": "placeholders for amounts",
    "affect-therapeutics__edi-835-parser--e91c36--sample_835.txt": "placeholders for amounts",
    "clawdgeorge-prog__x12-parser--8ffab6--sample_orphan_body_segment.edi": "CLP lacks its amounts",
    "clawdgeorge-prog__x12-parser--c527e1--sample_835_discrepancy.edi": "made so: CLP elements are shifted",
    "clawdgeorge-prog__x12-parser--f72287--sample_missing_se.edi": "CLP lacks its amounts",
    "genformai__edi-cli--b6c7a7--test_edge_cases.py__1.edi": "claims stand before LX and belong to no loop",
    "moov-io__x12--c42008--sample1.txt": "the service is paid 0.01, the claim (CLP04) nothing",
}


def read_reports(folder: Path) -> Iterator[tuple[str, FileReport]]:
    for path in sorted(folder.iterdir()):
        try:
            yield path.name, check_file(path.read_bytes())
        except Unreadable as unreadable:
            assert unreadable.finding.code.startswith("file.")


@pytest.mark.parametrize("folder", ["835", "999", "277CA", "TA1", "277"])
def test_every_published_answer_reads_without_exception(shared: Path, folder: str) -> None:
    count = 0
    for _, report in read_reports(shared / "corpus" / folder):
        for interchange in report.interchanges:
            count += len([read_ta1(segment) for segment in interchange.acknowledgments])
        for entry in report.sets:
            count += len([READERS[entry.set_id](document) for document in entry.documents])
    assert count or folder == "277"


def test_every_published_835_balances_or_is_listed_with_its_fault(shared: Path) -> None:
    unbalanced = {
        name
        for name, report in read_reports(shared / "corpus" / "835")
        for entry in report.sets
        for document in entry.documents
        if any(finding.stops for finding in check_balance(read_remittance(document)))
    }
    assert unbalanced == set(UNBALANCED)


def test_every_published_835_is_written_again_as_the_same_remittance(shared: Path) -> None:
    for name, report in read_reports(shared / "corpus" / "835"):
        for entry in report.sets:
            for document in entry.documents:
                remittance = read_remittance(document)
                again = remittance_document(remittance)
                assert remittance_document(read_remittance(again)) == again, name


def test_a_changed_file_is_acknowledged_with_the_code_of_its_fault(shared: Path) -> None:
    """One-change variants of published files: TA105, AK905 or IK502 as their manifest expects."""
    with (shared / "corpus" / "derived" / "MANIFEST.tsv").open(encoding="utf-8") as lines:
        rows = [
            row for row in csv.DictReader(lines, delimiter="\t") if row["type"] in ("835", "999", "277CA")
        ]
    checked = 0
    for row in rows:
        expected = re.match(r"(TA105|AK905|IK502)(?:/AK502)? (\w+)", row["expected"])
        # e16 changes GS08 alone: ST03 still names a guide that we know, so the set is read by that
        if expected is None or (row["transform"].startswith("e16") and row["type"] != "835"):
            continue
        answered = answer(check_file((shared / "corpus" / "derived" / row["file"]).read_bytes()))
        assert expected[2] in answered[expected[1]], row["file"]
        checked += 1
    assert checked >= 20


def answer(report: FileReport) -> dict[str, set[str]]:
    """Every TA105, AK905 and IK502 of our acknowledgments of a file."""
    codes: dict[str, set[str]] = {"TA105": set(), "AK905": set(), "IK502": set()}
    for interchange in report.interchanges:
        codes["TA105"].add(acknowledge_interchange(interchange, created=NOW).element(5))
        for group in interchange.groups:
            read = read_999(acknowledge_group(interchange.header, group))
            codes["AK905"].update(read.errors)
            codes["IK502"].update(code for entry in read.sets for code in entry.errors)
    return codes
