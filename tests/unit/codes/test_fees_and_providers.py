"""The fee schedule and the provider registry: columns found by name, cut files refused."""

from __future__ import annotations

from datetime import date

import pytest

from edi.codefiles.contents import CodeFileError, Contents, Kind, Source
from edi.codefiles.reading import read_codes
from edi.edits.packing import OPEN, Row
from tests.unit.codes.files import fees_file, providers_file

FEE = {
    "HCPCS": "G0101", "DESCRIPTION": "Licensed words", "STATUS CODE": "A", "WORK RVU": "0.45",
    "PCTC IND": "0", "GLOB DAYS": "XXX",
    "MULT PROC": "0", "BILAT SURG": "1", "ASST SURG": "0", "CO- SURG": "0",
    "TEAM SURG": "0", "NON-FACILITY TOTAL": "1.15", "FACILITY TOTAL": "0.71", "CONV FACTOR": "33.4009",
}  # fmt: skip
MARKS = (
    "status A", "work 0.45", "nonfacility 1.15", "facility 0.71", "component 0", "global XXX", "multiple 0",
    "bilateral 1", "assistant 0", "cosurgeon 0", "team 0",
)  # fmt: skip
NAME = "npidata_pfile_20261102-20261108.csv"


def read(content: str, name: str) -> list[Contents]:
    return list(read_codes(content.encode("cp1252").splitlines(keepends=True), Source(name)))


@pytest.mark.parametrize(
    ("name", "table", "effective"),
    [
        ("PPRRVU25_JAN.csv", "mpfs", date(2025, 1, 1)),
        ("PPRRVU2026_Jul_nonQPP.csv", "mpfs", date(2026, 7, 1)),
        ("PPRRVU2026_Jul_QPP.csv", "mpfs_qpp", date(2026, 7, 1)),
    ],
)
def test_the_fee_schedule_has_its_quarter_and_its_twin_in_its_name(
    name: str, table: str, effective: date
) -> None:
    (found,) = read(fees_file([FEE, FEE | {"MOD": "26"}]), name)
    assert (found.table, found.effective, found.kind) == (table, effective, Kind.SNAPSHOT)
    assert [(row.code, row.marks) for row in found.rows] == [("G0101", MARKS), ("G010126", MARKS)]


def test_the_words_of_the_fee_schedule_are_dropped() -> None:
    (found,) = read(fees_file([FEE]), "PPRRVU25_JAN.csv")
    assert "Licensed" not in repr(found)


def test_a_column_that_a_later_year_puts_in_moves_none_of_the_others() -> None:
    (found,) = read(fees_file([FEE], extra=("PRIC", "IND")), "PPRRVU2026_Jan_nonQPP.csv")
    assert found.rows == [Row("G0101", 20260101, OPEN, MARKS)]


def test_a_fee_schedule_that_is_cut_or_lacks_a_column_is_refused() -> None:
    with pytest.raises(CodeFileError, match="cut short"):
        read(fees_file([FEE]).rsplit(",", 12)[0], "PPRRVU25_JAN.csv")
    with pytest.raises(CodeFileError, match="no column for multiple"):
        read(fees_file([FEE]).replace("PROC", "OTHER"), "PPRRVU25_JAN.csv")


def test_a_provider_has_the_days_of_its_number_its_kind_and_its_primary_taxonomy() -> None:
    company = {
        "NPI": "1999999984", "Entity Type Code": "2", "Provider Enumeration Date": "05/23/2006",
        "Provider Organization Name (Legal Business Name)": "RIVERBEND, FAMILY CLINIC",
        "Healthcare Provider Taxonomy Code_1": "207Q00000X",
        "Healthcare Provider Primary Taxonomy Switch_1": "N",
        "Healthcare Provider Taxonomy Code_2": "261QP2300X",
        "Healthcare Provider Primary Taxonomy Switch_2": "Y",
    }  # fmt: skip
    person = {
        "NPI": "1999999976", "Entity Type Code": "1", "Provider Enumeration Date": "01/02/2010",
        "Provider Last Name (Legal Name)": "QUILL", "Provider First Name": "PAT",
        "NPI Deactivation Date": "03/01/2020", "NPI Reactivation Date": "06/01/2021",
    }  # fmt: skip
    gone = {"NPI": "1999999968", "NPI Deactivation Date": "07/04/2015"}
    (found,) = read(providers_file([company, person, gone]), NAME)
    assert (found.table, found.kind, found.effective) == ("npi", Kind.UPDATES, date(2026, 11, 8))
    taxonomy = ("organization", "taxonomy 261QP2300X")
    assert found.rows == [
        Row("1999999984", 20060523, OPEN, taxonomy, "RIVERBEND, FAMILY CLINIC"),
        Row("1999999976", 20100102, 20200229, ("person",), "QUILL, PAT"),
        Row("1999999976", 20210601, OPEN, ("person",), "QUILL, PAT"),
        Row("1999999968", 0, 20150703),
    ]


def test_a_provider_file_that_is_cut_is_refused() -> None:
    text = providers_file([{"NPI": "1999999984"}, {"NPI": "1999999976"}])
    with pytest.raises(CodeFileError, match="line 3 has no NPI, or is cut short"):
        read(text[:-30], NAME)
    with pytest.raises(CodeFileError, match="line 2 has no NPI"):
        read(providers_file([{"NPI": "12345"}]), NAME)
