"""Small code files of our own making, in the layouts of the publishers."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook


def write(folder: Path, name: str, content: str | bytes) -> Path:
    """A file in the folder."""
    place = folder / name
    place.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return place


def order_file(codes: Sequence[tuple[str, str, str]]) -> str:
    """An ICD-10 order file of (code, 1 or 0, title)."""
    return "".join(
        f"{number:05d} {code:<7} {flag} {title[:60]:<60} {title}\r\n"
        for number, (code, flag, title) in enumerate(codes, 1)
    )


def addenda_file(changes: Sequence[tuple[str, str, str, str]], additions: int, deletions: int) -> str:
    """ICD-10 order addenda of (word, flag, code, title), and the tail that counts billable codes."""
    lines = [
        f"{word + ':':<13}{flag} {code:<7} {title[:60]:<60} {title}\n" for word, flag, code, title in changes
    ]
    revisions = sum(word == "Revise to" for word, *_ in changes)
    counts = f"    {additions} additions\n    {deletions} deletions\n    {revisions} revisions\n"
    tail = f"\nCodes\n{counts}of which\n"
    return "".join(lines) + tail


def hcpcs_record(
    code: str, kind: str, title: str, added: str = "20200101", ended: str = "", sequence: int = 100
) -> str:
    """One record of a HCPCS file: 320 places; a modifier stands in 4 and 5."""
    place = f"{code:>5}" if kind in "78" else code
    record = f"{place}{sequence:05d}{kind}{title:<80}{'':<28}"
    if kind in "37":
        record = f"{record:<268}{added}{added}{ended:<8}N"
    return f"{record:<320}\r\n"


def pairs_file(
    pairs: Sequence[tuple[str, str, str, str, str, str]], title: str = "Practitioner PTP Edits"
) -> str:
    """A Medicare file of pairs, with the notice and the header of several lines."""
    head = (
        "CPT only copyright 2026 American Medical Association.  All rights reserved.\n"
        f"{title}\n\n"
        "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\n"
        "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\n"
        "\t\t\t\t*=no data\t1=allowed\t\n"
        "\t\t\t\t\t9=not applicable\t\n"
    )
    return head + "".join("\t".join([*pair, "Misuse"]) + "\n" for pair in pairs)


def units_file(
    units: Sequence[tuple[str, str, str]], column: str = "Practitioner Services MUE Values"
) -> bytes:
    """A file of units: a notice in several lines, a header in two, cp1252 bytes."""
    text = (
        '"Current Procedural Terminology (CPT) codes are copyright.\n\nCPT\xae is a registered trademark.\n'
        f'",,,\n"HCPCS/\nCPT Code",{column},MUE Adjudication Indicator,MUE Rationale\n'
    )
    return (text + "".join(f"{code},{most},{mai},Nature of Service\n" for code, most, mai in units)).encode(
        "cp1252"
    )


FEE_COLUMNS = (
    ("", "HCPCS"), ("", "MOD"), ("", "DESCRIPTION"), ("STATUS", "CODE"), ("MEDICARE", "PAYMENT"),
    ("WORK", "RVU"), ("NON-FAC", "PE RVU"), ("NA", "INDICATOR"),
    ("FACILITY", "PE RVU"), ("NA", "INDICATOR"), ("MP", "RVU"),
    ("NON-FACILITY", "TOTAL"), ("FACILITY", "TOTAL"), ("PCTC", "IND"), ("GLOB", "DAYS"), ("PRE", "OP"),
    ("INTRA", "OP"), ("POST", "OP"), ("MULT", "PROC"), ("BILAT", "SURG"), ("ASST", "SURG"), ("CO-", "SURG"),
    ("TEAM", "SURG"), ("ENDO", "BASE"), ("CONV", "FACTOR"),
)  # fmt: skip


def fees_file(fees: Sequence[dict[str, str]], extra: tuple[str, str] | None = None) -> str:
    """A relative value file: preamble, names of columns in two lines; `extra` is a later year's column."""
    columns = [*FEE_COLUMNS[:23], *([extra] if extra else []), *FEE_COLUMNS[23:]]
    head = "2026 National Physician Fee Schedule Relative Value File,,\nCPT codes are copyright,,\n\n"
    head += "".join(",".join(names[row] for names in columns) + "\n" for row in (0, 1))
    lines = [",".join(fee.get(" ".join(names).strip(), "") for names in columns) for fee in fees]
    return head + "".join(f"{line}\n" for line in lines)


PROVIDER_COLUMNS = (
    "NPI", "Entity Type Code", "Replacement NPI", "Provider Organization Name (Legal Business Name)",
    "Provider Last Name (Legal Name)", "Provider First Name", "Provider Enumeration Date", "Last Update Date",
    "NPI Deactivation Reason Code", "NPI Deactivation Date", "NPI Reactivation Date",
    "Healthcare Provider Taxonomy Code_1", "Healthcare Provider Primary Taxonomy Switch_1",
    "Healthcare Provider Taxonomy Code_2", "Healthcare Provider Primary Taxonomy Switch_2",
)  # fmt: skip


def providers_file(providers: Sequence[dict[str, str]]) -> str:
    """A part of a provider file, every cell in quotation marks, as the registry writes them."""
    lines = [[provider.get(column, "") for column in PROVIDER_COLUMNS] for provider in providers]
    return "".join(",".join(f'"{cell}"' for cell in line) + "\r\n" for line in [PROVIDER_COLUMNS, *lines])


def workbook(*sheets: tuple[str, Sequence[Sequence[object]]]) -> bytes:
    """A workbook of (name, rows)."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    content = BytesIO()
    book.save(content)
    return content.getvalue()
