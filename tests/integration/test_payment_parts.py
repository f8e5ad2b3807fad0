"""One payment in several 835: each part is posted once, and the payment is whole when the parts add up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.settings import WatchSettings
from gateway.store import remittances
from tests.answers import make_remittance
from tests.exchange import TENANT, Exchange, make_claim, pay, write_remittance

FULL = ("315.00", "215.00", [("CO", "45", "70.00"), ("PR", "3", "30.00")])
WHOLE = Decimal("430.00")


PAID_IN_PARTS = WatchSettings(payment_parts_days=2)


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    made = Exchange(tmp_path, watches=PAID_IN_PARTS)
    await made.start()
    yield made
    await made.stop()


def write_part(number: int, claim: str, whole: Decimal = WHOLE) -> bytes:
    """An 835 that pays one claim and says in BPR02 what the whole payment is."""
    remittance = msgspec.structs.replace(make_remittance(pay(claim, FULL)), amount=whole)
    return write_remittance(number, "EFT0000777", remittance)


async def list_kept(exchange: Exchange) -> list[tuple[str, Decimal, Decimal | None]]:
    kept = await exchange.store.read(lambda scope: remittances.list_page(scope), tenant=TENANT)
    return [(it.state, it.amount, it.payment_amount) for it in reversed(kept)]


async def tell(exchange: Exchange, event: str) -> list[dict[str, Any]]:
    return [msgspec.json.decode(it.body) for it in await exchange.feed(event)]


async def test_each_part_is_posted_when_it_comes_and_the_last_one_makes_the_payment_whole(
    exchange: Exchange,
) -> None:
    first, second = await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    await exchange.answer(write_part(4, "RB-1"))
    assert await list_kept(exchange) == [("part", Decimal("215.00"), WHOLE)]
    assert [(await exchange.fold(it)).state for it in (first, second)] == ["paid", "sent"]
    await exchange.answer(write_part(5, "RB-2"))
    assert await list_kept(exchange) == [("posted", Decimal("215.00"), WHOLE)] * 2
    assert [(await exchange.fold(it)).state for it in (first, second)] == ["paid", "paid"]
    told = await tell(exchange, "remittance.received")
    assert [(it["amount"], it["paymentAmount"], it["missing"]) for it in told] == [
        ("215.00", "430.00", "215.00"),
        ("215.00", "430.00", "0.00"),
    ]
    assert await exchange.feed("remittance.unbalanced") == []
    assert await exchange.list_items() == []


async def test_a_part_that_comes_again_is_a_duplicate_and_one_too_many_is_kept_apart(
    exchange: Exchange,
) -> None:
    first, second = await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    await exchange.answer(write_part(4, "RB-1"))
    await exchange.answer(write_part(5, "RB-1"))
    assert [it[0] for it in await list_kept(exchange)] == ["part"]
    assert (await exchange.fold(first)).payments == 1
    await exchange.answer(write_part(6, "RB-2"))
    await exchange.answer(write_part(7, "RB-3"))
    assert [it[0] for it in await list_kept(exchange)] == ["posted", "posted", "unbalanced"]
    assert (await exchange.fold(second)).payments == 1


async def test_a_part_that_stays_away_is_told_once_and_the_item_settles_itself_when_it_comes(
    exchange: Exchange,
) -> None:
    await exchange.send(make_claim("RB-1"), make_claim("RB-2"))
    await exchange.answer(write_part(4, "RB-1"))
    exchange.advance(hours=47)
    await exchange.worker.run_due()
    assert await exchange.list_items() == []
    for _ in range(3):
        exchange.advance(hours=2)
        await exchange.worker.run_due()
    [item] = await exchange.list_items()
    assert item.reason == "remittance.parts_missing"
    [told] = await tell(exchange, "remittance.unbalanced")
    assert (told["missing"], told["paymentAmount"]) == ("215.00", "430.00")
    await exchange.answer(write_part(5, "RB-2"))
    await exchange.worker.run_due()
    assert await exchange.list_items() == []


async def test_a_partner_that_does_not_pay_in_parts_is_held_to_its_total(tmp_path: Path) -> None:
    exchange = Exchange(tmp_path)
    await exchange.start()
    [claim] = await exchange.send(make_claim("RB-1"))
    await exchange.answer(write_part(4, "RB-1"))
    assert [it[0] for it in await list_kept(exchange)] == ["unbalanced"]
    assert (await exchange.fold(claim)).state == "sent"
    await exchange.stop()
