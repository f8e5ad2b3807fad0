"""A claim corrected, taken back, and billed to the next payer, through the real gateway and real files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edi.files import check_file
from edi.models import ClaimPayment
from gateway.follow_ups.composing import Wish
from gateway.follow_ups.filing import FollowUps, Refused
from gateway.lifecycle import REPLACEMENT, SECONDARY, VOID
from gateway.recording import Submission
from gateway.store import follow_ups
from gateway.upkeep import verify_home
from tests.exchange import TENANT, Exchange, make_claim, pay, write_277ca, write_835, write_999

DENIAL = ("315.00", "0", [("CO", "16", "315.00")])
FULL = ("315.00", "215.00", [("CO", "45", "70.00"), ("PR", "3", "30.00")])
PROCEDURES = ("99214", "80053", "83036")
NOTE = {"claimInformation": {"claimNote": {"additionalInformation": "MODIFIER CORRECTED"}}}


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    """A gateway and its partner; after every journey the chain closes and each claim is its events' fold."""
    made = Exchange(tmp_path)
    await made.start()
    yield made
    verdict = await verify_home(made.store, made.archive)
    await made.stop()
    assert verdict.faults == ()


async def file(exchange: Exchange, claim: str, kind: str, **wish: Any) -> Submission:
    made = FollowUps(exchange.store, exchange.intake)
    return await made.file(TENANT, claim, Wish(kind=kind, **wish))


