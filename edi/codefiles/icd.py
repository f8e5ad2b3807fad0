"""ICD-10-CM and ICD-10-PCS as CMS and NCHS publish them: order files, order addenda, POA exempt codes.

Order file: 1-5 number, 7-13 code without dot, 15 billable (1) or header (0), 17-76 short and 78 on long
title; its year is in the file name only. Addenda: `Add:`, `Delete:`, `Revise from:`, `Revise to:`, and a tail
that counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from edi.codefiles.contents import CodeFileError, Contents, Kind, Layout, Lines, Source, need_effective
from edi.edits.packing import Row, pack_day

ORDER = re.compile(r"(\d{5}) ([0-9A-Z]{3,7}) *([01]) .{0,60}")
CHANGE = re.compile(r"(Add|Delete|Revise from|Revise to): +([01]) ([0-9A-Z]{3,7}) +(.{1,60}) *(.*)")
EXEMPT = re.compile(r"\d+\t[A-Z][0-9A-Z]{2,6}\t.+")
YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
SHORT_YEAR = re.compile(r"FY(\d\d)(?!\d)", re.IGNORECASE)
HEADER = ("header",)


def fiscal_year(name: str) -> date | None:
    """The first day of the fiscal year in a file name: 1 October of the year before."""
    found = YEAR.search(name) or SHORT_YEAR.search(name)
    return date(int(found[1][-2:]) + 1999, 10, 1) if found and "april" not in name.lower() else None


def name_release(source: Source, effective: date) -> str:
    """The release as people name it: FY2027, or the day for a release inside a fiscal year."""
    if source.release:
        return source.release
    return f"FY{effective.year + 1}" if (effective.month, effective.day) == (10, 1) else effective.isoformat()


def choose_table(code: str) -> str:
    """ICD-10-CM codes begin with a letter and their third character is a category's; PCS tables begin 001."""
    return "icd10cm" if re.fullmatch(r"[A-Z][0-9][0-9A-Z][0-9A-Z]*", code) and code < "A01" else "icd10pcs"


def read_order(lines: Lines, source: Source) -> Iterator[Contents]:
    """An order file: every code of a release, numbered without a gap. Raises CodeFileError."""
    effective = need_effective(source, fiscal_year(source.name))
    start = pack_day(effective)
    rows: list[Row] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found = ORDER.match(line)
        if found is None or int(found[1]) != len(rows) + 1:
            raise CodeFileError(
                f"{source.name}: line {number} is not line {len(rows) + 1:05d} of an order file; "
                "it is damaged or a part is missing"
            )
        title = line[77:].strip() or line[16:76].strip()
        rows.append(Row(found[2], start, marks=HEADER if found[3] == "0" else (), title=title))
    table = choose_table(rows[0].code)
    yield Contents(table, name_release(source, effective), effective, Kind.SNAPSHOT, rows)


def read_addenda(lines: Lines, source: Source) -> Iterator[Contents]:
    """Order addenda: what a release adds, takes out and renames. Raises CodeFileError."""
    effective = need_effective(source, fiscal_year(source.name))
    start = pack_day(effective)
    added: list[Row] = []
    ended: list[Row] = []
    counted = ""
    for line in lines:
        found = CHANGE.match(line)
        if found is None:
            counted += line + "\n"
            continue
        row = Row(
            found[3], start, marks=HEADER if found[2] == "0" else (), title=(found[5] or found[4]).strip()
        )
        (ended if found[1] in ("Delete", "Revise from") else added).append(row)
    check_counts(counted, added, ended, source)
    table = "icd10cm" if all(row.code[0].isalpha() for row in added) else "icd10pcs"
    yield Contents(table, name_release(source, effective), effective, Kind.CHANGES, added, ended)


def check_counts(tail: str, added: list[Row], ended: list[Row], source: Source) -> None:
    """Compare the lines with what the tail of an addenda counts, so that a cut file is noticed."""
    told = {word: int(count) for count, word in re.findall(r"(\d+) (additions|deletions|revisions)\n", tail)}
    billable = sum(not row.marks for row in added), sum(not row.marks for row in ended)
    revisions = told.get("revisions", 0)
    if not told or billable != (told.get("additions", 0) + revisions, told.get("deletions", 0) + revisions):
        raise CodeFileError(
            f"{source.name}: the lines are not as many as its statistics say; a part of the file is missing"
        )


def read_exempt(lines: Lines, source: Source) -> Iterator[Contents]:
    """Codes exempt from the present-on-admission indicator: number, code and title parted by tabs."""
    effective = need_effective(source, fiscal_year(source.name))
    start = pack_day(effective)
    rows: list[Row] = []
    for number, line in enumerate(lines, 1):
        if EXEMPT.fullmatch(line):
            _, code, title = line.split("\t", 2)
            rows.append(Row(code, start, title=title.strip()))
        elif rows and line.strip():
            raise CodeFileError(f"{source.name}: line {number} is not a number, a code and a title")
    yield Contents("poa_exempt", name_release(source, effective), effective, Kind.SNAPSHOT, rows)


def is_order(head: list[str]) -> bool:
    """True for the first lines of an order file."""
    return bool(head) and ORDER.match(head[0]) is not None and len(head[0]) > 16


def is_addenda(head: list[str]) -> bool:
    """True for the first lines of order addenda."""
    return any(CHANGE.match(line) for line in head)


def is_exempt(head: list[str]) -> bool:
    """True for the first lines of a list of POA exempt codes."""
    return sum(EXEMPT.fullmatch(line) is not None for line in head) * 2 > len(head)


LAYOUTS = (
    Layout("ICD-10 order file", is_order, read_order),
    Layout("ICD-10 order addenda", is_addenda, read_addenda),
    Layout("ICD-10-CM codes exempt from POA", is_exempt, read_exempt),
)
