"""`claimwire bulk`: what a folder holds, also after a kill in the middle."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from edi.files import check_file
from tests.bench.files import make_claim_file, make_claims, make_payment_file

ROOT = Path(__file__).resolve().parents[2]
CLAIMS, PAYMENTS = 60, 40


def spoil_a_charge(text: bytes) -> bytes:
    """The file with one charge that its claim does not add up to."""
    return re.sub(rb"(SV1\*[^*]+\*)[0-9.]+", rb"\g<1>7777.77", text, count=1)


@pytest.fixture(scope="module")
def claim_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("claims") / "claims.x12"
    place.write_bytes(spoil_a_charge(make_claim_file(make_claims(CLAIMS))))
    return place


@pytest.fixture(scope="module")
def payment_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("payments") / "payments.x12"
    place.write_bytes(make_payment_file(PAYMENTS))
    return place


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "gateway.cli", "bulk", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def run(*arguments: object, status: int) -> str:
    process = start(*arguments)
    told, trouble = process.communicate(timeout=300)
    assert process.returncode == status, trouble
    return told or trouble


def read_rows(folder: Path, table: str) -> list[dict[str, Any]]:
    places = sorted((folder / "jsonl" / table).iterdir())
    return [json.loads(line) for place in places for line in place.read_text("utf-8").splitlines()]


def read_folder(folder: Path) -> dict[str, bytes]:
    return {
        str(place.relative_to(folder)): place.read_bytes() for place in folder.rglob("*") if place.is_file()
    }


def test_the_tables_hold_what_a_check_of_the_whole_file_tells(
    claim_file: Path, payment_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    told = json.loads(run(claim_file, payment_file, "-o", folder, "--part-size", 3000, "--json", status=1))
    assert [(file["claims"], file["payments"]) for file in told["files"]] == [(CLAIMS, 0), (0, PAYMENTS)]
    assert min(file["parts"] for file in told["files"]) > 3
    report = check_file(claim_file.read_bytes())
    documents = [
        json.loads(json.dumps(dict(document))) for found in report.sets for document in found.documents
    ]
    assert [row["document"] for row in read_rows(folder, "claims")] == documents
    findings = [(row["code"], row["ordinal"]) for row in read_rows(folder, "findings")]
    assert findings == [
        (finding.code, finding.x12 and finding.x12.ordinal) for finding in report.all_findings
    ]
    assert len(findings) >= 1
    assert not any("value" in row for row in read_rows(folder, "findings"))


def test_parquet_has_the_same_rows_with_money_as_decimals(payment_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    run(payment_file, "-o", folder, "--part-size", 3000, "--format", "both", status=0)
    rows = parquet.read_table(folder / "parquet" / "payments").to_pylist()
    lines = read_rows(folder, "payments")
    assert [row["patient_control_number"] for row in rows] == [
        line["patient_control_number"] for line in lines
    ]
    assert [row["paid"] for row in rows] == [Decimal(line["paid"]) for line in lines]
    assert json.loads(rows[0]["document"]) == lines[0]["document"]


def test_a_run_that_was_killed_goes_on_and_ends_with_the_same_bytes(
    claim_file: Path, payment_file: Path, tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    options = ("--part-size", 1500, "--workers", 1, "--format", "both")
    run(claim_file, payment_file, "-o", whole, *options, status=1)
    process = start(claim_file, payment_file, "-o", cut, *options)
    deadline = time.monotonic() + 200
    while len(list((cut / ".progress").glob("*-*.json"))) < 4 and time.monotonic() < deadline:
        assert process.poll() is None, "ended before it could be killed"
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    finished = {place.name for place in (cut / ".progress").glob("*-*.json")}
    assert len(finished) >= 4
    assert not (cut / "manifest.json").exists()
    before = {
        place.name: place.stat().st_mtime_ns for place in (cut / "jsonl" / "claims").glob("0000-000000.*")
    }
    run(claim_file, payment_file, "-o", cut, *options, status=1)
    assert read_folder(cut) == read_folder(whole)
    after = {
        place.name: place.stat().st_mtime_ns for place in (cut / "jsonl" / "claims").glob("0000-000000.*")
    }
    assert "0000-000000.json" in finished
    assert after == before, "what was finished is not read again"


def test_a_folder_of_another_run_is_left_alone(claim_file: Path, payment_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    run(payment_file, "-o", folder, status=0)
    before = read_folder(folder)
    assert "choose another folder" in run(claim_file, "-o", folder, status=2)
    assert run(payment_file, "-o", folder, "--json", status=0)
    assert read_folder(folder) == before


def test_an_unreadable_file_is_told_and_the_others_are_read(payment_file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "letter.txt"
    bad.write_text("Dear payer, where is our money?")
    told = json.loads(run(bad, payment_file, "-o", tmp_path / "out", "--json", status=2))
    assert [file["unreadable"] for file in told["files"]] == ["file.not_x12", ""]
    assert told["files"][1]["payments"] == PAYMENTS


def test_a_file_that_needs_forgiving_is_read_as_a_whole(payment_file: Path, tmp_path: Path) -> None:
    spaced = tmp_path / "spaced.x12"
    spaced.write_bytes(payment_file.read_bytes().replace(b"~\nCLP", b"~\n  CLP"))
    told = json.loads(run(spaced, "-o", tmp_path / "out", "--part-size", 3000, "--json", status=0))
    assert told["files"][0]["parts"] == 1
    assert told["files"][0]["payments"] == PAYMENTS
    assert [row["code"] for row in read_rows(tmp_path / "out", "findings")] == ["file.indented"]


def test_values_are_held_to_a_character_set_in_every_part(payment_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    run(payment_file, "-o", folder, "--part-size", 3000, "--character-set", "basic", status=1)
    wanted = check_file(payment_file.read_bytes(), character_set="basic").all_findings
    told = [(row["code"], row["ordinal"]) for row in read_rows(folder, "findings")]
    assert sorted(told) == sorted((found.code, found.x12 and found.x12.ordinal) for found in wanted)
    assert "choose another folder" in run(payment_file, "-o", folder, status=2)
    assert "basic or extended" in run(payment_file, "-o", tmp_path, "--character-set", "latin", status=2)


def test_tables_are_for_their_owner_only(payment_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    run(payment_file, "-o", folder, status=0)
    modes = {place.stat().st_mode & 0o077 for place in (folder, *folder.rglob("*"))}
    assert modes == {0}
