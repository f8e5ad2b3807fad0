"""Repairs: one meaning only, each told, nothing else touched."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from edi.claims import check_claim
from edi.findings import Severity
from edi.repairs import REPAIRS, Repairs, load_repairs

ROOT = Path(__file__).resolve().parents[2]
CLAIM = json.loads((ROOT / "samples" / "837P" / "dependent_child" / "claim.json").read_text(encoding="utf-8"))

CASES = {
    "trim": (" 12 ", "12"),
    "upper_case": ("j0585", "J0585"),
    "diagnosis_dot": ("M54.50", "M5450"),
    "phone_digits": ("+1 (541) 555-0110", "5415550110"),
    "postal_hyphen": ("97401-0210", "974010210"),
}
LEFT = {
    "trim": ["a b", ""],
    "upper_case": ["É5", "A1"],
    "diagnosis_dot": ["M5450", "1.5", "M54.", "M54.50.1", "QA0.01011"],
    "phone_digits": ["555-0110", "25415550110", "541555011O", "+44 20 7946 0000"],
    "postal_hyphen": ["97401-021", "K1A-0B1", "974010210"],
}


@pytest.mark.parametrize("name", REPAIRS)
def test_a_repair_does_one_thing_and_does_it_once(name: str) -> None:
    given, wanted = CASES[name]
    assert REPAIRS[name](given) == wanted
    assert REPAIRS[name](wanted) == wanted


@pytest.mark.parametrize("name", REPAIRS)
def test_a_repair_leaves_what_could_mean_something_else(name: str) -> None:
    for text in LEFT[name]:
        assert REPAIRS[name](text) == text


def test_every_repair_of_the_file_is_one_of_the_code() -> None:
    assert set(load_repairs()) == set(REPAIRS)


def spoil(claim: dict[str, Any]) -> dict[str, Any]:
    spoilt = deepcopy(claim)
    spoilt["billing"]["address"]["postalCode"] = "97401-0210"
    spoilt["billing"]["contactInformation"]["phoneNumber"] = "(541) 555-0110"
    spoilt["subscriber"]["lastName"] += " "
    spoilt["claimInformation"]["healthCareCodeInformation"][0]["diagnosisCode"] = "j02.0"
    spoilt["claimInformation"]["serviceLines"][0]["professionalService"]["procedureModifiers"] = ["gt"]
    return spoilt


def test_a_claim_is_repaired_before_it_is_checked_and_each_repair_is_told() -> None:
    posted = spoil(CLAIM)
    before = deepcopy(posted)
    checked = check_claim(posted, repairs=Repairs())
    assert posted == before
    assert checked.clean
    told = {(one.code, one.pointer, one.value) for one in checked.findings if one.code.startswith("repair.")}
    assert told == {
        ("repair.postal_hyphen", "/billing/address/postalCode", "97401-0210"),
        ("repair.phone_digits", "/billing/contactInformation/phoneNumber", "(541) 555-0110"),
        ("repair.trim", "/subscriber/lastName", before["subscriber"]["lastName"]),
        ("repair.upper_case", "/claimInformation/healthCareCodeInformation/0/diagnosisCode", "j02.0"),
        ("repair.diagnosis_dot", "/claimInformation/healthCareCodeInformation/0/diagnosisCode", "J02.0"),
        (
            "repair.upper_case",
            "/claimInformation/serviceLines/0/professionalService/procedureModifiers/0",
            "gt",
        ),
    }
    assert {one.severity for one in checked.findings} == {Severity.INFO}
    assert checked.document["billing"]["address"]["postalCode"] == "974010210"


def test_a_repair_that_is_switched_off_is_not_made() -> None:
    checked = check_claim(spoil(CLAIM), repairs=Repairs(("phone_digits", "trim")))
    codes = {one.code for one in checked.findings}
    assert "repair.phone_digits" not in codes
    assert "repair.postal_hyphen" in codes
    with pytest.raises(ValueError, match="no repair is named trimm"):
        Repairs(("trimm",))


def test_a_claim_that_needs_none_is_not_copied() -> None:
    repaired, findings = Repairs().apply(CLAIM)
    assert repaired is CLAIM
    assert findings == []


def test_odd_json_passes_through_repairs() -> None:
    odd = {"a": None, "postalCode": 97401, "phoneNumber": ["541-555-0110", {"x": " y"}], "": [[" "]]}
    repaired, _ = Repairs().apply(odd)
    assert repaired == {"a": None, "postalCode": 97401, "phoneNumber": ["5415550110", {"x": "y"}], "": [[""]]}
