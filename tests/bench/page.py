"""The page of speeds: what was measured, where and when, between the marks of `docs/reference/speed.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.bench.contest import OURS, Result, find_version
from tests.bench.targets import Target

BEGIN, END = "<!-- measured: `make bench-page` -->", "<!-- end of what was measured -->"
WORKS = {
    "check": "check",
    "check_with_edits": "check, edits too",
    "acknowledge": "check, 999 written",
    "json": "to JSON",
    "remittance": "to balanced remittance JSON",
    "stream": "streamed to JSON",
    "generate": "JSON checked and written as 837P",
}


def write_page(path: Path, heading: str, results: Iterable[Result], targets: Iterable[Target]) -> None:
    """Put the tables in the place of those that the page has."""
    text = path.read_text("utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    lines = [BEGIN, "", heading, "", *list_targets(targets), "", *list_results(results), "", END]
    path.write_text(before + "\n".join(lines) + after, "utf-8")


def list_targets(targets: Iterable[Target]) -> Iterator[str]:
    """A table of what is wanted and reached."""
    yield "| what | wanted | reached | met |"
    yield "|---|---|---|---|"
    for target in targets:
        reached = f"{write_figure(target.reached)} {target.unit}" if target.reached is not None else "-"
        met = ("yes" if target.met else "no") if target.wanted and target.reached is not None else ""
        yield f"| {target.name} | {target.wanted} | {reached} | {met or target.reason} |"


def write_figure(figure: float | None) -> str:
    """Three digits, or whole."""
    return "" if figure is None else f"{figure:,.3g}" if figure < 100 else f"{figure:,.0f}"


def list_results(results: Iterable[Result]) -> Iterator[str]:
    """A table of what each took."""
    yield "| file | work | by | seconds | claims/s | segments/s | memory grew by |"
    yield "|---|---|---|---|---|---|---|"
    for result in sorted(results, key=lambda it: (it.race.kind, it.race.claims, it.race.who != OURS)):
        race = result.race
        who = "**claimwire**" if race.who == OURS else f"{race.who} {find_version(race.who)}"
        head = f"| {race.kind}, {race.claims:,} claims | {WORKS[race.work]} | {who} |"
        if result.reason:
            yield f"{head} left out: {result.reason} | | | |"
            continue
        rates = " | ".join(f"{count / result.seconds:,.0f}" for count in (race.claims, race.segments))
        yield f"{head} {result.seconds:.2f} | {rates} | {result.megabytes:.0f} MB |"
