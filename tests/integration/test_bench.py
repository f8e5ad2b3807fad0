"""The benchmark runs and its asserts hold, on files too small to say anything of speed."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from edi.files import check_file
from tests.bench.contest import PEERS, find_version
from tests.bench.endless import BLOCKS, EndlessFile
from tests.bench.files import KINDS, count_segments, make_file, measure_variety
from tests.bench.memory import judge, stream_all
from tests.bench.work import RIVALS
from tests.cli import run_module

MEASURES = 13 + 8  # ours on the big files and on those of the slow peers
TARGETS = 20


@pytest.fixture
def environments(tmp_path: Path) -> Path:
    """One peer is there (pyx12, of these tests' own environment), one could not be installed."""
    place = tmp_path / "pyx12" / "bin" / "python"
    place.parent.mkdir(parents=True)
    place.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    place.chmod(0o700)
    reason = tmp_path / "node_x12" / "reason.txt"
    reason.parent.mkdir()
    reason.write_text("node is missing\n")
    return tmp_path


@pytest.mark.slow
def test_the_benchmark_tells_every_measure_and_target_and_which_peers_are_left_out(
    environments: Path,
) -> None:
    sizes = ("--claims", "20", "--peer-claims", "5")
    ran = run_module("tests.bench", *sizes, "--environments", str(environments), "--json")
    assert ran.status == 0, ran.err
    told = json.loads(ran.out)
    done = [one for one in told["measures"] if not one["left_out"]]
    assert len([one for one in done if one["by"] == "claimwire"]) == MEASURES
    assert [one["kind"] for one in done if one["by"] == "pyx12"] == [
        "837P", "837P", "837I", "837I", "835"
    ]  # fmt: skip
    left = {one["by"]: one["left_out"] for one in told["measures"] if one["left_out"]}
    missing = "not installed: `make peers`"
    assert left == {
        "node_x12": "node is missing", "openx12": missing, "oxedi": missing, "x12sdk": missing
    }  # fmt: skip
    assert len(told["targets"]) == TARGETS
    assert {target["reached"] is None for target in told["targets"] if "pyx12" in target["name"]} == {False}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_the_benchmark_is_clean_varied_and_the_same_for_the_same_seed(kind: str) -> None:
    text = make_file(kind, 150)
    assert check_file(text, edits=True).all_findings == ()
    assert make_file(kind, 150) == text
    assert make_file(kind, 150, seed=1) != text
    assert measure_variety(text) > 0.5
    assert count_segments(text) > 150 * 12


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_the_benchmark_has_more_than_plain_claims(kind: str) -> None:
    text = make_file(kind, 150)
    marks = {
        "837P": (b"PAT*19", b"SVD*", b"SBR*S", b"NTE*ADD", b"REF*G1", b"NM1*DN"),
        "837I": (b"PAT*19", b"DTP*435", b"CL1*", b"HI*APR", b"HI*BBR", b"HI*BE:80"),
        "835": (b"PLB*", b"*22*", b"CAS*OA*23", b"LQ*HE", b"*4*"),
    }
    assert [mark for mark in marks[kind] if mark not in text] == []


def test_the_locks_of_the_peers_pin_by_hash_and_name_no_place() -> None:
    locks = sorted([*PEERS.glob("*/requirements.lock"), *PEERS.glob("*/package-lock.json")])
    engines = ["node_x12", "openx12", "oxedi", "pyx12", "x12sdk"]
    assert {lock.parent.name for lock in locks} == {*engines, "dbos", "procrastinate"}
    for lock in locks:
        text = lock.read_text()
        assert re.search(r"sha256:|sha512-", text), lock
        assert re.findall(r"https?://|file:|--index|--find-links", text) == []
        assert find_version(lock.parent.name)


@pytest.mark.parametrize("kind", KINDS)
def test_an_endless_file_has_one_fault_and_no_claim_twice_and_its_stream_tells_what_a_check_tells(
    kind: str,
) -> None:
    file = EndlessFile(kind, 60_000, claims=8)
    text = b"".join(file)
    assert (len(text) > 60_000, file.uses > BLOCKS) == (True, True)
    report = check_file(text)
    wanted = {"835": {"remittance.service_unbalanced", "remittance.lines_unbalanced"}}
    codes = {finding.code for finding in report.all_findings}
    assert codes == wanted.get(kind, {"claim.charges_unbalanced"})
    assert stream_all(file) == (file.claims, judge(report.all_findings))
    claims = re.findall(rb"^CL[MP]\*[^~]+", text, re.MULTILINE)
    assert len(set(claims)) == len(claims) == file.claims


@pytest.mark.slow
def test_the_gateway_s_benchmark_takes_every_claim_and_puts_its_tables_on_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    parts = "".join(
        f"<!-- {part} -->\nold\n<!-- end of {part} -->\nkept\n" for part in ("intake", "events", "jobs")
    )
    page.write_text(parts)
    sizes = ("--claims", "40", "--rounds", "1", "--events", "2000", "--store", "sqlite")
    ran = run_module("tests.bench.gateway", "--only", "intake", "--only", "events", *sizes, "--page", page)
    assert ran.status == 0, ran.err
    told = page.read_text()
    assert [told.count(word) for word in ("old", "kept")] == [1, 3]
    assert re.search(r"\| \*\*gateway\*\* \| SQLite \| [\d,]+ \|", told), told
    assert re.search(r"\| SQLite \| [\d.]+ \| [\d.]+ \| [\d.]+ \|", told), told
    assert "durable intake, SQLite: of the lower ceiling" in told


def test_the_peers_of_the_queue_have_locks_that_pin_them() -> None:
    assert [bool(re.fullmatch(r"\d+\.\d+[\d.]*", find_version(who))) for who in RIVALS] == [True, True]
