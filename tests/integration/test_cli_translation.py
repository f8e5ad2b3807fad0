"""`claimwire json`, `x12` and `explain` on the project's samples: nothing is lost, everything is named."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edi.files import check_file
from edi.inspection import inspect
from edi.translation import make_envelope, write_json, write_x12
from edi.tree import Loop
from tests.cli import PAID, REFUSED, SAMPLES, body_of, claimwire, run_module

FILES = sorted(SAMPLES.glob("*/*.x12"))
CREATED = datetime(2026, 11, 24, tzinfo=UTC)
EXPLAINED = ["claim.x12", "remit.x12", "ack.x12", "status.x12"]


def test_there_are_samples_of_every_kind() -> None:
    assert {place.name for place in FILES} >= set(EXPLAINED)


@pytest.mark.parametrize("name", EXPLAINED)
def test_x12_becomes_json_and_the_same_x12_and_the_same_json(name: str, tmp_path: Path) -> None:
    original = (PAID / name).read_text()
    first = claimwire("json", PAID / name)
    assert (first.status, first.err) == (0, "")
    (tmp_path / "document.json").write_text(first.out)
    envelope = original.splitlines()[0].split("*")
    ids = ["--sender", envelope[6].strip(), "--receiver", envelope[8].strip()]
    number = ["--control-number", str(int(envelope[13]))]
    written = claimwire("x12", tmp_path / "document.json", *ids, *number)
    assert (written.status, written.err) == (0, "")
    assert without_clock(body_of(written.out)) == without_clock(body_of(original))
    again = claimwire("json", "-", stdin=written.out.encode())
    assert without_meta(again.json) == without_meta(first.json)


def without_meta(documents: Any) -> list[Any]:
    """The documents without what their envelopes said: an acknowledgment file may hold several."""
    listed = documents if isinstance(documents, list) else [documents]
    return [{name: value for name, value in one.items() if name != "meta"} for one in listed]


def without_clock(segments: list[str]) -> list[str]:
    """Segments without date and time of BHT: JSON does not hold the moment of sending."""
    return [
        "*".join(part for number, part in enumerate(line.split("*")) if number not in (4, 5))
        if line.startswith("BHT*")
        else line
        for line in segments
    ]


def test_one_file_written_from_json_equals_the_claim_that_was_posted() -> None:
    posted = json.loads((PAID / "claim.json").read_text())
    written = claimwire("x12", PAID / "claim.json")
    again = claimwire("json", "-", stdin=written.out.encode()).json
    assert again["claimInformation"]["claimChargeAmount"] == posted["claimInformation"]["claimChargeAmount"]
    assert again["subscriber"]["memberId"] == posted["subscriber"]["memberId"]


def test_an_array_of_claims_becomes_one_interchange(tmp_path: Path) -> None:
    cases = ["paid_in_full", "patient_responsibility"]
    claims = [json.loads((SAMPLES / case / "claim.json").read_text()) for case in cases]
    (tmp_path / "claims.json").write_text(json.dumps(claims))
    written = claimwire("x12", tmp_path / "claims.json", "-o", tmp_path / "claims.x12", "--production")
    assert (written.status, written.out) == (0, "")
    text = (tmp_path / "claims.x12").read_text()
    assert (text.count("\nCLM*"), text.count("ISA*")) == (2, 1)
    assert "*P*:~" in text.splitlines()[0]


def test_a_faulty_claim_is_written_with_its_findings_and_not_at_all_when_strict() -> None:
    written = claimwire("x12", REFUSED / "claim.json")
    assert written.status == 1
    assert written.out.startswith("ISA*")
    assert "[provider.npi_invalid]" in written.err
    strict = claimwire("x12", REFUSED / "claim.json", "--strict")
    assert (strict.status, strict.out) == (1, "")


def test_a_report_that_our_own_reader_would_refuse_is_told() -> None:
    ran = claimwire("x12", "-", stdin=b'{"transactions": [{"financialInformation": {}}]}')
    assert ran.status == 1
    assert "[element.missing]" in ran.err


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{}", "neither claimInformation nor the transactions of a known report"),
        (b'[{"claimInformation": {}}, {"transactions": [{"payers": []}]}]', "documents of one kind"),
        (b"ISA*00*", "is not JSON; x12 takes JSON claims or reports"),
        (b"", "is not JSON"),
        (b'{"a": 1', "[json.unreadable]"),
    ],
    ids=["no kind", "two kinds", "X12", "empty", "half"],
)
def test_json_that_is_no_document_of_ours_is_refused_in_one_line(content: bytes, reason: str) -> None:
    ran = claimwire("x12", "-", stdin=content)
    assert (ran.status, ran.out) == (2, "")
    assert reason in ran.err
    assert len(ran.err.splitlines()) == 1


def test_json_given_where_x12_is_wanted_is_told() -> None:
    ran = claimwire("json", PAID / "claim.json")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.endswith("claim.json: is JSON; this command takes X12 files\n")


@pytest.mark.parametrize("name", EXPLAINED)
def test_explain_names_every_loop_and_segment_of_the_file(name: str) -> None:
    ran = claimwire("explain", PAID / name)
    assert ran.status == 0
    for report in check_file((PAID / name).read_bytes()).sets:
        assert report.tree is not None
        for loop in loops_of(report.tree):
            assert f" {loop.use.id} {loop.use.name}" in ran.out
            for segment in loop.segments():
                assert segment.use is not None
                assert f" {segment.id} {segment.use.name} ({segment.ordinal})\n" in ran.out


def loops_of(tree: Loop) -> list[Loop]:
    found = [inner for loop in tree.loops() for inner in [loop, *loops_of(loop)]]
    return [loop for loop in found if not loop.use.wrapper]


def test_explain_says_what_codes_mean() -> None:
    remit = claimwire("explain", PAID / "remit.x12").out
    assert "CLP02 Claim Status Code: 1 (processed as primary payer)" in remit
    assert "NM101 Entity Identifier Code: QC (patient)" in remit
    answer = claimwire("explain", SAMPLES / "rejected_by_payer" / "status.x12").out
    assert "STC01-1 Health Care Claim Status Category Code: A7 (" in answer


def test_explain_shows_findings_below_the_segment_they_are_about() -> None:
    wrong = (PAID / "claim.x12").read_bytes().replace(b"*OR*974010018~", b"*QQ*974010018~")
    ran = claimwire("explain", "-", stdin=wrong)
    lines = ran.out.splitlines()
    at = next(number for number, line in enumerate(lines) if ": QQ" in line)
    assert ran.status == 1
    assert any(line.strip().startswith("⚑ error:") for line in lines[at + 1 : at + 3])


def test_a_terminal_of_any_width_gets_whole_lines() -> None:
    for width in ("40", "80", "140"):
        ran = claimwire(
            "check", REFUSED / "claim.json", FORCE_COLOR="1", TTY_COMPATIBLE="1", COLUMNS=width, NO_COLOR="1"
        )
        assert max(map(len, plain(ran.out).splitlines())) <= int(width)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_every_sample_translates_both_ways_within_one_process() -> None:
    for place in FILES:
        report = check_file(place.read_bytes())
        documents = write_json(report)
        envelope = report.interchanges[0].header
        number = int(envelope.control_number)
        made = make_envelope(envelope.sender, envelope.receiver, number, CREATED, usage="T")
        if len(report.interchanges) == 1:
            assert write_json(check_file(write_x12(documents, made))) == documents, place.parent.name


@pytest.mark.parametrize("kind", ["270", "271", "276", "277", "820", "834", "837D", "837I"])
def test_other_guides_translate_both_ways_and_their_json_is_checked_by_its_own_guide(kind: str) -> None:
    for place in sorted((SAMPLES.parent / kind).glob("*/*.x12")):
        report = check_file(place.read_bytes())
        documents = write_json(report)
        checked = inspect(place.name, json.dumps(documents).encode())
        assert (checked.stops, checked.unreadable) == (any(f.stops for f in report.all_findings), False)
        envelope = report.interchanges[0].header
        made = make_envelope(
            envelope.sender, envelope.receiver, int(envelope.control_number), CREATED, usage="T"
        )
        written = write_x12(documents, made).decode()
        assert without_clock(body_of(written)) == without_clock(body_of(place.read_text())), place.parent.name


def test_json_that_does_not_say_its_guide_is_told_by_the_option() -> None:
    inquiry = SAMPLES.parent / "270" / "subscriber_general_benefits" / "document.json"
    checked = claimwire("check", inquiry, "--guide", "005010X279A1-270")
    assert checked.out.endswith("document.json (JSON of 005010X279A1-270): accepted, no findings\n")
    assert claimwire("check", inquiry, "--guide", "270").out == checked.out
    unknown = claimwire("check", inquiry, "--guide", "27O")
    assert (unknown.status, "--guide: there is no guide 27O; did you mean " in unknown.err) == (2, True)


@pytest.mark.parametrize("module", ["gateway.cli", "edi"])
def test_a_whole_file_becomes_json_and_the_same_bytes(module: str, tmp_path: Path) -> None:
    original = (PAID / "remit.x12").read_bytes().replace(b"\n", b"\r\n").replace(b"*", b"|")
    described = run_module(module, "json", "--whole", "-", stdin=original)
    assert described.status == 0
    (tmp_path / "whole.json").write_text(described.out)
    written = run_module(module, "x12", tmp_path / "whole.json")
    assert (written.status, written.err) == (0, "")
    assert written.out.encode() == original
