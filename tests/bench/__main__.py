"""`python -m tests.bench [--claims N] [--peer-claims N] [--json]`: ours beside the peers, in one run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from rich.console import Console

from tests.bench.contest import OURS, ROOT, Race, Result, find_version, run
from tests.bench.files import KINDS, count_segments, make_file, measure_variety
from tests.bench.page import write_page
from tests.bench.professional import make_claims
from tests.bench.table import draw_results, draw_targets
from tests.bench.targets import Target, list_targets

SMALL = 40
SLOW = {"pyx12": "check", "x12sdk": "json"}
ACKNOWLEDGED = ("837P", "837I")
"""The kinds of file that pyx12 writes a 999 for."""
QUICK = ("openx12", "oxedi", "node_x12")
ENVIRONMENTS = ROOT / ".setup" / "peers"


class Made(NamedTuple):
    """A file that was made."""

    kind: str
    path: Path
    claims: int
    segments: int
    variety: float


def make_files(folder: Path, count: int) -> dict[str, Made]:
    """A file of each kind."""
    return {kind: keep_file(kind, folder / f"{kind}-{count}.x12", count) for kind in KINDS}


def keep_file(kind: str, path: Path, count: int) -> Made:
    """Make a file and say what it is."""
    text = make_file(kind, count)
    path.write_bytes(text)
    return Made(kind, path, count, count_segments(text), measure_variety(text))


def plan_races(big: dict[str, Made], fair: dict[str, Made], small: dict[str, Made]) -> Iterator[Race]:
    """Ours on the big files; quick peers on the same; slow peers and ours on the smaller ones."""

    def race(who: str, work: str, made: Made, times: int = 3) -> Race:
        warm = small[made.kind].path
        return Race(who, work, made.kind, made.path, warm, made.claims, made.segments, times)

    for kind, made in big.items():
        final = "remittance" if kind == "835" else "json"
        for work in ("check", "check_with_edits", final):
            yield race(OURS, work, made)
        yield race(OURS, "stream", made, 1)
        for who in QUICK:
            if who != "oxedi" or kind == "835":
                yield race(who, "json", made)
    for kind, made in fair.items():
        for work in ("check", "remittance" if kind == "835" else "json"):
            yield race(OURS, work, made)
        for who, work in SLOW.items():
            yield race(who, work, made, 1)
        if kind in ACKNOWLEDGED:
            yield race(OURS, "acknowledge", made)
            yield race("pyx12", "acknowledge", made, 1)


def drop_repeated(races: list[Race]) -> Iterable[Race]:
    """Each race once: where all files have one size, ours on them is planned twice."""
    kept: dict[tuple[str, str, Path], Race] = {}
    for race in races:
        kept.setdefault((race.who, race.work, race.path), race)
    return kept.values()


def plan_generation(folder: Path, count: int) -> Race:
    """Claims as JSON, one a line, to be checked and written."""
    paths = [folder / f"claims-{number}.ndjson" for number in (count, SMALL)]
    for path, number in zip(paths, (count, SMALL), strict=True):
        path.write_bytes(b"\n".join(msgspec.json.encode(claim) for claim in make_claims(number)))
    segments = count_segments(make_file("837P", count))
    return Race(OURS, "generate", "837P", *paths, count, segments, 2)


def time_first_guide() -> float:
    """Milliseconds of processor time from nothing imported to a loaded guide, best of five."""
    code = (
        "import time; begun = time.process_time(); from edi.guides.registry import load_guide; "
        "load_guide('005010X222A1'); print(time.process_time() - begun)"
    )
    command = [sys.executable, "-c", code]
    told = [
        subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout for _ in range(5)
    ]
    return 1000 * min(map(float, told))


def describe_machine() -> str:
    """Processor and Python."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "?")
    return f"{name}, one core, Python {platform.python_version()}"


def tell_json(made: Iterable[Made], results: list[Result], targets: list[Target], machine: str) -> str:
    """Everything as JSON."""
    told: dict[str, Any] = {
        "machine": machine,
        "files": [
            {
                "kind": one.kind,
                "claims": one.claims,
                "segments": one.segments,
                "distinct_segments": round(one.variety, 3),
            }
            for one in made
        ],
        "measures": [
            {
                "by": result.race.who,
                "version": find_version(result.race.who),
                "work": result.race.work,
                "kind": result.race.kind,
                "claims": result.race.claims,
                "segments": result.race.segments,
                "seconds": result.seconds,
                "megabytes": round(result.megabytes, 1),
                "left_out": result.reason,
            }
            for result in results
        ],
        "targets": [target._asdict() for target in targets],
    }
    return json.dumps(told, indent=2, ensure_ascii=False)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--claims", type=int, default=10_000)
    parser.add_argument("--peer-claims", type=int, default=10_000, help="claims in the files of slow peers")
    parser.add_argument(
        "--environments", type=Path, default=ENVIRONMENTS, help="where the peers are installed"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--page", type=Path, help="write the tables into this page")
    given = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = (given.claims, given.peer_claims, SMALL)
        big, fair, small = (make_files(folder, count) for count in sizes)
        races = [*plan_races(big, fair, small), plan_generation(folder, given.claims)]
        results = [run(race, given.environments.absolute()) for race in drop_repeated(races)]
    targets = list(list_targets(results, time_first_guide()))
    made = {one.path: one for one in (*big.values(), *fair.values())}.values()
    if given.page is not None:
        heading = (
            f"Measured on {datetime.now(UTC):%-d %B %Y}: {describe_machine()}, {os.cpu_count()} cores there."
        )
        write_page(given.page, heading, results, targets)
    if given.json:
        print(tell_json(made, results, targets, describe_machine()))
        return
    console = Console(width=120, highlight=False)
    for one in made:
        variety = f"{one.variety:.0%} of them unlike all others"
        console.print(f"{one.kind}: {one.claims:,} claims, {one.segments:,} segments, {variety}")
    title = f"{describe_machine()}: processor time of the best run, growth of memory in the first"
    console.print(draw_results(results, title))
    console.print(draw_targets(targets))


if __name__ == "__main__":
    main()
