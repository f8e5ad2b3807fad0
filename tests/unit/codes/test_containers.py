"""What official files come in: workbooks and archives, read for the code files in them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest

from edi.codefiles.contents import CodeFileError, Contents, Source
from edi.edits.packing import OPEN, Row
from gateway.codes.containers import read_path
from tests.unit.codes.files import hcpcs_record, pairs_file, providers_file, units_file, workbook, write

ADD_ONS = [
    ["CPT only copyright", None],
    ["AOC_Edit_Type", "Add-On_Code", "AOC_DelDT", "Primary_Code", "Primary_Code_DelDT", "AOC_Edit_EffDT",
     "AOC_Edit_DelDT", "Special_Instruction_Notes"],
    [1, "A0001", None, "A0002", None, 2020032, None, None],
    [None] * 8,
    [2, "A0003", None, "CCCCC", None, 2020001.0, 2021365, "a note,\nof two lines"],
]  # fmt: skip
HCPCS = [
    ["HCPC", "SEQNUM", "RECID", "LONG DESCRIPTION", "ADD DT", "ACT EFF DT", "TERM DT", "ACTION CD"],
    ["   LT", "0010", "7", "Left side", "20200101", "20200101", "", "N"],
    ["A0021", "0010", "3", "Ambulance service", "19850101", "19850101", 20240331, "N"],
    ["99213", "0010", "3", "a licensed code", "19850101", "19850101", "", "N"],
]
PAIR = ("A0001", "A0002", "", "20200101", "*", "1")


def read(place: Path, **wishes: object) -> list[Contents]:
    return list(read_path(place, Source(place.name, **wishes), lambda *_: None))  # type: ignore[arg-type] # wishes


def pack(place: Path, members: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return place


def test_the_workbook_of_add_on_codes_is_read_as_published(tmp_path: Path) -> None:
    book = workbook(("Readme", [["Notes"]]), ("AOC", ADD_ONS))
    (found,) = read(write(tmp_path, "AOC_V2026Q2-MCR.xlsx", book))
    assert (found.table, found.release) == ("add_on", "2026Q2")
    assert found.rows == [
        Row("A0001A0002", 20200201, OPEN, ("type 1",)),
        Row("A0003CCCCC", 20200101, 20211231, ("type 2",)),
    ]


def test_the_workbook_of_pairs_says_what_the_text_does(tmp_path: Path) -> None:
    lines = [line.split("\t") for line in pairs_file([PAIR]).splitlines()]
    book = write(tmp_path, "ccipra-v323r0-f1.xlsx", workbook(("PTP", lines)))
    text = write(tmp_path, "ccipra-v323r0-f1.TXT", pairs_file([PAIR]))
    assert read(book) == read(text)


def test_the_workbook_of_hcpcs_says_what_the_text_does(tmp_path: Path) -> None:
    text = (
        hcpcs_record("LT", "7", "Left side")
        + hcpcs_record("A0021", "3", "Ambulance service", "19850101", "20240331")
        + hcpcs_record("99213", "3", "a licensed code")
    )
    name = "HCPC2026_JAN_ANWEB_01122026"
    book = read(write(tmp_path, f"{name}.xlsx", workbook(("x", HCPCS))))
    assert book == read(write(tmp_path, f"{name}.txt", text))


def test_a_list_in_a_workbook_needs_its_table_and_keeps_its_days(tmp_path: Path) -> None:
    rows = [["code", "description", "start"], [450, "words", datetime(2020, 7, 1)]]  # noqa: DTZ001 -- as read
    place = write(tmp_path, "revenue.xlsx", workbook(("x", rows)))
    (found,) = read(place, table="revenue")
    assert found.rows == [Row("0450", 20200701, OPEN, (), "words")]
    with pytest.raises(CodeFileError, match=r"no sheet of revenue.xlsx is a code file"):
        read(place)


def test_of_an_archive_the_text_is_read_and_the_workbook_beside_it_is_not(tmp_path: Path) -> None:
    place = pack(
        tmp_path / "january-2026-files.zip",
        {
            "HCPC2026_JAN_ANWEB_v2.txt": hcpcs_record("A0021", "3", "Ambulance"),
            "HCPC2026_JAN_ANWEB_v2.xlsx": workbook(("x", HCPCS)),
            "HCPC2026_recordlayout.txt": "CMS RIF REPORT\n",
            "NOC codes.xlsx": b"PK\x03\x04 damaged",
        },
    )
    assert [(each.table, len(each.rows)) for each in read(place)] == [("hcpcs", 1)]


def test_of_an_archive_without_known_text_the_workbooks_are_read(tmp_path: Path) -> None:
    members = {"AOC_V2026Q2-MCR.xlsx": workbook(("AOC", ADD_ONS)), "AOC_V2026Q2-F-MCR.txt": "1A0001A0002\n"}
    (found,) = read(pack(tmp_path / "medicare-aoc.zip", members))
    assert (found.table, len(found.rows)) == ("add_on", 2)


def test_the_parts_of_the_registry_that_hold_no_provider_are_passed_over(tmp_path: Path) -> None:
    members = {
        "npidata_pfile_20261102-20261108_fileheader.csv": providers_file([]),
        "npidata_pfile_20261102-20261108.csv": providers_file([{"NPI": "1999999984"}]),
        "endpoint_pfile_20261102-20261108.csv": '"NPI","Endpoint Type"\r\n"1999999984","x"\r\n',
    }
    (found,) = read(pack(tmp_path / "NPPES.zip", members))
    assert (found.table, len(found.rows)) == ("npi", 1)


def test_an_archive_of_other_things_and_a_damaged_one_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(CodeFileError, match="holds none of the code files"):
        read(
            pack(
                tmp_path / "other.zip", {"photo.jpg": b"\xff\xd8\xff\x00", "list.csv": "column,words\nA1,x\n"}
            )
        )
    whole = pack(
        tmp_path / "whole.zip", {"mue_Eff_04-01-2026.csv": units_file([("0001U", "1", "2 x")] * 999)}
    )
    content = whole.read_bytes()
    damaged = write(tmp_path, "damaged.zip", content[:80] + bytes(20) + content[100:])
    with pytest.raises(CodeFileError, match="fetch"):
        read(damaged)
    with zipfile.ZipFile(BytesIO(workbook(("AOC", ADD_ONS)))) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"][:900]
    with pytest.raises(CodeFileError, match="damaged workbook"):
        read(pack(tmp_path / "AOC_V2026Q2.xlsx", parts))
    with pytest.raises(CodeFileError, match="No such file"):
        read(tmp_path / "missing.txt")


def test_the_workbook_that_was_published_says_what_the_text_beside_it_says(
    shared: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(
        shared / "tables" / "hcpcs" / "january-2026-alpha-numeric-hcpcs-file.zip"
    ) as archive:
        archive.extractall(tmp_path)
    text, book = (
        read(place)
        for place in sorted(tmp_path.glob("HCPC2026_JAN_ANWEB_01122026.*"), key=lambda p: p.suffix)
    )
    assert [len(each.rows) for each in text] == [8623, 383]
    for ours, theirs in zip(text, book, strict=True):
        days = {(row.code, row.start, row.end) for row in ours.rows}
        assert days == {(row.code, row.start, row.end) for row in theirs.rows}
