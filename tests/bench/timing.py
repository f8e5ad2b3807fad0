"""How every contestant is timed, ours and the peers' alike.

The standard library only, so that it runs in any environment. A driver says what it can do by name and calls
`run`, which reads its command line: the name of the work, the file, a small file to warm up on, and how many
times. It answers with JSON on standard output: processor seconds of the best run (other work on the machine
does not count), megabytes by which the first run raised this process's peak, and what the work found.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

Work = Callable[[str], object]
"""Does the whole work on the file of this path, reading it included; says what it found, fit for JSON."""

STATUS = Path("/proc/self/status")
FORGET_PEAK = "5"  # what /proc/self/clear_refs takes to begin the peak anew


def run(works: Mapping[str, Work]) -> None:
    """Do what the command line asks for and print the answer."""
    name, path, small, times = sys.argv[1:5]
    works[name](small)
    runs = [time_once(works[name], path) for _ in range(int(times))]
    best = min(seconds for seconds, _, _ in runs)
    print(json.dumps({"seconds": best, "megabytes": runs[0][1], "found": runs[0][2]}))


def time_once(work: Work, path: str) -> tuple[float, float, object]:
    """Seconds of processor time, growth in megabytes, and what was found."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text(FORGET_PEAK)
    before = read_megabytes("VmRSS")
    begun = time.process_time()
    found = work(path)
    seconds = time.process_time() - begun
    return seconds, read_megabytes("VmHWM") - before, found


def read_megabytes(name: str) -> float:
    """VmRSS (memory now) or VmHWM (its peak) of this process."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024
