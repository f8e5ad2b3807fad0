"""Two tenants on one gateway: what a partner of the one sends touches nothing of the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.store import TenantScope, claims, events, interchanges, tenants
from tests.contract.rows import make_claim as add_claim
from tests.contract.rows import make_interchange
from tests.exchange import (
    PAYER_ID,
    Exchange,
    make_claim,
    pay,
    write_277ca,
    write_835,
    write_999,
    write_ta1,
)

NEIGHBOUR = "neighbour"
FULL = ("215.00", "215.00", ())


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    """An exchange whose neighbour has sent a claim that looks like the one of these tests."""
    made = Exchange(tmp_path)
    await made.start()
    await made.store.write(lambda system: tenants.create(system, "Neighbour", tenant_id=NEIGHBOUR))
    await made.store.write(send_alike, tenant=NEIGHBOUR)
    yield made
    await made.stop()


def send_alike(scope: TenantScope) -> None:
    claim = add_claim(
        scope,
        patient_control_number="RB-1",
        payer_id=PAYER_ID,
        state="sent",
        charge=Decimal("215.00"),
        service_from=date(2026, 10, 7),
        service_to=date(2026, 10, 7),
    )
    sent = make_interchange(scope, claim, partner="payer", control_number=1)
    interchanges.record_attempt(scope, sent.id)


async def look_at_neighbour(exchange: Exchange) -> tuple[list[claims.Claim], int]:
    def look(scope: TenantScope) -> tuple[list[claims.Claim], int]:
        return claims.list_page(scope), events.last_sequence(scope)

    return await exchange.store.read(look, tenant=NEIGHBOUR)


async def test_a_payment_of_the_neighbours_claim_moves_nobody(exchange: Exchange) -> None:
    before = await look_at_neighbour(exchange)
    await exchange.answer(write_835(4, pay("RB-1", FULL)))
    assert await look_at_neighbour(exchange) == before
    assert len(await exchange.feed("remittance.unmatched")) == 1


async def test_every_answer_to_ours_leaves_the_neighbours_claim_of_the_same_numbers(
    exchange: Exchange,
) -> None:
    before = await look_at_neighbour(exchange)
    [claim] = await exchange.send(make_claim("RB-1"))
    sent = exchange.read_sent()[0]
    await exchange.answer(
        write_ta1(sent),
        write_999(sent),
        write_277ca(sent),
        write_835(4, pay("RB-1", ("315.00", "315.00", ()))),
    )
    assert (await exchange.fold(claim)).state == "paid"
    assert await look_at_neighbour(exchange) == before


async def test_an_equal_claim_of_the_neighbour_is_no_duplicate(exchange: Exchange) -> None:
    [submission] = await exchange.submit(make_claim("RB-1"))
    assert submission.accepted
