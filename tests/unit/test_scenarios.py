"""The scenario language, the shipped scenarios, what they pay, and the samples that play them."""

from __future__ import annotations

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.adjudication import Adjudication, adjudicate, measure_take_back
from gateway.simulator.billed import read_claim
from gateway.simulator.scenario_page import render_page
from gateway.simulator.scenarios import (
    BrokenScenarioError,
    Remit,
    Scenario,
    check_together,
    choose_scenario,
    load_scenarios,
    marker_of,
    moments_of,
    read_scenario,
)

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted(place.parent for place in (ROOT / "samples" / "837P").glob("*/expected.toml"))
SCENARIOS = load_scenarios()


def play(scenario: Scenario, claim: dict[str, Any]) -> list[Adjudication]:
    """Every CLP the scenario makes of the claim, in order."""
    lines = read_claim(claim).lines
    played = [adjudicate(lines, scenario.steps, index) for index in range(len(scenario.steps))]
    return [adjudication for adjudication in played if adjudication is not None]


def claim_of(sample: Path) -> dict[str, Any]:
    claim: dict[str, Any] = json.loads((sample / "claim.json").read_text(encoding="utf-8"))
    return claim


def expected_of(sample: Path) -> dict[str, Any]:
    return tomllib.loads((sample / "expected.toml").read_text(encoding="utf-8"))


ACCEPTED = [sample for sample in SAMPLES if expected_of(sample)["outcome"] == "accepted"]


def name_of(value: object) -> str:
    return value.name if isinstance(value, Path | Scenario) else str(value)


def test_the_story_has_its_twelve_scenarios() -> None:
    assert set(SCENARIOS) >= {
        "paid_in_full",
        "contractual_adjustment",
        "patient_responsibility",
        "denied_timely_filing",
        "denied_missing_information",
        "rejected_by_payer",
        "returned_by_999",
        "no_answer",
        "reversal_and_correction",
        "take_back_by_plb",
        "two_claims_in_one_remittance",
        "one_claim_in_two_remittances",
    }


def test_every_scenario_has_a_sample() -> None:
    marked = {name for name, scenario in SCENARIOS.items() if scenario.marker}
    played = {expected_of(sample)["scenario"] for sample in ACCEPTED}
    assert marked - played == {"one_payment_in_parts"}, "it asks for a partner's setting: fault 31 plays it"
    assert played <= marked


def test_every_end_is_a_state_of_the_lifecycle() -> None:
    lifecycle = tomllib.loads((ROOT / "schemas" / "lifecycle.toml").read_text(encoding="utf-8"))
    assert {scenario.end for scenario in SCENARIOS.values()} <= set(lifecycle["state"])


def test_every_adjustment_and_remark_code_is_active(shared: Path) -> None:
    steps = [step for s in SCENARIOS.values() for step in s.steps if isinstance(step, Remit)]
    reasons = active_codes(shared / "tables/claim_adjustment/carc_codes.csv")
    remarks = active_codes(shared / "tables/claim_adjustment/rarc_codes.csv")
    assert {a.reason for step in steps for a in step.adjustments} <= reasons
    assert {code for step in steps for code in (*step.remarks, *step.claim_remarks)} <= remarks


def active_codes(table: Path) -> set[str]:
    rows = [line.split(",") for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    return {row[0] for row in rows if not row[2]}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=name_of)
@pytest.mark.parametrize("sample", ACCEPTED, ids=name_of)
def test_every_payment_of_every_scenario_balances(scenario: Scenario, sample: Path) -> None:
    for adjudication in play(scenario, claim_of(sample)):
        adjusted = sum((a.amount for a in adjudication.adjustments), Decimal(0))
        assert adjudication.charge == adjudication.paid + adjusted
        sign = -1 if adjudication.status == "22" else 1
        for service in adjudication.services:
            assert service.charge == service.paid + sum(a.amount for a in service.adjustments)
            assert sign * service.paid >= 0


@pytest.mark.parametrize("sample", ACCEPTED, ids=name_of)
def test_a_sample_states_the_dollars_that_its_scenario_pays(sample: Path) -> None:
    claim, expected = claim_of(sample), expected_of(sample)
    played = play(SCENARIOS[expected["scenario"]], claim)
    dollars = {key: Decimal(value) for key, value in expected["dollars"].items()}
    adjusted = sum((a.amount for p in played for a in p.adjustments), Decimal(0))
    patient = sum((p.patient_share for p in played), Decimal(0))
    assert dollars["billed"] == Decimal(claim["claimInformation"]["claimChargeAmount"])
    assert dollars["paid"] == sum((p.paid for p in played), Decimal(0))
    assert dollars["patient"] == patient
    assert dollars["adjusted"] == adjusted - patient
    assert dollars["open"] == dollars["billed"] - dollars["paid"] - adjusted


