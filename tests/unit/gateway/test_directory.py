"""The payer directory: what a file may hold, what is told of a wrong one, and how payers are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.directory import Directory, DirectoryInvalid, PayerShelf, read_payers

HEADER = "payer_id,name,also_known_as,clearinghouse,transaction,alias,enrollment\n"
ROWS = (
    "CWP01,LARKSPUR HEALTH PLAN,Larkspur|LHP of Oregon,exchange,837P,00441,no\n"
    "CWP01,LARKSPUR HEALTH PLAN,,exchange,835,LHP835,yes\n"
    "CWP02,QUILL MUTUAL,,,,,\n"
)


def read(rows: str, header: str = HEADER) -> Directory:
    return Directory(read_payers((header + rows).encode()))


def test_rows_of_one_payer_are_gathered() -> None:
    directory = read(ROWS)
    first = directory.find("CWP01")
    assert first is not None
    assert first.names == ("Larkspur", "LHP of Oregon")
    assert [(alias.transaction, alias.id, alias.enrollment) for alias in first.aliases] == [
        ("837P", "00441", False),
        ("835", "LHP835", True),
    ]
    assert [payer.id for payer in directory.search("oregon lark")] == ["CWP01"]
    assert [payer.id for payer in directory.search("")] == ["CWP01", "CWP02"]


def test_an_alias_leads_to_its_payer_unless_it_is_a_payers_own_id_or_that_of_several() -> None:
    rows = (
        ROWS
        + "CWP03,OTHER,,exchange,,00500,\nCWP04,ANOTHER,,exchange,,00500,\nCWP05,FIFTH,,exchange,,CWP02,\n"
    )
    directory = read(rows)
    assert directory.resolve("00441") == "CWP01"
    assert directory.resolve("00500") is None
    assert directory.resolve("CWP02") is None
    assert directory.resolve("nobody") is None


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (",X,,,,,\n", "line 2, payer_id: is empty"),
        ("A,X,,c,999,a,\n", "line 2, transaction: is none of 270, 276, 278, 835, 837D, 837I, 837P"),
        ("A,X,,c,,a,maybe\n", "line 2, enrollment: is yes or no"),
        ("A,X,,,,a,\n", "line 2, clearinghouse: is empty, though the row has an alias"),
        ("A,X,,,,,\nA,Y,,,,,\n", "line 3, name: another row gives this payer another name"),
        (f"{'A' * 81},X,,,,,\n", "line 2, payer_id: is longer than 80 characters (NM109)"),
        ('A,"X,,,,,\n', "unexpected end of data"),
    ],
)
def test_a_wrong_row_is_told_by_line_and_column(rows: str, told: str) -> None:
    with pytest.raises(DirectoryInvalid) as caught:
        read(rows)
    assert told in str(caught.value)


def test_all_wrong_rows_are_told_at_once() -> None:
    with pytest.raises(DirectoryInvalid) as caught:
        read(",X,,,,,\nA,X,,c,999,a,\n")
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize("content", [b"", b"id,title\nA,B\n", b"\xff\xfe\x00", b"PK\x03\x04"])
def test_a_file_of_another_kind_is_refused(content: bytes) -> None:
    with pytest.raises(DirectoryInvalid):
        read_payers(content)


def test_an_import_replaces_the_directory_whole_and_says_what_changed(tmp_path: Path) -> None:
    shelf, reader = PayerShelf(tmp_path), PayerShelf(tmp_path)
    assert reader.directory().payers == ()
    assert shelf.replace(read(ROWS).payers) == (2, 2, 0, 0)
    assert [payer.id for payer in reader.directory().payers] == ["CWP01", "CWP02"]
    renamed = read("CWP02,QUILL,,,,,\nCWP09,NEW,,,,,\n").payers
    assert shelf.replace(renamed) == (2, 1, 1, 1)
    assert [payer.name for payer in reader.directory().payers] == ["QUILL", "NEW"]
