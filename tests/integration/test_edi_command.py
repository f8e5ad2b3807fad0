"""`python -m edi`: the engine alone, on a machine that has nothing of the gateway."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli import PAID, REFUSED, ROOT, SAMPLES, Ran, body_of, run_module

ABSENT = ("aiohttp", "alembic", "gateway", "adapters", "paramiko", "rich", "sqlalchemy", "typer")
ALONE = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({ABSENT!r}))
sys.argv[0] = "edi"
runpy.run_module("edi", run_name="__main__")
"""


def edi(*arguments: str | Path, stdin: bytes = b"") -> Ran:
    return run_module("edi", *arguments, stdin=stdin)


def test_the_engine_runs_where_nothing_of_the_gateway_is_installed() -> None:
    command = [sys.executable, "-c", ALONE, "check", str(PAID / "claim.x12")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "accepted, no findings" in done.stdout


def test_check_has_the_same_verdict_and_status_as_the_gateways_command() -> None:
    assert edi("check", PAID / "claim.json", PAID / "claim.x12").status == 0
    refused = edi("check", REFUSED / "claim.json")
    assert (refused.status, "[provider.npi_invalid]" in refused.out) == (1, True)
    assert edi("check", "--json", REFUSED / "claim.json").json[0]["verdict"] == "refused"
    assert edi("check", "-", stdin=b"").status == 2


@pytest.mark.parametrize("name", ["claim.x12", "remit.x12", "status.x12"])
def test_json_and_x12_lead_back_to_the_same_segments(name: str) -> None:
    document = edi("json", SAMPLES / "contractual_adjustment" / name)
    assert document.status == 0
    again = edi("x12", "-", stdin=document.out.encode())
    assert (again.status, again.err) == (0, "")
    back = edi("json", "-", stdin=again.out.encode())
    assert without_meta(back.json) == without_meta(document.json)
    assert body_of(again.out)[-1] == body_of((SAMPLES / "contractual_adjustment" / name).read_text())[-1]


def without_meta(document: object) -> str:
    return json.dumps({name: value for name, value in dict(document).items() if name != "meta"})  # type: ignore[call-overload]


def test_show_names_the_loops_and_what_codes_mean() -> None:
    shown = edi("show", PAID / "remit.x12")
    assert shown.status == 0
    assert "2100 Claim Payment Information" in shown.out
    assert "CLP02 Claim Status Code: 1 (processed as primary payer)" in shown.out


@pytest.mark.parametrize("kind", ["999", "824", "277ca"])
def test_ack_writes_an_acknowledgment_that_reads_back_clean(kind: str) -> None:
    answer = edi("ack", PAID / "claim.x12", "--kind", kind)
    assert answer.status == 0
    assert edi("check", "--strict", "-", stdin=answer.out.encode()).status == 0


def test_what_cannot_be_used_is_told_in_one_line() -> None:
    for arguments, reason in (
        (("check", "nowhere.x12"), "edi: nowhere.x12: No such file or directory"),
        (("json", PAID / "claim.json"), "is JSON; this command takes X12 files"),
        (("x12", PAID / "claim.x12"), "is not JSON; x12 takes JSON claims or reports"),
    ):
        ran = edi(*arguments)
        assert (ran.status, ran.out, len(ran.err.splitlines())) == (2, "", 1)
        assert reason in ran.err


def test_an_institutional_claim_is_checked_by_its_own_guide() -> None:
    claim = ROOT / "samples" / "837I" / "inpatient_stay" / "claim.json"
    assert edi("check", claim).status == 0
    written = edi("x12", claim)
    assert "*005010X223A2~" in written.out
    assert edi("check", "-", stdin=written.out.encode()).out == "- (005010X223A2): accepted, no findings\n"
