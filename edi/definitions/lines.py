"""Definitions as lines of plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from edi.definitions.shapes import (
    CodeDefinition,
    Correction,
    ElementDefinition,
    GuideDefinition,
    LoopDefinition,
    RuleDefinition,
    SegmentDefinition,
)

WIDTH = 100
INDENT = "  "
TYPES = {
    "AN": "text",
    "ID": "code",
    "DT": "date",
    "TM": "time",
    "R": "decimal",
    "N0": "whole number",
    "N2": "number with two implied decimals",
    "B": "bytes",
}


def list_definitions(
    definitions: Iterable[GuideDefinition | LoopDefinition | SegmentDefinition],
) -> Iterator[str]:
    """Definitions below each other, a blank line between."""
    for number, definition in enumerate(definitions):
        if number:
            yield ""
        if isinstance(definition, GuideDefinition):
            yield from list_guide(definition)
        elif isinstance(definition, LoopDefinition):
            yield from list_loop(definition)
        else:
            yield from list_segment(definition)


def list_guide(guide: GuideDefinition) -> Iterator[str]:
    """A guide: its facts, its loops with their segments, its rules and corrections."""
    yield f"{guide.id} {guide.name}"
    yield f"transaction set {guide.transaction_set}, functional group {guide.functional_group or 'none'}"
    yield f"versions {', '.join(guide.versions)}"
    yield f"source {guide.source}"
    yield ""
    for entry in guide.outline:
        margin = INDENT * entry.depth
        yield f"{margin}{entry.id} {entry.name} ({write_usage(entry.usage, entry.repeats)})"
        if entry.segments:
            yield from fold(" ".join(entry.segments), margin + INDENT)
    yield from list_rules(guide.rules)
    yield from list_corrections(guide.corrections)


def list_loop(loop: LoopDefinition) -> Iterator[str]:
    """A loop: where it stands, its segments with their places' names, the loops in it, its rules."""
    yield f"{loop.id} {loop.name}"
    yield write_usage(loop.usage, loop.repeats)
    if loop.parents:
        yield f"in {', '.join(loop.parents)}"
    yield from list_json(loop.json, "")
    for segment in loop.segments:
        key = segment.key.partition("/")[2]
        yield f"{INDENT}{key} {segment.name} ({write_usage(segment.usage, segment.repeats)})"
    if loop.loops:
        yield f"loops {', '.join(loop.loops)}"
    yield from list_rules(loop.rules)
    yield from list_corrections(loop.corrections)


def list_segment(segment: SegmentDefinition) -> Iterator[str]:
    """A segment use: every element with its form, codes and JSON names, then its rules."""
    yield f"{segment.key} {segment.name}"
    yield write_usage(segment.usage, segment.repeats)
    yield f"source {segment.source}"
    if segment.told_by:
        yield f"told from its neighbours by {segment.told_by}"
    yield from list_json(segment.json, "")
    for condition in segment.conditions:
        yield f"condition {condition}"
    yield from list_corrections(segment.corrections, "")
    yield ""
    for element in segment.elements:
        yield from list_element(element, 0)
    yield from list_rules(segment.rules)


def list_element(element: ElementDefinition, depth: int) -> Iterator[str]:
    """An element; of one that is not used only its name."""
    margin = INDENT * depth
    yield f"{margin}{element.place} {element.name}: {describe_form(element)}"
    if element.usage == "not used":
        return
    yield from list_json(element.json, margin + INDENT * 2)
    for written in element.written:
        yield f"{margin}{INDENT * 2}written {written}"
    yield from list_codes(element.codes, margin + INDENT * 2)
    if element.table:
        yield f"{margin}{INDENT * 2}codes from {element.table}"
    yield from list_corrections(element.corrections, margin + INDENT * 2)
    for component in element.components:
        yield from list_element(component, depth + 1)


def describe_form(element: ElementDefinition) -> str:
    """`required, code of 1 to 3 (ID, data element 1271), up to 12 times`."""
    parts = [element.usage]
    if element.usage == "not used":
        return element.usage
    if element.components:
        parts.append(f"composite of {len(element.components)}")
    else:
        length = (
            str(element.longest)
            if element.shortest == element.longest
            else f"{element.shortest} to {element.longest}"
        )
        kind = TYPES.get(element.type, element.type)
        parts.append(f"{kind} of {length} ({element.type}, data element {element.data_element})")
    if element.repeats != 1:
        parts.append(write_repeats(element.repeats))
    return ", ".join(parts)


def write_usage(usage: str, repeats: int) -> str:
    """`required, once`; `situational, up to 10 times`."""
    return f"{usage}, {write_repeats(repeats)}" if usage else write_repeats(repeats)


def write_repeats(repeats: int) -> str:
    """`once`, `up to 10 times`, `any number of times`."""
    return {0: "any number of times", 1: "once"}.get(repeats, f"up to {repeats} times")


def list_json(names: Iterable[str], margin: str) -> Iterator[str]:
    """The JSON names."""
    for name in names:
        yield f"{margin}JSON {name}"


def list_codes(codes: tuple[CodeDefinition, ...], margin: str) -> Iterator[str]:
    """Each code with its meaning; codes without one stand together at the end."""
    for code in codes:
        if code.meaning:
            yield f"{margin}{code.code} = {code.meaning}"
    bare = [code.code for code in codes if not code.meaning]
    if bare:
        yield from fold(" ".join(bare), margin)


def list_rules(rules: Iterable[RuleDefinition]) -> Iterator[str]:
    """Rules and edits with what they cite and raise."""
    for rule in rules:
        yield ""
        yield from fold(f"{rule.kind} {rule.name} on {', '.join(rule.loops)}", "")
        yield from fold(rule.says, INDENT)
        yield from fold(f"source {rule.cites}", INDENT)
        if rule.findings:
            yield f"{INDENT}findings {', '.join(rule.findings)}"


def list_corrections(corrections: Iterable[Correction], margin: str = "") -> Iterator[str]:
    """What differs from the map, and why."""
    for correction in corrections:
        yield from fold(f"corrected {correction.where}: {correction.reason}", margin)


def fold(text: str, margin: str) -> Iterator[str]:
    """A long text as lines that begin under each other."""
    yield from wrap(
        text,
        WIDTH,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
