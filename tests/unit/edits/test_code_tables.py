"""Our packed tables: look-ups by code and day, what they refuse, and what is shipped."""

from __future__ import annotations

import csv
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edi.edits.packing import (
    OPEN,
    Heading,
    Row,
    TableUnreadable,
    pack_code,
    pack_table,
    unpack_code,
)
from edi.edits.table import CodeTable, Verdict
from edi.edits.tables import CodeTables, has_form, load_register, load_shipped, tell_title, tidy_code

CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=10)
HEADING = Heading(
    "test", "R1", date(2020, 1, 1), "invented", date(2015, 1, 1), date(2020, 12, 31), nested=True
)


def make_table(*rows: Row) -> CodeTable:
    return CodeTable(pack_table(HEADING, rows))


@given(CODES)
def test_a_packed_code_comes_back(code: str) -> None:
    assert unpack_code(pack_code(code)) == code


@given(CODES, CODES)
def test_packed_codes_sort_as_codes_do(first: str, second: str) -> None:
    assert (pack_code(first) < pack_code(second)) == (first < second)


@pytest.mark.parametrize("text", ["", "J02.0", "j020", "ABCDEFGHIJK", "A 1", "É12", "1_0", "+12", "٣٤"])
def test_what_is_no_code_is_never_found(text: str) -> None:
    table = make_table(Row("J020"), Row("10"), Row("A1"))
    assert pack_code(text) == 0
    assert table.find(text, date(2020, 1, 1)) is None
    assert table.judge(text, date(2020, 1, 1)) is Verdict.UNKNOWN


@given(st.lists(st.tuples(CODES, st.sampled_from(["", "x", "y z"])), unique_by=lambda pair: pair[0]))
def test_every_row_is_found_again_with_its_title(rows: list[tuple[str, str]]) -> None:
    table = make_table(*(Row(code, title=title) for code, title in rows))
    for code, title in rows:
        entry = table.find(code, date(2020, 5, 5))
        assert entry is not None
        assert (entry.code, table.title(entry)) == (code, title)


def test_the_day_decides_which_entry_counts() -> None:
    table = make_table(Row("D691", 20151001, 20200930), Row("D691", 20201001, OPEN, ("header",)))
    found = [table.find("D691", day) for day in (date(2020, 9, 30), date(2020, 10, 1))]
    assert [entry.marks if entry else None for entry in found] == [(), ("header",)]
    assert table.find("D691", date(2015, 9, 30)) is None
    assert [entry.end for entry in table.entries("D691")] == [date(2020, 9, 30), None]


def test_each_verdict_has_its_reason() -> None:
    table = make_table(
        Row("A000"), Row("A010", 20180101, 20191231), Row("B00", 0, OPEN, ("header",)), Row("C0001", 20200601)
    )
    verdicts = {
        ("A000", date(2020, 1, 1)): Verdict.VALID,
        ("A00", date(2020, 1, 1)): Verdict.INCOMPLETE,
        ("B00", date(2020, 1, 1)): Verdict.INCOMPLETE,
        ("A010", date(2020, 1, 1)): Verdict.NOT_IN_EFFECT,
        ("C0001", date(2020, 5, 31)): Verdict.NOT_IN_EFFECT,
        ("C000", date(2020, 5, 31)): Verdict.UNKNOWN,
        ("C000", date(2020, 6, 1)): Verdict.INCOMPLETE,
        ("Z99", date(2020, 1, 1)): Verdict.UNKNOWN,
        ("Z99", date(2021, 1, 1)): Verdict.NOT_HELD,
        ("Z99", date(2014, 1, 1)): Verdict.NOT_HELD,
    }
    assert {asked: table.judge(*asked) for asked in verdicts} == verdicts


