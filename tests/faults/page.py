"""The page of faults: what the last run injected and what came of it, between the marks of the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.faults.catalogue import Fault
from tests.faults.runs import Result

BEGIN, END = "<!-- the last run: `make faults-page` -->", "<!-- end of the last run -->"


def write_page(path: Path, heading: str, faults: Sequence[Fault], results: Sequence[Result]) -> None:
    """Put the table in the place of the one that the page has."""
    text = path.read_text("utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    lines = [BEGIN, "", heading, "", *list_rows(zip(faults, results, strict=True)), "", END]
    path.write_text(before + "\n".join(lines) + after, "utf-8")


def list_rows(judged: Iterable[tuple[Fault, Result]]) -> Iterator[str]:
    """A row for each fault."""
    yield "| no. | fault | injected by | verdict | claims | lost | doubled | whole after |"
    yield "|---|---|---|---|---|---|---|---|"
    for fault, result in judged:
        verdict = f"{result.verdict}: {tell(result)}" if tell(result) else result.verdict
        counts = f"{result.claims} | {result.lost} | {result.doubled}" if result.claims else " |  | "
        after = f"{result.healed:.0f} s" if result.claims else ""
        yield f"| {fault.number} | {fault.name} | {name_cause(fault)} | {verdict} | {counts} | {after} |"


def tell(result: Result) -> str:
    """What the fault showed, on one line."""
    return "; ".join(result.notes).replace("|", "/").replace("\n", " ")


def name_cause(fault: Fault) -> str:
    """What injects the fault."""
    if fault.strike is not None:
        return f"`{fault.strike.__name__}`"
    return f"the test `{fault.node.rpartition('::')[2]}`" if fault.node else "nothing"
