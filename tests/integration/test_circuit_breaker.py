"""A partner in trouble is spared: tried rarely, by one worker, and all goes on by itself once it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from adapters.errors import Permanent, Refused, Transient
from adapters.sftp import SftpSettings, SftpTransport
from gateway.hands import Hand
from gateway.partners import PartnerWatch
from gateway.release import release_partner
from tests.exchange import PARTNER, TENANT, Exchange, make_claim, write_999
from tests.sshd import Sshd, running_sshd

AWAY = Transient("no answer", "sftp://partner.test:22", "Look at the network.")
TURNED_AWAY = Refused("the server refuses the login", "sftp://partner.test:22", "Mend the key.")


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    made = Exchange(tmp_path)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    with running_sshd(tmp_path / "sshd") as sshd:
        yield sshd


def reach_by_sftp(exchange: Exchange, server: Sshd) -> None:
    """Let the exchange reach its partner over OpenSSH."""
    exchange.transport = SftpTransport(  # type: ignore[assignment]  # any Transport does
        SftpSettings(
            host=server.host,
            port=server.port,
            username=server.username,
            key_file=server.client_key,
            host_key=server.host_key,
            outbox_folder=str(exchange.outbox),
            inbox_folder=str(exchange.inbox),
            idle=0.0,
        )
    )


def count_logins(server: Sshd) -> int:
    return server.log.count("Connection from") - 1  # the first is the test that asks whether it listens


async def test_a_refused_login_is_tried_three_times_an_hour_and_everything_goes_once_it_is_mended(
    exchange: Exchange, server: Sshd
) -> None:
    reach_by_sftp(exchange, server)
    allowed = server.workplace / "authorized_keys"
    keys = allowed.read_text()
    allowed.write_text("")
    [claim] = await exchange.send(make_claim())
    for _ in range(118):
        exchange.advance(seconds=30)
        await exchange.worker.run_due()
    assert 1 <= count_logins(server) <= 3
    assert [event.type for event in await exchange.feed("partner.down", "partner.up")] == ["partner.down"]
    assert (await exchange.fold(claim)).state == "batched"
    assert [item.reason for item in await exchange.list_items()] == ["partner.refused"]

    allowed.write_text(keys)
    exchange.advance(minutes=31)
    await exchange.worker.run_due()
    await exchange.worker.run_due()
    assert (await exchange.fold(claim)).state == "sent"
    assert [event.type for event in await exchange.feed("partner.up")] == ["partner.up"]
    assert await exchange.list_items() == []
    exchange.drop(write_999(exchange.read_sent()[0]))
    await exchange.worker.run_due()
    assert (await exchange.fold(claim)).state == "acknowledged"
    await exchange.transport.close()


async def test_an_operators_release_lets_the_next_try_be_now(exchange: Exchange, server: Sshd) -> None:
    reach_by_sftp(exchange, server)
    allowed = server.workplace / "authorized_keys"
    keys = allowed.read_text()
    allowed.write_text("")
    [claim] = await exchange.send(make_claim())
    await exchange.worker.run_due()
    allowed.write_text(keys)
    await exchange.worker.run_due()
    assert (await exchange.fold(claim)).state == "batched"
    hand = Hand("key_1")
    await exchange.store.write(lambda scope: release_partner(scope, exchange.partner, hand), tenant=TENANT)
    await exchange.worker.run_due()
    assert (await exchange.fold(claim)).state == "sent"
    await exchange.transport.close()


async def test_of_several_workers_one_tries_and_one_tells(exchange: Exchange) -> None:
    first, second = PartnerWatch(exchange.store), PartnerWatch(exchange.store)
    for watch in (first, second):
        await watch.note_failure(TENANT, PARTNER, TURNED_AWAY, way="poll")
    assert not await first.may_poll(TENANT, PARTNER)
    assert await second.find_pause(TENANT, PARTNER) is not None
    exchange.advance(minutes=30)
    assert [await watch.may_poll(TENANT, PARTNER) for watch in (first, second)] == [True, False]
    for watch in (second, first):
        await watch.note_success(TENANT, PARTNER, way="poll")
    told = [event.type for event in await exchange.feed("partner.down", "partner.up")]
    assert told == ["partner.down", "partner.up"]


async def test_a_changed_secret_is_tried_at_once(exchange: Exchange) -> None:
    secret = ["old"]
    watch = PartnerWatch(exchange.store, lambda tenant, partner: secret[0])
    await watch.note_failure(TENANT, PARTNER, TURNED_AWAY, way="send")
    assert not await watch.may_poll(TENANT, PARTNER)
    secret[0] = "new"
    assert await watch.may_poll(TENANT, PARTNER)
    assert await watch.find_pause(TENANT, PARTNER) is None


async def test_a_partner_that_is_away_is_tried_again_within_half_a_minute_and_may_be_sent_to(
    exchange: Exchange,
) -> None:
    watch = exchange.watch
    for _ in range(12):
        await watch.note_failure(TENANT, PARTNER, AWAY, way="poll")
    assert not await watch.may_poll(TENANT, PARTNER)
    assert await watch.find_pause(TENANT, PARTNER) is None
    exchange.advance(seconds=30)
    assert await watch.may_poll(TENANT, PARTNER)


async def test_a_mailbox_that_can_be_read_does_not_prove_that_files_are_taken(exchange: Exchange) -> None:
    full = Permanent("the disk is full", "sftp://partner.test:22", "Ask the partner.")
    await exchange.watch.note_failure(TENANT, PARTNER, full, way="send", interchange="int_1")
    await exchange.watch.note_success(TENANT, PARTNER, way="poll")
    assert await exchange.feed("partner.up") == []
    [down] = await exchange.feed("partner.down")
    assert msgspec.json.decode(down.body)["interchange"] == "int_1"
    await exchange.watch.note_success(TENANT, PARTNER, way="send")
    assert len(await exchange.feed("partner.up")) == 1
