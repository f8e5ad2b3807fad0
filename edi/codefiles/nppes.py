"""Providers by NPI from the files of the National Plan and Provider Enumeration System, or a part of one.

`npidata_pfile_*.csv`: CSV with some 330 named columns, days as MM/DD/CCYY; a week's file holds what is new in
it. An NPI is off from its deactivation date on, until a later reactivation date. Whoever needs part of the
country takes the lines of it, with the header.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date

from edi.codefiles.contents import (
    CodeFileError,
    Contents,
    Kind,
    Layout,
    Lines,
    Source,
    day_before,
    need_effective,
)
from edi.codefiles.lists import read_listed_day
from edi.edits.packing import OPEN, Row, unpack_day

NPI = re.compile(r"[12][0-9]{9}", re.ASCII)
THROUGH = re.compile(r"-(20\d\d)(\d\d)(\d\d)")
PERSON, ORGANIZATION = "1", "2"
TAXONOMIES = 15
MOST = 2_000_000
NUMBER, KIND, BORN, OFF, ON_AGAIN = (
    "NPI", "Entity Type Code", "Provider Enumeration Date", "NPI Deactivation Date", "NPI Reactivation Date",
)  # fmt: skip
COMPANY = "Provider Organization Name (Legal Business Name)"
LAST, FIRST = "Provider Last Name (Legal Name)", "Provider First Name"
TAXONOMY, PRIMARY = "Healthcare Provider Taxonomy Code_{}", "Healthcare Provider Primary Taxonomy Switch_{}"


def read_providers(lines: Lines, source: Source) -> Iterator[Contents]:
    """Providers with the days of their NPI, their kind and primary taxonomy. Raises CodeFileError."""
    rows: list[Row] = []
    newest = 0
    for number, record in enumerate(csv.DictReader(f"{line}\n" for line in lines), 2):
        cells = {name: (value or "").strip() for name, value in record.items() if isinstance(name, str)}
        if not NPI.fullmatch(cells[NUMBER]) or None in record.values():
            raise CodeFileError(f"{source.name}: line {number} has no NPI, or is cut short")
        rows.extend(read_provider(cells, number))
        newest = max(newest, read_listed_day(cells.get("Last Update Date", ""), number) or 0)
        if len(rows) > MOST:
            raise CodeFileError(
                f"{source.name} holds more than {MOST:,} providers; "
                "take the lines that you need, and the header"
            )
    found = THROUGH.search(source.name)
    through = date(int(found[1]), int(found[2]), int(found[3])) if found else unpack_day(newest)
    effective = need_effective(source, through)
    yield Contents("npi", source.release or effective.isoformat(), effective, Kind.UPDATES, rows)


def read_provider(cells: Mapping[str, str], number: int) -> Iterator[Row]:
    """The spans of one NPI: until it was deactivated, and from its reactivation on."""
    born = read_listed_day(cells.get(BORN, ""), number) or 0
    off = read_listed_day(cells.get(OFF, ""), number)
    again = read_listed_day(cells.get(ON_AGAIN, ""), number)
    row = Row(cells[NUMBER], born, OPEN, tuple(mark_provider(cells)), name_provider(cells))
    last = day_before(unpack_day(off) or date.max) if off else OPEN
    if last >= born:
        yield row._replace(end=last)
    if off and again and again >= off:
        yield row._replace(start=again)


def mark_provider(cells: Mapping[str, str]) -> Iterator[str]:
    """What a provider is: a person or an organization, and the primary taxonomy."""
    if cells.get(KIND) in (PERSON, ORGANIZATION):
        yield "person" if cells[KIND] == PERSON else "organization"
    codes = [cells.get(TAXONOMY.format(at), "") for at in range(1, TAXONOMIES + 1)]
    primary = [cells.get(PRIMARY.format(at), "") == "Y" for at in range(1, TAXONOMIES + 1)]
    first = next((code for code, chosen in zip(codes, primary, strict=True) if chosen and code), codes[0])
    if first:
        yield f"taxonomy {first}"


def name_provider(cells: Mapping[str, str]) -> str:
    """The name of an organization, or of a person: last name, then first name."""
    return cells.get(COMPANY) or ", ".join(filter(None, (cells.get(LAST), cells.get(FIRST))))


def is_providers(head: list[str]) -> bool:
    """True for the first lines of a provider file that has more than its header."""
    return len(head) > 1 and head[0].replace('"', "").startswith("NPI,Entity Type Code")


LAYOUTS = (Layout("NPPES providers", is_providers, read_providers),)
