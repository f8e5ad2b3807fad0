"""The demo's verdict: each way in which a claim can end otherwise than its sample says is named."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from rich.console import Console

from gateway.demo.board import LineBoard, LiveBoard, Moment, draw_outcomes, open_board
from gateway.demo.client import ClaimView, Posted
from gateway.demo.samples import Dollars, Expectation, ExpectedFinding, Sample
from gateway.demo.verdict import Received, is_settled, judge_claim, judge_payments


def money(billed: str, paid: str, adjusted: str, patient: str, left: str) -> Dollars:
    return Dollars(*map(Decimal, (billed, paid, adjusted, patient, left)))


PAID = money("100.00", "70.00", "30.00", "0.00", "0.00")
TEXT = b'{"claimInformation": {"patientControlNumber": "A1-CO45"}, "tradingPartnerServiceId": "CWP01"}'
SAMPLE = Sample("a_case", TEXT, Expectation("accepted", "paid", "contractual_adjustment", PAID))
VIEW = ClaimView("clm_1", "paid", PAID)
POSTED = Posted("clm_1", taken=True)
FINDING = ExpectedFinding("element.missing", "/subscriber/memberId")


def complaints(
    sample: Sample = SAMPLE, posted: Posted = POSTED, view: ClaimView = VIEW, **counts: int
) -> list[str]:
    outcome = judge_claim(sample, posted, view, counts.get("events", 3), counts.get("webhooks", 3))
    return list(outcome.complaints)


def test_a_claim_that_ended_as_its_sample_says_gives_no_complaint() -> None:
    assert complaints() == []
    assert is_settled(SAMPLE, VIEW)


@pytest.mark.parametrize(
    ("view", "complaint"),
    [
        (ClaimView("clm_1", "denied", PAID), "it ended denied, not paid"),
        (ClaimView("clm_1", "paid", PAID, ("overdue",)), "its marks are overdue, not none"),
        (ClaimView("clm_1", "paid", money("100.00", "60.00", "40.00", "0.00", "0.00")), "its dollars are"),
        (ClaimView("clm_1", "paid", money("100.00", "60.00", "30.00", "0.00", "0.00")), "do not add up"),
    ],
)
def test_another_state_or_other_dollars_are_named(view: ClaimView, complaint: str) -> None:
    assert any(complaint in sentence for sentence in complaints(view=view))
    assert not is_settled(SAMPLE, view)


def test_missing_webhooks_and_a_silent_feed_are_named() -> None:
    assert complaints(webhooks=2) == ["2 of 3 webhooks came"]
    assert "the feed tells nothing of it" in complaints(events=0, webhooks=0)


def test_a_refusal_must_name_every_finding_and_no_other() -> None:
    refused = msgspec.structs.replace(
        SAMPLE, expected=Expectation("refused", "rejected"), findings=(FINDING,)
    )
    view = ClaimView("clm_1", "rejected", PAID)
    assert complaints(refused, Posted("clm_1", taken=False, findings=(FINDING,)), view) == []
    other = ExpectedFinding("element.bad_code", "/subscriber/gender")
    assert complaints(refused, Posted("clm_1", taken=False, findings=(other,)), view) == [
        "no finding element.missing at /subscriber/memberId",
        "an unexpected finding element.bad_code at /subscriber/gender",
    ]
    assert complaints(refused, POSTED, view)[0] == "the gateway took it"


def test_the_payments_must_be_what_the_claims_were_paid_less_what_was_taken_back() -> None:
    sample = msgspec.structs.replace(
        SAMPLE, expected=msgspec.structs.replace(SAMPLE.expected, taken_back=Decimal("10.00"))
    )
    outcomes = [judge_claim(sample, POSTED, VIEW, 3, 3)]
    assert list(judge_payments(outcomes, Received(Decimal("60.00"), Decimal("10.00")))) == []
    assert len(list(judge_payments(outcomes, Received(Decimal("70.00"), Decimal("0.00"))))) == 2


def draw(thing: object, width: int = 132) -> str:
    console = Console(width=width, record=True, file=None, force_terminal=False)
    with console.capture() as capture:
        console.print(thing)
    return capture.get()


def test_the_table_holds_every_claim_and_the_totals() -> None:
    outcome = judge_claim(SAMPLE, POSTED, VIEW, 3, 3)
    told = draw(draw_outcomes([outcome, outcome], 132))
    assert told.count("A1-CO45") == 2
    assert "2 claims" in told
    assert "200.00" in told
    assert "140.00" in told


def test_the_table_cuts_nothing_off_on_a_terminal_of_80_columns() -> None:
    told = draw(draw_outcomes([judge_claim(SAMPLE, POSTED, VIEW, 3, 3)], 80), width=80)
    assert "…" not in told
    assert all(heading in told for heading in ("claim", "state", "adjusted", "patient", "hooks"))


def test_a_claim_with_a_complaint_is_marked() -> None:
    assert "✗" in draw(draw_outcomes([judge_claim(SAMPLE, POSTED, VIEW, 3, 2)], 132))


def test_a_terminal_gets_the_live_board_and_anything_else_lines() -> None:
    assert isinstance(open_board(Console(force_terminal=True), [SAMPLE]), LiveBoard)
    assert isinstance(open_board(Console(force_terminal=False), [SAMPLE]), LineBoard)


def test_both_boards_tell_an_event() -> None:
    moment = Moment("09:30:00", "claim.paid", "A1-CO45", "paid", "835 70.00 of 100.00")
    for terminal in (True, False):
        console = Console(width=120, force_terminal=terminal)
        with console.capture() as capture, open_board(console, [SAMPLE]) as board:
            board.tell(moment)
            board.count("A1-CO45", 3)
        assert "835 70.00 of 100.00" in capture.get()
