"""Code files as published: told apart by content, read with their traps, refused in words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from edi.codefiles.contents import CodeFileError, Contents, Kind, Source
from edi.codefiles.merging import merge_changes
from edi.codefiles.reading import read_codes
from edi.edits.packing import OPEN, Row
from tests.unit.codes.files import addenda_file, hcpcs_record, order_file, pairs_file, units_file

CODES = [("A00", "0", "Cholera"), ("A000", "1", "Cholera due to a vibrio"), ("A001", "1", "Cholera eltor")]
ORDER = order_file(CODES)
ADDENDA = addenda_file(
    [
        ("Delete", "1", "A000", "Cholera due to a vibrio"),
        ("Add", "0", "A000", "Cholera due to a vibrio"),
        ("Add", "1", "A0001", "Cholera due to one vibrio"),
        ("Revise from", "1", "A001", "Cholera eltor"),
        ("Revise to", "1", "A001", "Cholera, biovar eltor"),
    ],
    additions=1,
    deletions=1,
)
HCPCS = (
    hcpcs_record("LT", "7", "Left side")
    + hcpcs_record("A0021", "3", "Ambulance service, outside state per mile,", "19850101", "20240331")
    + hcpcs_record("A0021", "4", "transport")
    + hcpcs_record("J9999", "3", "Not otherwise classified, antineoplastic drugs", "19860101")
    + hcpcs_record("99213", "3", "a licensed code")
    + "\r\n"
)


def read(content: str | bytes, name: str, **wishes: object) -> list[Contents]:
    raw = content if isinstance(content, bytes) else content.encode("utf-8")
    return list(read_codes(raw.splitlines(keepends=True), Source(name, **wishes)))  # type: ignore[arg-type] # wishes


def test_an_order_file_has_its_year_in_its_name() -> None:
    for name in ("icd10cm_order_2027.txt", "icd10cm-order-2027.txt"):
        (found,) = read(ORDER, name)
        assert (found.table, found.release, found.effective) == ("icd10cm", "FY2027", date(2026, 10, 1))
        assert [row.marks for row in found.rows] == [("header",), (), ()]
        assert found.rows[1].title == "Cholera due to a vibrio"


def test_procedures_are_told_from_diagnoses_by_their_codes() -> None:
    codes = [("001", "0", "Bypass"), ("0016070", "1", "Bypass of a ventricle")]
    assert read(order_file(codes), "icd10pcs_order_2027.txt")[0].table == "icd10pcs"


def test_a_package_of_april_needs_its_day() -> None:
    name = "april-1-2026-code-descriptions.zip/icd10cm_order_2026.txt"
    with pytest.raises(CodeFileError, match="--effective"):
        read(ORDER, name)
    assert read(ORDER, name, effective=date(2026, 4, 1))[0].release == "2026-04-01"


def test_an_order_file_with_a_gap_is_damaged() -> None:
    lines = ORDER.splitlines(keepends=True)
    with pytest.raises(CodeFileError, match="line 2 is not line 00002"):
        read("".join([lines[0], lines[2]]), "icd10cm_order_2027.txt")


def test_addenda_add_end_and_rename() -> None:
    (found,) = read(ADDENDA, "icd10cm_order_addenda_2027.txt")
    assert found.kind is Kind.CHANGES
    assert [(row.code, row.marks) for row in found.rows] == [
        ("A000", ("header",)),
        ("A0001", ()),
        ("A001", ()),
    ]
    assert [row.code for row in found.ended] == ["A000", "A001"]


def test_what_addenda_add_to_a_table_that_has_it_is_held_once() -> None:
    (found,) = read(ADDENDA, "icd10cm_order_addenda_2027.txt")
    held = [row._replace(start=20151001) for row in found.rows]
    assert sorted(row.code for row in merge_changes(held, found)) == sorted(row.code for row in held)


def test_cut_addenda_are_noticed_by_their_own_count() -> None:
    lines = ADDENDA.splitlines(keepends=True)
    for cut in (lines[:3], lines[1:], lines[:-4]):
        with pytest.raises(CodeFileError, match="as its statistics say"):
            read("".join(cut), "icd10cm_order_addenda_2027.txt")


def test_hcpcs_titles_go_on_over_records_and_licensed_codes_are_left_out() -> None:
    procedures, modifiers = read(HCPCS, "HCPC2026_JAN_ANWEB_01122026.txt")
    assert procedures.rows == [
        Row("A0021", 19850101, 20240331, (), "Ambulance service, outside state per mile, transport"),
        Row("J9999", 19860101, OPEN, ("unlisted",), "Not otherwise classified, antineoplastic drugs"),
    ]
    assert (procedures.release, procedures.skipped) == ("2026-01", 1)
    assert modifiers.rows == [Row("LT", 20200101, OPEN, (), "Left side")]


@pytest.mark.parametrize(
    ("title", "marks"),
    [
        ("Durable medical equipment, miscellaneous", ("unlisted",)),
        ("Accessory for a garment, not-otherwise specified", ("unlisted",)),
        ("Outcome not documented, reason not otherwise specified", ()),
        ("Report documents classification as nsclc-nos", ()),
    ],
)
def test_codes_for_what_has_no_code_are_told_by_their_title(title: str, marks: tuple[str, ...]) -> None:
    (found,) = read(hcpcs_record("E1399", "3", title), "HCPC2026_JAN_ANWEB.txt")
    assert found.rows[0].marks == marks


def test_a_hcpcs_record_that_is_too_long_is_read_all_the_same() -> None:
    long = hcpcs_record("G9871", "3", "Counseling").rstrip() + " " * 230 + "\r\n"
    assert [row.code for row in read(long, "HCPC2026_JAN_ANWEB.txt")[0].rows] == ["G9871"]


def test_a_cut_hcpcs_file_is_refused() -> None:
    with pytest.raises(CodeFileError, match="line 2 is not a HCPCS record"):
        read(HCPCS[:400], "HCPC2026_JAN_ANWEB.txt")


def test_pairs_are_read_past_notice_and_header() -> None:
    pairs = [
        ("A0001", "A0002", "", "20200101", "*", "1"),
        ("A0001", "A0003", "*", "19960101", "20201231", "0"),
        ("A0004", "A0005", "", "20230101", "20230101", "1"),
        ("A0004", "A0006", "", "20230101", "*", "9"),
    ]
    (found,) = read(pairs_file(pairs), "ccipra-v323r0-f1.TXT")
    assert found.rows == [
        Row("A0001A0002", 20200101, OPEN, ("modifier",)),
        Row("A0001A0003", 19960101, 20201230, ("never",)),
    ]
    assert (found.table, found.release, found.skipped) == ("ptp_practitioner", "2026Q4", 2)


def test_pairs_of_medicaid_have_a_column_less() -> None:
    (found,) = read("A0001\tA0002\t20200101\t*\t1\tMisuse\n", "medicaid_ptp_practitioner_v320r0.txt")
    assert found.table == "ptp_medicaid_practitioner"
    assert found.rows == [Row("A0001A0002", 20200101, OPEN, ("modifier",))]


def test_pairs_of_outpatient_hospitals_are_told_by_their_title() -> None:
    pairs = [("A0001", "A0002", "", "20200101", "*", "1")]
    (found,) = read(pairs_file(pairs, "Hospital Outpatient PTP Edits"), "f1.txt")
    assert found.table == "ptp_outpatient"


@pytest.mark.parametrize(
    "line", ["A0001\tA0002\t\t20201301\t*\t1\tx\n", "A0001\tA0002\t\t20200101\t*\t7\tx\n"]
)
def test_a_pair_that_cannot_be_right_is_refused(line: str) -> None:
    with pytest.raises(CodeFileError, match="line 8"):
        read(pairs_file([]) + line, "ccipra-v323r0-f1.TXT")


def test_units_have_notice_header_and_day_in_three_places() -> None:
    name = "MCR_MUE_PractitionerServices_Eff_04-01-2026.csv"
    (found,) = read(units_file([("0001U", "1", "2 Date of Service Edit: Policy")]), name)
    assert (found.table, found.effective) == ("mue_practitioner", date(2026, 4, 1))
    assert found.rows == [Row("0001U", 20260401, OPEN, ("units 1", "mai 2"))]


def test_add_on_codes_have_days_of_the_year() -> None:
    head = "notice\nAOC_Edit_Type,Add-On_Code,AOC_DelDT,Primary_Code,Primary_Code_DelDT,AOC_Edit_EffDT,"
    head += "AOC_Edit_DelDT,Special_Instruction_Notes\n"
    (found,) = read(
        head + "1,A0001,,A0002,,2020032,,\n2,A0003,,CCCCC,,2020001,2021365,\n", "AOC_V2026Q2-MCR.csv"
    )
    assert found.rows == [
        Row("A0001A0002", 20200201, OPEN, ("type 1",)),
        Row("A0003CCCCC", 20200101, 20211231, ("type 2",)),
    ]


def test_the_taxonomy_has_its_version_in_its_name() -> None:
    head = "Code,Grouping,Classification,Specialization,Definition,Notes,Display Name,Section\n"
    entry = (
        '101Y00000X,a group,a class,,"A definition\nover lines, with \x93quotes\x94",,Counselor,Individual\n'
    )
    (found,) = read((head + entry).encode("latin-1"), "nucc_taxonomy_261.csv")
    assert (found.release, found.effective) == ("26.1", date(2026, 7, 1))
    assert [(row.code, row.title) for row in found.rows] == [("101Y00000X", "Counselor")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "none of the code files"),
        (b"%PDF-1.7 stream", "none of the code files"),
        (b"\x00\x01\x02", "not a text file"),
        ("code,description\n".encode("utf-16"), "UTF-16"),
        (b"ISA*00*          *00*", "none of the code files"),
    ],
)
def test_what_is_no_code_file_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(CodeFileError, match=words):
        read(content, "file")


def read_shared(place: Path) -> list[Contents]:
    with place.open("rb") as file:
        return list(read_codes(file, Source(place.name)))


def test_the_published_samples_are_read(shared: Path) -> None:
    formats = shared / "tables" / "formats"
    names = (
        "HCPC2026_JAN_ANWEB_SAMPLE.txt",
        "ccipra_SYNTHETIC_SAMPLE.txt",
        "ptp_medicaid_SYNTHETIC_SAMPLE.txt",
    )
    found = {name: [(each.table, len(each.rows)) for each in read_shared(formats / name)] for name in names}
    assert found == {
        names[0]: [("hcpcs", 6), ("hcpcs_modifier", 3)],
        names[1]: [("ptp_practitioner", 2)],
        names[2]: [("ptp_medicaid_practitioner", 1)],
    }


def test_the_published_addenda_and_units_are_read(shared: Path) -> None:
    tables = shared / "tables"
    (addenda,) = read_shared(tables / "icd10cm" / "icd10cm_order_addenda_2027.txt")
    billable = (sum(not row.marks for row in addenda.rows), sum(not row.marks for row in addenda.ended))
    assert billable == (190 + 4, 30 + 4)
    (units,) = read_shared(tables / "ncci_mue" / "MCR_MUE_PractitionerServices_Eff_04-01-2026.csv")
    assert len(units.rows) == 15_095
