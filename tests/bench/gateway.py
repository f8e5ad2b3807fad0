"""The gateway under load, beside the ceilings of this machine and beside peers: one table for each question.

    python -m tests.bench.gateway [--only intake --only jobs ...] [--page docs/reference/gateway-speed.md]

Each part says how much of it to do: `--claims`, `--journey`, `--events`, `--jobs`. A part that is left out by
`--only` keeps its table on the page. PostgreSQL is a server of the benchmark's own.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench import intake
from tests.bench.contest import OURS, find_version
from tests.bench.databases import NAMES, POSTGRESQL, SQLITE, open_databases
from tests.bench.feed import measure_pages
from tests.bench.journey import measure_idle, run_journey
from tests.bench.recovery import measure_recovery
from tests.bench.served import Home
from tests.bench.work import measure_ours, measure_rivals

ENVIRONMENTS = Path(".setup/peers")
WORKERS = (1, 2, 4)
IDLE_SECONDS = 20.0
LARGEST_MB, IDLE_PERCENT, RECOVERY_SECONDS, PAGE_RATIO = 400.0, 1.0, 2.0, 1.5


class Answer(NamedTuple):
    """A table: its heading, columns and rows, all text."""

    heading: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


def ask_intake(given: argparse.Namespace) -> Answer:
    """How many claims are taken in, beside the ceilings."""
    measures = [
        measure
        for store in given.store
        for measure in intake.run_rounds(store, given.claims, given.clients, given.rounds)
    ]
    best = intake.choose_best(measures)
    rows = [(intake.TITLES[it.what], NAMES[it.store], *intake.write_cells(it), "") for it in best]
    for target in intake.list_targets(best):
        reached = f"{target.reached:,.3g}" if (target.reached or 0) < 100 else f"{target.reached:,.0f}"
        met = "met" if target.met else "not met"
        rows.append((target.name, "", reached, "", "", "", "", f"{target.wanted}: {met}"))
    columns = ("what", "database", "claims/s", "p50 ms", "p99 ms", "processor ms a claim", "MB", "wanted")
    heading = f"Durable intake: {given.claims:,} claims over {given.clients} connections, all checks on"
    return Answer(heading, columns, rows)


def ask_journey(given: argparse.Namespace) -> Answer:
    """From POST to paid."""
    rows = []
    plans = [(SQLITE, (1,)), (POSTGRESQL, WORKERS)]
    for store, counts in plans:
        if store in given.store:
            with tempfile.TemporaryDirectory() as name, open_databases(store, Path(name)) as databases:
                for workers in counts:
                    it = run_journey(store, databases, Path(name), given.journey, workers)
                    told = "one process" if store == SQLITE else f"1 api, {workers} workers"
                    figures = (f"{it.taken:,.0f}", f"{it.settled:,.0f}", f"{it.rate:,.0f}")
                    met = "met" if it.megabytes <= LARGEST_MB else "not met"
                    memory = (f"{it.megabytes:.0f}", f"≤ {LARGEST_MB:.0f} MB a process: {met}")
                    rows.append((NAMES[store], told, *figures, f"{it.processor:.1f}", *memory))
    columns = (
        "database",
        "processes",
        "taken in s",
        "all paid s",
        "claims/s",
        "processor ms a claim",
        "MB",
        "wanted",
    )
    heading = f"From POST to paid: {given.journey:,} claims, the scripted payer over SFTP"
    return Answer(heading, columns, rows)


def ask_jobs(given: argparse.Namespace) -> Answer:
    """Jobs beside peers."""
    with tempfile.TemporaryDirectory() as name, open_databases(POSTGRESQL, Path(name)) as databases:
        ours = measure_ours(databases, Path(name) / "ours", given.jobs)
        all_ = [ours, *measure_rivals(databases, given.environments.absolute(), given.jobs)]
    rows = []
    for it in all_:
        who = "**claimwire**" if it.who == OURS else f"{it.who} {find_version(it.who)}"
        figures = (f"{it.rate:,.0f}", f"{it.processor:.2f}") if not it.reason else (it.reason, "")
        rows.append((who, f"{it.jobs:,}", *figures))
    return Answer("Jobs end to end on PostgreSQL", ("by", "jobs", "jobs/s", "processor ms a job"), rows)


def ask_recovery(given: argparse.Namespace) -> Answer:
    """A worker is killed."""
    with tempfile.TemporaryDirectory() as name, open_databases(POSTGRESQL, Path(name)) as databases:
        it = measure_recovery(databases, Path(name) / "recovery")
    met = "met" if it.seconds <= it.lease + RECOVERY_SECONDS else "not met"
    row = (f"{it.lease:.0f}", f"{it.held}", f"{it.seconds:.1f}", f"≤ lease + {RECOVERY_SECONDS:.0f} s: {met}")
    columns = ("lease s", "jobs that it held", "all done by others after s", "wanted")
    return Answer("`kill -9` of one of four workers on PostgreSQL", columns, [row])


def ask_events(given: argparse.Namespace) -> Answer:
    """Pages of a long feed."""
    rows = []
    for store in given.store:
        with tempfile.TemporaryDirectory() as name, open_databases(store, Path(name)) as databases:
            home = Home(Path(name) / "feed", databases.make("feed"))
            it = measure_pages(home, store, given.events)
            ratio = it.last / it.first
            met = "met" if ratio <= PAGE_RATIO else "not met"
            figures = (f"{it.first:.1f}", f"{it.middle:.1f}", f"{it.last:.1f}")
            rows.append((NAMES[store], *figures, f"last ≤ {PAGE_RATIO} of first: {met}"))
    heading = f"Pages of 100 events of a feed of {given.events:,}, over HTTP"
    return Answer(heading, ("database", "first ms", "middle ms", "last ms", "wanted"), rows)


def ask_idle(given: argparse.Namespace) -> Answer:
    """Nothing to do."""
    rows = []
    for store in given.store:
        with tempfile.TemporaryDirectory() as name, open_databases(store, Path(name)) as databases:
            home = Home(Path(name) / "idle", databases.make("idle"))
            percent = measure_idle(home, store, databases, IDLE_SECONDS)
            met = "met" if percent < IDLE_PERCENT else "not met"
            told = "one process" if store == SQLITE else "1 api, 1 worker, the server"
            rows.append((NAMES[store], told, f"{percent:.2f}", f"< {IDLE_PERCENT:.0f} %: {met}"))
    return Answer("Nothing to do", ("database", "processes", "% of a core", "wanted"), rows)


PARTS: dict[str, Callable[[argparse.Namespace], Answer]] = {
    "intake": ask_intake,
    "journey": ask_journey,
    "jobs": ask_jobs,
    "recovery": ask_recovery,
    "events": ask_events,
    "idle": ask_idle,
}


def draw(answer: Answer) -> Table:
    """The table, for people."""
    table = Table(box=box.SIMPLE_HEAD, title=answer.heading.replace("`", ""))
    for number, column in enumerate(answer.columns):
        table.add_column(column, justify="left" if number < 1 or column == "wanted" else "right")
    for row in answer.rows:
        table.add_row(*(cell.strip("*") for cell in row))
    return table


def write_page(path: Path, part: str, answer: Answer, machine: str) -> None:
    """Put the table in the place of the one that the page has for this part."""
    text = path.read_text("utf-8")
    begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    before, after = text.partition(begin)[0], text.partition(end)[2]
    lines = [begin, f"### {answer.heading}", "", machine, "", *list_lines(answer), "", end]
    path.write_text(before + "\n".join(lines) + after, "utf-8")


def list_lines(answer: Answer) -> Iterator[str]:
    """The table as Markdown."""
    yield f"| {' | '.join(answer.columns)} |"
    yield "|---" * len(answer.columns) + "|"
    for row in answer.rows:
        yield f"| {' | '.join(row)} |"


def describe_machine() -> str:
    """When and where, and how busy it was with other work."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "?")
    load = os.getloadavg()[0]
    return (
        f"Measured on {datetime.now(UTC):%-d %B %Y}: {name}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}; load average before it {load:.1f}."
    )


def read_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gateway")
    parser.add_argument("--only", choices=list(PARTS), action="append", help="all where left out")
    parser.add_argument("--store", choices=list(NAMES), action="append", help="both where left out")
    parser.add_argument("--claims", type=int, default=6000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--journey", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument(
        "--environments", type=Path, default=ENVIRONMENTS, help="where the peers are installed"
    )
    parser.add_argument("--page", type=Path, help="write the tables into this page")
    given = parser.parse_args(arguments)
    given.store = given.store or list(NAMES)
    return given


def main() -> None:
    """Run and print."""
    given = read_arguments()
    console = Console(width=160, highlight=False)
    for part in given.only or PARTS:
        machine = describe_machine()
        answer = PARTS[part](given)
        console.print(draw(answer))
        if given.page is not None:
            write_page(given.page, part, answer, machine)


if __name__ == "__main__":
    main()
