"""Findings on a terminal, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edi.findings import Finding, Place
from gateway.cli.reading import Checked

COLOURS = {"fatal": "bold red", "error": "red", "warning": "yellow", "info": "cyan"}


def place_text(finding: Finding) -> str:
    """Where a finding is, as a person says it: the JSON pointer, else set, segment and element."""
    return finding.pointer if finding.pointer is not None else x12_text(finding.x12)


def x12_text(place: Place | None) -> str:
    """`set 0001, segment 12 SBR01 in 2000B`, as far as it is known."""
    if place is None:
        return "the file"
    parts = []
    if place.set:
        parts.append(f"set {place.set}")
    elif place.interchange:
        parts.append(f"interchange {place.interchange}")
    if place.ordinal or place.segment:
        element = f"{place.element:02d}" if place.element else ""
        component = f"-{place.component}" if place.component else ""
        number = f"{place.ordinal} " if place.ordinal else ""
        parts.append(f"segment {number}{place.segment or ''}{element}{component}".rstrip())
    text = ", ".join(parts) or "the file"
    return f"{text} in {place.loop}" if place.loop else text


def findings_table(findings: Iterable[Finding], *, values: bool) -> Table:
    """The findings, one a row; the document's values only where they were asked for."""
    table = Table(box=None, padding=(0, 1), show_edge=False)
    for heading in ("severity", "where", "what is wrong", "what to do"):
        table.add_column(heading, overflow="fold")
    if values:
        table.add_column("value", overflow="fold")
    for finding in findings:
        colour = COLOURS[finding.severity]
        row = [
            f"[{colour}]{finding.severity}[/]",
            escape(place_text(finding)),
            f"{escape(finding.message)} [dim]{escape(finding.code)}[/]",
            escape(finding.remedy),
        ]
        table.add_row(*row, *([escape(finding.value or "")] if values else []))
    return table


def show_checked(console: Console, checked: Checked, *, values: bool) -> None:
    """One input: its name and verdict, then its findings."""
    counts = Counter(str(finding.severity) for finding in checked.findings)
    told = ", ".join(f"{count} {severity}" for severity, count in counts.items()) or "no findings"
    verdict = "[red]refused[/]" if checked.stops else "[green]accepted[/]"
    console.print(f"[bold]{escape(checked.name)}[/] ({escape(checked.kind)}): {verdict}, {told}")
    if checked.findings:
        console.print(findings_table(checked.findings, values=values))


def checked_json(checked: Checked, *, values: bool) -> dict[str, Any]:
    """One input as JSON; findings without their values unless asked for."""
    shown = checked.findings if values else tuple(map(_without_value, checked.findings))
    return {
        "file": checked.name,
        "kind": checked.kind,
        "accepted": not checked.stops,
        "findings": msgspec.to_builtins(shown),
    }


def _without_value(finding: Finding) -> Finding:
    return msgspec.structs.replace(finding, value=None)