async def codes_of_refusal(exchange: Exchange, claim: str, kind: str, **wish: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        await file(exchange, claim, kind, **wish)
    return [finding.code for finding in refused.value.findings]


def numbered(number: str) -> Any:
    return lambda status: msgspec.structs.replace(status, payer_claim_control_number=number)


def reverse(payment: ClaimPayment) -> ClaimPayment:
    """The reversal of a claim payment, as payers send it (CLP02 = 22)."""

    def negate(service: Any) -> Any:
        adjustments = tuple(msgspec.structs.replace(it, amount=-it.amount) for it in service.adjustments)
        return msgspec.structs.replace(
            service, charge=-service.charge, paid=-service.paid, units=None, adjustments=adjustments
        )

    return msgspec.structs.replace(
        payment,
        status="22",
        charge=-payment.charge,
        paid=-payment.paid,
        patient_responsibility=Decimal(0),
        services=tuple(map(negate, payment.services)),
    )


async def deny(exchange: Exchange, number: str = "RB-1") -> str:
    """A claim that the payer took in under its number and denied."""
    [claim] = await exchange.send(make_claim(number))
    sent = exchange.read_sent()[-1]
    await exchange.answer(
        write_999(sent, 2),
        write_277ca(sent, 3, change=numbered(f"P{number}")),
        write_835(4, pay(number, DENIAL, status="4")),
    )
    assert (await exchange.fold(claim)).state == "denied"
    return claim


async def test_a_denied_claim_is_replaced_and_the_replacement_is_paid(exchange: Exchange) -> None:
    claim = await deny(exchange)
    made = await file(exchange, claim, REPLACEMENT, patch=NOTE)
    assert made.accepted
    assert "worked" in (await exchange.load(claim)).marks, "it leaves the denials while it is being replaced"
    await exchange.worker.run_due()
    text = exchange.read_sent()[-1].decode()
    assert ("REF*F8*PRB-1~" in text, ":B:7*" in text) == (True, True)
    sent = exchange.read_sent()[-1]
    await exchange.answer(write_999(sent, 12), write_277ca(sent, 13, change=numbered("PNEW")))
    assert (await exchange.fold(claim)).state == "denied", "taken in is not decided"
    correction = msgspec.structs.replace(pay("RB-1", FULL), payer_claim_control_number="PNEW", frequency="7")
    await exchange.answer(write_835(14, reverse(pay("RB-1", DENIAL, status="4")), correction))
    original, replacement = await exchange.fold(claim), await exchange.fold(made.claim)
    assert (original.state, original.paid, original.adjusted) == ("replaced", 0, 0)
    assert (replacement.state, replacement.paid, replacement.patient) == ("paid", 215, 30)
    assert (await exchange.story(claim))[-5:] == [
        "claim.denied",
        "claim.followed",
        "claim.followed",
        "claim.reversed",
        "claim.replaced",
    ]
    assert await exchange.list_items() == []


@pytest.mark.parametrize("own_number", [True, False], ids=["new payer number", "the original's number"])
async def test_a_correction_finds_the_replacement_though_charge_and_dates_are_the_original_s(
    exchange: Exchange, own_number: bool
) -> None:
    claim = await deny(exchange)
    made = await file(exchange, claim, REPLACEMENT, patch=NOTE)
    await exchange.worker.run_due()
    number = "PUNSEEN" if own_number else "PRB-1"
    frequency = "" if own_number else "7"
    correction = msgspec.structs.replace(
        pay("RB-1", FULL), payer_claim_control_number=number, frequency=frequency
    )
    await exchange.answer(write_835(14, reverse(pay("RB-1", DENIAL, status="4")), correction))
    assert (await exchange.fold(made.claim)).state == "paid"
    assert (await exchange.fold(claim)).state == "replaced"


async def test_the_correction_before_the_reversal_ends_alike(exchange: Exchange) -> None:
    claim = await deny(exchange)
    made = await file(exchange, claim, REPLACEMENT, patch=NOTE)
    await exchange.worker.run_due()
    correction = msgspec.structs.replace(pay("RB-1", FULL), payer_claim_control_number="PNEW", frequency="7")
    await exchange.answer(write_835(14, correction))
    assert (await exchange.fold(claim)).state == "replaced"
    await exchange.answer(write_835(15, reverse(pay("RB-1", DENIAL, status="4"))))
    assert ((await exchange.fold(claim)).state, (await exchange.fold(claim)).adjusted) == ("replaced", 0)
    assert (await exchange.fold(made.claim)).state == "paid"


async def test_a_whole_claim_replaces_as_well_and_a_number_that_the_client_gives_stands(
    exchange: Exchange,
) -> None:
    claim = await deny(exchange)
    whole = make_claim("RB-1", claimSupplementalInformation={"claimControlNumber": "FROM-THE-PORTAL"})
    made = await file(exchange, claim, REPLACEMENT, whole=whole)
    await exchange.worker.run_due()
    text = exchange.read_sent()[-1].decode()
    assert ("REF*F8*FROM-THE-PORTAL~" in text, ":B:7*" in text) == (True, True)
    assert (await exchange.load(made.claim)).original == claim


async def test_there_are_never_two_live_replacements_of_one_claim(exchange: Exchange) -> None:
    claim = await deny(exchange)
    tries = await asyncio.gather(
        *(file(exchange, claim, REPLACEMENT, patch=NOTE) for _ in range(6)), return_exceptions=True
    )
    made = [it for it in tries if isinstance(it, Submission)]
    assert len(made) == 1
    assert {type(it) for it in tries} == {Submission, Refused}
    assert await codes_of_refusal(exchange, claim, VOID) == ["claim.already_followed"]
    following = await exchange.store.read(lambda scope: follow_ups.list_of(scope, claim), tenant=TENANT)
    assert [it.id for it in following] == [made[0].claim]


async def test_a_replacement_that_the_payer_refuses_lets_the_next_one_in(exchange: Exchange) -> None:
    claim = await deny(exchange)
    await file(exchange, claim, REPLACEMENT, patch=NOTE)
    await exchange.worker.run_due()
    await exchange.answer(write_999(exchange.read_sent()[-1], 12, code="R"))
    row = await exchange.load(claim)
    assert (row.state, row.marks) == ("denied", ()), "the denial is on the list again"
    assert (await file(exchange, claim, REPLACEMENT, patch=NOTE)).accepted


async def test_a_replacement_with_findings_is_stored_and_rejected_and_moves_nothing(
    exchange: Exchange,
) -> None:
    claim = await deny(exchange)
    wrong = {"claimInformation": {"claimChargeAmount": "1.00"}}
    made = await file(exchange, claim, REPLACEMENT, patch=wrong)
    assert (made.state, (await exchange.load(claim)).marks) == ("rejected", ())
    assert (await file(exchange, claim, REPLACEMENT, patch=NOTE)).accepted


async def test_what_cannot_be_corrected_is_refused_with_its_reason(exchange: Exchange) -> None:
    [waiting] = await exchange.submit(make_claim("RB-9"))
    assert await codes_of_refusal(exchange, waiting.claim, REPLACEMENT, patch=NOTE) == [
        "claim.not_with_payer"
    ]
    await exchange.worker.run_due()
    assert await codes_of_refusal(exchange, waiting.claim, VOID) == ["claim.payer_number_unknown"]
    elsewhere = {"tradingPartnerServiceId": "CWP01"}
    claim = await deny(exchange)
    assert await codes_of_refusal(exchange, claim, REPLACEMENT, patch=elsewhere) == [
        "claim.other_payer_than_original"
    ]
    assert await codes_of_refusal(exchange, waiting.claim, SECONDARY) == ["claim.not_adjudicated"]


async def test_a_void_ends_when_the_payer_takes_the_claim_back(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim())
    await exchange.answer(write_835(4, pay("RB-1", FULL)))
    made = await file(exchange, claim, VOID)
    await exchange.worker.run_due()
    assert ":B:8*" in exchange.read_sent()[-1].decode()
    await exchange.answer(write_835(5, reverse(pay("RB-1", FULL))))
    assert (await exchange.fold(claim)).state == "voided"
    assert (await exchange.fold(made.claim)).state == "completed"
    assert await exchange.list_items() == []
    [again] = await exchange.submit(make_claim())
    assert again.accepted, "what was voided may be billed anew"


SECOND = {
    "tradingPartnerServiceId": "CWP01",
    "tradingPartnerName": "LARKSPUR HEALTH PLAN",
    "subscriber": {"memberId": "LRK550", "groupNumber": "LRKG3"},
    "claimInformation": {"claimFilingCode": "CI"},
}


def pay_lines(status: str = "1", **changes: Any) -> ClaimPayment:
    """The claim's own three lines: 215.00 paid, 70.00 written off, 30.00 left to the patient."""
    made = pay(
        "RB-1",
        ("215.00", "165.00", [("CO", "45", "50.00")]),
        ("61.25", "31.25", [("PR", "3", "30.00")]),
        ("38.75", "18.75", [("CO", "45", "20.00")]),
        status=status,
    )
    numbered_lines = tuple(
        msgspec.structs.replace(line, control_number=str(place), procedure=code)
        for place, (line, code) in enumerate(zip(made.services, PROCEDURES, strict=True), 1)
    )
    return msgspec.structs.replace(made, services=numbered_lines, **changes)


async def test_the_next_payer_is_told_what_the_first_one_decided_and_pays_the_rest(
    exchange: Exchange,
) -> None:
    [claim] = await exchange.send(make_claim())
    await exchange.answer(write_835(4, pay_lines()))
    made = await file(exchange, claim, SECONDARY, patch=SECOND)
    assert [it.code for it in made.findings if it.stops] == []
    assert await codes_of_refusal(exchange, claim, SECONDARY, patch=SECOND) == ["claim.already_followed"]
    await exchange.worker.run_due()
    sent = exchange.read_sent()[-1]
    assert [it for it in check_file(sent).all_findings if it.stops] == []
    second = msgspec.structs.replace(
        pay("RB-1", ("315.00", "30.00", [("OA", "23", "285.00")]), status="2"),
        payer_claim_control_number="L-1",
    )
    await exchange.answer(write_277ca(sent, 13, change=numbered("L-1")), write_835(14, second))
    first, next_ = await exchange.fold(claim), await exchange.fold(made.claim)
    assert (first.state, first.paid, first.patient) == ("paid", 215, 30)
    assert (next_.state, next_.paid, next_.patient, next_.open) == ("paid", 30, 0, 0)
    assert await exchange.list_items() == []
