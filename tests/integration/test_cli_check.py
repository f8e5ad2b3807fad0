"""`claimwire check` as a person runs it: exit status, text, JSON, acknowledgments."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli import PAID, REFUSED, SAMPLES, claimwire

HALF = 700


def test_a_sound_claim_and_a_sound_file_are_accepted_with_status_0() -> None:
    ran = claimwire("check", PAID / "claim.json", PAID / "claim.x12", PAID / "remit.x12", PAID / "status.x12")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.count("accepted, no findings") == 4
    assert "claim.x12 (005010X222A1)" in ran.out


def test_every_finding_of_a_refused_claim_is_told_with_place_sentence_and_remedy() -> None:
    ran = claimwire("check", REFUSED / "claim.json")
    assert ran.status == 1
    assert "refused, 4 errors, 1 warning" in ran.out
    assert "  error    /billing/npi\n" in ran.out
    assert "its check digit does not fit. [provider.npi_invalid]\n" in ran.out
    assert "→ Look the NPI up in NPPES and correct it.\n" in ran.out


def test_the_worst_of_several_files_decides_the_status() -> None:
    ran = claimwire("check", PAID / "claim.x12", REFUSED / "claim.json")
    assert ran.status == 1
    assert ran.out.index("accepted") < ran.out.index("refused")


def test_json_holds_the_same_findings_without_the_values() -> None:
    ran = claimwire("check", "--json", REFUSED / "claim.json")
    (checked,) = ran.json
    assert (ran.status, checked["verdict"], checked["accepted"]) == (1, "refused", False)
    assert {"code": "provider.npi_invalid", "pointer": "/billing/npi"}.items() <= checked["findings"][
        0
    ].items()
    assert all("value" not in finding for finding in checked["findings"])


def test_values_are_shown_only_where_they_are_asked_for() -> None:
    (checked,) = claimwire("check", "--json", "--show-values", REFUSED / "claim.json").json
    assert any("value" in finding for finding in checked["findings"])


def test_standard_input_is_read_for_a_hyphen() -> None:
    ran = claimwire("check", "-", stdin=(PAID / "claim.x12").read_bytes())
    assert (ran.status, ran.out) == (0, "- (005010X222A1): accepted, no findings\n")


def test_strict_refuses_what_is_otherwise_forgiven() -> None:
    marked = b"\xef\xbb\xbf" + (PAID / "claim.x12").read_bytes()
    assert claimwire("check", "-", stdin=marked).status == 0
    assert claimwire("check", "--strict", "-", stdin=marked).status == 1


@pytest.mark.parametrize("kind", ["999", "824", "277ca"])
@pytest.mark.parametrize("case", ["paid_in_full", "dependent_child"])
def test_our_own_acknowledgment_reads_back_clean(kind: str, case: str) -> None:
    answer = claimwire("check", SAMPLES / case / "claim.x12", "--ack", kind)
    assert answer.status == 0
    again = claimwire("check", "--strict", "-", stdin=answer.out.encode())
    assert (again.status, again.out.splitlines()[1:]) == (0, [])


def test_half_a_file_is_rejected_in_its_999_and_the_999_reads_back_clean() -> None:
    half = (PAID / "claim.x12").read_bytes()[:HALF]
    answer = claimwire("check", "-", "--ack", "999", stdin=half)
    assert answer.status == 1
    assert "\nIK5*R*" in answer.out
    assert "\nAK9*R*" in answer.out
    assert claimwire("check", "-", stdin=answer.out.encode()).status == 0


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (bytes(range(256)) * 9, "file.not_x12"),
        ((PAID / "claim.json").read_bytes()[:300], "json.unreadable"),
        (b"[1, 2]", "json.not_documents"),
        (b"[]", "json.not_documents"),
        (b"%PDF-1.7 a scanned claim", "file.not_x12"),
    ],
    ids=["empty", "binary junk", "half a JSON", "array of numbers", "empty array", "a PDF"],
)
def test_what_cannot_be_read_ends_with_status_2_and_says_why(
    content: bytes, code: str, tmp_path: Path
) -> None:
    place = tmp_path / "input"
    place.write_bytes(content)
    ran = claimwire("check", place)
    assert (ran.status, ran.err) == (2, "")
    assert "unreadable, 1 fatal" in ran.out
    assert f"[{code}]" in ran.out


def test_half_a_file_is_refused_with_the_faults_of_its_end() -> None:
    ran = claimwire("check", "-", stdin=(PAID / "claim.x12").read_bytes()[:HALF])
    assert ran.status == 1
    assert "[interchange.trailer_missing]" in ran.out or "trailer" in ran.out


@pytest.mark.parametrize("command", ["check", "json", "x12", "explain"])
def test_a_missing_file_and_a_folder_are_told_in_one_line(command: str, tmp_path: Path) -> None:
    missing = claimwire(command, tmp_path / "nowhere.x12")
    assert (missing.status, missing.out) == (2, "")
    assert missing.err == f"claimwire: {tmp_path}/nowhere.x12: No such file or directory\n"
    folder = claimwire(command, tmp_path)
    assert (folder.status, folder.err) == (2, f"claimwire: {tmp_path}: Is a directory\n")


def test_an_unknown_acknowledgment_is_refused_before_anything_is_read() -> None:
    ran = claimwire("check", "nowhere", "--ack", "997")
    assert (ran.status, ran.err) == (2, "claimwire: --ack is 999, 824 or 277ca\n")


def test_a_json_claim_has_no_acknowledgment() -> None:
    ran = claimwire("check", PAID / "claim.json", "--ack", "999")
    assert ran.status == 2
    assert "only a readable X12 file can be acknowledged" in ran.err


def test_an_output_file_gets_the_text_and_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    assert claimwire("check", REFUSED / "claim.json", "-o", tmp_path / "report.txt").status == 1
    assert "[provider.npi_invalid]" in (tmp_path / "report.txt").read_text()
    ran = claimwire("check", PAID / "claim.x12", "-o", tmp_path / "no" / "folder.txt")
    assert (ran.status, ran.err) == (2, f"claimwire: {tmp_path}/no/folder.txt: No such file or directory\n")


def test_a_fault_of_ours_is_told_without_a_traceback(tmp_path: Path) -> None:
    broken = tmp_path / "sitecustomize.py"
    broken.write_text(
        "import edi.files\ndef check_file(*given, **named): raise RuntimeError('MARLOWE')\n"
        "edi.files.check_file = check_file\n"
    )
    ran = claimwire("check", PAID / "claim.x12", PYTHONPATH=f"{tmp_path}:{Path(__file__).parents[2]}")
    assert ran.status == 2
    assert ran.err.startswith(
        "claimwire: this is a fault of claimwire, not of the file: RuntimeError in check_file"
    )
    assert "MARLOWE" not in ran.err
    assert "Traceback" not in ran.err


def test_a_number_that_cannot_exist_is_found_in_x12_as_in_json_and_the_999_leaves_it_to_the_277ca() -> None:
    wrong = (PAID / "claim.x12").read_bytes().replace(b"*XX*1999901014~", b"*XX*1999901015~")
    checked = claimwire("check", "-", stdin=wrong)
    assert (checked.status, "[provider.npi_invalid]" in checked.out) == (1, True)
    assert "\nIK5*A~" in claimwire("check", "-", "--ack", "999", stdin=wrong).out
    assert "*U*" in claimwire("check", "-", "--ack", "277ca", stdin=wrong).out
