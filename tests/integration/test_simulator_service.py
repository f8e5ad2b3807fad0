"""The whole simulator behind its SFTP port: a file goes in, answers come out, also over restarts."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.sftp import SftpSettings, SftpTransport
from edi.claims import write_claims
from edi.envelope_writer import EnvelopeSettings
from gateway.clock import VirtualClock
from gateway.simulator import service
from gateway.simulator.keys import load_or_create_key, public_line
from gateway.simulator.mailbox import DONE, INBOUND, OUTBOUND
from gateway.simulator.server import SenderAccount
from gateway.simulator.service import RunningSimulator, SimulatorSettings, run_simulator
from tests.contract.transport_contract import Steps

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def settings(place: Path, haste: float = 0.9) -> SimulatorSettings:
    key = load_or_create_key(place / "sender_key")
    account = SenderAccount("gateway", public_keys=(public_line(key),))
    return SimulatorSettings(place / "payer", (account,), poll_seconds=0.02, haste=haste)


def connect(place: Path, simulator: RunningSimulator) -> SftpTransport:
    return SftpTransport(
        SftpSettings(
            host="127.0.0.1",
            port=simulator.port,
            username="gateway",
            key_file=place / "sender_key",
            host_key=simulator.host_key,
            outbox_folder=INBOUND,
            inbox_folder=OUTBOUND,
            done_folder=DONE,
            timeout=10,
        )
    )


def write_claim(case: str) -> bytes:
    claim = json.loads((ROOT / "samples/837P" / case / "claim.json").read_text(encoding="utf-8"))
    envelope = EnvelopeSettings("ZZ", "CLINIC", "ZZ", "PAYER", "CLINIC", "PAYER", "T", 1, 1, NOW)
    return write_claims([claim], envelope).text


async def collect(transport: SftpTransport, count: int) -> list[str]:
    async with asyncio.timeout(30):
        while len(listed := await transport.list()) < count:
            await asyncio.sleep(0.05)
    return sorted(file.name for file in listed)


async def test_a_claim_sent_over_sftp_is_answered_over_sftp(tmp_path: Path) -> None:
    async with run_simulator(settings(tmp_path), VirtualClock(1.0, NOW)) as simulator:
        transport = connect(tmp_path, simulator)
        await transport.send("claims.x12", write_claim("paid_in_full"), progress=Steps())
        names = await collect(transport, 4)
        assert [name.split(".")[1] for name in names] == ["TA1", "999", "277CA", "835"]
        remittance = await transport.fetch(names[3], limit=100_000)
        assert b"~\nDTM*405*20261116~" in remittance
        await transport.close()


async def test_a_restarted_simulator_owes_what_it_owed_and_answers_nothing_twice(tmp_path: Path) -> None:
    async with run_simulator(settings(tmp_path, haste=0.0), VirtualClock(1.0, NOW)) as simulator:
        transport = connect(tmp_path, simulator)
        await transport.send("claims.x12", write_claim("paid_in_full"), progress=Steps())
        before = await collect(transport, 2)
        for name in before:
            await transport.acknowledge(name)
        host_key = simulator.host_key
        await transport.close()
    async with run_simulator(settings(tmp_path), VirtualClock(1.0, NOW)) as simulator:
        assert simulator.host_key == host_key
        transport = connect(tmp_path, simulator)
        after = await collect(transport, 2)
        await asyncio.sleep(0.2)
        assert await collect(transport, 2) == after
        assert [name.split(".")[1] for name in after] == ["277CA", "835"]
        assert set(after) & set(before) == set()
        await transport.close()


async def test_a_fault_of_the_payer_ends_the_simulator_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the payer's own fault")

    monkeypatch.setattr(service, "work_once", fail)
    with pytest.raises(ExceptionGroup) as caught:
        async with run_simulator(settings(tmp_path), VirtualClock(1.0, NOW)):
            await asyncio.sleep(30)
    assert caught.group_contains(RuntimeError, match="the payer's own fault")
