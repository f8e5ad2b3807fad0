"""Corrections and the next payer with the scripted payer at the other end: its files, our store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.follow_ups.composing import Wish
from gateway.follow_ups.filing import FollowUps
from gateway.lifecycle import REPLACEMENT, SECONDARY, VOID
from gateway.simulator.ledger import Ledger
from gateway.simulator.mailbox import INBOUND, OUTBOUND, Mailbox
from gateway.simulator.payer import ScriptedPayer
from gateway.simulator.scenarios import load_scenarios
from gateway.simulator.server import Uploads
from gateway.upkeep import verify_home
from tests.exchange import TENANT, Exchange, make_claim

NOTE = {"claimInformation": {"claimNote": {"additionalInformation": "MODIFIER CORRECTED"}}}
SECOND = {
    "tradingPartnerServiceId": "CWP01",
    "tradingPartnerName": "LARKSPUR HEALTH PLAN",
    "subscriber": {"memberId": "LRK550", "groupNumber": "LRKG3"},
}


class Journey:
    """A gateway and the scripted payer; `pass_days` lets both work through the days."""

    def __init__(self, home: Path) -> None:
        self.exchange = Exchange(home / "gateway")
        self.mailbox = Mailbox((home / "payer" / "clinic").resolve())
        self.mailbox.create()
        self.ledger = Ledger(home / "payer" / "ledger.db")
        self.payer = ScriptedPayer(
            self.ledger, {"clinic": self.mailbox}, Uploads(), home / "taken", load_scenarios()
        )
        self._carried: set[str] = set()

    async def pass_days(self, days: int) -> None:
        for _ in range(days):
            await self.exchange.worker.run_due()
            self._carry(self.exchange.outbox, self.mailbox.root / INBOUND)
            self.payer.work(self.exchange.clock.now())
            self._carry(self.mailbox.root / OUTBOUND, self.exchange.inbox)
            await self.exchange.worker.run_due()
            self.exchange.advance(days=1)

    def _carry(self, source: Path, target: Path) -> None:
        for place in sorted(source.glob("*.x12")):
            if str(place) not in self._carried:
                self._carried.add(str(place))
                (target / place.name).write_bytes(place.read_bytes())

    async def follow(self, claim: str, kind: str, **wish: Any) -> str:
        made = await FollowUps(self.exchange.store, self.exchange.intake).file(
            TENANT, claim, Wish(kind=kind, **wish)
        )
        assert [it.code for it in made.findings if it.stops] == []
        return made.claim

    async def submit(self, number: str) -> str:
        [made] = await self.exchange.submit(make_claim(number))
        return made.claim


@pytest.fixture
async def journey(tmp_path: Path) -> AsyncIterator[Journey]:
    made = Journey(tmp_path)
    await made.exchange.start()
    yield made
    verdict = await verify_home(made.exchange.store, made.exchange.archive)
    assert verdict.faults == ()
    assert await made.exchange.list_items() == []
    made.ledger.close()
    await made.exchange.stop()


async def test_a_claim_is_denied_replaced_and_paid(journey: Journey) -> None:
    claim = await journey.submit("RB-1-CO16")
    await journey.pass_days(17)
    assert (await journey.exchange.fold(claim)).state == "denied"
    made = await journey.follow(claim, REPLACEMENT, patch=NOTE)
    await journey.pass_days(17)
    original, replacement = await journey.exchange.fold(claim), await journey.exchange.fold(made)
    assert (original.state, original.adjusted, original.reversals) == ("replaced", 0, 1)
    assert (replacement.state, replacement.open) == ("paid", 0)
    assert replacement.paid > 0


async def test_a_claim_that_is_replaced_before_it_was_decided_on_is_never_paid_itself(
    journey: Journey,
) -> None:
    claim = await journey.submit("RB-2")
    await journey.pass_days(5)
    made = await journey.follow(claim, REPLACEMENT, patch=NOTE)
    await journey.pass_days(30)
    original = await journey.exchange.fold(claim)
    assert (original.state, original.payments) == ("replaced", 0)
    assert (await journey.exchange.fold(made)).state == "paid"


async def test_a_replacement_is_replaced_again_and_the_last_one_counts(journey: Journey) -> None:
    claim = await journey.submit("RB-3-FULL")
    await journey.pass_days(17)
    first = await journey.follow(claim, REPLACEMENT, patch=NOTE)
    await journey.pass_days(17)
    second = await journey.follow(first, REPLACEMENT, patch=NOTE)
    await journey.pass_days(17)
    states = [(await journey.exchange.fold(it)).state for it in (claim, first, second)]
    assert states == ["replaced", "replaced", "paid"]
    paid = [(await journey.exchange.fold(it)).paid for it in (claim, first, second)]
    assert paid[:2] == [0, 0]


async def test_a_paid_claim_is_voided_and_its_money_taken_back(journey: Journey) -> None:
    claim = await journey.submit("RB-4")
    await journey.pass_days(17)
    assert (await journey.exchange.fold(claim)).paid > 0
    made = await journey.follow(claim, VOID)
    await journey.pass_days(17)
    voided = await journey.exchange.fold(claim)
    assert (voided.state, voided.paid) == ("voided", 0)
    assert (await journey.exchange.fold(made)).state == "completed"


async def test_what_the_first_payer_leaves_to_the_patient_the_second_one_pays(journey: Journey) -> None:
    claim = await journey.submit("RB-5-PR")
    await journey.pass_days(17)
    first = await journey.exchange.fold(claim)
    assert first.patient > 0
    made = await journey.follow(claim, SECONDARY, patch=SECOND)
    await journey.pass_days(17)
    second = await journey.exchange.fold(made)
    assert (second.state, second.paid, second.patient) == ("paid", first.patient, 0)
    assert second.adjusted == first.billed - first.patient
    kept = await journey.exchange.fold(claim)
    assert (kept.state, kept.paid, kept.patient) == ("paid", first.paid, first.patient)
