"""An outline as lines of plain text, indented by depth: what programs, `grep` and `diff` read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edi.outline.shapes import Field, Left, Note, Outline, Row, Section, Unit
from edi.outline.words import plural

INDENT = "  "


def list_outline(outline: Outline) -> Iterator[str]:
    """The lines of an outline: its verdict, its facts, its contents, then every section."""
    yield from list_head(outline)
    yield from list_notes(outline.notes, 0)
    for section in outline.sections:
        yield ""
        yield from list_section(section, 0)


def list_head(outline: Outline) -> Iterator[str]:
    """The verdict, the facts and the contents."""
    yield f"{outline.name} ({outline.kind}): {outline.verdict}, {outline.counts}"
    if outline.selected:
        yield f"shown: {outline.selected}"
    for name, text in outline.facts:
        yield f"{name}: {text}"
    for unit in outline.units:
        yield describe_unit(unit)
    if outline.left is not None:
        yield f"not shown: {describe_left(outline.left)}"


def describe_unit(unit: Unit) -> str:
    """`claim 1 HC10021: Doe, Jan, charge $190.50, 1 error`."""
    parts = [
        unit.person,
        f"charge {unit.charge}" if unit.charge else "",
        f"paid {unit.paid}" if unit.paid else "",
        f"{unit.status} ({unit.meaning})" if unit.meaning else unit.status,
        count_findings(unit),
    ]
    return f"{unit.word} {unit.number} {unit.label}: {', '.join(part for part in parts if part)}"


def count_findings(unit: Unit) -> str:
    """`1 error, 2 warnings`; `no findings`."""
    counts = (("error", unit.errors), ("warning", unit.warnings), ("remark", unit.remarks))
    told = (f"{count} {word}{'s' if count > 1 else ''}" for word, count in counts if count)
    return ", ".join(told) or "no findings"


def describe_left(left: Left) -> str:
    """`9,800 claims with 312 findings`."""
    told = f"{left.units:,} {plural(left.word, left.units)}"
    found = f" with {left.findings:,} finding{'s' if left.findings > 1 else ''}"
    return told + found if left.findings else told


def list_section(section: Section, depth: int) -> Iterator[str]:
    """A section and everything in it."""
    margin = INDENT * depth
    yield margin + describe_section(section)
    for name, text in section.facts:
        yield f"{margin}{INDENT}{name}: {text}"
    yield from list_notes(section.notes, depth + 1)
    for child in section.children:
        if isinstance(child, Section):
            yield from list_section(child, depth + 1)
        else:
            yield from list_row(child, depth + 1)


def describe_section(section: Section) -> str:
    """`2300 Claim Information: HC10021, $190.50`."""
    name = f"{section.id} {section.name}" if section.kind == "loop" else section.name
    name = f"{name} ({section.id})" if section.kind == "set" else name
    return f"{name}: {section.hint}" if section.hint else name


def list_row(row: Row, depth: int) -> Iterator[str]:
    """A segment, its fields and its findings."""
    ordinal = f" ({row.ordinal})" if row.ordinal else ""
    yield f"{INDENT * depth}{row.id} {row.name}{ordinal}"
    yield from list_notes(row.notes, depth + 1)
    for field in row.fields:
        yield INDENT * (depth + 1) + describe_field(field)
        yield from list_notes(field.notes, depth + 2)


def describe_field(field: Field) -> str:
    """`CLM02 Total Claim Charge Amount: $190.50`."""
    text = f"{field.place} {field.name}: {field.shown or '(nothing)'}"
    return f"{text} ({field.meaning})" if field.meaning else text


def list_notes(notes: Iterable[Note], depth: int) -> Iterator[str]:
    """Findings: what is wrong, and below what to do."""
    margin = INDENT * depth
    for note in notes:
        where = f" at {note.pointer}" if note.pointer else ""
        yield f"{margin}⚑ {note.severity}: {note.message} [{note.code}]{where}"
        if note.remedy:
            yield f"{margin}{INDENT}→ {note.remedy}"
