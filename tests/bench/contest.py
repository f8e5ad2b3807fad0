"""Who takes part, and how each is run: a process of its own, in an environment of its own, on one core."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PEERS = HERE / "peers"
OURS = "claimwire"
NODE = "node_x12"
REASON = "reason.txt"


class Failed(Exception):
    """A contestant is not there or did not do its work; the text says why."""


class Race(NamedTuple):
    """One thing to do: `work` of a driver, on a file of `kind` with so many claims and segments."""

    who: str
    work: str
    kind: str
    path: Path
    small: Path
    claims: int
    segments: int
    times: int = 3


class Result(NamedTuple):
    """What came of a race; `reason` says why nothing did. `megabytes` is what the peak of memory grew by."""

    race: Race
    seconds: float = 0.0
    megabytes: float = 0.0
    found: dict[str, Any] = {}
    reason: str = ""


def find_command(who: str, environments: Path) -> list[str]:
    """How a contestant is started. Raises Failed where it is not installed."""
    if who == OURS:
        return [sys.executable, "-m", "tests.bench.ours"]
    home = environments / who
    reason = home / REASON
    if reason.exists():
        raise Failed(reason.read_text().strip())
    place = home / ("node_modules" if who == NODE else "bin/python")
    if not place.exists():
        raise Failed("not installed: `make peers`")
    if who == NODE:
        return ["node", str(PEERS / who / "drive.js")]
    return [str(place), str(PEERS / who / "drive.py")]


def run(race: Race, environments: Path) -> Result:
    """Run a race; a contestant that fails is told of, it does not end the benchmark."""
    try:
        command = find_command(race.who, environments)
        command += [race.work, str(race.path), str(race.small), str(race.times)]
        home = ROOT if race.who == OURS else environments / race.who
        done = subprocess.run(
            command, cwd=home, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
        )
        if done.returncode:
            raise Failed(f"failed: {done.stderr.strip().splitlines()[-1][:160]}")
    except Failed as problem:
        if race.who == OURS:
            raise
        return Result(race, reason=str(problem))
    told = json.loads(done.stdout.splitlines()[-1])
    result = Result(race, told["seconds"], told["megabytes"], told["found"])
    return verify(result)


def verify(result: Result) -> Result:
    """The result, or the reason why it does not count: the work was not the whole work."""
    counted = result.found.get("claims", result.race.claims)
    if counted != result.race.claims or result.found.get("valid") is False:
        return result._replace(reason=f"told of {counted} claims, valid: {result.found.get('valid')}")
    return result


def find_version(who: str) -> str:
    """The version that a peer's lock file pins."""
    if who == OURS:
        return ""
    if who == NODE:
        lock = json.loads((PEERS / who / "package-lock.json").read_text())
        return str(lock["packages"]["node_modules/node-x12"]["version"])
    lines = (PEERS / who / "requirements.lock").read_text().splitlines()
    return next(line for line in lines if line.startswith(f"{who}==")).split("==")[1].rstrip(" \\")
