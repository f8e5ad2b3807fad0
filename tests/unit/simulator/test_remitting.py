"""What the scripted payer says: money that balances, debts that are carried, totals that add up."""

from __future__ import annotations

import datetime
from decimal import Decimal

import msgspec
import pytest

from edi.models import Person, Remittance
from edi.remits import check_balance, read_remittance, remittance_document
from gateway.simulator.billed import BilledClaim, Line, Payee
from gateway.simulator.remitting import (
    Settlement,
    Share,
    describe_batch,
    load_identity,
    report_share,
    settle,
)
from gateway.simulator.scenarios import Remit, Reverse, Scenario, TakeBack, load_scenarios, read_scenario

TODAY = datetime.date(2026, 11, 2)
BEGINNING = 'name = "t"\nmarker = "T"\nsummary = "t"\nend = "paid"\n[[step]]\ndo = "acknowledge"\n'


def bill(*charges: str, number: str = "A1") -> BilledClaim:
    return BilledClaim(
        patient_control_number=number,
        payer_id="CWP01",
        payer_name="LARKSPUR HEALTH PLAN",
        payee=Payee(name="HOLLOW CREEK", npi="1999901014"),
        patient=Person(last_name="Brightwater", first_name="Odalys"),
        lines=tuple(
            Line(procedure="99213", charge=Decimal(charge), date=datetime.date(2026, 10, 5))
            for charge in charges
        ),
        filing_indicator="CI",
        submitter_name="SAMPLE BILLING",
        submitter_id="CWSAMPLE",
    )


def share(claim: BilledClaim, scenario: Scenario, start: int, count: int = 1) -> Share:
    return Share(claim, "CW0000000001", TODAY, scenario, start, count)


def pay(*shares: Share, owed: str = "0.00") -> Settlement:
    return settle(shares, trace_number="EFT1", today=TODAY, owed=Decimal(owed))


def money_steps(scenario: Scenario) -> list[int]:
    return [i for i, step in enumerate(scenario.steps) if isinstance(step, Remit | Reverse | TakeBack)]


