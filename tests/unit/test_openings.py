"""Openings and texts: what claims share is made once, and nothing is told or written otherwise for it."""

from __future__ import annotations

import copy
import gc
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from edi import checking
from edi.claim_forms import DENTAL, INSTITUTIONAL, PROFESSIONAL, choose_guide
from edi.claims import CheckedClaim, check_claim, check_claims, write_claims
from edi.openings import MOST_OPENINGS, Openings, plan_opening
from edi.segments import Delimiters
from edi.translation import make_envelope
from tests.bench.institutional import make_hospital_claims
from tests.bench.professional import make_claims

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
ENVELOPE = make_envelope("SENDER", "RECEIVER", 7, datetime(2026, 11, 24, tzinfo=UTC), usage="T")
GUIDES = (PROFESSIONAL, INSTITUTIONAL, DENTAL)
SPOILS: list[Any] = [
    None,
    True,
    5,
    -1,
    "",
    [],
    {},
    "x*y~z^",
    " a",
    "a:",
    ["a"],
    {"a": 1},
    "9" * 90,
    "é\n",
    "18",
]


def load_claims(guide: str) -> list[dict[str, Any]]:
    """The sample claims of a guide, and some that were made."""
    documents = [json.loads(place.read_text(encoding="utf-8")) for place in SAMPLES.glob("837?/*/claim.json")]
    made = {PROFESSIONAL: make_claims(30), INSTITUTIONAL: make_hospital_claims(20)}
    return [it for it in documents if choose_guide(it) == guide] + made.get(guide, [])


def list_places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container below a value with each of its keys or indexes."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from list_places(value[key])


def spoil(document: dict[str, Any], chance: Random) -> dict[str, Any]:
    """A copy with one or two places taken out or replaced."""
    spoilt = copy.deepcopy(document)
    for _ in range(chance.randint(1, 2)):
        container, key = chance.choice(list(list_places(spoilt)))
        if isinstance(container, dict) and chance.random() < 0.3:
            del container[key]
        else:
            container[key] = copy.deepcopy(chance.choice(SPOILS))
    return spoilt


def check_whole(document: dict[str, Any], guide: str, monkeypatch: pytest.MonkeyPatch) -> CheckedClaim:
    """What is said of a claim whose whole set is made and read for it alone."""
    with monkeypatch.context() as patch:
        patch.setattr(checking, "plan_opening", lambda guide: None)
        return check_claim(document, guide=guide)


@pytest.mark.parametrize("guide", GUIDES)
def test_an_opening_asks_the_document_for_submitter_receiver_and_providers_only(guide: str) -> None:
    plan = plan_opening(guide)
    assert plan is not None
    assert set(plan.header_names) == {"claimIdentifier", "submitter", "receiver"}
    pay_to = {"billingPayToAddressName", "billingPayToPlanName", "payToAddress", "payToPlan"}
    assert {"billing"} < set(plan.names) - set(plan.header_names) < {"billing"} | pay_to


@pytest.mark.parametrize("guide", GUIDES)
def test_findings_are_those_of_a_claim_that_shares_nothing(
    guide: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(guide)
    claims = load_claims(guide)
    told = 0
    for document in [*claims, *(spoil(claim, chance) for claim in claims for _ in range(8))]:
        checked = check_claim(document, guide=guide)
        assert checked.findings == check_whole(document, guide, monkeypatch).findings
        told += bool(checked.findings)
    assert told > len(claims)


@pytest.mark.parametrize("guide", GUIDES)
def test_checked_claims_are_written_as_their_documents_are(guide: str) -> None:
    claims = load_claims(guide)
    Random(guide).shuffle(claims)
    checked = [check_claim(claim, guide=guide) for claim in claims]
    assert sum(claim.text is not None for claim in checked) > len(claims) / 2
    expected = write_claims(claims, ENVELOPE, guide=guide)
    assert write_claims(checked, ENVELOPE, guide=guide) == expected
    mixed = [
        claim if at % 2 else document
        for at, (claim, document) in enumerate(zip(checked, claims, strict=True))
    ]
    assert write_claims(mixed, ENVELOPE, guide=guide) == expected


def test_many_claims_are_checked_as_each_by_itself() -> None:
    claims = [*load_claims(PROFESSIONAL), "no claim"]
    collecting = gc.isenabled()
    assert check_claims(iter(claims)) == [check_claim(claim) for claim in claims]
    assert gc.isenabled() is collecting


def test_checked_claims_are_written_in_other_separators() -> None:
    claims = load_claims(PROFESSIONAL)
    checked = [check_claim(claim) for claim in claims]
    for delimiters in (Delimiters("|", ">", "^", "'"), Delimiters(line_end="\r\n"), Delimiters()):
        envelope = msgspec.structs.replace(ENVELOPE, delimiters=delimiters)
        assert write_claims(checked, envelope) == write_claims(claims, envelope)


def test_a_claim_with_a_separator_in_a_value_has_no_text_of_its_own() -> None:
    claim = make_claims(1)[0]
    for value in ("JU*NE", "JU:NE", "JU^NE", "JU~NE", "JUNE ", "JÚNE"):
        claim["subscriber"]["firstName"] = value
        assert check_claim(claim).text is None


def test_openings_are_forgotten_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    openings = Openings()
    monkeypatch.setattr(checking, "OPENINGS", openings)
    claim = make_claims(1)[0]
    for number in range(MOST_OPENINGS + 3):
        claim["billing"]["organizationName"] = f"CLINIC {number}"
        assert check_claim(claim, edits=False).findings == ()
    assert 0 < len(openings.known) <= MOST_OPENINGS


def test_nothing_of_the_patient_is_kept_with_an_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    openings = Openings()
    monkeypatch.setattr(checking, "OPENINGS", openings)
    for claim in make_claims(60):
        check_claim(claim)
    kept = [source for opening in openings.known.values() for source in opening.sources]
    assert {name for segment, _, _ in kept for name in root_of(segment.scope)} == {
        "billing",
        "receiver",
        "submitter",
    }


def root_of(scope: Any) -> set[str]:
    """The names in the document that a scope belongs to."""
    while scope.parent is not None:
        scope = scope.parent
    return set(scope.values)
