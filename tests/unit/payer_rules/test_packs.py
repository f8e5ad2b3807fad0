"""Rule files: what is told of a wrong one, and that every shipped rule does what its examples say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edi.acks.verdicts import judge_finding
from edi.claims import check_claim
from edi.edits.basis import Basis, default_basis
from edi.edits.tables import load_shipped
from edi.findings import Severity
from edi.payer_rules.book import RuleBook
from edi.payer_rules.examples import merge, try_examples
from edi.payer_rules.faults import PackInvalid
from edi.payer_rules.pack import Pack, load_pack

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = {
    "professional": "837P/paid_in_full",
    "institutional": "837I/inpatient_stay",
    "dental": "837D/restoration",
}
SHIPPED = sorted((ROOT / "schemas" / "payers").glob("*.yaml"))
BASIS = Basis(load_shipped(), date(2026, 11, 24))
RULE = """
pack: own
title: Our own rules
define:
  lines: claimInformation.serviceLines
rules:
  - id: own.no_zero_charge
    version: 3
    when: claimInformation.claimChargeAmount <= 0
    message: A claim bills something.
    remedy: Give the charge.
    pointer: /claimInformation/claimChargeAmount
    x12: 2300 CLM02
    status: "A7:178"
    examples:
      failing: [{claimInformation: {claimChargeAmount: "0"}}]
      passing: [{}]
