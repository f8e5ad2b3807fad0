"""The National Correct Coding Initiative's files: procedure pairs, units, add-on codes.

Pairs (PTP): tab-separated; an AMA notice, a title and a header of several lines whose first cell is
`Column 1`; then column 1, column 2, `*` for pairs before 1996 (not in Medicaid files), first day, deletion,
modifier, reason. The pair is off on its deletion date; one that is deleted on its first day never was on.
Modifier 9 means that the pair is off. Units (MUE): CSV with a notice in several lines as first record, and a
header. Add-on codes: days as CCYYDDD; primary `CCCCC` is left to the contractor.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date, timedelta

from edi.codefiles.contents import (
    CodeFileError,
    Contents,
    Kind,
    Layout,
    Lines,
    Source,
    day_before,
    need_effective,
    read_day,
)
from edi.edits.packing import OPEN, Row, pack_day, unpack_day

PAIR = re.compile(r"[0-9A-Z]{5}\t[0-9A-Z]{5}\t")
VERSION = re.compile(r"v(\d\d)(\d)r\d", re.IGNORECASE)
IN_FORCE = re.compile(r"Eff[_-](\d\d)-(\d\d)-(20\d\d)", re.IGNORECASE)
ADD_ON_RELEASE = re.compile(r"V(20\d\d)Q([1-4])", re.IGNORECASE)
MARKS = {"0": ("never",), "1": ("modifier",)}
OFF = "9"
SETTINGS = (("outpatient", "ptp_outpatient"), ("ccioph", "ptp_outpatient"))
UNITS = {
    "practitioner services mue values": "mue_practitioner",
    "outpatient hospital services mue values": "mue_outpatient",
    "dme supplier services mue values": "mue_supplier",
}


def quarter_of(name: str) -> date | None:
    """The first day of an NCCI version: v320 is the first quarter of 2026, v330 of 2027."""
    found = VERSION.search(name)
    return date(int(found[1]) + 1994, int(found[2]) * 3 + 1, 1) if found and int(found[2]) < 4 else None


def read_pairs(lines: Lines, source: Source) -> Iterator[Contents]:
    """Pairs of procedures that are not paid together. The code of a row is both, one after the other."""
    rows: list[Row] = []
    skipped, setting, newest = 0, source.name.lower(), 0
    for number, line in enumerate(lines, 1):
        if not PAIR.match(line):
            if rows and line.strip():
                raise CodeFileError(f"{source.name}: line {number} is not a pair; the file is damaged")
            setting += line.lower()
            continue
        row = read_pair(line.split("\t"), number, source)
        if row is None:
            skipped += 1
        else:
            rows.append(row)
            newest = max(newest, row.start)
    effective = need_effective(source, quarter_of(source.name) or unpack_day(newest))
    table = next((name for word, name in SETTINGS if word in setting), "ptp_practitioner")
    if "medicaid" in setting:
        table = table.replace("ptp_", "ptp_medicaid_")
    release = source.release or f"{effective.year}Q{(effective.month + 2) // 3}"
    note = "pairs that are switched off are left out" if skipped else ""
    yield Contents(table, release, effective, Kind.HISTORY, rows, skipped=skipped, note=note)


def read_pair(cells: list[str], number: int, source: Source) -> Row | None:
    """One pair, or None where it is switched off. Raises CodeFileError."""
    if cells[2].strip() in ("", "*") and len(cells) > 5:
        cells = [*cells[:2], *cells[3:]]
    if len(cells) < 5:
        raise CodeFileError(f"{source.name}: line {number} ends before its modifier indicator")
    modifier = cells[4].strip()
    if modifier == OFF:
        return None
    if modifier not in MARKS:
        raise CodeFileError(f"{source.name}: line {number} has no modifier indicator 0, 1 or 9")
    start, deleted = read_day(cells[2], number), read_day(cells[3], number)
    if deleted <= start:
        return None
    end = OPEN if deleted == OPEN else day_before(unpack_day(deleted) or date.max)
    return Row(cells[0] + cells[1], start, end, MARKS[modifier])


def read_units(lines: Lines, source: Source) -> Iterator[Contents]:
    """How many units of a procedure are likely: marks `units N` and `mai N` (1 line, 2 and 3 day)."""
    found = IN_FORCE.search(source.name)
    effective = need_effective(source, date(int(found[3]), int(found[1]), int(found[2])) if found else None)
    table, rows = "", []
    for record in csv.reader(f"{line}\n" for line in lines):
        if not table:
            table = next(
                (UNITS[key] for cell in record if (key := " ".join(cell.split()).lower()) in UNITS), ""
            )
        elif len(record) > 2 and record[1].isdigit() and record[2][:1] in ("1", "2", "3"):
            marks = (f"units {record[1]}", f"mai {record[2][0]}")
            rows.append(Row(record[0].strip(), pack_day(effective), marks=marks))
        elif any(record):
            raise CodeFileError(
                f"{source.name}: the entry after {len(rows)} others has no units and indicator"
            )
    release = source.release or f"{effective.year}Q{(effective.month + 2) // 3}"
    yield Contents(table, release, effective, Kind.SNAPSHOT, rows)


def read_ordinal_day(text: str) -> int:
    """A day written CCYYDDD as CCYYMMDD; OPEN for nothing. Raises CodeFileError."""
    if not text.strip():
        return OPEN
    if not re.fullmatch(r"\d{7}", text.strip()):
        raise CodeFileError("an add-on entry has a day that is not written CCYYDDD")
    return pack_day(date(int(text[:4]), 1, 1) + timedelta(days=int(text[4:7]) - 1))


def read_add_ons(lines: Lines, source: Source) -> Iterator[Contents]:
    """Add-on codes with their primary codes: the code of a row is both, one after the other."""
    named = ADD_ON_RELEASE.search(source.name)
    effective = need_effective(source, date(int(named[1]), int(named[2]) * 3 - 2, 1) if named else None)
    columns: dict[str, int] = {}
    rows: dict[tuple[str, int], Row] = {}
    for record in split_records(lines):
        if not columns:
            if "Add-On_Code" in record:
                columns = {name: at for at, name in enumerate(record)}
            continue
        if not any(record):
            continue
        cells = {name: record[at].strip() if at < len(record) else "" for name, at in columns.items()}
        start = read_ordinal_day(cells["AOC_Edit_EffDT"])
        end = read_ordinal_day(cells["AOC_Edit_DelDT"])
        row = Row(
            cells["Add-On_Code"] + cells["Primary_Code"], start, end, (f"type {cells['AOC_Edit_Type']}",)
        )
        if start <= end:
            rows[row.code, row.start] = row
    release = source.release or f"{effective.year}Q{(effective.month + 2) // 3}"
    yield Contents("add_on", release, effective, Kind.HISTORY, list(rows.values()))


def split_records(lines: Lines) -> Iterator[list[str]]:
    """The cells of each line, parted by tabs where there are any, else by commas."""
    for line in lines:
        yield line.split("\t") if "\t" in line else next(csv.reader([line]), [])


def is_pairs(head: list[str]) -> bool:
    """True for the first lines of a file of pairs."""
    return any(line.startswith("Column 1\t") for line in head) or (bool(head) and bool(PAIR.match(head[0])))


def is_units(head: list[str]) -> bool:
    """True for the first lines of a file of units."""
    return any("MUE Adjudication Indicator" in line for line in head)


def is_add_ons(head: list[str]) -> bool:
    """True for the first lines of a file of add-on codes."""
    return any("Add-On_Code" in line and "Primary_Code" in line for line in head)


LAYOUTS = (
    Layout("NCCI procedure pairs (PTP)", is_pairs, read_pairs, "\t"),
    Layout("NCCI units (MUE)", is_units, read_units),
    Layout("NCCI add-on codes", is_add_ons, read_add_ons, "\t"),
)
