"""What the project wants to reach, and whether it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.bench.contest import OURS, Result

FIRST_GUIDE_MS = 150.0
STREAM_MB = 150.0
CLAIMS_A_SECOND = 5_000.0


class Target(NamedTuple):
    """One target. `reached` is None where it was not measured, and then `reason` says why."""

    name: str
    wanted: str
    reached: float | None
    met: bool
    unit: str = ""
    reason: str = ""


class Ratio(NamedTuple):
    """How often our seconds go into a peer's on the same file, at least `wanted` (None: only told).

    With `most` instead: how many times a peer's seconds ours are, at most that.
    """

    name: str
    kind: str
    ours: str
    who: str
    work: str
    wanted: float | None = None
    most: float | None = None


RATIOS = (
    *(Ratio(f"check {kind}", kind, "check", "pyx12", "check", 60) for kind in ("837P", "837I", "835")),
    *(
        Ratio(f"check {kind}, 999 written", kind, "acknowledge", "pyx12", "acknowledge")
        for kind in ("837P", "837I")
    ),
    Ratio("837P to standard JSON", "837P", "json", "x12sdk", "json", 15),
    Ratio("837I to standard JSON", "837I", "json", "x12sdk", "json"),
    Ratio("835 to remittance JSON", "835", "remittance", "x12sdk", "json", 15),
    Ratio("835 to remittance JSON", "835", "remittance", "oxedi", "json", most=3),
    *(
        Ratio(f"{kind} to JSON, checked by us only", kind, work, who, "json")
        for who in ("openx12", "node_x12")
        for kind, work in (("837P", "json"), ("837I", "json"), ("835", "remittance"))
    ),
)


def list_targets(results: list[Result], first_guide_ms: float) -> Iterator[Target]:
    """Every target with what was reached."""
    for ratio in RATIOS:
        yield judge_ratio(ratio, results)
    for result in results:
        race = result.race
        if race.work == "generate":
            rate = race.claims / result.seconds
            yield Target(
                "JSON to checked 837P", "≥ 5,000 claims/s", rate, rate >= CLAIMS_A_SECOND, "claims/s"
            )
        if race.work == "stream":
            met = result.megabytes <= STREAM_MB
            yield Target(f"memory, {race.kind} streamed", "≤ 150 MB above start", result.megabytes, met, "MB")
    met = first_guide_ms <= FIRST_GUIDE_MS
    yield Target("import and first guide", "≤ 150 ms", first_guide_ms, met, "ms")


def judge_ratio(ratio: Ratio, results: list[Result]) -> Target:
    """A peer's seconds and ours, on the file that both read."""
    name, wanted = describe_ratio(ratio)
    theirs = find(results, lambda it: matches(it, ratio.who, ratio.work, ratio.kind))
    if theirs is None or theirs.reason:
        return Target(name, wanted, None, False, reason=theirs.reason if theirs else "not run")
    path = theirs.race.path
    mine = find(results, lambda it: matches(it, OURS, ratio.ours, ratio.kind) and it.race.path == path)
    if mine is None:
        return Target(name, wanted, None, False, reason="ours was not run on that file")
    if ratio.most is not None:
        times = mine.seconds / theirs.seconds
        return Target(name, wanted, times, times <= ratio.most, "times")
    times = theirs.seconds / mine.seconds
    return Target(name, wanted, times, ratio.wanted is None or times >= ratio.wanted, "times")


def describe_ratio(ratio: Ratio) -> tuple[str, str]:
    """What is compared, and what is wanted of it."""
    if ratio.most is not None:
        return f"{ratio.name}: our time by that of {ratio.who}", f"≤ {ratio.most:g} times"
    wanted = "" if ratio.wanted is None else f"≥ {ratio.wanted:g} times"
    return f"{ratio.name}: as fast as {ratio.who}", wanted


def matches(result: Result, who: str, work: str, kind: str) -> bool:
    """True for a result of this contestant, work and kind of file."""
    return (result.race.who, result.race.work, result.race.kind) == (who, work, kind)


def find(results: list[Result], fits: Callable[[Result], bool]) -> Result | None:
    """The first that fits, or None."""
    return next(filter(fits, results), None)
