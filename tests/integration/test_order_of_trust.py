"""Which claim an answer means: our trace, the patient control number, the payer's number, the lines."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edi.models import ClaimPayment, ClaimStatus, ProviderAdjustment
from edi.writer import write_documents
from gateway.settings import FolderTransport, Partner, Settings
from gateway.store import TenantScope, inquiries, remittances
from gateway.upkeep import verify_home
from tests.contract.rows import make_inquiry
from tests.exchange import (
    PARTNER,
    TENANT,
    Exchange,
    answer_envelope,
    make_claim,
    pay,
    write_277ca,
    write_835,
    write_999,
    write_ta1,
)

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FULL = ("315.00", "315.00", ())


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    made = Exchange(tmp_path)
    await made.start()
    yield made
    verdict = await verify_home(made.store, made.archive)
    await made.stop()
    assert verdict.faults == ()


def call(number: str, payer: str, *lines: Any, **changes: Any) -> ClaimPayment:
    """A payment under a patient control number and a number of the payer's."""
    payment = pay(number, *(lines or (FULL,)), **changes)
    return msgspec.structs.replace(payment, payer_claim_control_number=payer)


def name_claims(**payer_numbers: str) -> Any:
    """The payer's 277CA gives each claim a number of its own, by patient control number."""

    def change(status: ClaimStatus) -> ClaimStatus:
        number = payer_numbers[status.patient_control_number.replace("-", "_")]
        return msgspec.structs.replace(status, payer_claim_control_number=number)

    return change


async def states(exchange: Exchange, *ids: str) -> list[str]:
    return [(await exchange.fold(claim)).state for claim in ids]


def replacement(number: str = "RB-1", **lines: str) -> dict[str, Any]:
    """A claim equal to `make_claim(number)` in number, charge and dates, which replaces another."""
    claim = copy.deepcopy(make_claim(number, claimFrequencyCode="7"))
    claim["claimInformation"]["claimSupplementalInformation"] = {"claimControlNumber": "P1"}
    for place, text in lines.items():
        claim["claimInformation"]["serviceLines"][int(place[1:])]["providerControlNumber"] = text
    return claim


async def test_our_trace_outweighs_the_patient_control_number(exchange: Exchange) -> None:
    one, two = await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    [sent] = exchange.read_sent()

    def swap(status: ClaimStatus) -> ClaimStatus:
        other = {"RB-1": "RB-2", "RB-2": "RB-1"}[status.patient_control_number]
        return msgspec.structs.replace(
            status, patient_control_number=other, action="U" if other == "RB-2" else status.action
        )

    await exchange.answer(write_277ca(sent, change=swap))
    assert await states(exchange, one, two) == ["payer_rejected", "payer_accepted"]


async def test_a_number_told_by_a_277ca_finds_the_claim_whose_own_number_came_back_altered(
    exchange: Exchange,
) -> None:
    one, two = await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    [sent] = exchange.read_sent()
    await exchange.answer(write_277ca(sent, change=name_claims(RB_1="ICN100", RB_2="ICN200")))
    await exchange.answer(write_835(4, call("RB2", "ICN200")))
    assert await states(exchange, one, two) == ["payer_accepted", "paid"]
    assert await exchange.list_items() == []


async def test_a_payers_number_does_not_make_another_claim_of_another_charge_and_day(
    exchange: Exchange,
) -> None:
    [claim] = await exchange.send(make_claim("RB-1"))
    [sent] = exchange.read_sent()
    await exchange.answer(write_277ca(sent, change=name_claims(RB_1="ICN100")))
    foreign = call("X", "ICN100", ("99.00", "99.00", ()), served=date(2020, 1, 1))
    await exchange.answer(write_835(4, foreign))
    assert await states(exchange, claim) == ["payer_accepted"]
    [item] = await exchange.list_items()
    assert item.candidates == (claim,), "a person may still say that it is this one"


async def test_a_payers_number_decides_between_claims_of_one_number(exchange: Exchange) -> None:
    one, two = await exchange.send(make_claim("RB-1"), replacement("RB-1"))
    texts = exchange.read_sent()
    traced = {"1": "ICN100", "7": "ICN200"}

    def name(status: ClaimStatus) -> ClaimStatus:
        frequency = "1" if status.clearinghouse_trace == one[-20:] else "7"
        return msgspec.structs.replace(status, payer_claim_control_number=traced[frequency])

    await exchange.answer(*(write_277ca(text, 30 + at, change=name) for at, text in enumerate(texts)))
    await exchange.answer(write_835(4, call("RB-1", "ICN200")))
    assert await states(exchange, one, two) == ["payer_accepted", "paid"]


