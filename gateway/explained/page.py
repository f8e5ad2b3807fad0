"""The page: an outline put into `page.html` by Jinja, which escapes every value."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import groupby

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from edi.outline.lines import describe_left
from edi.outline.shapes import Kind, Note, Outline, Row, Section, Unit

SEVERITIES = ("fatal", "error", "warning", "info")
DEEPEST_HEADING = 6


class Listed(msgspec.Struct, frozen=True):
    """A finding in the list at the head: its anchor, and the unit that it is in (0: none)."""

    anchor: int
    note: Note
    unit: int


class Anchors:
    """Numbers the findings in the order of the page, and remembers what each is about."""

    def __init__(self, outline: Outline) -> None:
        self.numbers: dict[int, int] = {}
        self.listed: list[Listed] = []
        for note in outline.notes:
            self.add(note, 0)
        for section in outline.sections:
            self.walk(section, 0)

    def add(self, note: Note, unit: int) -> None:
        """One more finding."""
        number = len(self.listed) + 1
        self.numbers[id(note)] = number
        self.listed.append(Listed(number, note, unit))

    def walk(self, section: Section, unit: int) -> None:
        """The findings of a section, in the order in which the page shows them."""
        unit = section.units[0] if len(section.units) == 1 else unit
        for note in section.notes:
            self.add(note, unit)
        for child in section.children:
            if isinstance(child, Section):
                self.walk(child, unit)
                continue
            for note in child.all_notes():
                self.add(note, unit)

    def number(self, note: Note) -> int:
        """The anchor of a finding."""
        return self.numbers[id(note)]


def render_page(outline: Outline, written: datetime) -> str:
    """The page of an outline; `written` is told at its foot."""
    anchors = Anchors(outline)
    return (
        load_environment()
        .get_template("page.html")
        .render(
            outline=outline,
            findings=anchors.listed,
            number=anchors.number,
            left=describe_left(outline.left) if outline.left else "",
            written=f"{written:%Y-%m-%d %H:%M %Z}",
            style=Markup(read_text("page.css")),  # noqa: S704 -- a file of this package
            script=Markup(read_text("page.js")),  # noqa: S704 -- a file of this package
        )
    )


@cache
def load_environment() -> Environment:
    """Jinja with our template; autoescape is on for every value."""
    environment = Environment(
        loader=PackageLoader("gateway.explained", ""),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "runs": split_runs,
        "worst": find_worst,
        "worst_of": name_worst,
        "heading": heading,
        "opened": is_opened,
    }
    environment.tests["page"] = is_page
    return environment


def read_text(name: str) -> str:
    """A file beside this one."""
    return (files("gateway.explained") / name).read_text(encoding="utf-8")


def split_runs(section: Section) -> Iterator[tuple[bool, list[Section | Row]]]:
    """The children in runs: rows that stand together make one table. True marks a run of sections."""
    for sections, run in groupby(section.children, key=lambda child: isinstance(child, Section)):
        yield sections, list(run)


def find_worst(part: Section | Row) -> str:
    """The worst severity in a section or row; "" where there is no finding."""
    found = {note.severity for note in part.all_notes()}
    return next((severity for severity in SEVERITIES if severity in found), "")


def name_worst(unit: Unit) -> str:
    """The worst severity of a unit, as `find_worst` names it."""
    return "error" if unit.errors else "warning" if unit.warnings else "info" if unit.remarks else ""


def is_page(section: Section, outer: int) -> bool:
    """True for the largest section with one unit alone; `outer` is how many the section around it holds."""
    return len(section.units) == 1 and outer != 1


def is_opened(section: Section, outer: int, many: bool) -> bool:
    """True for a section that is open at first: whatever is on the way to the units, and the inside of each.

    Of many units each is closed itself; a header without units is open where an error is in it.
    """
    if section.kind is not Kind.LOOP or outer == 1:
        return True
    if section.units:
        return not (many and is_page(section, outer))
    return find_worst(section) in ("fatal", "error")


def heading(depth: int) -> int:
    """The level of a heading, as far as HTML has levels."""
    return min(depth, DEEPEST_HEADING)
