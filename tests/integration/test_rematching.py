"""Answers that overtake what they answer wait as orphans and are matched once it is known."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from gateway.store import acknowledgments
from tests.exchange import (
    TENANT,
    Exchange,
    make_claim,
    pay,
    write_277ca,
    write_835,
    write_999,
    write_ta1,
)

FULL = ("315.00", "215.00", [("CO", "45", "70.00"), ("PR", "3", "30.00")])


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    made = Exchange(tmp_path)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def foretold(tmp_path: Path) -> bytes:
    """The interchange that the exchange will send first, as another gateway in its place has sent it."""
    other = Exchange(tmp_path / "other")
    await other.start()
    await other.send(make_claim())
    [text] = other.read_sent()
    await other.stop()
    return text


def answer_untraced(sent: bytes) -> bytes:
    """A 277CA that names its claim by the patient control number: traces of another gateway are not ours."""
    return write_277ca(sent, change=lambda status: msgspec.structs.replace(status, clearinghouse_trace=""))


@pytest.mark.parametrize(
    ("write", "reason", "state"),
    [
        (write_ta1, "acknowledgment.unmatched", "acknowledged"),
        (write_999, "acknowledgment.unmatched", "acknowledged"),
        (answer_untraced, "claim_status.unmatched", "payer_accepted"),
        (lambda _: write_835(4, pay("RB-1", FULL)), "remittance.claim_unmatched", "paid"),
    ],
    ids=["TA1", "999", "277CA", "835"],
)
async def test_an_answer_that_came_before_its_claim_is_matched_once_the_claim_was_sent(
    exchange: Exchange, foretold: bytes, write: Callable[[bytes], bytes], reason: str, state: str
) -> None:
    await exchange.answer(write(foretold))
    [orphan] = await exchange.list_items()
    assert (orphan.kind in ("acknowledgment", "remittance"), orphan.reason) == (True, reason)
    [claim] = await exchange.send(make_claim())
    exchange.advance(minutes=2)
    await exchange.worker.run_due()
    assert (await exchange.fold(claim)).state == state
    assert await exchange.list_items() == []
    [resolved] = await exchange.feed("work_item.resolved")
    assert msgspec.json.decode(resolved.body)["hand"]["key"] == "rematching"

    story = await exchange.story(claim)
    for _ in range(3):
        exchange.advance(hours=1)
        await exchange.worker.run_due()
    assert await exchange.story(claim) == story


async def test_a_statement_is_kept_once_when_it_is_matched_late(exchange: Exchange, foretold: bytes) -> None:
    await exchange.answer(answer_untraced(foretold))
    [claim] = await exchange.send(make_claim())
    exchange.advance(minutes=2)
    await exchange.worker.run_due()
    [file] = await exchange.list_files()
    kept = await exchange.store.read(
        lambda scope: acknowledgments.list_of_file(scope, file.id), tenant=TENANT
    )
    assert [(each.claim, each.applied) for each in kept] == [(claim, True)]


async def test_what_means_none_of_ours_for_three_days_is_left_to_a_person(
    exchange: Exchange, foretold: bytes
) -> None:
    await exchange.answer(write_999(foretold))
    for _ in range(73):
        exchange.advance(hours=1)
        await exchange.worker.run_due()
    assert len(await exchange.feed("acknowledgment.unmatched")) == 1
    [claim] = await exchange.send(make_claim())
    exchange.advance(hours=2)
    await exchange.worker.run_due()
    assert (await exchange.fold(claim)).state == "sent"
    assert [item.reason for item in await exchange.list_items()] == ["acknowledgment.unmatched"]
