"""kill -9 at every commit point of the path, with a real process, real SQLite and a real SFTP partner.

After a death in the middle of a delivery the gateway first works without reading its mailbox, so that it
has to find out by itself what became of the file. After each death the gateway is started again and works
to the end. Then nothing may be lost and nothing doubled.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway.app import open_sealer
from gateway.archive import Archive
from gateway.clock import SystemClock, VirtualClock
from gateway.commitpoints import COMMIT_POINTS
from gateway.events import read_standing
from gateway.ids import TimeIds
from gateway.lifecycle import Standing
from gateway.settings import Settings
from gateway.simulator.keys import load_or_create_key, public_line
from gateway.simulator.mailbox import OUTBOUND
from gateway.simulator.server import SenderAccount
from gateway.simulator.service import RunningSimulator, SimulatorSettings, run_simulator
from gateway.store import Means, Store, TenantScope, claims, events, files, interchanges, open_store
from gateway.store.claims import Claim
from tests.integration.killable_gateway import DEAF, SENDER, STORIES, TENANT, load_claims

ROOT = Path(__file__).resolve().parents[2]
ENDS = {"paid_in_full": "paid", "denied_timely_filing": "denied", "reversal_and_correction": "paid"}
LATER = ("inbound.committed", "inbound.acknowledged", "process.read", "process.committed")
"""Points that are passed again for each inbound file: they are tried at a remittance too."""
DEATHS = [(point, 1) for point in COMMIT_POINTS] + [(point, 4) for point in LATER] + [("intake.stored", 2)]


@pytest.fixture
async def payer(tmp_path: Path) -> AsyncIterator[RunningSimulator]:
    """The scripted payer on a clock that hurries; it lives on while the gateway dies."""
    key = load_or_create_key(tmp_path / "sender_key")
    account = SenderAccount(SENDER, public_keys=(public_line(key),))
    settings = SimulatorSettings(tmp_path / "payer", (account,), poll_seconds=0.05, haste=0.5)
    async with run_simulator(settings, VirtualClock(1.0, SystemClock().now())) as running:
        yield running


async def run_gateway(home: Path, payer: RunningSimulator, *death: str) -> tuple[int, str]:
    """The gateway as a process of its own: how it ended, and what it said on stderr."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.killable_gateway"),
        *(str(home), str(payer.port), payer.host_key, *death),
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    return process.returncode or 0, said.decode("utf-8", "replace")[-4000:]


@pytest.mark.slow
@pytest.mark.parametrize(("point", "nth"), DEATHS, ids=[f"{point}-{nth}" for point, nth in DEATHS])
async def test_a_death_at_any_commit_point_loses_and_doubles_nothing(
    tmp_path: Path, payer: RunningSimulator, point: str, nth: int
) -> None:
    died, said = await run_gateway(tmp_path, payer, point, str(nth))
    assert died == -signal.SIGKILL, f"the path never came to {point}: {said}"
    for mode in ((DEAF,), ()) if point.startswith("dispatch.") else ((),):
        ended, said = await run_gateway(tmp_path, payer, *mode)
        assert ended == 0, said
    home = tmp_path / "gateway"
    clock, sealer = SystemClock(), open_sealer(Settings(home=home))
    store = open_store(f"sqlite:///{home}/claimwire.db", Means(clock, TimeIds(clock), sealer))
    try:
        for number, sample in zip(load_claims(), STORIES, strict=True):
            await prove_claim(store, number, sample)
        await prove_interchanges(store, tmp_path / "payer")
        await prove_files(store, Archive(home / "archive", sealer), tmp_path / "payer")
        await prove_feed(store)
    finally:
        await store.close()


class Remains(msgspec.Struct, frozen=True):
    """What the store says of one claim: its rows, where it was placed, its standing and its events."""

    rows: list[Claim]
    placements: int
    standing: Standing
    told: Counter[str]


def read_remains(scope: TenantScope, number: str) -> Remains:
    rows = claims.find_by_control_number(scope, number)
    told = Counter(event.type for event in events.list_of_claim(scope, rows[0].id))
    placements = len(interchanges.list_placements_of_claim(scope, rows[0].id))
    return Remains(rows, placements, read_standing(scope, rows[0]), told)


async def prove_claim(store: Store, number: str, sample: str) -> None:
    """The claim is there once, stands in one interchange, ended well, and its money adds up."""
    remains = await store.read(lambda scope: read_remains(scope, number), tenant=TENANT)
    [claim] = remains.rows
    assert remains.placements == 1, f"{sample} stands in {remains.placements} interchanges"
    standing, story = remains.standing, STORIES[sample]
    assert claim.state == standing.state == ENDS[sample]
    money = (claim.paid, claim.adjusted, claim.patient, claim.open)
    assert money == (standing.paid, standing.adjusted, standing.patient, standing.open)
    assert claim.charge == sum(money)
    assert {event: remains.told[event] for event in story} == story, f"{sample} was told {remains.told}"
    assert remains.told["claim.batched"] == 1


async def prove_interchanges(store: Store, payer: Path) -> None:
    """The payer holds every interchange exactly once, byte for byte, and no number was used twice."""
    states = ("stored", "temp_uploaded", "sent", "acknowledged", "rejected")
    ours = await store.read(lambda scope: interchanges.list_in_state(scope, states), tenant=TENANT)
    assert {interchange.state for interchange in ours} == {"acknowledged"}
    numbers = [interchange.control_number for interchange in ours]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    held = [digest(path) for path in (payer / "taken").rglob("*") if path.is_file()]
    assert sorted(held) == sorted(interchange.sha256 for interchange in ours)


async def prove_files(store: Store, archive: Archive, payer: Path) -> None:
    """Every inbound file was taken, is in the archive, and was applied once."""
    listed = await store.read(lambda scope: files.list_page(scope, limit=1000), tenant=TENANT)
    assert {file.state for file in listed} <= {"processed", "duplicate"}
    applied = Counter(file.sha256 for file in listed if file.state == "processed")
    assert set(applied.values()) == {1}
    assert all(hashlib.sha256(archive.get(sha256)).hexdigest() == sha256 for sha256 in applied)
    assert not [path for path in (payer / "senders" / SENDER / OUTBOUND).iterdir() if path.is_file()]


async def prove_feed(store: Store) -> None:
    """The feed has no gap."""
    feed = await store.read(lambda scope: events.list_after(scope, 0, limit=10_000), tenant=TENANT)
    assert [event.sequence for event in feed] == list(range(1, len(feed) + 1))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_commit_point_of_the_path_is_tried() -> None:
    assert {point for point, _ in DEATHS} == set(COMMIT_POINTS)
