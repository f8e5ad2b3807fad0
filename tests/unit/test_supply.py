"""What the bill of materials and the comparison with known vulnerabilities say."""

from __future__ import annotations

import json
from pathlib import Path

from scripts.audit import judge
from scripts.bill_of_materials import read_pins, write_bill

ROOT = Path(__file__).resolve().parents[2]


def write() -> str:
    return write_bill((ROOT / "requirements.lock").read_text(), (ROOT / "pyproject.toml").read_text())


def test_the_bill_is_the_same_every_time_and_holds_every_pinned_package_with_its_digests() -> None:
    bill = json.loads(write())
    assert write() == write()
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert "timestamp" not in bill["metadata"]
    pins = list(read_pins((ROOT / "requirements.lock").read_text()))
    assert len(pins) > 20
    assert {(it["name"], it["version"]) for it in bill["components"]} == {pin[:2] for pin in pins}
    assert all(it["hashes"] for it in bill["components"])


def test_the_bill_tells_the_licence_of_what_is_installed() -> None:
    licences = {it["name"]: it.get("licenses") for it in json.loads(write())["components"]}
    assert [name for name in ("aiohttp", "cryptography", "paramiko", "msgspec") if not licences[name]] == []


def test_a_known_vulnerability_is_told_and_fails() -> None:
    vulnerable = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
    answer = {"dependencies": [{"name": "a", "version": "1.0", "vulns": [vulnerable]}]}
    lines, failed = judge("x.lock", answer)
    assert failed
    assert lines[0] == "x.lock: a 1.0: PYSEC-1, mended in 2.0"


def test_what_could_not_be_compared_is_not_called_clean() -> None:
    assert judge("x.lock", None) == (
        ["x.lock: not compared, since the package index cannot be asked."],
        False,
    )
    lines, failed = judge("x.lock", {"dependencies": [{"name": "a", "skip_reason": "not found"}]})
    assert not failed
    assert lines[0].startswith("x.lock: 0 of 1 packages compared")
    assert "ask pypi.org" in lines[1]
