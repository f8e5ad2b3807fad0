"""A claim's whole journey through the real gateway on SQLite and a folder mailbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edi.models import StatusCode
from gateway.store import remittances
from gateway.upkeep import verify_home
from tests.exchange import (
    TENANT,
    Exchange,
    make_claim,
    pay,
    write_277ca,
    write_835,
    write_999,
    write_batch_refusal,
    write_ta1,
)

FULL = ("315.00", "215.00", [("CO", "45", "70.00"), ("PR", "3", "30.00")])


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    """A gateway and its partner; after every journey the chain closes and each claim is its events' fold."""
    made = Exchange(tmp_path)
    await made.start()
    yield made
    verdict = await verify_home(made.store, made.archive)
    await made.stop()
    assert verdict.faults == ()


async def test_a_clean_claim_is_batched_and_sent_once(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    assert await exchange.story(claim) == ["claim.received", "claim.accepted", "claim.batched", "claim.sent"]
    assert (await exchange.fold(claim)).state == "sent"
    await exchange.worker.run_due()
    assert len(exchange.read_sent()) == 1
    [interchange] = await exchange.list_interchanges()
    assert (interchange.state, interchange.control_number) == ("sent", 1)


async def test_the_837_bears_our_trace_and_control_numbers(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    text = exchange.read_sent()[0].decode()
    assert f"REF*D9*{claim[-20:]}~" in text
    assert "*000000001*" in text.splitlines()[0]


async def test_a_paid_claim_tells_its_whole_story(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    sent = exchange.read_sent()[0]
    await exchange.answer(
        write_ta1(sent), write_999(sent), write_277ca(sent), write_835(4, pay("RB-1", FULL))
    )
    standing = await exchange.fold(claim)
    assert standing.state == "paid"
    assert (standing.paid, standing.adjusted, standing.patient, standing.open) == (
        Decimal("215.00"),
        Decimal("70.00"),
        Decimal("30.00"),
        Decimal("0.00"),
    )
    assert (await exchange.story(claim))[4:] == [
        "claim.acknowledged",
        "claim.acknowledged",
        "claim.payer_accepted",
        "claim.paid",
    ]
    assert await exchange.list_items() == []


async def test_every_order_of_the_four_answers_ends_alike(exchange: Exchange) -> None:
    ends = set()
    for turn, order in enumerate(permutations(range(4)), 1):
        number = f"RB-{turn}"
        [claim] = await exchange.send(make_claim(number))
        sent = max(exchange.read_sent(), key=lambda text: f"{turn:09d}".encode() in text[:106])
        answers = (
            write_ta1(sent, 10 * turn),
            write_999(sent, 10 * turn + 1),
            write_277ca(sent, 10 * turn + 2),
            write_835(10 * turn + 3, pay(number, FULL)),
        )
        for place in order:
            await exchange.answer(answers[place])
        ends.add(await exchange.fold(claim))
        assert len(await exchange.story(claim)) == 8, "every acknowledgment is kept and shown"
    assert len(ends) == 1
    assert ends.pop().state == "paid"


async def test_a_999_that_refuses_the_set_returns_the_claim(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    sent = exchange.read_sent()[0]
    await exchange.answer(write_999(sent, code="R"))
    assert (await exchange.fold(claim)).state == "returned"
    [interchange] = await exchange.list_interchanges()
    assert interchange.state == "rejected"


async def test_a_999_that_refuses_the_group_without_naming_its_sets_returns_the_claim(
    exchange: Exchange,
) -> None:
    [claim] = await exchange.send(make_claim())

    def refuse_group(document: dict[str, Any]) -> None:
        document.update(
            transactionSets=[], acknowledgmentCode="R", acceptedSetCount="0", syntaxErrorCodes=["2"]
        )

    await exchange.answer(write_999(exchange.read_sent()[0], change=refuse_group))
    assert (await exchange.fold(claim)).state == "returned"


async def test_a_999_that_also_names_a_set_never_sent_moves_ours_and_keeps_the_other(
    exchange: Exchange,
) -> None:
    [claim] = await exchange.send(make_claim())

    def name_another(document: dict[str, Any]) -> None:
        document["transactionSets"].append(
            {**document["transactionSets"][0], "transactionSetControlNumber": "0099"}
        )

    await exchange.answer(write_999(exchange.read_sent()[0], change=name_another))
    assert (await exchange.fold(claim)).state == "acknowledged"
    assert [item.reason for item in await exchange.list_items()] == ["acknowledgment.unmatched"]


@pytest.mark.parametrize("codes", [("A", "R"), ("R", "A")])
async def test_two_999_that_contradict_each_other_are_put_before_a_person(
    exchange: Exchange, codes: tuple[str, str]
) -> None:
    [claim] = await exchange.send(make_claim())
    sent = exchange.read_sent()[0]
    for number, code in enumerate(codes, 2):
        await exchange.answer(write_999(sent, number, code=code))
    assert (await exchange.fold(claim)).state == "returned"
    assert [item.reason for item in await exchange.list_items()] == ["acknowledgment.contradicts"]


async def test_a_ta1_that_refuses_the_interchange_returns_its_claims(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    await exchange.answer(write_ta1(exchange.read_sent()[0], code="R", note="024"))
    assert (await exchange.fold(claim)).state == "returned"


async def test_a_277ca_with_a7_rejects_the_claim_and_says_why(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    sent = exchange.read_sent()[0]
    await exchange.answer(write_999(sent), write_277ca(sent, statuses=(StatusCode("A7", "562", "85"),)))
    assert (await exchange.fold(claim)).state == "payer_rejected"
    [event] = await exchange.feed("claim.payer_rejected")
    story = msgspec.json.decode(event.body)
    assert story["acknowledgment"]["statuses"][0]["statusMeaning"] == (
        "The entity's national provider identifier."
    )


async def test_a_277ca_without_our_trace_is_matched_by_patient_control_number(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    sent = exchange.read_sent()[0]
    traceless = write_277ca(sent, change=lambda it: msgspec.structs.replace(it, clearinghouse_trace=""))
    await exchange.answer(traceless)
    assert (await exchange.fold(claim)).state == "payer_accepted"


async def test_a_277ca_that_refuses_a_whole_batch_rejects_every_claim_of_it(exchange: Exchange) -> None:
    refused = await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    [other] = await exchange.send(make_claim("RB-3"))
    await exchange.answer(write_batch_refusal("000000001"))
    states = [(await exchange.fold(claim)).state for claim in (*refused, other)]
    assert states == ["payer_rejected", "payer_rejected", "sent"]


async def test_a_277ca_that_refuses_a_batch_never_sent_moves_nothing(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    await exchange.answer(write_batch_refusal("000000777"))
    assert (await exchange.fold(claim)).state == "sent"
    assert [item.reason for item in await exchange.list_items()] == ["claim_status.unmatched"]


async def test_a_returned_claim_may_be_sent_again_as_it_is(exchange: Exchange) -> None:
    await exchange.send(make_claim())
    await exchange.answer(write_999(exchange.read_sent()[0], code="R"))
    [again] = await exchange.submit(make_claim())
    assert again.accepted


async def test_a_denied_claim_is_denied_with_its_reason(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    await exchange.answer(write_835(4, pay("RB-1", ("315.00", "0", [("CO", "29", "315.00")]), status="4")))
    standing = await exchange.fold(claim)
    assert (standing.state, standing.adjusted, standing.open) == (
        "denied",
        Decimal("315.00"),
        Decimal("0.00"),
    )
    [event] = await exchange.feed("claim.denied")
    [adjustment] = msgspec.json.decode(event.body)["payment"]["adjustments"]
    assert adjustment["reasonMeaning"] == "The time limit for filing had passed."


async def test_a_claim_in_two_remittances_is_partial_until_the_second(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    await exchange.answer(write_835(4, pay("RB-1", ("215.00", "200.00", [("CO", "45", "15.00")]))))
    assert (await exchange.fold(claim)).state == "partially_paid"
    await exchange.answer(write_835(5, pay("RB-1", ("100.00", "90.00", [("CO", "45", "10.00")]))))
    standing = await exchange.fold(claim)
    assert (standing.state, standing.paid, standing.open) == ("paid", Decimal("290.00"), Decimal("0.00"))


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_reversal_and_correction_come_out_alike_in_every_order(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    exchange = Exchange(tmp_path)
    await exchange.start()
    [claim] = await exchange.send(make_claim())
    taken_back = ("-315.00", "-215.00", [("CO", "45", "-70.00"), ("PR", "3", "-30.00")])
    corrected = ("315.00", "250.00", [("CO", "45", "65.00")])
    answers = [
        write_835(4, pay("RB-1", FULL)),
        write_835(5, pay("RB-1", taken_back, status="22")),
        write_835(6, pay("RB-1", corrected)),
    ]
    for place in order:
        await exchange.answer(answers[place])
    standing = await exchange.fold(claim)
    assert (standing.state, standing.paid, standing.open) == ("paid", Decimal("250.00"), Decimal("0.00"))
    await exchange.stop()


async def test_reversal_and_correction_in_one_remittance_are_both_told(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    await exchange.answer(write_835(4, pay("RB-1", FULL)))
    taken_back = ("-315.00", "-215.00", [("CO", "45", "-70.00"), ("PR", "3", "-30.00")])
    corrected = ("315.00", "0", [("CO", "29", "315.00")])
    await exchange.answer(
        write_835(5, pay("RB-1", taken_back, status="22"), pay("RB-1", corrected, status="4"))
    )
    assert (await exchange.fold(claim)).state == "denied"
    assert (await exchange.story(claim))[-3:] == ["claim.paid", "claim.reversed", "claim.denied"]


async def test_a_payment_split_over_sets_and_files_is_posted_set_by_set_once(exchange: Exchange) -> None:
    """One trace number (TRN02) over three sets, two of them in one file; then one of them again."""
    numbers = [f"RB-{number}" for number in range(3)]
    ids = await exchange.send(*map(make_claim, numbers))
    parts = [write_835(4 + at, pay(number, FULL), trace="EFT77") for at, number in enumerate(numbers)]
    await exchange.answer(parts[0] + parts[1], parts[2])
    again = write_835(9, pay("RB-1", FULL), trace="EFT77")
    await exchange.answer(again)
    for claim in ids:
        standing = await exchange.fold(claim)
        assert (standing.state, standing.payments, standing.paid) == ("paid", 1, Decimal("215.00"))
    listed = await exchange.store.read(lambda scope: remittances.list_page(scope), tenant=TENANT)
    assert [(it.trace_number, it.amount) for it in listed] == [("EFT77", Decimal("215.00"))] * 3
    assert len(await exchange.feed("remittance.received")) == 3


async def test_two_claims_in_one_remittance_are_told_apart(exchange: Exchange) -> None:
    one, two = await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    await exchange.answer(
        write_835(4, pay("RB-1", FULL), pay("RB-2", ("315.00", "0", [("CO", "16", "315.00")]), status="4"))
    )
    assert [(await exchange.fold(claim)).state for claim in (one, two)] == ["paid", "denied"]


async def test_claims_of_one_batch_share_an_interchange_and_batches_do_not(exchange: Exchange) -> None:
    await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    await exchange.send(make_claim("RB-3"))
    sent = await exchange.list_interchanges()
    assert [(it.control_number, it.group_control_number, it.claim_count) for it in sent] == [
        (1, 1, 2),
        (2, 2, 1),
    ]


async def test_a_claim_equal_to_a_live_one_is_refused_and_names_it(exchange: Exchange) -> None:
    first, second = await exchange.submit(make_claim(), make_claim())
    assert first.accepted and not second.accepted
    [finding] = [finding for finding in second.findings if finding.code == "claim.duplicate"]
    assert first.claim in finding.message
    assert await exchange.story(second.claim) == ["claim.received", "claim.rejected"]


async def test_an_unknown_payer_is_a_finding_with_its_pointer(exchange: Exchange) -> None:
    document = make_claim()
    document["tradingPartnerServiceId"] = "NOBODY"
    [submission] = await exchange.submit(document)
    [finding] = [finding for finding in submission.findings if finding.code == "payer.unknown"]
    assert finding.pointer == "/tradingPartnerServiceId"
    assert submission.state == "rejected"


@pytest.mark.parametrize("document", [{}, {"claimInformation": None}, [], "claim", 7, {"a": {"b": [1]}}])
async def test_whatever_is_posted_is_stored_with_its_findings(exchange: Exchange, document: object) -> None:
    submission = await exchange.intake.submit(TENANT, document)
    assert submission.state == "rejected"
    assert submission.findings
    assert await exchange.story(submission.claim) == ["claim.received", "claim.rejected"]
    await exchange.worker.run_due()
    assert exchange.read_sent() == []


@pytest.mark.parametrize(
    ("charge", "code"),
    [
        ("315.001", "element.part_of_cent"),
        ("-315.00", "claim.charge_unusable"),
        ("99999999999999999999", "element.too_long"),
        ("99999999999999", "claim.charge_unusable"),
    ],
)
async def test_a_charge_that_cannot_be_kept_is_one_finding(
    exchange: Exchange, charge: str, code: str
) -> None:
    [submission] = await exchange.submit(make_claim(claimChargeAmount=charge))
    assert submission.state == "rejected"
    assert [each.code for each in submission.findings if each.code != "claim.charges_unbalanced"] == [code]


async def test_an_unreadable_body_is_kept_as_a_file(exchange: Exchange) -> None:
    from edi.findings import find

    kept = await exchange.intake.keep_unreadable(TENANT, b"ISA*not json", (find("json.is_x12"),))
    [file] = await exchange.list_files()
    assert (file.id, file.state, file.reason) == (kept.file, "quarantined", "json.is_x12")
    assert exchange.archive.get(file.sha256) == b"ISA*not json"
    assert [event.type for event in await exchange.feed()] == ["file.received", "file.rejected"]
