"""Mutations guided by coverage, where atheris is installed (`pip install claimwire[guided]` on Linux).

libFuzzer (`tests/fuzz/libfuzzer.py`) keeps an input that reaches new code and mutates it further, by our
mutations and by its own. It ends its process by itself, so that it runs in one of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from random import Random

from tests.fuzz.hunt import Crash, Seeds, run, try_content

MODULE = "tests.fuzz.libfuzzer"
LONGEST = 20_000
SEEDS = 60  # instrumented, each takes some tenths of a second before the first mutation
SLOWEST_SECONDS = 60  # instrumented, and with other work on the machine
MOST_SERIES = 30


def is_available() -> bool:
    """True where atheris is installed."""
    return find_spec("atheris") is not None


def hunt_guided(
    seeds: Seeds, label: str, seconds: float, tell: Callable[[str], None]
) -> tuple[int, list[Crash]]:
    """Cases until `seconds` are over, in a process of its own; how many, and the crashes that ended it.

    libFuzzer stops at the first crash, or at a case that takes too long on a busy machine; so the rest of the
    time begins anew with another series.
    """
    cases, ends = 0, time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        chosen = Random(label).sample(contents := list_contents(seeds), min(SEEDS, len(contents)))
        for number, content in enumerate(chosen):
            (place / "seeds" / f"{number:04}").parent.mkdir(exist_ok=True)
            (place / "seeds" / f"{number:04}").write_bytes(content)
        for series in range(MOST_SERIES):
            left = ends - time.monotonic()
            if left < 1:
                break
            cases += count_cases(start(place, f"{label}:{series}", left))
        judged = [(found.name, judge(found.read_bytes())) for found in sorted(place.glob("found-*"))]
    for name, crash in judged:
        kind = name.split("-")[1]
        told = f"{crash.error} at {crash.where}" if crash else f"a {kind} that does not come back by itself"
        tell(f"{told} (guided)")
    return cases, [crash for _, crash in judged if crash]


def list_contents(seeds: Seeds) -> list[bytes]:
    """What the mutations begin with: files and bodies."""
    return [content for content in (*seeds.files, *seeds.bodies) if len(content) <= LONGEST]


def start(place: Path, label: str, seconds: float) -> str:
    """Runs libFuzzer over the seeds in `place`; what it says."""
    seed = str(Random(label).randrange(1, 2**31))
    options = [
        *(f"-max_total_time={max(1, int(seconds))}", f"-max_len={LONGEST}", f"-seed={seed}"),
        *(f"-timeout={SLOWEST_SECONDS}", f"-artifact_prefix={place}/found-", "-print_final_stats=1"),
    ]
    command = [sys.executable, "-m", MODULE, *options, str(place / "seeds")]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    return done.stderr


def count_cases(told: str) -> int:
    """How many cases libFuzzer says that it ran."""
    lines = [line for line in told.splitlines() if line.startswith("stat::number_of_executed_units")]
    return int(lines[-1].split()[-1]) if lines else 0


def judge(content: bytes) -> Crash | None:
    """The crash that an input makes outside of libFuzzer as well."""
    return run(
        lambda: try_content(content), content, ".x12" if content[:3] == b"ISA" else ".body", public=True
    )
