"""Findings as plain text for people and as JSON for programs; values only where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from edi.findings import Finding, Place
from edi.inspection import Inspected

WIDEST = len("warning")


def describe_place(finding: Finding) -> str:
    """Where a finding is: its JSON Pointer, else interchange, set, segment and element, else the file."""
    if finding.pointer is not None:
        return finding.pointer or "the document"
    return describe_x12(finding.x12)


def describe_x12(place: Place | None) -> str:
    """`interchange 000000008, set 0001, segment 12 SBR01 in loop 2000B`, as far as it is known."""
    if place is None:
        return "the file"
    parts = []
    if place.interchange:
        parts.append(f"interchange {place.interchange}")
    if place.set:
        parts.append(f"set {place.set}")
    elif place.group:
        parts.append(f"group {place.group}")
    if place.ordinal or place.segment:
        parts.append(_describe_segment(place))
    text = ", ".join(parts) or "the file"
    return f"{text} in loop {place.loop}" if place.loop else text


def _describe_segment(place: Place) -> str:
    element = f"{place.element:02d}" if place.element else ""
    component = f"-{place.component}" if place.component else ""
    number = f"{place.ordinal} " if place.ordinal else ""
    return f"segment {number}{place.segment or ''}{element}{component}".rstrip()


def list_finding(finding: Finding, *, values: bool = False) -> Iterator[str]:
    """The lines of one finding without its severity: place, what is wrong, what to do, the value."""
    yield describe_place(finding)
    yield f"{finding.message} [{finding.code}]"
    if finding.remedy:
        yield f"→ {finding.remedy}"
    if values and finding.value is not None:
        yield f"value: {finding.value!r}"


def head_line(inspected: Inspected) -> str:
    """`claim.json (JSON claim): refused, 1 error`."""
    return f"{inspected.name} ({inspected.kind}): {inspected.verdict}, {inspected.counts}"


def list_inspected(inspected: Inspected, *, values: bool = False) -> Iterator[str]:
    """The lines of one input: its verdict, then its findings, each as a block."""
    yield head_line(inspected)
    for finding in inspected.findings:
        for number, line in enumerate(list_finding(finding, values=values)):
            severity = finding.severity if number == 0 else ""
            yield f"  {severity:<{WIDEST}}  {line}"


def describe_inspected(inspected: Inspected, *, values: bool = False) -> dict[str, Any]:
    """One input as JSON."""
    shown = inspected.findings if values else tuple(map(_hide_value, inspected.findings))
    return {
        "file": inspected.name,
        "kind": inspected.kind,
        "verdict": inspected.verdict,
        "accepted": not inspected.stops,
        "findings": msgspec.to_builtins(shown),
    }


def _hide_value(finding: Finding) -> Finding:
    return msgspec.structs.replace(finding, value=None)
