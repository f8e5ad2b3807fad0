"""Lists of codes in CSV: NUCC's taxonomy, and any list with a column of codes.

NUCC: `Code,Grouping,Classification,Specialization,Definition,Notes,Display Name,Section`, January (yy.0),
July (yy.1). Any other list: columns `code`, `description`, `start`, `stop`, or others that a mapping names.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date

from edi.codefiles.contents import CodeFileError, Contents, Kind, Layout, Lines, Source, need_effective
from edi.edits.packing import OPEN, Row, pack_day

TAXONOMY = re.compile(r"[0-9A-Z]{9}X")
VERSION = re.compile(r"taxonomy_(\d\d)([01])", re.IGNORECASE)
DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)|(\d\d?)/(\d\d?)/(\d{4})")
KNOWN = ("code", "description", "start", "stop")


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
    if not source.table:
        raise CodeFileError(f"{source.name} is a list of codes; say which table it is with --table NAME")
    rows: dict[tuple[str, int], Row] = {}
    for number, record in enumerate(csv.DictReader(f"{line}\n" for line in lines), 2):
        row = read_entry(record, source, number)
        rows[row.code, row.start] = row
    dated = any(row.start or row.end != OPEN for row in rows.values())
    newest = max((row.start for row in rows.values()), default=0)
    found = date(newest // 10_000, newest // 100 % 100, newest % 100) if newest else None
    effective = need_effective(source, found)
    kind = Kind.HISTORY if dated else Kind.SNAPSHOT
    yield Contents(
        source.table, source.release or effective.isoformat(), effective, kind, list(rows.values())
    )


def read_entry(record: Mapping[str, str | None], source: Source, number: int) -> Row:
    """One entry of a list, by its columns. Raises CodeFileError."""
    cells = {known: (record.get(source.columns.get(known, known)) or "").strip() for known in KNOWN}
    if not cells["code"]:
        raise CodeFileError(
            f"{source.name}: line {number} has no code in column {source.columns.get('code', 'code')}"
        )
    start, stop = read_listed_day(cells["start"], number), read_listed_day(cells["stop"], number)
    return Row(cells["code"].upper(), start or 0, stop or OPEN, title=cells["description"])


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
    return bool(head) and "," in head[0] and not any(character.isdigit() for character in head[0])


LAYOUTS = (
    Layout("NUCC provider taxonomy", is_taxonomy, read_taxonomy),
    Layout("list of codes", is_list, read_list),
)
