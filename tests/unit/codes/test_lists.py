"""Plain lists of codes, by which licensed tables come in: columns mapped, codes measured."""

from __future__ import annotations

from datetime import date

import pytest

from edi.codefiles.contents import CodeFileError, Contents, Kind, Source
from edi.codefiles.reading import read_codes
from edi.edits.packing import OPEN, Row

SPRING = date(2026, 3, 1)


def read(content: str, name: str = "list.csv", **wishes: object) -> list[Contents]:
    lines = content.encode("utf-8").splitlines(keepends=True)
    return list(read_codes(lines, Source(name, **wishes)))  # type: ignore[arg-type] # wishes


def test_a_list_has_days_notes_and_the_day_of_its_last_change() -> None:
    text = (
        "code,description,start,last_modified,stop,notes\n"
        'N1,"A remark, of ours",1/1/2005,2020-07-01,,See N2\nN2,Another,20050101,,6/30/2010,\n'
    )
    (found,) = read(text, table="rarc", effective=SPRING)
    assert (found.table, found.kind, found.effective) == ("rarc", Kind.HISTORY, SPRING)
    assert found.rows == [
        Row("N1", 20050101, OPEN, ("modified 20200701",), "A remark, of ours See N2"),
        Row("N2", 20050101, 20100630, (), "Another"),
    ]


@pytest.mark.parametrize("parting", ["\t", ";", ","])
def test_columns_of_other_names_are_mapped_however_they_are_parted(parting: str) -> None:
    lines = (("Number", "Words", "Begins", "Ends"), ("d0120", "An examination", "1/1/2005", ""))
    text = "".join(parting.join(line) + "\n" for line in lines)
    columns = {"code": "number", "description": "Words", "start": "Begins", "stop": "Ends"}
    (found,) = read(text, table="cdt", columns=columns)
    assert found.rows == [Row("D0120", 20050101, OPEN, (), "An examination")]


def test_a_list_without_days_holds_the_codes_of_its_release() -> None:
    (found,) = read("code\n99213\n0001U\n", table="cpt", effective=date(2026, 1, 1), release="2026")
    assert (found.kind, found.release) == (Kind.SNAPSHOT, "2026")
    assert found.rows == [Row("99213", 20260101), Row("0001U", 20260101)]


def test_zeros_that_a_spreadsheet_dropped_are_put_back() -> None:
    (found,) = read("code\n450\n0360\n", table="revenue", effective=SPRING)
    assert [row.code for row in found.rows] == ["0450", "0360"]


@pytest.mark.parametrize(
    ("text", "wishes", "words"),
    [
        ("code,description\nA1,x\n", {}, "--table"),
        ("code,description\nA1,x\n", {"table": "../../etc"}, "no name of a table"),
        ("number,description\nA1,x\n", {"table": "cpt"}, "no column 'code'; it has number, description"),
        ("code,words\nA1,x\n", {"table": "cpt", "columns": {"stop": "Ends"}}, "no column 'Ends'"),
        ("code,words\n,x\n", {"table": "cpt"}, "line 2 has no code"),
        ("code,words\n99213,x\nAB,x\n", {"table": "cpt"}, "line 3 has no code written as those of cpt"),
        ("code,start\n99213,13/40/2020\n", {"table": "cpt"}, "line 2 holds a date that does not exist"),
        ("code,start,stop\n99213,2020-05-01,2020-04-01\n", {"table": "cpt"}, "stops before it starts"),
        ("code,words\n99213,x\n", {"table": "cpt"}, "--effective"),
        ("code\n", {"table": "cpt", "effective": SPRING}, "holds no code for cpt"),
        ('code,words\n"99213,x\n', {"table": "cpt", "effective": SPRING}, "line 2 has no code written as"),
    ],
)
def test_a_list_that_cannot_be_meant_is_refused_with_what_to_do(
    text: str, wishes: dict[str, object], words: str
) -> None:
    with pytest.raises(CodeFileError, match=words):
        read(text, **wishes)


def test_a_file_of_another_kind_is_not_taken_for_the_table_that_was_named() -> None:
    order = "00001 A00     0 Cholera                                                      Cholera\n"
    with pytest.raises(CodeFileError, match=r"is ICD-10 order file, which makes the table icd10cm, not cpt"):
        read(order, "icd10cm_order_2027.txt", table="cpt")
