"""Our packed tables: look-ups by code and day, what they refuse, and what is shipped."""

from __future__ import annotations

from datetime import date

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
from edi.edits.tables import CodeTables, load_register, load_shipped

CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=10)
HEADING = Heading("test", "R1", date(2020, 1, 1), "invented", date(2015, 1, 1), date(2020, 12, 31))


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
    assert set(shipped.names()) == {name for name, entry in register.items() if entry.file}
    for name in shipped.names():
        table = shipped.table(name)
        assert table is not None
        assert table.verify()
        assert sum(1 for _ in table.rows()) == table.heading.rows > 50
        assert register[name].licence
    assert not any(name in shipped for name in ("cpt", "cdt"))


@pytest.mark.parametrize("name", ["taxonomy", "icd10pcs"])
def test_no_words_are_shipped_where_the_register_says_so(name: str) -> None:
    table = load_shipped().table(name)
    assert table is not None
    assert not load_register()[name].text
    assert all(not row.title for row in table.rows())


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
    assert sum(row.start <= on <= row.end for row in table.rows()) == count
