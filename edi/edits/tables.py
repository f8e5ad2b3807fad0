"""The code tables there are: what is registered, what is shipped, and look-ups by code and day.

`schemas/codes/register.toml` names every table with its origin and licence. Shipped tables are files of
`schemas/codes/tables`: `.cwt` in our packed format, `.tsv` where people keep them; each is read when it is
first asked for. What a customer imports takes the place of the shipped table of its name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cache, partial
from importlib.resources import files

import msgspec

from edi.codes import load_meanings
from edi.edits.packing import OPEN, Heading, Row, pack_table
from edi.edits.table import CodeTable, Entry, Verdict

PACKED = ".cwt"


class Registered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the register; the head of the file says what each word means."""

    title: str
    origin: str
    licence: str
    publisher: str
    file: str = ""
    listed: bool = False
    words: str = ""
    release: str = ""
    effective: date | None = None
    months: tuple[int, ...] = ()
    covers_from: date | None = None
    covers_through: date | None = None
    text: bool = True
    floor: bool = False
    nested: bool = False
    form: str = ""
    width: int = 0

    @property
    def shipped(self) -> bool:
        """True where the package comes with codes for it."""
        return bool(self.file) or self.listed


class CodeTables:
    """Tables by name. A look-up in a table that is not there finds nothing and judges nothing.

    `shelved` are tables that are read when they are first asked for.
    """

    def __init__(
        self, tables: Iterable[CodeTable] = (), shelved: Mapping[str, Callable[[], CodeTable]] | None = None
    ) -> None:
        self._tables = {table.name: table for table in tables}
        self._shelved = {name: read for name, read in (shelved or {}).items() if name not in self._tables}
        self._asked: dict[str, CodeTable] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._tables or name in self._shelved

    def names(self) -> list[str]:
        """The names of the tables that are held, sorted."""
        return sorted({*self._tables, *self._shelved})

    def table(self, name: str) -> CodeTable | None:
        """The table of a name, or None."""
        asked = self._asked.get(name)
        if asked is None and name in self:
            asked = self._asked[name] = self._tables.get(name) or self._shelved[name]()
        return asked

    def find(self, table: str, code: str, on: date) -> Entry | None:
        """The entry of a code that is in effect on a day, or None."""
        held = self.table(table)
        return held.find(code, on) if held is not None else None

    def judge(self, table: str, code: str, on: date) -> Verdict:
        """What a table says of a code on a day; NOT_HELD where there is no such table."""
        held = self.table(table)
        return held.judge(code, on) if held is not None else Verdict.NOT_HELD

    def cite(self, table: str) -> str:
        """A table and its release, as findings name it."""
        held = self.table(table)
        return f"{table} {held.heading.release}" if held is not None else table

    def is_floor(self, table: str) -> bool:
        """True where the table is not the whole list, so that a code which it lacks may exist."""
        held = self.table(table)
        return held is not None and held.heading.floor

    def with_tables(self, tables: Iterable[CodeTable]) -> CodeTables:
        """These tables, with others in the place of those of the same names."""
        return CodeTables([*self._tables.values(), *tables], self._shelved)

    def releases(self) -> dict[str, str]:
        """The release of each table that was asked so far, by name."""
        return {name: self._asked[name].heading.release for name in sorted(self._asked)}


@cache
def load_register() -> dict[str, Registered]:
    """Every table that is known, by name."""
    raw = tomllib.loads((files("schemas") / "codes" / "register.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw["table"], dict[str, Registered])


@cache
def load_shipped() -> CodeTables:
    """The tables that come with the package."""
    register = load_register().items()
    return CodeTables(
        shelved={name: partial(load_shipped_table, name) for name, entry in register if entry.shipped}
    )


@cache
def load_shipped_table(name: str) -> CodeTable:
    """A shipped table, packed or kept as text; it is read once. Raises KeyError for one that there is not."""
    entry = load_register()[name]
    if entry.file.endswith(PACKED):
        return CodeTable((files("schemas") / "codes" / "tables" / entry.file).read_bytes())
    heading = Heading(
        table=name,
        release=entry.release,
        effective=entry.effective or date.min,
        origin=entry.origin,
        covers_from=entry.covers_from,
        covers_through=entry.covers_through,
        floor=entry.floor,
    )
    return CodeTable(pack_table(heading, read_kept(entry)))


def read_kept(entry: Registered) -> list[Row]:
    """The rows of a table kept as text, or of one whose codes our own words list. Raises KeyError."""
    if not entry.file:
        return [Row(code) for code in load_meanings()[entry.words]]
    text = (files("schemas") / "codes" / "tables" / entry.file).read_text(encoding="utf-8")
    return [read_kept_row(line) for line in text.splitlines()[1:]]


def read_kept_row(line: str) -> Row:
    """A row of a table kept as text: code, start, end, marks (parted by `;`), title, parted by tabs.

    Days are written CCYYMMDD.
    """
    code, start, end, marks, title = line.split("\t")
    return Row(
        code,
        int(start or 0),
        int(end or OPEN),
        tuple(mark.strip() for mark in marks.split(";") if marks),
        title,
    )


def tell_title(table: CodeTable, entry: Entry) -> str:
    """What a code is called: by its table, else in our own words; "" where neither has any."""
    known = load_register().get(table.name)
    words = load_meanings()[known.words] if known is not None and known.words else {}
    return table.title(entry) or words.get(entry.code, "")


def tidy_code(table: str, code: str) -> str:
    """A code as its table writes it: capitals, no dot or blanks, and digits at the table's width.

    `j02.0` is J020; a type of bill `0131` is 131 and revenue code `450` is 0450.
    """
    tidy = code.strip().upper().replace(".", "")
    known = load_register().get(table)
    if known is None or not known.width or not (tidy.isascii() and tidy.isdigit()):
        return tidy
    return tidy.lstrip("0").zfill(known.width)


def has_form(table: str, code: str) -> bool:
    """True where a code is written as those of its table are."""
    known = load_register().get(table)
    return known is None or not known.form or re.fullmatch(known.form, code, re.ASCII) is not None