@pytest.mark.parametrize("scenario", load_scenarios().values(), ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("charges", [("148.00", "42.50"), ("0.01", "0.02", "33.33"), ("99.99",)])
def test_every_remittance_of_every_scenario_balances(scenario: Scenario, charges: tuple[str, ...]) -> None:
    owed = Decimal("0.00")
    for index in money_steps(scenario):
        settlement = settle(
            [share(bill(*charges), scenario, index)],
            trace_number="EFT1",
            today=TODAY,
            owed=owed,
        )
        owed = settlement.owed
        assert check_balance(settlement.remittance) == ()
        assert settlement.remittance.amount >= 0
        assert owed >= 0
        assert check_balance(read_remittance(remittance_document(settlement.remittance))) == ()


@pytest.mark.parametrize("scenario", load_scenarios().values(), ids=lambda scenario: scenario.name)
@pytest.mark.parametrize(
    "line",
    [
        Line(procedure="0120", qualifier="NU", charge=Decimal("9200.35"), units=Decimal(4)),
        Line(procedure="99285", revenue_code="0450", charge=Decimal("3000.01")),
        Line(procedure="D2392", qualifier="AD", charge=Decimal("350.10"), control_number="2"),
    ],
    ids=["stay", "outpatient", "dental"],
)
@pytest.mark.parametrize("predetermination", [False, True], ids=["claim", "predetermination"])
def test_institutional_and_dental_lines_balance_in_every_scenario(
    scenario: Scenario, line: Line, predetermination: bool
) -> None:
    claim = msgspec.structs.replace(
        bill("1.00"), lines=(line, line), predetermination=predetermination, statement=(TODAY, TODAY)
    )
    for index in money_steps(scenario):
        settlement = settle(
            [share(claim, scenario, index)], trace_number="EFT1", today=TODAY, owed=Decimal("0.00")
        )
        assert check_balance(settlement.remittance) == ()
        read = read_remittance(remittance_document(settlement.remittance))
        assert list_lines(read) == list_lines(settlement.remittance)


def list_lines(remittance: Remittance) -> list[tuple[str, str, str, Decimal, Decimal]]:
    return [
        (line.qualifier, line.procedure, line.revenue_code, line.charge, line.paid)
        for payment in remittance.claims
        for line in payment.services
    ]


def test_claims_that_share_a_remittance_are_paid_by_one_amount() -> None:
    scenario = load_scenarios()["two_claims_in_one_remittance"]
    (step,) = money_steps(scenario)
    first, second = bill("100.00", number="A1"), bill("50.00", number="A2")
    remittance = pay(share(first, scenario, step), share(second, scenario, step)).remittance
    assert remittance.amount == Decimal("127.50")
    assert [claim.patient_control_number for claim in remittance.claims] == ["A1", "A2"]


def test_a_take_back_lowers_the_payment_and_not_the_claim() -> None:
    scenario = load_scenarios()["take_back_by_plb"]
    remittance = pay(share(bill("100.00"), scenario, money_steps(scenario)[0], 2)).remittance
    (adjustment,) = remittance.provider_adjustments
    assert (adjustment.reason, adjustment.amount) == ("WO", Decimal("17.50"))
    assert adjustment.identifier == "CW0000000001"
    assert adjustment.fiscal_period == datetime.date(2026, 12, 31)
    assert (remittance.claims[0].paid, remittance.amount) == (Decimal("70.00"), Decimal("52.50"))


def test_a_correction_stands_beside_its_reversal() -> None:
    scenario = load_scenarios()["reversal_and_correction"]
    remittance = pay(share(bill("100.00"), scenario, money_steps(scenario)[1], 2)).remittance
    assert [(claim.status, claim.paid) for claim in remittance.claims] == [
        ("22", Decimal("-40.00")),
        ("1", Decimal("75.00")),
    ]
    assert remittance.amount == Decimal("35.00")


REVERSAL_ALONE = read_scenario(
    "t.toml",
    BEGINNING + '[[step]]\ndo = "remit"\n[[step]]\ndo = "wait"\ndays = 1\n[[step]]\ndo = "reverse"\n',
)


def test_what_a_remittance_cannot_take_is_forwarded() -> None:
    settlement = pay(share(bill("100.00"), REVERSAL_ALONE, 3))
    assert (settlement.remittance.amount, settlement.owed) == (Decimal("0.00"), Decimal("100.00"))
    assert settlement.remittance.method == "NON"
    assert [(a.reason, a.amount) for a in settlement.remittance.provider_adjustments] == [
        ("FB", Decimal("-100.00"))
    ]
    assert check_balance(settlement.remittance) == ()


@pytest.mark.parametrize(
    ("owed", "amount", "left"),
    [("30.00", "70.00", "0.00"), ("100.00", "0.00", "0.00"), ("130.00", "0.00", "30.00")],
)
def test_a_forwarded_balance_is_taken_from_the_next_remittance(owed: str, amount: str, left: str) -> None:
    settlement = pay(share(bill("100.00"), REVERSAL_ALONE, 1), owed=owed)
    assert (settlement.remittance.amount, settlement.owed) == (Decimal(amount), Decimal(left))
    assert check_balance(settlement.remittance) == ()


def test_a_filing_indicator_that_an_835_may_not_carry_is_replaced() -> None:
    scenario = load_scenarios()["paid_in_full"]
    remittance = pay(share(bill("1.00"), scenario, money_steps(scenario)[0])).remittance
    assert remittance.claims[0].filing_indicator == "ZZ"


def test_a_claim_that_the_payer_takes_in_gets_its_number_and_another_none() -> None:
    accepted, rejected = load_scenarios()["paid_in_full"], load_scenarios()["rejected_by_payer"]
    statuses = [
        status
        for part in (share(bill("100.00"), accepted, 2), share(bill("55.00"), rejected, 2))
        for status in report_share(part, TODAY)
    ]
    assert [status.accepted for status in statuses] == [True, False]
    assert [status.payer_claim_control_number for status in statuses] == ["CW0000000001", ""]


def test_a_claim_report_answers_the_submitter_of_the_batch() -> None:
    part = share(bill("100.00"), load_scenarios()["paid_in_full"], 2)
    batch = describe_batch([part], reference="CR1", batch_number="B1", today=TODAY)
    assert (batch.batch_number, batch.receiver_id, batch.payer_id) == ("B1", "CWSAMPLE", "CWP01")


def test_the_payers_routing_numbers_are_well_formed_and_made_up() -> None:
    identity = load_identity()
    for account in (identity.account, identity.payee_account):
        weighted = sum(int(d) * w for d, w in zip(account.routing_number, [3, 7, 1] * 3, strict=True))
        assert weighted % 10 == 0
        assert account.routing_number.startswith("99")
