"""The demo itself: every sample claim over HTTP, SFTP and webhooks to the end its sample says."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

import gateway.demo.journey
from gateway.demo.journey import travel
from gateway.demo.samples import Sample, find_samples, load_sample, load_samples

ROOT = Path(__file__).resolve().parents[2]


def watch() -> tuple[Console, Callable[[], str]]:
    page = io.StringIO()
    return Console(file=page, width=132, force_terminal=False), page.getvalue


@pytest.mark.slow
def test_the_demo_brings_every_claim_to_its_end_and_exits_with_0() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "gateway.demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    told = finished.stdout
    assert finished.returncode == 0, told
    assert finished.stderr == ""
    for sample in load_samples():
        assert sample.number in told
    assert f"{len(load_samples())} claims, all ended as their samples say" in told
    assert "claim.paid" in told
    assert "835 -112.00 of -280.00" in told


@pytest.mark.slow
async def test_the_demo_fails_where_a_claim_ends_otherwise_than_its_sample_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Path(str(find_samples())) / "no_answer"
    changed = tmp_path / "samples" / "no_answer"
    changed.mkdir(parents=True)
    (changed / "claim.json").write_bytes((place / "claim.json").read_bytes())
    (changed / "expected.toml").write_text(
        (place / "expected.toml").read_text().replace("acknowledged", "paid")
    )
    monkeypatch.setattr(gateway.demo.journey, "PATIENCE_SECONDS", 3.0)
    console, read = watch()
    assert await travel(tmp_path, console, samples=(load_sample(changed),)) == 1
    assert "no_answer: it ended acknowledged, not paid" in read()
    assert "not all ended" in read()


@pytest.mark.slow
async def test_no_patient_name_stands_in_the_demos_home_unencrypted(tmp_path: Path) -> None:
    """The payer's own folder is apart: it is the other end, and keeps its claims as they came."""
    console, _ = watch()
    sample = next(sample for sample in load_samples() if sample.case == "paid_in_full")
    assert await travel(tmp_path, console, samples=(sample,)) == 0
    name = sample.claim["subscriber"]["lastName"].encode()
    kept = [place for place in (tmp_path / "gateway").rglob("*") if place.is_file()]
    assert kept
    assert [place.name for place in kept if name in place.read_bytes()] == []
    assert any(name in place.read_bytes() for place in (tmp_path / "payer" / "taken").rglob("*.x12"))


@pytest.mark.slow
async def test_a_kept_demo_stays_up_and_says_where(tmp_path: Path) -> None:
    console, read = watch()
    sample = next(sample for sample in load_samples() if sample.case == "refused_missing_and_wrong_parts")
    kept = asyncio.create_task(travel(tmp_path, console, keep=True, samples=(sample,)))
    async with asyncio.timeout(30):
        while "Ctrl-C ends" not in read():
            await asyncio.sleep(0.05)
    assert not kept.done()
    assert "API key   cw_" in read()
    kept.cancel()
    with pytest.raises(asyncio.CancelledError):
        await kept


def test_every_sample_tells_its_dollars_or_its_findings() -> None:
    samples: tuple[Sample, ...] = load_samples()
    assert all((sample.expected.dollars is None) == bool(sample.findings) for sample in samples)
    assert all(json.loads(sample.text)["usageIndicator"] == "T" for sample in samples)
