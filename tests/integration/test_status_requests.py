"""A claim without a remittance is asked about by 276, and the payer's 277 says where it stands."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edi.files import check_file
from edi.writer import write_documents
from gateway.settings import WatchSettings
from gateway.simulator.ledger import Ledger
from gateway.simulator.mailbox import INBOUND, OUTBOUND, Mailbox
from gateway.simulator.payer import ScriptedPayer
from gateway.simulator.scenarios import load_scenarios
from gateway.simulator.server import Uploads
from gateway.upkeep import verify_home
from tests.exchange import Exchange, answer_envelope, make_claim, write_999, write_ta1

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    made = Exchange(tmp_path / "gateway")
    off = dict.fromkeys(("functional_ack_hours", "claim_ack_days", "remittance_days", "silent_hours"), 0.0)
    partner = msgspec.structs.replace(made.partner, watch=WatchSettings(inquiry_days=10, **off))
    tenant = msgspec.structs.replace(made.settings.tenants[0], partners=(partner,))
    made.settings = msgspec.structs.replace(made.settings, tenants=(tenant,))
    made.worker._tenants = made.settings.tenants
    await made.start()
    yield made
    verdict = await verify_home(made.store, made.archive)
    await made.stop()
    assert verdict.faults == ()


class Payer:
    """The scripted payer behind the gateway's folders."""

    def __init__(self, place: Path, exchange: Exchange) -> None:
        self.exchange = exchange
        self.mailbox = Mailbox((place / "mailbox").resolve())
        self.mailbox.create()
        self.ledger = Ledger(place / "payer.db")
        self.payer = ScriptedPayer(
            self.ledger, {"clinic": self.mailbox}, Uploads(), place / "taken", load_scenarios()
        )
        self.kinds: list[str] = []

    async def turn(self, *, without: str = "none") -> None:
        """Our files go over, the payer works, its answers come back but for those of the kind `without`."""
        exchange = self.exchange
        await exchange.worker.run_due()
        for path in sorted(exchange.outbox.glob("*.x12")):
            path.rename(self.mailbox.root / INBOUND / path.name)
        self.payer.work(exchange.clock.now())
        for path in sorted((self.mailbox.root / OUTBOUND).iterdir()):
            kind = path.name.split(".")[1]
            if kind != without:
                self.kinds.append(kind)
                exchange.drop(path.read_bytes(), path.name)
            path.unlink()
        await exchange.worker.run_due()


@pytest.fixture
def payer(tmp_path: Path, exchange: Exchange) -> Iterator[Payer]:
    made = Payer(tmp_path, exchange)
    yield made
    made.ledger.close()


def load_sample(case: str, payer_id: str = "CWP02") -> dict[str, Any]:
    claim: dict[str, Any] = json.loads((SAMPLES / case / "claim.json").read_text())
    return claim | {"tradingPartnerServiceId": payer_id}


async def told(exchange: Exchange, event: str) -> list[dict[str, Any]]:
    return [json.loads(it.body) for it in await exchange.feed(event)]


async def test_a_claim_that_nobody_answers_is_asked_about_and_turns_pending(
    exchange: Exchange, payer: Payer
) -> None:
    [silent] = await exchange.submit(make_claim("RB-NONE"))
    await payer.turn()
    state = (await exchange.load(silent.claim)).state
    assert state == "acknowledged"
    for _ in range(3):
        exchange.advance(days=3)
        await payer.turn()
    assert await told(exchange, "claim.inquired") == []
    exchange.advance(days=2)
    await payer.turn()
    await payer.turn()
    assert payer.kinds[-2:] == ["999", "277"]
    [asked] = await exchange.feed("claim.inquired")
    assert asked.claim == silent.claim
    assert json.loads(asked.body)["marks"] == ["inquired"]
    [pending] = await told(exchange, "claim.pending")
    assert (pending["claim"], pending["acknowledgment"]["kind"], pending["acknowledgment"]["code"]) == (
        silent.claim,
        "277",
        "P1:20",
    )
    standing = await exchange.fold(silent.claim)
    assert (standing.state, standing.marks) == ("pending", frozenset())


async def test_what_is_sent_is_a_sound_276_with_our_trace_in_an_interchange_of_its_own(
    exchange: Exchange, payer: Payer
) -> None:
    claims = [load_sample("837I/inpatient_stay"), load_sample("837P/dependent_child")]
    for claim in claims:
        number = claim["claimInformation"]["patientControlNumber"].partition("-")[0]
        claim["claimInformation"]["patientControlNumber"] = f"{number}-NONE"
    sent = await exchange.submit(*claims)
    await payer.turn()
    exchange.advance(days=11)
    for _ in range(2):
        await exchange.worker.run_due()
    texts = [path.read_bytes() for path in sorted(exchange.outbox.glob("*.x12"))]
    sets = [each for text in texts for each in check_file(text, strict=True).sets]
    assert [finding for each in sets for finding in each.findings] == []
    assert {each.guide for each in sets} == {"005010X212-276"}
    asked = {
        document["encounter"]["trackingNumber"]: document for each in sets for document in each.documents
    }
    assert set(asked) == {each.claim[-20:] for each in sent}
    stay, child = (asked[each.claim[-20:]] for each in sent)
    assert stay["encounter"]["submittedAmount"] == "18450.75"
    assert (stay["encounter"]["beginningDateOfService"], stay["encounter"]["endDateOfService"]) == (
        "20261004",
        "20261008",
    )
    assert child["dependent"]["firstName"] == claims[1]["dependent"]["firstName"]
    made = [it for it in await exchange.list_interchanges() if it.claim_count == 0]
    numbers = [it.control_number for it in await exchange.list_interchanges()]
    assert len(made) == len(texts) and numbers == list(range(1, len(numbers) + 1))


