"""Samples of processes over time, and the line through them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

WARM_UP = 1 / 3
"""The share of the run in which a process may still grow: code is compiled, caches fill."""
MEGABYTES = 12.0
HANDLES = 6.0
"""What the fitted line of a process may rise by from the end of the warm-up to the end of the run."""


class Sample(NamedTuple):
    """One look: seconds since the start, resident megabytes, open file handles."""

    at: float
    megabytes: float
    handles: int


class Trend(NamedTuple):
    """How one process went: first and last sample after the warm-up, and the rise of the lines."""

    name: str
    samples: int
    megabytes: tuple[float, float]
    handles: tuple[int, int]
    memory_rise: float
    handle_rise: float

    @property
    def flat(self) -> bool:
        """True where neither line rises beyond its limit."""
        return self.memory_rise <= MEGABYTES and self.handle_rise <= HANDLES


def look_at(pid: int, at: float) -> Sample:
    """A sample of the process. Raises FileNotFoundError where there is none."""
    folder = Path(f"/proc/{pid}")
    resident = folder.joinpath("status").read_text().partition("VmRSS:")[2].split()[0]
    return Sample(at, int(resident) / 1024, len(list(folder.joinpath("fd").iterdir())))


def find_trend(name: str, samples: Sequence[Sample]) -> Trend:
    """The trend after the warm-up; it needs two samples there."""
    begin = samples[-1].at * WARM_UP
    settled = [sample for sample in samples if sample.at >= begin]
    assert len(settled) > 1, f"{name} was looked at too seldom"
    span = settled[-1].at - settled[0].at
    times = [sample.at for sample in settled]
    return Trend(
        name,
        len(samples),
        (settled[0].megabytes, settled[-1].megabytes),
        (settled[0].handles, settled[-1].handles),
        find_slope(times, [sample.megabytes for sample in settled]) * span,
        find_slope(times, [float(sample.handles) for sample in settled]) * span,
    )


def find_slope(times: Sequence[float], values: Sequence[float]) -> float:
    """The slope of the line of least squares, in units a second."""
    middle, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((time - middle) ** 2 for time in times)
    return sum((t - middle) * (v - mean) for t, v in zip(times, values, strict=True)) / spread
