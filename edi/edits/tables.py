"""The code tables there are: what is registered, what is shipped, and look-ups by code and day.

`schemas/codes/register.toml` names every table with its origin and licence. Shipped tables are files of
`schemas/codes/tables`: `.cwt` in our packed format, `.tsv` where people keep them. What a customer imports
takes the place of the shipped table of its name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec

from edi.edits.packing import OPEN, Heading, Row, pack_table
from edi.edits.table import CodeTable, Entry, Verdict


class Registered(msgspec.Struct, frozen=True):
    """A table of the register. `months` are those in which a new release takes effect."""

    title: str
    origin: str
    licence: str
    file: str = ""
    release: str = ""
    effective: date | None = None
    months: tuple[int, ...] = ()
    covers_from: date | None = None
    covers_through: date | None = None
    text: bool = True


class CodeTables:
    """Tables by name. A look-up in a table that is not there finds nothing and judges nothing."""

    def __init__(self, tables: Iterable[CodeTable] = ()) -> None:
        self._tables: Mapping[str, CodeTable] = {table.name: table for table in tables}

    def __contains__(self, name: str) -> bool:
        return name in self._tables

    def names(self) -> list[str]:
        """The names of the tables that are held, sorted."""
        return sorted(self._tables)

    def table(self, name: str) -> CodeTable | None:
        """The table of a name, or None."""
        return self._tables.get(name)

    def find(self, table: str, code: str, on: date) -> Entry | None:
        """The entry of a code that is in effect on a day, or None."""
        held = self._tables.get(table)
        return held.find(code, on) if held is not None else None

    def judge(self, table: str, code: str, on: date) -> Verdict:
        """What a table says of a code on a day; NOT_HELD where there is no such table."""
        held = self._tables.get(table)
        return held.judge(code, on) if held is not None else Verdict.NOT_HELD

    def cite(self, table: str) -> str:
        """A table and its release, as findings name it."""
        held = self._tables.get(table)
        return f"{table} {held.heading.release}" if held is not None else table

    def with_tables(self, tables: Iterable[CodeTable]) -> CodeTables:
        """These tables, with others in the place of those of the same names."""
        return CodeTables([*self._tables.values(), *tables])


@cache
def load_register() -> dict[str, Registered]:
    """Every table that is known, by name."""
    raw = tomllib.loads((files("schemas") / "codes" / "register.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw["table"], dict[str, Registered])


@cache
def load_shipped() -> CodeTables:
    """The tables that come with the package; they are read once."""
    return CodeTables(read_shipped(name, entry) for name, entry in load_register().items() if entry.file)


def read_shipped(name: str, entry: Registered) -> CodeTable:
    """A shipped table, packed or kept as text."""
    content = (files("schemas") / "codes" / "tables" / entry.file).read_bytes()
    if entry.file.endswith(".cwt"):
        return CodeTable(content)
    heading = Heading(
        table=name,
        release=entry.release,
        effective=entry.effective or date.min,
        origin=entry.origin,
        covers_from=entry.covers_from,
        covers_through=entry.covers_through,
    )
    return CodeTable(pack_table(heading, map(read_kept_row, content.decode("utf-8").splitlines()[1:])))


def read_kept_row(line: str) -> Row:
    """A row of a table kept as text: code, start, end, marks, title, parted by tabs; days as CCYYMMDD."""
    code, start, end, marks, title = line.split("\t")
    return Row(code, int(start or 0), int(end or OPEN), tuple(marks.split()), title)
