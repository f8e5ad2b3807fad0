"""How the tables stand: what is held, of which release, and whether a newer one should exist."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from edi.edits.table import Entry, Verdict
from edi.edits.tables import CodeTables, load_register
from gateway.codes.importing import last_day
from gateway.codes.library import Library


class Standing(NamedTuple):
    """A table as `codes status` shows it."""

    table: str
    title: str
    release: str
    effective: date | None
    rows: int
    source: str
    notice: str


class Shown(NamedTuple):
    """A code as `codes show` shows it: its entries with titles, and what the table says of it on the day."""

    table: str
    release: str
    title: str
    entries: tuple[tuple[Entry, str], ...]
    verdict: Verdict
    on: date


def stand(library: Library, today: date) -> list[Standing]:
    """Every known table, held or not. Raises TableUnreadable where an imported file is damaged."""
    tables, imported, register = library.tables(), library.versions(), load_register()
    found = []
    for name in sorted({*register, *tables.names()}):
        held, known = tables.table(name), register.get(name)
        title = known.title if known else name
        if held is None:
            found.append(Standing(name, title, "", None, 0, "not held", "import it to have it checked"))
            continue
        source = "imported" if imported.get(name) else "shipped"
        notice = "" if held.verify() else "DAMAGED: import it again"
        last = last_day(held.heading.effective, known.months if known else ())
        if not notice and last is not None and today > last:
            notice = "a newer release should exist"
        heading = held.heading
        found.append(Standing(name, title, heading.release, heading.effective, heading.rows, source, notice))
    return found


def show(tables: CodeTables, name: str, code: str, on: date) -> Shown:
    """A code of a table. Raises KeyError for a table that is not held."""
    table = tables.table(name)
    if table is None:
        raise KeyError(name)
    entries = tuple((entry, table.title(entry)) for entry in table.entries(code))
    known = load_register().get(name)
    title = known.title if known else name
    return Shown(name, table.heading.release, title, entries, table.judge(code, on), on)
