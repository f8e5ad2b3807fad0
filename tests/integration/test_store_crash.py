"""A store whose process is killed: nothing that was acknowledged is lost, nothing is half there."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.ids import TimeIds
from gateway.sealing import Sealer, load_key_ring
from gateway.store import (
    Means,
    Store,
    TenantScope,
    claims,
    control_numbers,
    events,
    jobs,
    open_store,
    tenants,
)
from gateway.store.errors import StoreOwned

ROOT = Path(__file__).resolve().parents[2]
KILLS = 4
LINES_BEFORE_KILL = 150


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def url(home: Path) -> str:
    return f"sqlite:///{home / 'claimwire.db'}"


def open_here(url: str, home: Path) -> Store:
    clock = SystemClock()
    return open_store(url, Means(clock, TimeIds(clock), Sealer(load_key_ring(home))))


def run_and_kill(url: str, home: Path, tenant: str) -> list[list[str]]:
    """Let a child write under load, kill it -9, and return every whole line that it had said."""
    command = [sys.executable, "-m", "tests.integration.crash_writer", url, str(home), tenant]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as child:
        assert child.stdout is not None
        said = []
        for line in child.stdout:
            said.append(line)
            if len(said) == LINES_BEFORE_KILL:
                child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    return [line.split() for line in said if line.endswith("\n")]


async def create_tenant(url: str, home: Path) -> str:
    store = open_here(url, home)
    tenant = await store.write(lambda system: tenants.create(system, "Lakeside Clinic"))
    await store.close()
    return tenant.id


@pytest.mark.slow
async def test_after_kill_9_under_load_everything_acknowledged_is_there_once(url: str, home: Path) -> None:
    tenant = await create_tenant(url, home)
    said = [line for _ in range(KILLS) for line in run_and_kill(url, home, tenant)]
    told = {line[1]: (int(line[2]), int(line[3])) for line in said if line[0] == "claim"}
    served = [line[1] for line in said if line[0] == "served"]
    assert len(told) > KILLS * 20
    assert len(served) == len(set(served)) > KILLS * 20

    def look(scope: TenantScope) -> None:
        kept = {claim.id for claim in claims.list_page(scope, limit=100_000)}
        story = events.list_after(scope, 0, limit=100_000)
        assert [event.sequence for event in story] == list(range(1, len(story) + 1))
        found = {event.claim: (event.sequence, int(event.body)) for event in story}
        assert {claim_id: found.get(claim_id) for claim_id in told} == told
        assert set(found) == kept
        assert sorted(number for _, number in found.values()) == list(range(1, len(kept) + 1))
        assert control_numbers.take(scope, "north", "isa") == len(kept) + 1
        by_state = jobs.count_by_state(scope)
        assert sum(by_state.values()) == len(kept)
        assert set(by_state) <= {"ready", "done"}
        done = {job.subject for job in jobs.list_in_state(scope, "done", limit=100_000)}
        assert set(served) <= done

    store = open_here(url, home)
    await store.write(look, tenant=tenant)
    await store.close()
    with sqlite3.connect(home / "claimwire.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


async def test_two_stores_cannot_own_one_file(url: str, home: Path) -> None:
    tenant = await create_tenant(url, home)
    store = open_here(url, home)
    with pytest.raises(StoreOwned):
        open_here(url, home)
    command = [sys.executable, "-m", "tests.integration.crash_writer", url, str(home), tenant]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    other = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert other.returncode != 0
    assert other.stdout == ""
    assert "StoreOwned: another process has this database open" in other.stderr
    await store.close()
    again = open_here(url, home)
    await again.close()


async def test_a_killed_owner_leaves_the_file_free(url: str, home: Path) -> None:
    tenant = await create_tenant(url, home)
    run_and_kill(url, home, tenant)
    store = open_here(url, home)
    await store.close()


def test_the_files_of_the_store_are_for_their_owner_only(url: str, home: Path) -> None:
    open_here(url, home)
    assert home.stat().st_mode & 0o077 == 0
