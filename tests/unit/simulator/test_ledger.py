"""The scripted payer's memory: what it records once, what waits, what survives a restart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from edi.models import Person
from gateway.simulator.billed import BilledClaim, Line, Payee
from gateway.simulator.ledger import Answer, ClaimSteps, Ledger, PlayedClaim, ReplyAddress, Submission

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
ADDRESS = ReplyAddress(
    sender_qualifier="ZZ",
    sender="PAYER",
    receiver_qualifier="ZZ",
    receiver="CLINIC",
    group_sender="PAYER",
    group_receiver="CLINIC",
    usage="T",
)
CLAIM = BilledClaim(
    patient_control_number="A1",
    payer_id="CWP01",
    payer_name="LARKSPUR HEALTH PLAN",
    payee=Payee(name="HOLLOW CREEK", npi="1999901014"),
    patient=Person(last_name="Brightwater"),
    lines=(Line(procedure="99213", charge=Decimal("148.00"), date=NOW.date()),),
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "payer.db")
    yield ledger
    ledger.close()


def answer(**changes: object) -> Answer:
    words = {"kind": "835", "due": NOW, "address": ADDRESS, "steps": (ClaimSteps(0, 4, 1),)} | changes
    return Answer(**words)  # type: ignore[arg-type]  # the words of a test


def record(ledger: Ledger, *answers: Answer, name: str = "a.x12", number: str = "000000001") -> int:
    submission = Submission(
        outcome="read",
        interchanges=(("CLINIC", number),),
        claims=(PlayedClaim(CLAIM, "paid_in_full"),),
        answers=answers,
    )
    with ledger.transaction():
        return ledger.record("clinic", name, "ab12", NOW, submission)


def test_a_recorded_claim_is_the_claim_that_was_billed(ledger: Ledger) -> None:
    record(ledger, answer())
    (waiting,) = ledger.list_open_answers()
    known = ledger.find_claim(waiting.answer.steps[0].claim)
    assert (known.claim, known.scenario, known.received) == (CLAIM, "paid_in_full", NOW)


def test_a_file_is_untaken_until_it_was_moved_away(ledger: Ledger) -> None:
    file = record(ledger)
    assert ledger.find_untaken("clinic", "a.x12", "ab12") == file
    assert ledger.find_untaken("clinic", "a.x12", "other") is None
    ledger.mark_taken(file)
    assert ledger.find_untaken("clinic", "a.x12", "ab12") is None


def test_an_interchange_is_known_after_it_was_recorded(ledger: Ledger) -> None:
    assert not ledger.knows_interchange("CLINIC", "000000001")
    record(ledger)
    assert ledger.knows_interchange("CLINIC", "000000001")


def test_nothing_of_a_broken_transaction_stays(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError, match="stop"), ledger.transaction():
        ledger.take_number("clinic", "interchange")
        raise RuntimeError("stop")
    with ledger.transaction():
        assert ledger.take_number("clinic", "interchange") == 1


def test_numbers_count_for_each_sender_and_counter(ledger: Ledger) -> None:
    with ledger.transaction():
        taken = [
            ledger.take_number(sender, counter)
            for sender, counter in [("a", "x"), ("a", "x"), ("b", "x"), ("a", "y")]
        ]
    assert taken == [1, 2, 1, 1]


def test_companions_join_the_answer_that_waits_for_them(ledger: Ledger) -> None:
    later = NOW + timedelta(days=1)
    patience = NOW + timedelta(days=30)
    record(ledger, answer(pool="p", wanted=2, patience=patience))
    assert ledger.list_open_answers()[0].answer.ready_at == patience
    record(ledger, answer(pool="p", wanted=2, patience=patience, due=later), name="b", number="2")
    (waiting,) = ledger.list_open_answers()
    assert [step.claim for step in waiting.answer.steps] == [1, 2]
    assert waiting.answer.ready_at == later


def test_a_third_companion_begins_another_answer(ledger: Ledger) -> None:
    patience = NOW + timedelta(days=30)
    for number in ("1", "2", "3"):
        record(ledger, answer(pool="p", wanted=2, patience=patience), name=number, number=number)
    assert [len(waiting.answer.steps) for waiting in ledger.list_open_answers()] == [2, 1]


def test_claims_of_one_set_share_a_claim_report(ledger: Ledger) -> None:
    record(ledger, answer(kind="277CA", pool="s"), answer(kind="277CA", pool="s"))
    assert [len(waiting.answer.steps) for waiting in ledger.list_open_answers()] == [2]


def test_an_answer_goes_through_its_states_and_is_then_closed(tmp_path: Path, ledger: Ledger) -> None:
    record(ledger, answer())
    (waiting,) = ledger.list_open_answers()
    with ledger.transaction():
        ledger.fix_content(waiting.id, "835_1.x12", b"content")
    ledger.close()
    ledger = Ledger(tmp_path / "payer.db")
    (rendered,) = ledger.list_open_answers()
    assert (rendered.state, rendered.name, rendered.content) == ("rendered", "835_1.x12", b"content")
    ledger.mark_staged(rendered.id)
    assert ledger.list_open_answers()[0].state == "staged"
    ledger.mark_written(rendered.id)
    assert ledger.list_open_answers() == []
    ledger.close()


def test_a_debt_is_kept_for_each_payer_and_payee(ledger: Ledger) -> None:
    with ledger.transaction():
        ledger.keep_debt("clinic", "CWP01", "1999901014", Decimal("12.30"))
        ledger.keep_debt("clinic", "CWP01", "1999901014", Decimal("2.30"))
    assert ledger.find_debt("clinic", "CWP01", "1999901014") == Decimal("2.30")
    assert ledger.find_debt("clinic", "CWP02", "1999901014") == 0