async def test_the_numbers_of_the_lines_decide_where_the_payer_gives_none(exchange: Exchange) -> None:
    one, two = await exchange.send(make_claim("RB-1"), replacement("RB-1", l0="A1", l1="A2", l2="A3"))
    payment = call("RB-1", "")
    [service] = payment.services
    lined = msgspec.structs.replace(
        payment, services=(msgspec.structs.replace(service, control_number="A2"),)
    )
    await exchange.answer(write_835(4, lined))
    assert await states(exchange, one, two) == ["sent", "paid"]


async def test_what_nothing_decides_is_a_persons_with_both_claims_named(exchange: Exchange) -> None:
    one, two = await exchange.send(make_claim("RB-1"), replacement("RB-1"))
    await exchange.answer(write_835(4, call("RB-1", "ICN-NEVER-SEEN")))
    assert await states(exchange, one, two) == ["sent", "sent"]
    [item] = await exchange.list_items()
    assert set(item.candidates) == {one, two}


async def test_a_reversal_that_names_the_claim_by_the_payers_number_alone_is_posted_to_it(
    exchange: Exchange,
) -> None:
    [claim] = await exchange.send(make_claim("RB-1"))
    await exchange.answer(write_835(4, call("RB-1", "ICN100")))
    taken_back = ("-315.00", "-315.00", ())
    await exchange.answer(write_835(5, call("UNKNOWN", "ICN100", taken_back, status="22")))
    standing = await exchange.fold(claim)
    assert (standing.state, standing.paid, standing.open) == ("reversed", 0, Decimal("315.00"))


async def test_the_number_of_another_partners_payer_finds_nothing(tmp_path: Path) -> None:
    exchange = Exchange(tmp_path)
    await exchange.start()
    [claim] = await exchange.send(make_claim("RB-1"))
    [sent] = exchange.read_sent()
    await exchange.answer(write_277ca(sent, change=name_claims(RB_1="ICN100")))
    other = add_partner(exchange, tmp_path)
    answer = write_835(4, call("X", "ICN100")).replace(b"PAYER          ", b"OTHERPAYER     ")
    file = await exchange.inbound.reception.receive(TENANT, other.name, "a", answer)
    exchange.processing._find_partner = lambda tenant, name: exchange.settings.find_partner(tenant, name)
    await exchange.worker.run_due()
    assert await states(exchange, claim) == ["payer_accepted"]
    [item] = await exchange.list_items()
    assert (item.file, item.candidates) == (file.id, ())
    await exchange.stop()


async def test_answers_of_another_partner_with_our_control_numbers_move_nothing(tmp_path: Path) -> None:
    exchange = Exchange(tmp_path)
    await exchange.start()
    [claim] = await exchange.send(make_claim("RB-1"))
    [sent] = exchange.read_sent()
    other = add_partner(exchange, tmp_path)
    exchange.processing._find_partner = lambda tenant, name: exchange.settings.find_partner(tenant, name)
    for answer in (write_ta1(sent, code="R", note="020"), write_999(sent, code="R"), write_277ca(sent)):
        content = answer.replace(b"PAYER          ", b"OTHERPAYER     ")
        await exchange.inbound.reception.receive(TENANT, other.name, "a", content)
    await exchange.worker.run_due()
    assert await states(exchange, claim) == ["sent"]
    assert len(await exchange.list_items()) == 3
    await exchange.stop()


def add_partner(exchange: Exchange, home: Path) -> Partner:
    """A second partner of the tenant, whose payers are others; its mailbox is empty."""
    first, place = exchange.partner, home / "other"
    for name in ("out", "in"):
        (place / name).mkdir(parents=True)
    other = msgspec.structs.replace(
        first,
        name="other",
        payers=("CWP77",),
        transport=FolderTransport(outbox_folder=place / "out", inbox_folder=place / "in"),
        envelope=msgspec.structs.replace(first.envelope, receiver="OTHERPAYER"),
    )
    tenant = msgspec.structs.replace(exchange.settings.tenants[0], partners=(first, other))
    exchange.settings = Settings(home=exchange.settings.home, tenants=(tenant,))
    return other


