"""Findings and tables on a terminal: colours, and lines that wrap under where they began."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from edi.findings import Finding
from edi.inspection import Inspected
from edi.listing import describe_place, list_inspected

COLOURS = {"fatal": "bold red", "error": "red", "warning": "yellow", "info": "cyan"}
VERDICTS = {"accepted": "green", "refused": "red", "unreadable": "bold red"}


def show_lines(console: Console, lines: Iterable[str]) -> None:
    """Plain lines, never wrapped: what programs and `grep` read."""
    for line in lines:
        console.file.write(f"{line}\n")


def show_inspected(console: Console, inspected: Inspected, *, values: bool) -> None:
    """One input: its name and verdict, then its findings, each as a block."""
    if not console.is_terminal:
        show_lines(console, list_inspected(inspected, values=values))
        return
    verdict = Text(inspected.verdict, VERDICTS[inspected.verdict])
    head = Text.assemble((inspected.name, "bold"), f" ({inspected.kind}): ", verdict, f", {inspected.counts}")
    console.print(head, highlight=False)
    if inspected.findings:
        console.print(draw_findings(inspected.findings, values=values), highlight=False)


def draw_findings(findings: Iterable[Finding], *, values: bool) -> Table:
    """The findings one below the other: severity, and beside it place, sentence and remedy."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, min_width=9)
    table.add_column(overflow="fold")
    for finding in findings:
        severity = Text(f"  {finding.severity}", COLOURS[finding.severity])
        table.add_row(severity, Text("\n").join(_draw_finding(finding, values=values)))
    return table


def _draw_finding(finding: Finding, *, values: bool) -> Iterator[Text]:
    yield Text(describe_place(finding), "bold")
    yield Text.assemble(f"{finding.message} ", (finding.code, "dim"))
    if finding.remedy:
        yield Text.assemble(("→ ", "green"), finding.remedy)
    if values and finding.value is not None:
        yield Text(f"value: {finding.value!r}", "dim")


def show_rows(console: Console, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on a terminal; for programs one line a row, its cells apart by tabs."""
    if not console.is_terminal:
        show_lines(console, ("\t".join(row) for row in rows))
        return
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)
