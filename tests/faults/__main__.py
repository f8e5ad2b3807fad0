"""`python -m tests.faults [--only 5,13] [--claims N] [--page FILE]`: inject every fault, judge each world."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults.catalogue import FAULTS, MORE, Fault
from tests.faults.page import write_page
from tests.faults.runs import Result, run_fault
from tests.faults.virtual import Tally, run_all

ROOT = Path(__file__).resolve().parents[2]
CLAIMS = 2000
FEWEST = 60
COLOURS = {"held": "green", "broken": "red", "skipped": "yellow", "left": "yellow"}


def read_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", default="", help="numbers of faults, with commas")
    parser.add_argument("--claims", type=int, default=CLAIMS, help="claims of the whole run")
    parser.add_argument("--each", type=int, default=0, help="claims of each fault instead")
    parser.add_argument("--seeds", type=int, default=40, help="of the virtual clock, with all faults")
    parser.add_argument("--every", type=int, default=1, help="single calls of it that fail; 0: none")
    parser.add_argument("--keep", action="store_true", help="leave the folders of the worlds")
    parser.add_argument("--page", type=Path, help="write the result as a page of the docs")
    return parser.parse_args()


def main() -> int:
    """Run what is asked for; 1 where an invariant broke."""
    asked = read_arguments()
    wanted = {int(number) for number in asked.only.split(",") if number}
    chosen = [fault for fault in (*FAULTS, *MORE) if not wanted or fault.number in wanted]
    struck = sum(fault.strike is not None for fault in chosen)
    claims = asked.each or max(FEWEST, asked.claims // max(1, struck))
    console = Console(width=None if sys.stdout.isatty() else 160)
    results = [tell(console, fault, run(fault, claims, keep=asked.keep)) for fault in chosen]
    tally = run_all(range(1, asked.seeds + 1), asked.every) if not wanted else Tally()
    console.print(make_table(chosen, results))
    for line in (*tally.told, summarise(results), str(tally) if not wanted else ""):
        console.print(line, markup=False)
    if asked.page is not None:
        write_page(
            asked.page, f"{datetime.now(UTC):%-d %B %Y}: {summarise(results)}; {tally}.", chosen, results
        )
    return 0 if all(result.ok for result in results) and not tally.told else 1


def run(fault: Fault, claims: int, *, keep: bool) -> Result:
    """Inject one fault in the way that it is injected."""
    if fault.strike is not None:
        return asyncio.run(run_fault(fault.number, fault.strike, fault.shape, claims, keep=keep))
    if fault.node:
        return run_test(fault)
    return Result(number=fault.number, verdict="left", notes=(fault.reason,))


def run_test(fault: Fault) -> Result:
    """Run the test that injects the fault."""
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", fault.node], cwd=ROOT, capture_output=True, check=False
    )
    verdict = "held" if ended.returncode == 0 else "broken"
    return Result(number=fault.number, verdict=verdict, seconds=time.monotonic() - began, notes=(fault.node,))


def tell(console: Console, fault: Fault, result: Result) -> Result:
    """One line as soon as a fault is judged."""
    console.print(
        f"{fault.number:2} [{COLOURS[result.verdict]}]{result.verdict:7}[/] {fault.name} "
        f"({result.claims} claims, {result.seconds:.0f} s)"
    )
    for note in result.notes if not result.ok else ():
        console.print(f"     {note}", markup=False, highlight=False)
    return result


def make_table(faults: list[Fault], results: list[Result]) -> Table:
    """Every fault with what came of it."""
    table = Table("no.", "fault", "verdict", "claims", "lost", "doubled", "s", "healed in s", "notes")
    for fault, result in zip(faults, results, strict=True):
        table.add_row(
            str(fault.number),
            fault.name,
            f"[{COLOURS[result.verdict]}]{result.verdict}[/]",
            *map(str, (result.claims, result.lost, result.doubled)),
            f"{result.seconds:.0f}",
            f"{result.healed:.0f}",
            "; ".join(result.notes),
        )
    return table


def summarise(results: list[Result]) -> str:
    """The run in one line."""
    held = sum(result.verdict == "held" and result.number <= 60 for result in results)
    claims, lost = sum(result.claims for result in results), sum(result.lost for result in results)
    doubled = sum(result.doubled for result in results)
    return f"{held} of the 60 faults injected and held; {claims} claims, {lost} lost, {doubled} doubled"


if __name__ == "__main__":
    sys.exit(main())
