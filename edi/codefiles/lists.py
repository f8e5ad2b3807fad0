"""Lists of codes in CSV: NUCC's taxonomy, and any list with a column of codes.

NUCC: `Code,Grouping,Classification,Specialization,Definition,Notes,Display Name,Section`, January (yy.0),
July (yy.1). Any other list: columns `code`, `description`, `start`, `last_modified`, `stop`, `notes`, or
others that a mapping names; only `code` must be there. Cells are parted by tabs, semicolons or commas.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import chain

from edi.codefiles.contents import CodeFileError, Contents, Kind, Layout, Lines, Source, need_effective
from edi.edits.packing import OPEN, Row, pack_day, unpack_day
from edi.edits.tables import has_form, load_register, tidy_code

TAXONOMY = re.compile(r"[0-9A-Z]{9}X")
VERSION = re.compile(r"taxonomy_(\d\d)([01])", re.IGNORECASE)
DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)|(\d\d?)/(\d\d?)/(\d{4})")
COLUMNS = ("code", "description", "start", "last_modified", "stop", "notes")
PARTINGS = "\t;,"
TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def read_taxonomy(lines: Lines, source: Source) -> Iterator[Contents]:
    """NUCC's provider taxonomy. Raises CodeFileError."""
    found = VERSION.search(source.name)
    effective = need_effective(
        source, date(2000 + int(found[1]), 7 if found[2] == "1" else 1, 1) if found else None
    )
    rows: list[Row] = []
    for record in csv.DictReader(f"{line}\n" for line in lines):
        code = (record.get("Code") or "").strip()
        if not TAXONOMY.fullmatch(code):
            raise CodeFileError(f"{source.name}: the entry after {len(rows)} others has no taxonomy code")
        rows.append(Row(code, pack_day(effective), title=(record.get("Display Name") or "").strip()))
    release = source.release or f"{effective.year % 100}.{effective.month // 7}"
    yield Contents("taxonomy", release, effective, Kind.SNAPSHOT, rows)


def read_list(lines: Lines, source: Source) -> Iterator[Contents]:
    """A list of codes for the table that a person named. Raises CodeFileError."""
    table = check_table(source)
    records = part_records(lines)
    places = find_columns(next(records, []), source)
    rows: dict[tuple[str, int], Row] = {}
    for number, record in enumerate(records, 2):
        if any(record):
            cells = {name: record[at].strip() if at < len(record) else "" for name, at in places.items()}
            row = read_entry(cells, source, number)
            rows[row.code, row.start] = row
    dated = any(row.start or row.end != OPEN for row in rows.values())
    newest = unpack_day(max((row.start for row in rows.values()), default=0))
    effective = need_effective(source, newest)
    release = source.release or effective.isoformat()
    if dated:
        yield Contents(table, release, effective, Kind.HISTORY, list(rows.values()))
    else:
        current = [row._replace(start=pack_day(effective)) for row in rows.values()]
        yield Contents(table, release, effective, Kind.SNAPSHOT, current)


def check_table(source: Source) -> str:
    """The table that a person named. Raises CodeFileError for none, and for what is no name."""
    if not source.table:
        raise CodeFileError(f"{source.name} is a list of codes; say which table it is with --table NAME")
    if not TABLE_NAME.fullmatch(source.table):
        raise CodeFileError(
            f"{source.table!r} is no name of a table: small letters, digits and _, 40 at most"
        )
    return source.table


def part_records(lines: Lines) -> Iterator[list[str]]:
    """The cells of each entry, parted by what parts the first line: tabs, semicolons or commas."""
    source = iter(lines)
    first = next(source, "")
    parting = next((each for each in PARTINGS if each in first), ",")
    return csv.reader((f"{line}\n" for line in chain((first,), source)), delimiter=parting)


def find_columns(header: Sequence[str], source: Source) -> dict[str, int]:
    """Where each known column stands. Raises CodeFileError for one that was named and is not there."""
    names = [cell.strip().lower() for cell in header]
    places: dict[str, int] = {}
    for column in COLUMNS:
        named = source.columns.get(column, column)
        if named.lower() in names:
            places[column] = names.index(named.lower())
        elif column in source.columns or column == "code":
            raise CodeFileError(
                f"{source.name} has no column {named!r}; it has {', '.join(filter(None, header)) or 'none'}; "
                f"name the one that holds it with --column {column}=NAME"
            )
    return places


def read_entry(cells: Mapping[str, str], source: Source, number: int) -> Row:
    """One entry of a list, by its columns. Raises CodeFileError."""
    code = tidy_code(source.table, cells["code"])
    if not code:
        raise CodeFileError(f"{source.name}: line {number} has no code")
    if not has_form(source.table, code):
        form = load_register()[source.table].form
        raise CodeFileError(
            f"{source.name}: line {number} has no code written as those of {source.table} are ({form}); "
            "is it another table, or another column?"
        )
    start, stop = (read_listed_day(cells.get(name, ""), number) for name in ("start", "stop"))
    if start and stop and stop < start:
        raise CodeFileError(f"{source.name}: line {number} stops before it starts")
    modified = read_listed_day(cells.get("last_modified", ""), number)
    marks = (f"modified {modified}",) if modified else ()
    title = " ".join(filter(None, (cells.get("description", ""), cells.get("notes", ""))))
    return Row(code, start or 0, stop or OPEN, marks, title)


def read_listed_day(text: str, number: int) -> int | None:
    """A day written CCYY-MM-DD, CCYYMMDD or MM/DD/CCYY; None for nothing. Raises CodeFileError."""
    if not text:
        return None
    found = DAY.fullmatch(text)
    parts = (found[1] or found[6], found[2] or found[4], found[3] or found[5]) if found else ()
    try:
        return pack_day(date(*(int(part) for part in parts)))
    except (TypeError, ValueError):
        raise CodeFileError(f"line {number} holds a date that does not exist") from None


def is_taxonomy(head: list[str]) -> bool:
    """True for the first lines of NUCC's file."""
    return bool(head) and head[0].startswith("Code,Grouping,Classification")


def is_list(head: list[str]) -> bool:
    """True where the first line names columns."""
    return (
        bool(head)
        and any(parting in head[0] for parting in PARTINGS)
        and not any(character.isdigit() for character in head[0])
    )


LIST = Layout("list of codes", is_list, read_list)
LAYOUTS = (
    Layout("NUCC provider taxonomy", is_taxonomy, read_taxonomy),
    LIST,
)
