"""The expressions of payer rules: what they mean, what absence does, and what is refused where."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edi.claim_forms import PROFESSIONAL
from edi.edits.basis import Basis
from edi.edits.tables import load_shipped
from edi.payer_rules.conditions import compile_condition
from edi.payer_rules.faults import ExpressionInvalid
from edi.payer_rules.kinds import claim_type
from edi.payer_rules.parsing import parse_expression
from edi.payer_rules.values import STEPS, Ground, TooCostly

ROOT = Path(__file__).resolve().parents[3]
LINES = "claimInformation.serviceLines"


@pytest.fixture
def claim() -> dict[str, Any]:
    sample = ROOT / "samples" / "837P" / "paid_in_full" / "claim.json"
    return dict(json.loads(sample.read_text(encoding="utf-8"), parse_float=Decimal))


def judge(text: str, claim: dict[str, Any], **definitions: str) -> bool:
    known = {name: parse_expression(body) for name, body in definitions.items()}
    ground = Ground(Basis(load_shipped(), date(2026, 11, 24)))
    found = compile_condition(text, claim_type(PROFESSIONAL), known)(claim, ground)
    assert isinstance(found, bool)
    return found


def refusal(text: str, **definitions: str) -> str:
    with pytest.raises(ExpressionInvalid) as caught:
        judge(text, {}, **definitions)
    return str(caught.value)


TRUE = [
    'claimInformation.claimFilingCode == "CI"',
    'claimInformation.claimFilingCode in ["MB", "CI"]',
    'claimInformation.claimFilingCode != "MB" && !(claimInformation.claimFilingCode == "MB")',
    "claimInformation.claimChargeAmount > 100 && claimInformation.claimChargeAmount < 1000.50",
    f"sum({LINES}.map(l, l.professionalService.lineItemChargeAmount)) == claimInformation.claimChargeAmount",
    f'{LINES}.exists(l, l.professionalService.procedureCode.startsWith("99"))',
    f"{LINES}.all(l, l.serviceDate >= date('2020-01-01'))",
    f'{LINES}.exists_one(l, l.professionalService.procedureCode == "99213")',
    f"size({LINES}) == {LINES}.size() && {LINES}.size() >= 1",
    f"size({LINES}.filter(l, l.professionalService.lineItemChargeAmount < 0)) == 0",
    "years(subscriber.dateOfBirth, received) > 18",
    f"days({LINES}[0].serviceDate, received) >= 0",
    'table("icd10cm", claimInformation.healthCareCodeInformation[0].diagnosisCode, received)',
    'billing.npi.matches(r"^[0-9]{10}$") && billing.npi.size() == 10',
    'subscriber.lastName.upperAscii().contains("A") || true',
    "has(billing.npi) && has(claimInformation) && !has(dependent) && !has(referring.npi)",
    '(has(dependent) ? "child" : "self") == "self"',
    '"a" + "b" == "ab" && "abc".substring(1) == "bc" && "abc".substring(0, 1) == "a"',
    "1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && -1 < 0 && 7 / 2 == 3.5",
    "0.1 + 0.2 == 0.3",
    'number("12.50") == 12.5 && whole(12.0) && !whole(12.5)',
    'unique(["a", "b"]) && !unique(["a", "a"])',
]


@pytest.mark.parametrize("text", TRUE)
def test_an_expression_is_true_of_the_sample_claim(text: str, claim: dict[str, Any]) -> None:
    assert judge(text, claim)
    assert not judge(f"!({text})", claim)


ABSENT = [
    'referring.npi == "1"',
    'referring.npi != "1"',
    'referring.npi.matches("x")',
    "supervising.npi.size() > 0",
    "number(subscriber.lastName) > 0",
    "1 / 0 == 1",
    'claimInformation.serviceLines[7].serviceDate > date("2020-01-01")',
    'table("icd10cm", referring.npi, received)',
    '"abc".substring(9) == ""',
]


@pytest.mark.parametrize("text", ABSENT)
def test_what_is_absent_makes_nothing_true_and_nothing_false(text: str, claim: dict[str, Any]) -> None:
    assert not judge(text, claim)
    assert not judge(f"!({text})", claim)
    assert not judge(f"({text}) && true", claim)
    assert not judge(f"!(({text}) && true) && true", claim)
    assert judge(f"({text}) || true", claim)
    assert judge(f"!(({text}) && false)", claim)


@pytest.mark.parametrize("text", TRUE)
def test_no_claim_however_wrong_its_types_makes_an_expression_raise(text: str, claim: dict[str, Any]) -> None:
    for wrong in (None, [], {}, "", "x" * 50, 7, True, [[1]], [None], {"0": []}):
        for spoilt in spoil(claim, wrong):
            judge(text, spoilt)


def spoil(claim: dict[str, Any], wrong: object) -> list[dict[str, Any]]:
    """The claim with one of its sections, or one field of its first line, replaced."""
    information = dict(claim["claimInformation"])
    line = dict.fromkeys(information["serviceLines"][0], wrong)
    information["serviceLines"] = [line, wrong]
    return [{**claim, name: wrong} for name in claim] + [{**claim, "claimInformation": information}]


REFUSED = {
    "claimInformation.serviceLnes.exists(l, true)": (1, 18, "did you mean serviceLines?"),
    "subscriber.memberId > 3": (1, 21, "cannot be compared by > with a number"),
    'subscriber.memberId == "x" &&\n  clamInformation.claimChargeAmount > 1': (
        2,
        3,
        "did you mean claimInformation",
    ),
    "subscriber.memberId == null": (1, 24, "has(field)"),
    "has(": (1, 5, "not complete"),
    "": (1, 1, "not complete"),
    'memberid("x")': (1, 1, "there is no function memberid"),
    'subscriber.memberId.startswith("1")': (1, 1, "did you mean startsWith?"),
    'subscriber.memberId.matches("(?=a)")': (1, 29, "regular expression"),
    "subscriber.memberId.matches(subscriber.lastName)": (1, 29, "written out here"),
    'table("icd10", "E119", received)': (1, 7, "did you mean icd10"),
    'date("2026-13-01") > received': (1, 6, "a date is written"),
    "subscriber": (1, 1, "this is a section, where true or false is asked for"),
    "__import__('os')": (1, 1, "there is no function __import__"),
    "subscriber.memberId.format('x')": (1, 1, "there is no method format"),
    "subscriber.__class__": (1, 12, "there is no field __class__"),
    '[1, "a"] == 1': (1, 1, "all of one kind"),
    "true in true": (1, 9, "looks into a list"),
    "subscriber.memberId @ 3": (1, 21, "cannot stand here"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_wrong_expression_is_refused_with_its_place(text: str) -> None:
    line, column, words = REFUSED[text]
    told = refusal(text)
    assert words in told
    assert told.startswith(f"line {line}, column {column}: ")


def test_what_follows_two_slashes_is_a_remark(claim: dict[str, Any]) -> None:
    assert judge("// a remark\ntrue // and another", claim)


def test_a_definition_stands_for_its_expression(claim: dict[str, Any]) -> None:
    known = {"lines": LINES, "is_medicare": 'claimInformation.claimFilingCode == "MB"'}
    assert judge("lines.exists(l, has(l.serviceDate)) && !is_medicare", claim, **known)


def test_definitions_that_need_each_other_are_refused() -> None:
    assert "a -> b -> a goes in a circle" in refusal("a", a="b && true", b="a || false")


def test_lists_within_lists_end_at_three() -> None:
    deep = f"{LINES}.exists(a, {LINES}.exists(b, {LINES}.exists(c, {LINES}.exists(d, true))))"
    assert "3 deep" in refusal(deep)


def test_a_rule_that_walks_too_far_is_given_up(claim: dict[str, Any]) -> None:
    claim["claimInformation"]["serviceLines"] *= 50
    text = f"{LINES}.all(a, {LINES}.all(b, {LINES}.all(c, c.serviceDate == a.serviceDate)))"
    assert STEPS < 50**3
    with pytest.raises(TooCostly):
        judge(text, claim)


def test_deeply_nested_and_endless_expressions_are_refused() -> None:
    assert "nested deeper" in refusal("!" * 500 + "true")
    assert "characters long" in refusal("true && " * 1000 + "true")


def test_a_regular_expression_that_hangs_others_answers_at_once(claim: dict[str, Any]) -> None:
    claim["subscriber"]["memberId"] = "a" * 5_000 + "!"
    assert not judge('subscriber.memberId.matches("^(a+)+$")', claim)