async def test_a_999_that_accepts_in_part_moves_each_set_as_it_says(exchange: Exchange) -> None:
    batch = msgspec.structs.replace(exchange.partner.batch, claims_per_set=1)
    partner = msgspec.structs.replace(exchange.partner, batch=batch)
    one, two = [it.claim for it in await exchange.submit(make_claim("RB-1"), make_claim("RB-2"))]
    await exchange.batching.run(TENANT, partner)
    await exchange.worker.run_due()
    [sent] = exchange.read_sent()

    def refuse_second(document: dict[str, Any]) -> None:
        document["transactionSets"][1] |= {"acknowledgmentCode": "R", "syntaxErrorCodes": ["5"]}
        document["acknowledgmentCode"], document["acceptedSetCount"] = "P", "1"

    await exchange.answer(write_999(sent, change=refuse_second))
    assert await states(exchange, one, two) == ["acknowledged", "returned"]
    [interchange] = await exchange.list_interchanges()
    assert interchange.state == "acknowledged"


async def test_a_balance_is_carried_forward_and_brought_back_and_claims_keep_their_money(
    exchange: Exchange,
) -> None:
    """A take-back larger than the payment: BPR02 is 0, the rest goes into the next one (PLB FB, WO)."""
    one, two = await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    keep = [("WO", "400.00"), ("FB", "-85.00")]
    plb = [ProviderAdjustment(provider="1", reason=reason, amount=Decimal(amount)) for reason, amount in keep]
    await exchange.answer(write_835(4, call("RB-1", "ICN1"), kept=tuple(plb)))
    back = (ProviderAdjustment(provider="1", reason="FB", amount=Decimal("85.00")),)
    await exchange.answer(write_835(5, call("RB-2", "ICN2"), kept=back))
    assert await states(exchange, one, two) == ["paid", "paid"]
    listed = await exchange.store.read(lambda scope: remittances.list_page(scope), tenant=TENANT)
    assert sorted(it.amount for it in listed) == [Decimal("0.00"), Decimal("230.00")]
    assert {it.state for it in listed} == {"posted"}


def ask(exchange: Exchange, trace: str, kind: str = "eligibility") -> Any:
    """An inquiry of ours that the partner has not answered in its time."""

    asked = exchange.archive.put(b"what was asked")

    def add(scope: TenantScope) -> inquiries.Inquiry:
        ours = {"trace": trace, "kind": kind, "partner": PARTNER, "request_sha256": asked}
        return inquiries.add(scope, make_inquiry(f"inq_{trace}", wait=timedelta(hours=1), **ours))

    return exchange.store.write(add, tenant=TENANT)


async def test_a_271_in_the_mailbox_completes_the_inquiry_that_it_answers_once(exchange: Exchange) -> None:
    inquiry = await ask(exchange, "CWELG-0001")
    await exchange.store.write(
        lambda scope: inquiries.settle(scope, inquiry.id, inquiries.UNANSWERED), tenant=TENANT
    )
    document = json.loads((SAMPLES / "271" / "active_coverage_with_benefits" / "document.json").read_text())
    for number in (8, 9):
        await exchange.answer(write_documents("005010X279A1-271", [document], answer_envelope(number)))
    answered = await exchange.store.read(lambda scope: inquiries.load(scope, inquiry.id), tenant=TENANT)
    assert answered is not None and answered.state == "answered"
    first = (await exchange.list_files())[-1]
    assert answered.answer_sha256 == first.sha256
    [event] = await exchange.feed("eligibility.completed")
    assert json.loads(event.body)["inquiry"] == inquiry.id
    assert await exchange.list_items() == []


async def test_a_271_to_nothing_of_ours_is_kept_for_a_person(exchange: Exchange) -> None:
    await ask(exchange, "CWELG-0002")
    document = json.loads((SAMPLES / "271" / "active_coverage_with_benefits" / "document.json").read_text())
    await exchange.answer(write_documents("005010X279A1-271", [document], answer_envelope(8)))
    [file] = await exchange.list_files()
    [item] = await exchange.list_items()
    assert (file.state, item.kind, item.reason) == ("processed", "acknowledgment", "inquiry.unmatched")
    assert await exchange.feed("eligibility.completed") == []


async def test_a_277_in_the_mailbox_may_answer_an_inquiry_in_real_time(exchange: Exchange) -> None:
    inquiry = await ask(exchange, "CWST-1", "claim_status")
    document = json.loads((SAMPLES / "277" / "claim_paid" / "document.json").read_text())
    await exchange.answer(write_documents("005010X212-277", [document], answer_envelope(8)))
    [event] = await exchange.feed("claim_status.completed")
    assert json.loads(event.body)["inquiry"] == inquiry.id
    assert await exchange.list_items() == []
