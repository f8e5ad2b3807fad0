"""How the tables stand: what is held, of which release, and whether a newer one should exist."""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date
from typing import NamedTuple

from edi.edits.table import CodeTable, Entry, Verdict
from edi.edits.tables import CodeTables, Registered, load_register, tell_title, tidy_code
from gateway.codes.importing import last_day

NEWER = "a newer release should exist"
DAMAGED = "DAMAGED: import it again"
TO_IMPORT = "import it to have it checked"


class Standing(NamedTuple):
    """A table as `codes status` shows it. `whole`: a code that it lacks does not exist."""

    table: str
    title: str
    release: str
    effective: date | None
    rows: int
    source: str
    whole: bool
    notice: str


class Shown(NamedTuple):
    """A code as `codes show` shows it: its entries with titles, and what the table says of it on the day.

    `title` is the table's, `words` what the code is called on the day, or was last.
    """

    table: str
    release: str
    title: str
    code: str
    entries: tuple[tuple[Entry, str], ...]
    words: str
    verdict: Verdict
    on: date


def stand(
    tables: CodeTables, imported: Container[str], today: date, *, verify: bool = False
) -> list[Standing]:
    """Every known table, held or not. With `verify` each imported one is read whole, to find damage."""
    register = load_register()
    return list(_stand(tables, register, imported, today, verify))


def _stand(
    tables: CodeTables, register: dict[str, Registered], imported: Container[str], today: date, verify: bool
) -> Iterator[Standing]:
    for name in sorted({*register, *tables.names()}):
        held, known = tables.table(name), register.get(name)
        title = known.title if known else name
        if held is None:
            yield Standing(name, title, "", None, 0, "not held", False, TO_IMPORT)
            continue
        source = "imported" if name in imported else "shipped"
        damaged = verify and source == "imported" and not held.verify()
        heading = held.heading
        yield Standing(
            name,
            title,
            heading.release,
            heading.effective,
            heading.rows,
            source,
            not heading.floor,
            DAMAGED if damaged else tell_age(held, known, today),
        )


def tell_age(table: CodeTable, known: Registered | None, today: date) -> str:
    """That a newer release should exist, where its publisher gives out one by now; else nothing."""
    last = last_day(table.heading.effective, known.months if known else ())
    return NEWER if last is not None and today > last else ""


def show(tables: CodeTables, name: str, code: str, on: date) -> Shown:
    """A code of a table, however it is written. Raises KeyError for a table that is not held."""
    table = tables.table(name)
    if table is None:
        raise KeyError(name)
    tidy = tidy_code(name, code)
    entries = tuple((entry, tell_title(table, entry)) for entry in table.entries(tidy))
    current = table.find(tidy, on)
    words = tell_title(table, current) if current else entries[-1][1] if entries else ""
    known = load_register().get(name)
    title = known.title if known else name
    return Shown(name, table.heading.release, title, tidy, entries, words, table.judge(tidy, on), on)
