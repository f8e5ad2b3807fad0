"""Retention: what is old goes, what is young stays, and the chain closes after it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from gateway.retention import Outcome, find_limit, purge_store, sweep_archive
from gateway.settings import Settings
from gateway.store import TenantScope, tables
from gateway.store.retention import Purged
from gateway.upkeep import verify_home
from tests.exchange import TENANT, Exchange, make_claim, pay, write_277ca, write_835, write_999, write_ta1

FULL = ("315.00", "215.00", [("CO", "45", "70.00"), ("PR", "3", "30.00")])
YEAR = 366 * 86400.0


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    """A gateway with one claim that was paid seven years ago and one that was paid now."""
    made = Exchange(tmp_path)
    await made.start()
    for turn, number in enumerate(("RB-1", "RB-2")):
        await made.send(make_claim(number))
        sent, first = made.read_sent()[turn], turn * 10 + 1
        told = (write_ta1(sent, first), write_999(sent, first + 1), write_277ca(sent, first + 2))
        await made.answer(*told, write_835(first + 3, pay(number, FULL)))
        if not turn:
            made.advance(seconds=7 * YEAR)
    yield made
    await made.stop()


async def purge(exchange: Exchange, settings: Settings | None = None, *, rehearse: bool = False) -> Outcome:
    chosen, now = settings or exchange.settings, exchange.clock.now()
    [outcome] = await purge_store(exchange.store, chosen, now, rehearse=rehearse)
    return outcome


async def test_a_rehearsal_tells_what_would_go_and_a_purge_deletes_it_once(exchange: Exchange) -> None:
    before = await verify_home(exchange.store, exchange.archive)
    told = await purge(exchange, rehearse=True)
    assert await verify_home(exchange.store, exchange.archive) == before
    gone = await purge(exchange)
    assert gone == told
    assert (gone.purged.claims, gone.purged.remittances, gone.purged.interchanges) == (1, 1, 1)
    assert (gone.purged.files, gone.purged.events > 8) == (4, True)
    after = await verify_home(exchange.store, exchange.archive)
    assert (after.claims, after.files, after.faults) == (1, before.files - 4, ())
    assert (await purge(exchange)).purged == Purged()


async def test_a_purge_is_told_in_the_feed_and_old_events_keep_their_places(exchange: Exchange) -> None:
    gone = (await purge(exchange)).purged
    feed = await exchange.feed()
    assert [event.sequence for event in feed] == list(range(1, len(feed) + 1))
    told = [msgspec.json.decode(event.body) for event in feed if event.type == "retention.purged"]
    assert [it["years"] for it in told] == [6, 6]
    assert sum(it.get("events", 0) for it in told) == gone.events
    assert sum(event.body == b"{}" for event in feed) == gone.events


async def test_a_body_that_vanishes_without_a_purge_is_found(exchange: Exchange) -> None:
    def blank(scope: TenantScope) -> None:
        first = tables.event.c.sequence == 1
        scope.run(scope.update(tables.event).where(first).values(body=b""))

    await exchange.store.write(blank, tenant=TENANT)
    faults = (await verify_home(exchange.store, exchange.archive)).faults
    assert f"{TENANT}: 1 events have no body, and purges tell of 0" in faults


async def test_a_claim_that_vanishes_without_a_purge_is_found(exchange: Exchange) -> None:
    gone = (await purge(exchange)).purged
    assert gone.claims == 1

    def hide(scope: TenantScope) -> None:
        scope.run(
            scope.update(tables.event).where(tables.event.c.claim.is_not(None)).values(claim="clm_none")
        )

    await exchange.store.write(hide, tenant=TENANT)
    faults = (await verify_home(exchange.store, exchange.archive)).faults
    assert any("events tell of claims that are not there" in fault for fault in faults)


async def test_archived_files_go_once_nothing_names_them(exchange: Exchange) -> None:
    now = datetime.now(UTC)
    assert await sweep_archive(exchange.store, exchange.archive, now) == 0
    await purge(exchange)
    assert await sweep_archive(exchange.store, exchange.archive, now) == 0, "they were put of late"
    for place in (exchange.home / "archive").rglob("*.sealed"):
        os.utime(place, (0, 0))
    assert await sweep_archive(exchange.store, exchange.archive, now) == 5
    assert (await verify_home(exchange.store, exchange.archive)).faults == ()


async def test_a_tenant_has_years_of_its_own_and_none_means_for_good(exchange: Exchange) -> None:
    [tenant] = exchange.settings.tenants
    for years, claims in ((0, 0), (8, 0), (7, 1)):
        own = msgspec.structs.replace(tenant, retention_years=years)
        chosen = msgspec.structs.replace(exchange.settings, tenants=(own,))
        assert (await purge(exchange, chosen, rehearse=True)).purged.claims == claims


def test_the_limit_of_a_leap_day_is_a_day_that_there_is() -> None:
    leap = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert find_limit(leap, 6) == datetime(2022, 2, 28, 12, tzinfo=UTC)
    assert find_limit(leap, 4) == datetime(2024, 2, 29, 12, tzinfo=UTC)
