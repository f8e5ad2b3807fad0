"""`python -m tests.bench.memory [--gigabytes N] [--json]`: memory and verdict of streams of a gigabyte."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rich.console import Console

from edi.files import check_file
from edi.findings import Finding
from edi.streaming import UnitRead, stream_units
from tests.bench.endless import EndlessFile
from tests.bench.files import KINDS
from tests.bench.table import draw_memory
from tests.bench.targets import STREAM_MB
from tests.bench.timing import FORGET_PEAK, read_megabytes

GIGABYTE = 10**9
Verdict = Counter[tuple[str, str | None, str | None, int | None]]


def judge(findings: Iterable[Finding]) -> Verdict:
    """What stops the file, without its place in it: what is merely told (a reversal that stands alone in one
    of the blocks) comes as often as that block is used.
    """
    places = ((finding.code, finding.x12) for finding in findings if finding.stops)
    return Counter((code, at and at.loop, at and at.segment, at and at.element) for code, at in places)


def measure(kind: str, size: int) -> dict[str, Any]:
    """Stream a file of so many bytes, every claim as JSON; its verdict beside that of a small file.

    One process makes the files and another streams: what the first leaves free would not be counted.
    """
    small, file = run_apart(EndlessFile, kind, 1, 40), run_apart(EndlessFile, kind, size)
    told: dict[str, Any] = run_apart(measure_here, small, file)
    return {"kind": kind} | told


def run_apart(work: Callable[..., Any], *given: Any) -> Any:
    """What a function gives in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, given)


def measure_here(small: EndlessFile, file: EndlessFile) -> dict[str, Any]:
    """Stream a file and say what it took."""
    wanted = judge(check_file(b"".join(small)).all_findings)
    stream_all(small)
    Path("/proc/self/clear_refs").write_text(FORGET_PEAK)
    before, begun = read_megabytes("VmRSS"), time.process_time()
    claims, found = stream_all(file)
    return {
        "bytes": file.size,
        "segments": file.segments,
        "claims": claims,
        "seconds": round(time.process_time() - begun, 1),
        "megabytes": round(read_megabytes("VmHWM") - before, 1),
        "same_verdict": found == wanted and claims == file.claims and bool(wanted),
        "findings": sum(found.values()),
    }


def stream_all(file: EndlessFile) -> tuple[int, Verdict]:
    """How many claims were handed on, and what was found."""
    claims, found = 0, Verdict()
    for event in stream_units(file):
        claims += isinstance(event, UnitRead)
        found.update(judge(getattr(event, "findings", ())))
    return claims, found


def main() -> None:
    """Run and print; exits 1 where a verdict differs. A target that is missed is said, no more."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.memory")
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--kinds", nargs="+", default=["837P", "835"], choices=KINDS)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    told = []
    for kind in given.kinds:
        told.append(measure(kind, int(given.gigabytes * GIGABYTE)))
        print(f"{kind}: {told[-1]['megabytes']} MB", file=sys.stderr)
    if given.json:
        print(json.dumps({"most_megabytes": STREAM_MB, "streams": told}, indent=2))
    else:
        Console(width=120, highlight=False).print(draw_memory(told))
    sys.exit(not all(one["same_verdict"] for one in told))


if __name__ == "__main__":
    main()