"""


def read_sample(name: str) -> Mapping[str, Any]:
    found = ROOT / "samples" / SAMPLES.get(name, name) / "claim.json"
    return dict(json.loads(found.read_text(encoding="utf-8"), parse_float=Decimal))


def load(path: Path) -> Pack:
    return load_pack(path.name, path.read_text(encoding="utf-8"))


def faults_of(text: str) -> list[str]:
    with pytest.raises(PackInvalid) as caught:
        load_pack("own.yaml", text)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_every_shipped_rule_speaks_and_is_silent_as_its_examples_say(path: Path) -> None:
    pack = load(path)
    assert pack.name == path.stem
    assert pack.about
    for rule in pack.rules:
        tried = list(try_examples(rule, read_sample, BASIS))
        assert [one for one in tried if not one.holds] == []
        assert {one.expected for one in tried} == {True, False}, f"{rule.written.id} lacks an example"
        assert rule.written.id.startswith(f"{pack.name}.")
        assert rule.written.cites, f"{rule.written.id} says no source"


def test_no_two_shipped_rules_have_one_id() -> None:
    ids = [rule.written.id for path in SHIPPED for rule in load(path).rules]
    assert sorted(ids) == sorted(set(ids))


def test_a_rule_becomes_a_finding_with_its_own_words_place_and_status() -> None:
    claim = merge(read_sample("professional"), {"claimInformation": {"claimChargeAmount": "0"}})
    book = RuleBook([load_pack("own.yaml", RULE)])
    found = next(one for one in check_claim(claim, rules=book).findings if one.code.startswith("payer."))
    assert found.code == "payer.own.no_zero_charge"
    assert found.rule == "own.no_zero_charge v3"
    assert (found.pointer, found.message) == (
        "/claimInformation/claimChargeAmount",
        "A claim bills something.",
    )
    assert found.x12 is not None
    assert (found.x12.loop, found.x12.segment, found.x12.element) == ("2300", "CLM", 2)
    assert found.severity is Severity.ERROR
    status = judge_finding(found)
    assert (status.category, status.status) == ("A7", "178")


def test_a_clean_claim_meets_a_rule_without_a_word() -> None:
    book = RuleBook([load_pack("own.yaml", RULE)])
    assert check_claim(read_sample("professional"), rules=book).findings == ()


def test_a_rule_over_lines_points_at_each_line_that_breaks_it() -> None:
    text = RULE.replace(
        "    when: claimInformation.claimChargeAmount <= 0",
        """    each: claimInformation.serviceLines
    when: line.serviceDate < date("2030-01-01") && size(lines) > 1""",
    ).replace("pointer: /claimInformation/claimChargeAmount", "pointer: line/serviceDate")
    claim = dict(read_sample("professional"))
    information = dict(claim["claimInformation"])
    information["serviceLines"] = [
        information["serviceLines"][0],
        {"serviceDate": "20310101"},
        {"serviceDate": "20260102"},
    ]
    claim["claimInformation"] = information
    found = RuleBook([load_pack("own.yaml", text)]).judge(claim, "005010X222A1", BASIS)
    assert [one.pointer for one in found] == [
        "/claimInformation/serviceLines/0/serviceDate",
        "/claimInformation/serviceLines/2/serviceDate",
    ]


@pytest.mark.parametrize(
    ("line", "applies"),
    [
        ("payers: [OTHER]", False),
        ('payers: ["*"]', True),
        ("payers: [OTHER, CWP01]", True),
        ("filing: [MB]", False),
        ("filing: [MB, CI]", True),
        ("effective_from: 2030-01-01", False),
        ("effective_to: 2020-01-01", False),
        ("effective_from: 2020-01-01", True),
        ("claim_types: [dental]", False),
        ("claim_types: [dental, professional]", True),
    ],
)
def test_a_rule_is_for_its_payers_filing_days_and_claim_types(line: str, applies: bool) -> None:
    text = RULE.replace("version: 3", f"version: 3\n    {line}")
    claim = merge(read_sample("professional"), {"claimInformation": {"claimChargeAmount": "0"}})
    found = RuleBook([load_pack("own.yaml", text)]).judge(claim, "005010X222A1", default_basis())
    assert bool(found) is applies


WRONG = {
    "severity: fatale": ("version: 3", "version: 3\n    severity: fatale", "line 9", "Invalid enum value"),
    "an unknown key": ("version: 3", "version: 3\n    remdy: x", "line 9", "did you mean remedy?"),
    "an unknown field": (
        "claimChargeAmount <= 0",
        "claimChargAmount <= 0",
        "line 9, column 28",
        "did you mean claimCh",
    ),
    "an unknown field to point at": (
        "/claimChargeAmount",
        "/claimChargeAmout",
        "line 12",
        "did you mean claimChargeAm",
    ),
    "a place no guide has": (
        "2300 CLM02",
        "2310 CLM02",
        "line 13",
        "has CLM in loop 2310",
    ),
    "an odd place": ("2300 CLM02", "CLM02", "line 13", "an X12 place is"),
    "an odd status": ('"A7:178"', "bad", "line 14", "a status is"),
    "an odd id": ("id: own.no_zero_charge", "id: Own", "line 7", "small letters"),
    "a claim type that is none": (
        "version: 3",
        "version: 3\n    claim_types: [vision]",
        "line 9",
        "no claim type",
    ),
    "an end before its beginning": (
        "version: 3",
        "version: 3\n    effective_from: 2026-02-01\n    effective_to: 2026-01-01",
        "line 10",
        "ends before it begins",
    ),
    "a version in words": ("version: 3", "version: three", "line 8", "Expected `int`"),
    "no message": (
        "    message: A claim bills something.\n",
        "",
        "line 7",
        "required field `message`",
    ),
    "a definition in a circle": ("lines: claimInformation.serviceLines", "lines: lines", "line 9", "circle"),
    "a broken definition": ("lines: claimInformation.serviceLines", "lines: (1", "line 5", "not complete"),
    "an alias": ("title: Our own rules", "title: &a Our\nabout: *a", "line 4", "aliases"),
    "no YAML": ("pack: own", "pack: [own", "line", ""),
    "a list over no list": ("version: 3", "version: 3\n    each: subscriber", "line 9", "runs over a list"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_rule_file_is_refused_with_line_and_column(case: str) -> None:
    old, new, place, words = WRONG[case]
    assert old in RULE
    text = RULE.replace(old, new, 1)
    if case == "a definition in a circle":
        text = text.replace("claimInformation.claimChargeAmount <= 0", "lines")
    told = faults_of(text)
    assert any(place in one and words in one for one in told), told


def test_all_faults_of_a_file_are_told_at_once() -> None:
    text = RULE.replace("version: 3", "version: x") + RULE.partition("rules:")[2].replace(
        "2300 CLM02", "nowhere"
    )
    assert len(faults_of(text)) == 2


def test_two_rules_of_one_id_are_refused() -> None:
    assert any("two rules have this id" in one for one in faults_of(RULE + RULE.partition("rules:")[2]))


def test_a_file_of_another_kind_is_refused() -> None:
    assert faults_of("- a\n- b\n") == ["line 1, column 1: a rule file is a mapping with `pack` and `rules`"]
    assert faults_of("\x00\x01") != []
    assert faults_of("") != []


def test_a_fault_in_a_block_of_text_is_told_by_its_own_line() -> None:
    text = RULE.replace(
        "when: claimInformation.claimChargeAmount <= 0", "when: |\n      true &&\n        claimInfo.x"
    )
    assert any(one.startswith("line 11, column 9: ") for one in faults_of(text)), faults_of(text)


def test_a_rule_that_walks_too_far_is_a_warning_and_stops_no_claim() -> None:
    text = RULE.replace(
        "claimInformation.claimChargeAmount <= 0",
        "lines.all(a, lines.all(b, lines.all(c, a.serviceDate == c.serviceDate)))",
    )
    claim = dict(read_sample("professional"))
    information = dict(claim["claimInformation"])
    information["serviceLines"] = information["serviceLines"][:1] * 50
    claim["claimInformation"] = information
    found = RuleBook([load_pack("own.yaml", text)]).judge(claim, "005010X222A1", BASIS)
    assert [(one.code, one.stops) for one in found] == [("payer.rule_too_costly", False)]