def test_a_table_that_is_not_there_judges_nothing() -> None:
    tables = CodeTables()
    assert tables.judge("icd10cm", "J020", date(2020, 1, 1)) is Verdict.NOT_HELD
    assert tables.find("icd10cm", "J020", date(2020, 1, 1)) is None


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([Row("A.1")], "not a code"),
        ([Row("A1", 20200101, 20201231), Row("A1", 20201231)], "two entries for one day"),
    ],
)
def test_rows_that_contradict_are_not_packed(rows: list[Row], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        pack_table(HEADING, rows)


def test_a_cut_or_foreign_file_is_no_table() -> None:
    content = pack_table(HEADING, [Row(f"A{number}") for number in range(100)])
    assert CodeTable(content).verify()
    for broken in (b"", b"PK\x03\x04", content[:40], content[:900], b"X" + content[1:]):
        with pytest.raises(TableUnreadable):
            CodeTable(broken)
    assert not CodeTable(content[:-9] + b"\xff" + content[-8:]).verify()


def test_every_shipped_table_is_registered_whole_and_of_the_size_it_says() -> None:
    shipped, register = load_shipped(), load_register()
    assert set(shipped.names()) == {name for name, entry in register.items() if entry.shipped}
    for name in shipped.names():
        table = shipped.table(name)
        assert table is not None
        assert table.verify()
        assert sum(1 for _ in table.rows()) == table.heading.rows > 3
        assert all(has_form(name, row.code) for row in table.rows())
        assert table.heading.release
    assert not any(name in shipped for name in ("cpt", "cdt"))


WORDLESS = [name for name, entry in load_register().items() if entry.shipped and not entry.text]


@pytest.mark.parametrize("name", WORDLESS)
def test_no_words_are_shipped_where_the_register_says_so(name: str) -> None:
    table = load_shipped().table(name)
    assert table is not None
    assert all(not row.title for row in table.rows())


def test_the_lists_of_licensed_words_are_among_those_without() -> None:
    assert {"taxonomy", "carc", "rarc", "claim_status", "revenue", "condition", "value"} <= set(WORDLESS)


def test_the_shipped_headers_are_those_of_the_year_with_their_titles(shared: Path) -> None:
    table = load_shipped().table("icd10cm")
    assert table is not None
    with (shared / "tables" / "icd10cm" / "icd10cm_headers_fy2027.csv").open() as file:
        published = {entry["code"] for entry in csv.DictReader(file)}
    held = {row.code: row.title for row in table.rows() if "header" in row.marks and row.end == OPEN}
    assert set(held) == published
    assert all(held.values())


def test_a_diagnosis_that_became_a_header_is_one_from_that_day_on() -> None:
    tables = load_shipped()
    assert tables.judge("icd10cm", "D691", date(2026, 9, 30)) is Verdict.VALID
    assert tables.judge("icd10cm", "D691", date(2026, 10, 1)) is Verdict.INCOMPLETE


@pytest.mark.parametrize(
    ("name", "place", "column"),
    [
        ("type_of_bill", "institutional_codes/type_of_bill.csv", "code"),
        ("revenue", "institutional_codes/revenue_code.csv", "code"),
        ("condition", "institutional_codes/condition_code.csv", "code"),
        ("occurrence", "institutional_codes/occurrence_code.csv", "code"),
        ("occurrence_span", "institutional_codes/occurrence_span_code.csv", "code"),
        ("value", "institutional_codes/value_code.csv", "code"),
        ("patient_status", "institutional_codes/patient_status.csv", "code"),
        ("carc", "claim_adjustment/carc_codes.csv", "code"),
        ("rarc", "claim_adjustment/rarc_codes.csv", "code"),
        ("claim_status", "x12_code_lists/claim_status.csv", "code"),
        ("service_type", "x12_code_lists/service_type.csv", "code"),
        ("zip", "geo/zip3_state.csv", "zip3"),
        ("ms_drg", "ms_drg/ms_drg_versions.csv", "drg"),
        ("taxonomy", "nucc_taxonomy/nucc_codes_25_1.csv", "code"),
    ],
)
def test_the_shipped_codes_are_those_of_their_origin(
    shared: Path, name: str, place: str, column: str
) -> None:
    table = load_shipped().table(name)
    assert table is not None
    with (shared / "tables" / place).open() as file:
        entries = [entry for entry in csv.DictReader(file) if "~" not in entry[column]]
    assert entries
    held = {row.code: row for row in table.rows()}
    assert {entry[column] for entry in entries} <= set(held)
    if "stop" in entries[0]:
        days = {entry["code"]: int(entry["stop"].replace("-", "") or OPEN) for entry in entries}
        assert {code: held[code].end for code in days} == days


@pytest.mark.parametrize(
    ("table", "code", "day", "verdict", "words"),
    [
        ("carc", "45", date(2026, 5, 1), Verdict.VALID, "above the fee schedule"),
        ("carc", "17", date(2026, 5, 1), Verdict.NOT_IN_EFFECT, ""),
        ("carc", "999", date(2026, 5, 1), Verdict.UNKNOWN, ""),
        ("carc", "999", date(2026, 11, 1), Verdict.NOT_HELD, ""),
        ("rarc", "N922", date(2026, 5, 1), Verdict.VALID, ""),
        ("ms_drg", "1", date(2022, 10, 1), Verdict.VALID, "Heart transplant or implant"),
        ("ms_drg", "001", date(2026, 10, 1), Verdict.VALID, "Heart Transplant or Implant"),
        ("ms_drg", "001", date(2022, 9, 30), Verdict.NOT_HELD, "Heart"),
        ("type_of_bill", "0131", date(2026, 5, 1), Verdict.VALID, ""),
        ("revenue", "450", date(2026, 5, 1), Verdict.VALID, ""),
        ("place_of_service", "2", date(2026, 5, 1), Verdict.VALID, "Telehealth"),
        ("filing_indicator", "MB", date(2026, 5, 1), Verdict.VALID, "Medicare part B"),
        ("provider_adjustment", "WO", date(2026, 5, 1), Verdict.VALID, ""),
        ("element_error", "I13", date(2026, 5, 1), Verdict.VALID, "an element is present"),
        ("interchange_note", "25", date(2026, 5, 1), Verdict.VALID, "the control number"),
        ("icd10cm", "c4a.0", date(2026, 10, 1), Verdict.VALID, "Merkel cell carcinoma of lip"),
        ("icd10cm", "Z3A", date(2026, 10, 1), Verdict.INCOMPLETE, "Weeks of gestation"),
    ],
)
def test_a_code_is_found_however_it_is_written_and_has_words_where_we_may_have_any(
    table: str, code: str, day: date, verdict: Verdict, words: str
) -> None:
    tables, tidy = load_shipped(), tidy_code(table, code)
    held = tables.table(table)
    assert held is not None
    assert tables.judge(table, tidy, day) is verdict
    entries = held.entries(tidy)
    assert (tell_title(held, tables.find(table, tidy, day) or entries[0]) if entries else "").startswith(
        words
    )


def test_marks_hold_what_belongs_to_a_code() -> None:
    tables = load_shipped()
    on = {"zip": ("972", "OR"), "age_range": ("MATERNITY", "to 64"), "rarc": ("N1", "alert")}
    for table, (code, mark) in on.items():
        entry = tables.find(table, code, date(2026, 5, 1))
        assert entry is not None, table
        assert mark in entry.marks
    before = tables.find("age_range", "MATERNITY", date(2019, 9, 30))
    assert before is not None
    assert "to 55" in before.marks


def test_a_code_may_be_older_than_the_first_release_that_is_held() -> None:
    heading = Heading(
        "test", "R1", date(2020, 1, 1), "invented", covers_from=date(2020, 1, 1), begins=date(2020, 1, 1)
    )
    table = CodeTable(pack_table(heading, [Row("A1", 20200101), Row("A2", 20200701)]))
    assert table.judge("A1", date(2019, 12, 31)) is Verdict.NOT_HELD
    assert table.judge("A2", date(2019, 12, 31)) is Verdict.NOT_IN_EFFECT
    assert table.judge("A3", date(2019, 12, 31)) is Verdict.NOT_HELD


def test_only_tables_that_are_asked_for_are_read_and_told() -> None:
    shipped = load_shipped()
    tables = CodeTables(shelved={name: partial(read_table, name) for name in ("carc", "rarc")})
    assert "rarc" in tables
    assert tables.releases() == {}
    assert tables.judge("carc", "45", date(2026, 5, 1)) is Verdict.VALID
    assert tables.releases() == {"carc": "2026-03"}
    other = tables.with_tables([make_table(Row("X1"))])
    assert other.names() == ["carc", "rarc", "test"]
    assert set(tables.names()) <= set(shipped.names())


def read_table(name: str) -> CodeTable:
    found = load_shipped().table(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("day", "count"),
    [
        (date(2024, 10, 1), 74_260),
        (date(2025, 10, 1), 74_719),
        (date(2026, 4, 1), 74_719),
        (date(2026, 10, 1), 74_879),
    ],
)
def test_the_shipped_diagnoses_are_as_many_as_published_for_each_year(day: date, count: int) -> None:
    table = load_shipped().table("icd10cm")
    assert table is not None
    on = day.year * 10_000 + day.month * 100 + day.day
    in_effect = [row for row in table.rows() if row.start <= on <= row.end]
    assert sum("header" not in row.marks for row in in_effect) == count
    assert len({row.code for row in in_effect}) == len(in_effect)
