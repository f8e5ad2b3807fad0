"""An 824 says what a partner's application makes of a set, a batch or one claim."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from edi.acks import report_group
from edi.files import check_file
from edi.writer import write_documents
from gateway.hands import Hand, attach_item
from gateway.upkeep import verify_home
from tests.exchange import (
    TENANT,
    Exchange,
    answer_envelope,
    make_claim,
    pay,
    write_277ca,
    write_835,
    write_999,
)


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    made = Exchange(tmp_path)
    await made.start()
    yield made
    verdict = await verify_home(made.store, made.archive)
    await made.stop()
    assert verdict.faults == ()


def write_824(number: int, *items: dict[str, Any]) -> bytes:
    document = {
        "submitter": {"organizationName": "EXAMPLE HEALTH PLAN", "payerId": "CWP02"},
        "receiver": {"organizationName": "CLINIC", "etin": "CLINIC"},
        "items": list(items),
    }
    text = write_documents("005010X186A1", [document], answer_envelope(number))
    assert not [finding.code for finding in check_file(text).all_findings if finding.stops]
    return text


def item(code: str, **changes: str) -> dict[str, Any]:
    """An item with an error where it refuses."""
    found: dict[str, Any] = {"acknowledgmentCode": code, "referenceQualifier": "TN", "reference": "NA"}
    if code.endswith("R"):
        message = {"text": "MEMBER IS NOT ON FILE", "codeListQualifier": "94", "code": "CW01"}
        found["errors"] = [{"conditionCode": "024", "messages": [message]}]
    return found | changes


async def test_a_refused_transaction_set_refuses_its_claims_with_the_partners_reason(
    exchange: Exchange,
) -> None:
    [one] = await exchange.send(make_claim("RB-1"))
    [two] = await exchange.send(make_claim("RB-2"))
    first, _ = exchange.read_sent()
    group = check_file(first).interchanges[0].groups[0].header.control_number
    await exchange.answer(write_999(first))
    refused = item("TR", groupControlNumber=group, transactionSetControlNumber="0001")
    await exchange.answer(write_824(5, refused))
    assert [(await exchange.fold(claim)).state for claim in (one, two)] == ["payer_rejected", "sent"]
    [event] = await exchange.feed("claim.payer_rejected")
    told = json.loads(event.body)["acknowledgment"]
    assert (told["kind"], told["code"], len(told["findings"])) == ("824", "TR", 1)
    assert [file.kinds for file in await exchange.list_files()] == [("824",), ("999",)]


async def test_a_set_is_found_by_the_reference_that_it_bore_where_no_control_number_comes_back(
    exchange: Exchange,
) -> None:
    [claim] = await exchange.send(make_claim("RB-1"))
    [sent] = exchange.read_sent()
    segments = [segment for each in check_file(sent).sets for segment in each.segments]
    reference = next(segment.element(3) for segment in segments if segment.id == "BHT")
    await exchange.answer(write_824(5, item("TA", reference=reference)))
    standing = await exchange.fold(claim)
    assert standing.state == "acknowledged"


async def test_our_own_report_of_their_file_reads_back_to_the_same_claims(exchange: Exchange) -> None:
    """The 824 that the engine makes of our interchange is one that a partner could send."""
    [claim] = await exchange.send(make_claim("RB-1"))
    [sent] = exchange.read_sent()
    interchange = check_file(sent).interchanges[0]
    [group] = interchange.groups
    document = report_group(interchange.header, group)
    await exchange.answer(write_documents("005010X186A1", [document], answer_envelope(6)))
    assert (await exchange.fold(claim)).state == "acknowledged"


@pytest.mark.parametrize("by", ["trace", "number"])
async def test_one_claim_is_refused_by_its_trace_or_its_number_and_the_other_goes_on(
    exchange: Exchange, by: str
) -> None:
    [one, two] = await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    reference = two[-20:] if by == "trace" else "RB-2"
    await exchange.answer(write_824(5, item("IR", referenceQualifier="IX", reference=reference)))
    assert [(await exchange.fold(claim)).state for claim in (one, two)] == ["sent", "payer_rejected"]


async def test_a_report_that_comes_late_does_not_move_a_paid_claim_back(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim("RB-1"))
    [sent] = exchange.read_sent()
    await exchange.answer(write_277ca(sent))
    await exchange.answer(write_835(4, pay("RB-1", ("315.00", "215.00", [("CO", "45", "100.00")]))))
    before = await exchange.fold(claim)
    await exchange.answer(write_824(5, item("TR", groupControlNumber="1")))
    after = await exchange.fold(claim)
    assert (before.state, after.state, after.paid) == ("paid", "paid", before.paid)


@pytest.mark.parametrize(
    "said",
    [
        item("TR", groupControlNumber="77"),
        item("TP", groupControlNumber="1"),
        item("IR", referenceQualifier="IX", reference="NOBODY"),
        item("BA", referenceQualifier="BT", reference="BATCH 12"),
    ],
    ids=["unknown-group", "a-part", "unknown-claim", "unknown-batch"],
)
async def test_what_means_none_of_ours_or_not_which_moves_nothing_and_a_person_looks(
    exchange: Exchange, said: dict[str, Any]
) -> None:
    [claim] = await exchange.send(make_claim("RB-1"))
    await exchange.answer(write_824(5, said))
    assert (await exchange.fold(claim)).state == "sent"
    [work] = await exchange.list_items()
    assert (work.kind, work.reason) == ("acknowledgment", "application_report.unmatched")


async def test_a_report_about_one_claim_can_be_attached_by_hand(exchange: Exchange) -> None:
    [claim] = await exchange.send(make_claim("RB-1"))
    await exchange.answer(write_824(5, item("IR", referenceQualifier="IX", reference="TYPED WRONG")))
    [work] = await exchange.list_items()
    await exchange.store.write(lambda scope: attach_item(scope, work.id, claim, Hand("key_1")), tenant=TENANT)
    assert (await exchange.fold(claim)).state == "payer_rejected"
    assert await exchange.list_items() == []
