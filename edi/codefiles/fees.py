"""The Medicare physician fee schedule: CMS's relative value file, `PPRRVUyy_MMM.csv`.

Some ten lines of preamble; then names of columns in lines above one another, the last of which begins
`HCPCS,MOD,DESCRIPTION`. Columns come and go by year (31 in 2025, 32 in 2026), so they are found by their
stacked names. From 2026 on there are twins, for clinicians in qualifying payment models and for all others.
DESCRIPTION belongs to the AMA and is never kept. The code of a row is the procedure and its modifier, one
after the other.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import date

from edi.codefiles.contents import CodeFileError, Contents, Kind, Layout, Lines, Source, need_effective
from edi.edits.packing import Row, pack_day

NAMED = re.compile(r"PPRRVU(?:20)?(\d\d)[_-]?([A-Z]{3})", re.IGNORECASE)
QUARTERS = {"JAN": 1, "APR": 4, "JUL": 7, "OCT": 10}
PROCEDURE = re.compile(r"[0-9A-Z]{5}")
HEADER = ("HCPCS", "MOD", "DESCRIPTION")
QUALIFYING = re.compile(r"(?<!non)(?<!non[-_])qpp", re.IGNORECASE)
#: The mark that a column becomes, by the column's stacked name without blanks and hyphens.
MARKS = {
    "STATUSCODE": "status", "PCTCIND": "component", "GLOBDAYS": "global", "MULTPROC": "multiple",
    "BILATSURG": "bilateral", "ASSTSURG": "assistant", "COSURG": "cosurgeon", "TEAMSURG": "team",
    "WORKRVU": "work", "NONFACILITYTOTAL": "nonfacility", "FACILITYTOTAL": "facility",
}  # fmt: skip
NEEDED = ("status", "component", "global", "multiple")
STACKED = 6


def read_fees(lines: Lines, source: Source) -> Iterator[Contents]:
    """Indicators and relative values as marks (`status A`, `global 090`). Raises CodeFileError."""
    records = csv.reader(f"{line}\n" for line in lines)
    above: list[list[str]] = []
    for record in records:
        if [cell.strip().upper() for cell in record[:3]] == list(HEADER):
            above.append(record)
            break
        above.append(record)
    columns = find_columns(above, source)
    found = NAMED.search(source.name)
    quarter = QUARTERS.get(found[2].upper()) if found else None
    effective = need_effective(source, date(2000 + int(found[1]), quarter, 1) if found and quarter else None)
    rows = [read_fee(record, columns, pack_day(effective), source) for record in records if any(record)]
    table = "mpfs_qpp" if QUALIFYING.search(source.name) else "mpfs"
    release = source.release or f"{effective.year}Q{(effective.month + 2) // 3}"
    yield Contents(table, release, effective, Kind.SNAPSHOT, rows)


def find_columns(above: Sequence[Sequence[str]], source: Source) -> dict[str, int]:
    """Where the column of each mark stands, by the cells above it. Raises CodeFileError."""
    columns: dict[str, int] = {}
    for at in range(len(above[-1])):
        cells = (record[at] for record in above[-STACKED:] if at < len(record))
        name = re.sub(r"[^A-Z]", "", "".join(cells).upper())
        mark = next((mark for words, mark in MARKS.items() if name.endswith(words)), "")
        if mark:
            columns.setdefault(mark, at)
    missing = [mark for mark in NEEDED if mark not in columns]
    if missing:
        raise CodeFileError(f"{source.name}: no column for {', '.join(missing)} is found in its header")
    return columns


def read_fee(record: Sequence[str], columns: dict[str, int], start: int, source: Source) -> Row:
    """One procedure. Raises CodeFileError."""
    code = record[0].strip().upper()
    if not PROCEDURE.fullmatch(code) or len(record) <= max(columns.values()):
        raise CodeFileError(
            f"{source.name}: the entry after a header of values is no procedure, or is cut short"
        )
    marks = (f"{mark} {record[at].strip()}" for mark, at in columns.items() if record[at].strip())
    return Row(code + record[1].strip().upper(), start, marks=tuple(marks))


def is_fees(head: list[str]) -> bool:
    """True for the first lines of a relative value file."""
    return any(line.upper().startswith(",".join(HEADER)) for line in head)


LAYOUTS = (Layout("Medicare physician fee schedule (PPRRVU)", is_fees, read_fees),)
