"""HCPCS Level II as CMS publishes it: `HCPC*_ANWEB*.txt`, fixed width, from the year's record layout.

1-5 code (a modifier stands in 4-5), 6-10 sequence, 11 kind of record (3, 4 procedure, 7, 8 modifier; 4 and 8
go on with the title), 12-91 title, 230 coverage, 269-276 added, 277-284 action effective, 285-292 last day.
CMS marks each record's end with a carriage return; a record longer than 320 places occurs. The workbook
beside it has one entry for each code, and says the same.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date

from edi.codefiles.contents import (
    CodeFileError,
    Contents,
    Kind,
    Layout,
    Lines,
    Source,
    need_effective,
    read_day,
)
from edi.edits.packing import OPEN, Row, unpack_day

RECORD = re.compile(r"(?:[A-Z]\d{4}|   [A-Z0-9]{2})\d{5}[3478].{80}.{200}")
LEVEL_TWO = re.compile(r"[A-CE-Z]\d{4}")
RELEASE = re.compile(r"HCPC(20\d\d)_?(JAN|APR|JUL|OCT)", re.IGNORECASE)
QUARTERS = {"JAN": 1, "APR": 4, "JUL": 7, "OCT": 10}
#: Titles of codes for what has no code of its own; those of quality measures say so of a reason.
UNLISTED = re.compile(
    r"(?<!reason )not[ -]otherwise[ -](?:classified|specified|listed)|not elsewhere (?:classified|specified)"
    r"|unlisted|unclassified|miscellaneous|\bNOC\b|(?<!-)\bNOS\b",
    re.IGNORECASE,
)
WORKBOOK = ("HCPC", "SEQNUM", "RECID")
FIRST, FURTHER, MODIFIER_FIRST, MODIFIER_FURTHER = "3478"


class _Record:
    """A procedure or modifier while its title is being put together."""

    def __init__(self, code: str, kind: str, title: str, days: tuple[str, str], number: int) -> None:
        self.modifier = kind == MODIFIER_FIRST
        self.code = code.strip()
        self.titles = [title.strip()]
        self.start, self.end = (read_day(day, number) for day in days)
        if self.start == OPEN:
            self.start = 0

    def row(self) -> Row:
        title = " ".join(part for part in self.titles if part)
        marks = ("unlisted",) if not self.modifier and UNLISTED.search(title) else ()
        return Row(self.code, self.start, self.end, marks, title)


def read_hcpcs(lines: Lines, source: Source) -> Iterator[Contents]:
    """Procedures and modifiers, two tables of one file. Raises CodeFileError."""
    yield from sort_records(list(read_records(lines, source)), source)


def read_hcpcs_workbook(lines: Lines, source: Source) -> Iterator[Contents]:
    """The same from the rows of the workbook. Raises CodeFileError."""
    records = [
        _Record(
            cells["HCPC"],
            cells["RECID"],
            cells["LONG DESCRIPTION"],
            (cells["ADD DT"], cells["TERM DT"]),
            number,
        )
        for number, cells in enumerate(csv.DictReader(f"{line}\n" for line in lines), 2)
        if cells["HCPC"].strip()
    ]
    yield from sort_records(records, source)


def sort_records(records: list[_Record], source: Source) -> Iterator[Contents]:
    """The table of procedures and that of modifiers; codes that need a licence are left out."""
    named = RELEASE.search(source.name)
    quarter = date(int(named[1]), QUARTERS[named[2].upper()], 1) if named else newest_change(records)
    effective = need_effective(source, quarter)
    release = source.release or f"{effective.year}-{effective.month:02}"
    licensed = [record for record in records if not record.modifier and not LEVEL_TWO.fullmatch(record.code)]
    for table, modifier in (("hcpcs", False), ("hcpcs_modifier", True)):
        rows = [r.row() for r in records if r.modifier is modifier and r not in licensed and r.start <= r.end]
        skipped = 0 if modifier else len(licensed)
        note = "codes of CPT or CDT are left out: they need a licence" if skipped else ""
        if rows or skipped:
            yield Contents(table, release, effective, Kind.HISTORY, rows, skipped=skipped, note=note)


def newest_change(records: list[_Record]) -> date | None:
    """The latest day on which a code begins: the quarter of the file, where its name does not say it."""
    newest = max((record.start for record in records), default=0)
    day = unpack_day(newest)
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1) if day else None


def read_records(lines: Lines, source: Source) -> Iterator[_Record]:
    """The records with their continued titles. Raises CodeFileError."""
    current: _Record | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        kind = line[10:11]
        if kind in (FIRST, MODIFIER_FIRST) and len(line) >= 292:
            if current is not None:
                yield current
            days = line[268:276], line[284:292]
            current = _Record(line[0:5], kind, line[11:91], days, number)
        elif (
            kind in (FURTHER, MODIFIER_FURTHER) and current is not None and line[0:5].strip() == current.code
        ):
            current.titles.append(line[11:91].strip())
        else:
            raise CodeFileError(
                f"{source.name}: line {number} is not a HCPCS record; the file is damaged or cut short"
            )
    if current is not None:
        yield current


def is_hcpcs(head: list[str]) -> bool:
    """True for the first lines of a HCPCS file."""
    return bool(head) and RECORD.match(head[0]) is not None


def is_hcpcs_workbook(head: list[str]) -> bool:
    """True for the first rows of the workbook of a HCPCS release."""
    return bool(head) and head[0].startswith(",".join(WORKBOOK)) and "TERM DT" in head[0]


LAYOUTS = (
    Layout("HCPCS Level II (ANWEB)", is_hcpcs, read_hcpcs),
    Layout("HCPCS Level II workbook (ANWEB)", is_hcpcs_workbook, read_hcpcs_workbook),
)
