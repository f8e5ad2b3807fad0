"""The benchmark's tables, for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.table import Table

from tests.bench.contest import OURS, Result, find_version
from tests.bench.targets import STREAM_MB, Target


def draw_results(results: Iterable[Result], title: str) -> Table:
    """What each took, file by file."""
    table = Table(box=box.SIMPLE_HEAD, title=title)
    for heading in ("file", "claims", "work", "by"):
        table.add_column(heading, justify="right" if heading == "claims" else "left", no_wrap=True)
    for heading in ("seconds", "claims/s", "segments/s", "MB"):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in results:
        race = result.race
        who = race.who if race.who == OURS else f"{race.who} {find_version(race.who)}"
        head = (race.kind, f"{race.claims:,}", race.work, who)
        if result.reason:
            table.add_row(*head, "left out:", result.reason, style="dim")
            continue
        rates = (f"{count / result.seconds:,.0f}" for count in (race.claims, race.segments))
        table.add_row(*head, f"{result.seconds:.3f}", *rates, f"{result.megabytes:.0f}")
    return table


def draw_targets(targets: Iterable[Target]) -> Table:
    """What is wanted, what was reached."""
    table = Table(box=box.SIMPLE_HEAD, title="targets; times: by processor seconds, on the same file")
    table.add_column("what", no_wrap=True)
    table.add_column("wanted", no_wrap=True)
    table.add_column("reached", justify="right", no_wrap=True)
    table.add_column("met", no_wrap=True)
    for target in targets:
        if target.reached is None:
            table.add_row(target.name, target.wanted, "-", f"left out: {target.reason}")
            continue
        reached = f"{target.reached:,.3g}" if target.reached < 100 else f"{target.reached:,.0f}"
        met = "" if not target.wanted else "yes" if target.met else "NO"
        table.add_row(target.name, target.wanted, f"{reached} {target.unit}", met)
    return table


def draw_memory(streams: Iterable[Mapping[str, Any]]) -> Table:
    """What streams of a gigabyte took."""
    title = f"streamed, each claim as JSON; wanted: ≤ {STREAM_MB:.0f} MB above start"
    table = Table(box=box.SIMPLE_HEAD, title=title)
    for heading in ("file", "bytes", "segments", "claims", "seconds", "MB", "met", "same verdict"):
        table.add_column(heading, justify="left" if heading in ("file", "met") else "right", no_wrap=True)
    for one in streams:
        counts = (f"{one[name]:,}" for name in ("bytes", "segments", "claims"))
        met = "yes" if one["megabytes"] <= STREAM_MB else "NO"
        verdict = "yes" if one["same_verdict"] else "NO"
        table.add_row(one["kind"], *counts, f"{one['seconds']:.0f}", f"{one['megabytes']:.0f}", met, verdict)
    return table
