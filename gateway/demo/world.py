"""The demo's world on loopback: a gateway, a scripted payer and a webhook receiver, all real.

Claims go in over HTTP with an API key, files over SFTP with keys made on the spot, the payer answers on a
clock that hurries, webhooks come back signed.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gateway.app import open_gateway
from gateway.clock import Clock, SystemClock, VirtualClock
from gateway.demo.client import GatewayClient
from gateway.demo.receiver import LOOPBACK, Receiver
from gateway.demo.samples import Sample
from gateway.settings import (
    BatchSettings,
    EnvelopeIds,
    Partner,
    ServerSettings,
    Settings,
    SftpTransport,
    Tenant,
    WatchSettings,
    WebhookSettings,
    WorkerSettings,
)
from gateway.simulator.keys import load_or_create_key, public_line
from gateway.simulator.mailbox import DONE, INBOUND, OUTBOUND
from gateway.simulator.server import SenderAccount
from gateway.simulator.service import RunningSimulator, SimulatorSettings, run_simulator

TENANT = "demo"
SENDER = "claimwire"
HASTE = 0.25
"""How the payer's clock hurries: two hours in a third of a second, two weeks in one and a half."""

MISSED_AFTER = timedelta(seconds=5)
"""How long the demo's gateway waits for a 277CA; the payer's come within a second."""


@dataclass(frozen=True)
class World:
    """What the demo runs in."""

    url: str
    api_key: str
    client: GatewayClient
    receiver: Receiver
    simulator: RunningSimulator
    clock: Clock


@contextlib.asynccontextmanager
async def open_world(home: Path, samples: Sequence[Sample]) -> AsyncIterator[World]:
    """Everything under `home`, started; on exit stopped in the other order."""
    clock, receiver = SystemClock(), Receiver(SystemClock())
    async with contextlib.AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(run_payer(home, clock))
        settings = write_settings(home, simulator, sorted({sample.payer for sample in samples}))
        gateway = await open_gateway(settings, clock=clock)
        url = f"http://{LOOPBACK}:{await gateway.start()}"
        stack.push_async_callback(gateway.stop)
        hooks = await receiver.start()
        stack.push_async_callback(receiver.stop)
        made = await gateway.services.keys.create(TENANT, "demo")
        client = await stack.enter_async_context(GatewayClient(url, made.text))
        receiver.secret = await client.make_webhook(hooks)
        yield World(url, made.text, client, receiver, simulator, clock)


def run_payer(home: Path, clock: Clock) -> contextlib.AbstractAsyncContextManager[RunningSimulator]:
    """The scripted payer with one sender, whose key is made on the spot."""
    key = load_or_create_key(home / "sender_key")
    account = SenderAccount(SENDER, public_keys=(public_line(key),))
    settings = SimulatorSettings(home / "payer", (account,), poll_seconds=0.05, haste=HASTE)
    return run_simulator(settings, VirtualClock(1.0, clock.now()))


def write_settings(home: Path, simulator: RunningSimulator, payers: Sequence[str]) -> Settings:
    """A gateway with one tenant and one partner, which looks around many times a second."""
    transport = SftpTransport(
        host=LOOPBACK,
        port=simulator.port,
        username=SENDER,
        key_file=home / "sender_key",
        host_key=simulator.host_key,
        outbox_folder=INBOUND,
        inbox_folder=OUTBOUND,
        done_folder=DONE,
    )
    ids = EnvelopeIds(
        sender="CLAIMWIREDEMO",
        receiver="SCRIPTEDPAYER",
        group_sender="CLAIMWIREDEMO",
        group_receiver="SCRIPTEDPAYER",
        usage="T",
    )
    partner = Partner(
        name="exchange",
        payers=tuple(payers),
        transport=transport,
        envelope=ids,
        poll_seconds=0.2,
        batch=BatchSettings(max_age_seconds=0.5),
        watch=WatchSettings(claim_ack_days=MISSED_AFTER / timedelta(days=1)),
    )
    return Settings(
        home=home / "gateway",
        server=ServerSettings(port=0),
        webhooks=WebhookSettings(allow_private=True, poll_seconds=0.1),
        worker=WorkerSettings(poll_seconds=0.1, watch_seconds=0.5),
        tenants=(Tenant(name=TENANT, partners=(partner,)),),
    )
