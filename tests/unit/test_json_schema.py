"""The generated JSON Schema: in step with the overlay, and true of real claims."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from edi.claims import check_claim
from edi.guides.registry import load_sources
from edi.json_schema import FILES, make_schema, write_schema
from tests.claim_files import NAMES, load_claim

FOLDER = Path(__file__).resolve().parent.parent.parent / "schemas" / "json"


@pytest.mark.parametrize(("guide", "name"), sorted(FILES.items()))
def test_the_file_is_what_the_guide_generates(guide: str, name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == write_schema(guide)


@pytest.mark.parametrize("guide", sorted(load_sources()))
def test_every_guide_makes_a_valid_schema(guide: str) -> None:
    Draft202012Validator.check_schema(make_schema(guide))


def faults(document: dict[str, Any]) -> list[str]:
    schema = json.loads((FOLDER / "837P.json").read_text(encoding="utf-8"))
    found = Draft202012Validator(schema).iter_errors(plain(document))
    return ["/" + "/".join(str(step) for step in error.absolute_path) for error in found]


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("name", NAMES)
def test_our_claims_agree_with_the_schema(name: str) -> None:
    assert faults(load_claim(name)) == []


def test_a_claim_with_listed_providers_agrees_with_the_schema() -> None:
    claim = load_claim("self_patient")
    claim["providers"] = [{"providerType": "BillingProvider", **claim.pop("billing")}]
    assert faults(claim) == []


@pytest.mark.parametrize(
    "way",
    [
        ("submitter",),
        ("subscriber",),
        ("claimInformation", "claimChargeAmount"),
        ("claimInformation", "patientControlNumber"),
        ("claimInformation", "serviceLines"),
        ("claimInformation", "healthCareCodeInformation"),
        ("billing", "address"),
        ("tradingPartnerServiceId",),
    ],
)
def test_what_the_schema_requires_the_check_requires_too(way: tuple[str, ...]) -> None:
    claim = copy.deepcopy(load_claim("self_patient"))
    owner: Any = claim
    for step in way[:-1]:
        owner = owner[step]
    del owner[way[-1]]
    assert faults(claim)
    assert not check_claim(claim).clean


@pytest.mark.parametrize(
    ("guide", "kinds"),
    [
        (
            "005010X222A1",
            {
                "BillingProvider",
                "OrderingProvider",
                "ReferringProvider",
                "RenderingProvider",
                "SupervisingProvider",
            },
        ),
        ("005010X223A2", {"AttendingProvider", "BillingProvider", "ReferringProvider", "RenderingProvider"}),
    ],
)
def test_listed_providers_have_the_roles_of_their_own_guide_only(guide: str, kinds: set[str]) -> None:
    listed = make_schema(guide)["properties"]["providers"]["items"]
    assert set(listed["properties"]["providerType"]["enum"]) == kinds
