"""Answers to inquiries as hostile or careless payers send them: what is ours is shown, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edi.codes import load_meanings
from edi.guides.words import load_words
from edi.library import acknowledge
from gateway.clock import VirtualClock
from gateway.composition import Numbers
from gateway.inquiries.asking import write_content
from gateway.inquiries.composing import Composed, compose_inquiry
from gateway.inquiries.kinds import CLAIM_STATUS, ELIGIBILITY, Kind
from gateway.inquiries.numbers import Block
from gateway.inquiries.reading import read_answer
from gateway.inquiries.rejections import list_rejections, load_advice
from gateway.simulator.inquiries import answer_inquiry, load_scripts
from tests import canaries
from tests.api_rig import make_partner
from tests.real_time_rig import make_claim_status, make_eligibility

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def composed(tmp_path: Path) -> Composed:
    partner = make_partner(tmp_path / "mailbox")
    return compose_inquiry(ELIGIBILITY, make_eligibility(), partner, Numbers(41, 7), NOW)


def answer(composed: Composed) -> bytes:
    return answer_inquiry(composed.text, NOW, 1).content


def test_an_inquiry_asks_for_no_acknowledgment_and_bears_its_number(composed: Composed) -> None:
    assert composed.faults == ()
    assert composed.trace == "000000041"
    assert b"*000000041*0*T*" in composed.text
    assert b"BHT*0022*13*000000041*" in composed.text


def test_an_answer_that_repeats_another_reference_is_not_shown(composed: Composed) -> None:
    strange = answer(composed).replace(b"000000041", b"000000042")
    reading = read_answer(ELIGIBILITY, strange, composed.trace, make_eligibility())
    assert (reading.state, reading.reason, reading.document) == ("refused", "inquiry.answer_of_other", None)
    assert canaries.find_canaries(repr(reading)) == []


def test_two_answers_at_once_are_not_shown(composed: Composed) -> None:
    reading = read_answer(ELIGIBILITY, answer(composed) * 2, composed.trace, make_eligibility())
    assert (reading.state, reading.reason) == ("refused", "inquiry.answer_of_other")


def test_an_answer_without_any_reference_is_taken(composed: Composed) -> None:
    bare = answer(composed).replace(b"BHT*0022*11*000000041*", b"BHT*0022*11**")
    reading = read_answer(ELIGIBILITY, bare, composed.trace, make_eligibility())
    assert reading.state == "answered"


@pytest.mark.parametrize(
    ("make", "reason", "codes"),
    [
        (lambda asked: acknowledge(asked.replace(b"EQ*30", b"EQ*ZZ"), "999", created=NOW), "inquiry.refused",
         {"element.bad_code"}),
        (lambda asked: acknowledge(asked.replace(b"*00501*", b"*00999*", 1), "999", created=NOW),
         "inquiry.refused", set()),
        (lambda asked: asked, "inquiry.answer_unexpected", set()),
        (lambda asked: b"<html>Sorry</html>", "inquiry.answer_unreadable", set()),
        (lambda asked: b"", "inquiry.answer_unreadable", set()),
    ],
    ids=["999", "ta1", "echo", "page", "empty"],
)  # fmt: skip
def test_what_is_no_answer_says_what_it_is(
    composed: Composed, make: Callable[[bytes], bytes], reason: str, codes: set[str]
) -> None:
    reading = read_answer(ELIGIBILITY, make(composed.text), composed.trace, make_eligibility())
    assert (reading.state, reading.reason, reading.document) == ("refused", reason, None)
    assert codes <= {finding.code for finding in reading.findings}


@pytest.mark.parametrize(
    ("kind", "document"), [(ELIGIBILITY, make_eligibility()), (CLAIM_STATUS, make_claim_status())]
)
def test_a_value_with_a_delimiter_of_the_partner_is_not_sent(
    tmp_path: Path, kind: Kind, document: dict[str, object]
) -> None:
    """Whatever the writer makes of it, no segment more than asked for leaves."""
    partner = make_partner(tmp_path / "mailbox")
    plain = compose_inquiry(kind, document, partner, Numbers(1, 1), NOW)
    for mark in "*:^~\r\n":
        spiked = {**document, "tradingPartnerName": f"PLAN{mark}NM1{mark}IL"}
        written = compose_inquiry(kind, spiked, partner, Numbers(1, 1), NOW)
        assert written.faults or written.text.count(b"~") == plain.text.count(b"~")


def test_two_inquiries_that_ask_the_same_have_one_content() -> None:
    one, two = make_eligibility(), make_eligibility(controlNumber="123456789")
    assert write_content(one) == write_content(dict(reversed(two.items())))
    assert write_content(one) != write_content(make_eligibility("W7-OTHER"))


def test_every_reject_reason_and_every_action_that_has_advice_is_a_code_of_the_guide() -> None:
    advice = load_advice()
    assert set(advice.pointer) <= set(load_meanings()["reject_reason"])
    assert set(advice.remedy) - {"other"} == set(load_words()["follow_up"])


@pytest.mark.parametrize(
    ("posted", "pointer"),
    [
        (make_eligibility(), "/subscriber/dateOfBirth"),
        (make_eligibility(dependents=[{"firstName": "A"}]), "/dependents/0/dateOfBirth"),
    ],
)
def test_a_rejection_points_to_the_patient_whoever_it_is(posted: dict[str, object], pointer: str) -> None:
    rejected = {"dependents": [{"aaaErrors": [{"code": "71", "followupAction": "Resubmission Not Allowed"}]}]}
    [finding] = list_rejections(rejected, posted)
    assert (finding.pointer, finding.remedy) == (pointer, "Do not ask this again.")
    assert finding.rule == "005010X279A1 2100D AAA03 71"


def test_a_reason_that_is_not_known_is_told_as_such_and_not_quoted() -> None:
    odd = {"errors": [{"code": "<b>", "followupAction": "?"}]}
    [finding] = list_rejections(odd, make_eligibility())
    assert "not known here" in finding.message and "<b>" not in repr(finding)
    assert (finding.pointer, finding.rule) == ("", None)


def test_every_script_of_the_payer_can_be_played(tmp_path: Path) -> None:
    partner, scripts = make_partner(tmp_path / "mailbox"), load_scripts()
    for marker in scripts.eligibility:
        asked = compose_inquiry(ELIGIBILITY, make_eligibility(f"W7-{marker}"), partner, Numbers(1, 1), NOW)
        assert answer_inquiry(asked.text, NOW, 1).script == scripts.eligibility[marker]
    for marker in scripts.claim_status:
        asked = compose_inquiry(CLAIM_STATUS, make_claim_status(f"A7-{marker}"), partner, Numbers(1, 1), NOW)
        assert answer_inquiry(asked.text, NOW, 1).script == scripts.claim_status[marker]


async def test_a_block_of_numbers_grows_under_load_and_shrinks_after() -> None:
    clock, block = VirtualClock(0, NOW), Block()
    sizes = [block.grow(clock.now()) for _ in range(8)]
    assert sizes == [1, 2, 4, 8, 16, 32, 32, 32]
    clock.advance(timedelta(minutes=1))
    await asyncio.sleep(0)
    assert block.grow(clock.now()) == 1