@pytest.mark.parametrize("sample", ACCEPTED, ids=name_of)
def test_a_sample_names_the_scenario_that_its_number_chooses(sample: Path) -> None:
    expected = expected_of(sample)
    number = claim_of(sample)["claimInformation"]["patientControlNumber"]
    chosen = choose_scenario(number, SCENARIOS)
    assert (chosen.name, chosen.end) == (expected["scenario"], expected["end"])
    assert len(number) <= 20


def test_a_take_back_is_a_share_of_the_latest_payment() -> None:
    scenario = SCENARIOS["take_back_by_plb"]
    claim = claim_of(ROOT / "samples/837P/take_back_by_plb")
    lines = read_claim(claim).lines
    taken = [measure_take_back(lines, scenario.steps, index) for index in range(len(scenario.steps))]
    expected = expected_of(ROOT / "samples/837P/take_back_by_plb")
    assert [amount for amount in taken if amount] == [Decimal(expected["taken_back"])]


def test_an_amount_is_taken_once_from_the_first_lines_that_have_it() -> None:
    claim = claim_of(ROOT / "samples/837P/patient_responsibility")
    (payment,) = play(SCENARIOS["patient_responsibility"], claim)
    deductible = [a.amount for a in payment.adjustments if a.reason == "1"]
    assert deductible == [Decimal("40.00")]


@pytest.mark.parametrize(
    ("number", "marker"),
    [("A1-CO45", "CO45"), ("a1-co45", "CO45"), ("A-1-PLB", "PLB"), ("CO45", ""), ("", ""), ("A-", "")],
)
def test_the_marker_is_what_follows_the_last_hyphen(number: str, marker: str) -> None:
    assert marker_of(number) == marker


@pytest.mark.parametrize("number", ["10021", "CO29", "MRN-7781", "A-1-2", "", "-"])
def test_a_number_without_a_known_marker_gets_the_default_scenario(number: str) -> None:
    assert choose_scenario(number, SCENARIOS).name == "contractual_adjustment"


def test_moments_gather_the_steps_between_waits() -> None:
    moments = moments_of(SCENARIOS["reversal_and_correction"])
    assert [(moment.after.days, len(moment.steps), moment.start) for moment in moments] == [
        (0, 1, 0),
        (0, 1, 2),
        (14, 1, 4),
        (21, 2, 6),
    ]


BEGINNING = 'name = "t"\nmarker = "T"\nsummary = "t"\nend = "paid"\n[[step]]\ndo = "acknowledge"\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (BEGINNING + '[[step]]\ndo = "dance"\n', "dance"),
        (BEGINNING + '[[step]]\ndo = "wait"\nweeks = 2\n', "weeks"),
        (BEGINNING + '[[step]]\ndo = "reverse"\n', "paid before"),
        (BEGINNING + '[[step]]\ndo = "acknowledge"\n', "once"),
        (BEGINNING + '[[step]]\ndo = "remit"\nstatus = "4"\n', "denial"),
        (
            BEGINNING + '[[step]]\ndo = "remit"\nadjustments = [{group="CO", reason="16", percent="9"}]',
            "remark",
        ),
        (BEGINNING + '[[step]]\ndo = "remit"\nadjustments = [{group="CO", reason="45"}]', "either"),
        (
            BEGINNING + '[[step]]\ndo = "remit"\nadjustments = [{group="CO", reason="45", percent="101"}]',
            "more",
        ),
        (BEGINNING.replace('"T"', '"t-1"'), "capitals"),
        (BEGINNING.replace("acknowledge", "reverse"), "begins"),
        (BEGINNING.replace('name = "t"', 'name = "other"'), "named after"),
        ("name = ", "t.toml"),
    ],
)
def test_a_broken_scenario_is_refused_with_its_fault(text: str, complaint: str) -> None:
    with pytest.raises(BrokenScenarioError, match=complaint):
        read_scenario("t.toml", text)


def test_two_scenarios_never_share_a_marker() -> None:
    scenario = read_scenario("t.toml", BEGINNING + "\n")
    with pytest.raises(BrokenScenarioError, match="twice"):
        check_together([scenario, scenario])


def test_the_reference_page_is_what_the_data_says() -> None:
    page = (ROOT / "docs" / "reference" / "scenarios.md").read_text(encoding="utf-8")
    assert page == render_page(SCENARIOS.values()), "run: python -m gateway.simulator.scenario_page"


NPIS = sorted(
    {
        word.strip('",')
        for sample in ACCEPTED
        for line in (sample / "claim.json").read_text(encoding="utf-8").splitlines()
        if '"npi"' in line
        for word in line.split()[-1:]
    }
)


@pytest.mark.parametrize("npi", NPIS)
def test_every_npi_of_a_sample_has_the_right_check_digit(npi: str) -> None:
    digits = [int(digit) for digit in reversed("80840" + npi)]
    doubled = [sum(divmod(digit * 2, 10)) if place % 2 else digit for place, digit in enumerate(digits)]
    assert sum(doubled) % 10 == 0