async def test_a_lost_remittance_is_found_out_and_no_money_is_posted_by_a_277(
    exchange: Exchange, payer: Payer
) -> None:
    [paid, denied] = await exchange.submit(make_claim("RB-PAID"), make_claim("RB-CO29"))
    for days in (0, 1, 8, 7, 0):
        exchange.advance(days=days)
        await payer.turn(without="835")
    for _ in range(2):
        exchange.advance(days=6)
        await payer.turn(without="835")
    finals = {it["claim"]: it for it in await told(exchange, "claim.finalized")}
    assert set(finals) == {paid.claim, denied.claim}
    acknowledgment = finals[paid.claim]["acknowledgment"]
    assert (acknowledgment["code"], acknowledgment["paid"]) == ("F1:65", "315.00")
    assert acknowledgment["payerClaimControlNumber"].startswith("CW")
    assert finals[denied.claim]["acknowledgment"]["code"] == "F2:88"
    for claim in (paid, denied):
        standing = await exchange.fold(claim.claim)
        assert (standing.state, standing.paid, standing.open) == ("pending", 0, standing.billed)


async def test_a_claim_that_the_payer_does_not_find_stays_and_a_person_looks(
    exchange: Exchange, payer: Payer
) -> None:
    [lost] = await exchange.send(make_claim("RB-1"))
    for path in exchange.outbox.glob("*.x12"):
        await exchange.answer(write_999(path.read_bytes(), 900))
        path.unlink()
    exchange.advance(days=11)
    await payer.turn()
    assert (await exchange.fold(lost)).state == "acknowledged"
    assert await exchange.story(lost) == [
        "claim.received",
        "claim.accepted",
        "claim.batched",
        "claim.sent",
        "claim.acknowledged",
        "claim.inquired",
        "claim.not_found",
    ]
    [item] = await exchange.list_items()
    assert (item.reason, item.candidates) == ("claim_status.not_found", (lost,))


async def test_it_is_asked_again_until_there_is_an_answer_of_money(exchange: Exchange, payer: Payer) -> None:
    await exchange.submit(make_claim("RB-NONE"))
    await payer.turn()
    for _ in range(14):
        exchange.advance(days=10, hours=1)
        await payer.turn()
    assert 10 <= len(await exchange.feed("claim.inquired")) <= 12, "the limit is twelve"


async def test_a_payer_that_takes_no_276_is_not_asked_again_and_its_refusal_moves_no_claim(
    exchange: Exchange,
) -> None:
    [claim] = await exchange.send(make_claim("RB-1"))
    [sent] = exchange.read_sent()
    await exchange.answer(write_999(sent))
    exchange.advance(days=11)
    for _ in range(2):
        await exchange.worker.run_due()
    [_, question] = exchange.read_sent()
    await exchange.answer(write_ta1(question, 7), write_999(question, 8, code="R"))
    assert (await exchange.fold(claim)).state == "acknowledged"
    [item] = await exchange.list_items()
    assert item.reason == "inquiry.returned"
    states = [it.state for it in await exchange.list_interchanges()]
    assert states == ["acknowledged", "rejected"]


async def test_nothing_is_asked_where_the_settings_do_not_say_that_the_payer_takes_it(tmp_path: Path) -> None:
    exchange = Exchange(tmp_path)
    await exchange.start()
    await exchange.send(make_claim("RB-1"))
    for _ in range(4):
        exchange.advance(days=30)
        await exchange.worker.run_due()
    assert len(exchange.read_sent()) == 1
    assert await exchange.feed("claim.inquired") == []
    await exchange.stop()


@pytest.mark.parametrize("case", ["claim_paid", "claim_not_found"])
async def test_a_277_for_no_claim_of_ours_is_kept_for_a_person(exchange: Exchange, case: str) -> None:
    document = json.loads((SAMPLES / "277" / case / "document.json").read_text())
    await exchange.answer(write_documents("005010X212-277", [document], answer_envelope(9)))
    [file] = await exchange.list_files()
    assert (file.state, file.kinds) == ("processed", ("277",))
    [item] = await exchange.list_items()
    assert (item.kind, item.reason) == ("acknowledgment", "claim_status.unmatched")


async def test_a_277_that_bears_no_trace_is_matched_by_number_payer_charge_and_dates(
    exchange: Exchange,
) -> None:
    [claim, _] = await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    document = json.loads((SAMPLES / "277" / "claim_pending_for_dependent" / "document.json").read_text())
    document["claims"][0]["claimStatus"] |= {
        "patientAccountNumber": "RB-1",
        "submittedAmount": "315.00",
        "claimServiceDate": "20261007",
    }
    await exchange.answer(write_documents("005010X212-277", [document], answer_envelope(9)))
    assert (await exchange.fold(claim)).state == "pending"
