"""`claimwire explain`: an outline on a terminal, page by page, in colours and columns."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from edi.outline.lines import count_findings, describe_left, describe_section, list_outline
from edi.outline.shapes import Field, Kind, Left, Note, Outline, Row, Section, Unit
from gateway.cli.rendering import COLOURS, VERDICTS, show_lines

READABLE = 200
"""Claims that a person looks through at once, and a browser or a pager takes easily (3 MB of a page)."""
INDENT = 2
NAME_WIDTH = 38
SECTIONS = {
    Kind.INTERCHANGE: "bold reverse",
    Kind.GROUP: "bold",
    Kind.SET: "bold underline",
    Kind.LOOP: "bold blue",
}
LESS = "FRX"  # end at once where all fits, keep colours, leave the text on the screen


def show_outline(console: Console, outline: Outline, *, paged: bool = True) -> None:
    """An outline: on a terminal through the pager, elsewhere as plain lines."""
    if not console.is_terminal:
        show_lines(console, list_outline(outline))
        return
    if not paged:
        draw_outline(console, outline)
        return
    os.environ.setdefault("LESS", LESS)
    with console.pager(styles=True):
        draw_outline(console, outline)


def draw_outline(console: Console, outline: Outline) -> None:
    """Head, contents, sections."""
    verdict = Text(outline.verdict, VERDICTS[outline.verdict])
    head = (Text(outline.name, "bold"), f" ({outline.kind}): ", verdict, f", {outline.counts}")
    console.print(Text.assemble(*head), highlight=False)
    if outline.selected or outline.redacted:
        hidden = "people left out" if outline.redacted else ""
        console.print(Text(", ".join(filter(None, (outline.selected, hidden))), "italic"), highlight=False)
    console.print(draw_facts(outline.facts), highlight=False)
    if outline.units:
        console.print()
        console.print(draw_contents(outline.units), highlight=False)
    if outline.left is not None:
        console.print(Text(f"not shown: {describe_left(outline.left)}; {tell_way(outline.left)}", "italic"))
    for note in outline.notes:
        draw_note(console, note, 0)
    for section in outline.sections:
        console.print()
        draw_section(console, section, 0)


def tell_way(left: Left) -> str:
    """How to see what is left out."""
    following = f"--from {left.following} goes on, " if left.following else ""
    return f"{following}--claim N shows one, --only-findings those with findings, --first 0 all"


def draw_facts(facts: Iterable[tuple[str, str]]) -> Table:
    """Names and values, side by side."""
    table = Table.grid(padding=(0, 2))
    for name, text in facts:
        table.add_row(Text(name, "dim"), Text(text))
    return table


def draw_contents(units: Iterable[Unit]) -> Table:
    """A row for each claim; a column only where one of them has a value."""
    listed = list(units)
    columns = {
        "": [str(unit.number) for unit in listed],
        listed[0].word: [unit.label for unit in listed],
        "person": [unit.person for unit in listed],
        "charge": [unit.charge for unit in listed],
        "paid": [unit.paid for unit in listed],
        "status": [f"{unit.status} {unit.meaning}".strip() for unit in listed],
    }
    shown = {name: texts for name, texts in columns.items() if any(texts)}
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in shown:
        table.add_column(name, justify="right" if name in ("", "charge", "paid") else "left", overflow="fold")
    table.add_column("findings")
    for at, unit in enumerate(listed):
        table.add_row(*(texts[at] for texts in shown.values()), draw_counts(unit))
    return table


def draw_counts(unit: Unit) -> Text:
    """How many findings, in the colour of the worst."""
    worst = "error" if unit.errors else "warning" if unit.warnings else "info" if unit.remarks else ""
    return Text(count_findings(unit), COLOURS.get(worst, "green"))


def draw_section(console: Console, section: Section, depth: int) -> None:
    """A section and everything in it."""
    head = Text(describe_section(section), SECTIONS[section.kind])
    if section.unit:
        head = Text.assemble(head, (f"  #{section.unit}", "bold magenta"))
    indent(console, head, depth)
    facts = "  ".join(f"{name} {text}" for name, text in section.facts)
    if facts:
        indent(console, Text(facts, "dim"), depth + 1)
    for note in section.notes:
        draw_note(console, note, depth + 1)
    for child in section.children:
        if isinstance(child, Section):
            draw_section(console, child, depth + 1)
        else:
            draw_row(console, child, depth + 1)


def draw_row(console: Console, row: Row, depth: int) -> None:
    """A segment, and its fields in columns: place, name, value with its meaning."""
    number = f" {row.ordinal}" if row.ordinal else ""
    indent(console, Text.assemble((row.id, "bold green"), f" {row.name}", (number, "dim")), depth)
    for note in row.notes:
        draw_note(console, note, depth + 1)
    for field in row.fields:
        draw_field(console, field, depth + 1)
        for note in field.notes:
            draw_note(console, note, depth + 2)


def draw_field(console: Console, field: Field, depth: int) -> None:
    """A value beside its place and name; a long name pushes it to the right."""
    told = (field.shown, "bold") if field.text else ("(nothing)", "dim italic")
    meaning = (f"  {field.meaning}" if field.meaning else "", "cyan")
    name = f"{field.name:<{NAME_WIDTH}} "
    indent(console, Text.assemble((f"{field.place:<8} ", "dim"), name, told, meaning), depth)


def draw_note(console: Console, note: Note, depth: int) -> None:
    """A finding by itself."""
    indent(console, Text("\n").join(list_note(note)), depth)


def list_note(note: Note) -> Iterator[Text]:
    """What is wrong, and what to do."""
    yield Text.assemble(
        (f"⚑ {note.severity}: ", f"bold {COLOURS[note.severity].removeprefix('bold ')}"),
        (note.message, COLOURS[note.severity]),
        (f" {note.code}", "dim"),
    )
    if note.pointer:
        yield Text(f"  {note.pointer}", "bold")
    if note.remedy:
        yield Text.assemble(("  → ", "green"), note.remedy)


def indent(console: Console, text: Text, depth: int) -> None:
    """Text that wraps under where it began, a little to the right."""
    margin = " " * INDENT * depth
    for number, line in enumerate(text.wrap(console, max(30, console.width - len(margin) - INDENT))):
        line.rstrip()
        console.print(Text(margin if number == 0 else margin + " " * INDENT) + line, soft_wrap=True)
