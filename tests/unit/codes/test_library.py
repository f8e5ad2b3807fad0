"""Imports into the library: merged, counted, all or nothing, taken back."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from edi.codefiles.contents import CodeFileError
from edi.codefiles.merging import Change
from edi.edits.packing import TableUnreadable
from edi.edits.table import Verdict
from edi.edits.tables import CodeTables, load_shipped
from gateway.clock import VirtualClock
from gateway.codes import library as rooms
from gateway.codes.importing import Difference, Imported, Wishes, import_files
from gateway.codes.library import Library
from gateway.codes.shelf import Shelf
from gateway.codes.standing import show, stand
from tests.unit.codes.files import addenda_file, order_file, pairs_file, providers_file, units_file, write

OLD = [("A00", "0", "Cholera"), ("A000", "1", "One"), ("A001", "1", "Two")]
NEW = [("A00", "0", "Cholera"), ("A000", "0", "One"), ("A0001", "1", "One, first"), ("A009", "1", "Three")]
SMALL = Wishes(force=True)  # small files end most of the shipped codes
LAST_YEAR, THIS_YEAR = date(2027, 9, 30), date(2027, 10, 1)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A library of an installation that ships no table."""
    monkeypatch.setattr(rooms, "load_shipped", CodeTables)
    return Library(tmp_path / "home")


def judge(library: Library, code: str, on: date) -> Verdict:
    return library.tables().judge("icd10cm", code, on)


def tell_notices(library: Library, today: date) -> dict[str, str]:
    found = stand(library.tables(), library.versions(), today, verify=True)
    return {each.table: each.notice for each in found}


def take(library: Library, place: Path, wishes: Wishes = Wishes()) -> Imported:
    (result,) = import_files(library, [place], wishes)
    return result


def test_a_release_ends_changes_and_adds_codes_and_old_claims_are_judged_as_before(
    library: Library, tmp_path: Path
) -> None:
    take(library, write(tmp_path, "icd10cm_order_2027.txt", order_file(OLD)))
    result = take(library, write(tmp_path, "icd10cm_order_2028.txt", order_file(NEW)))
    assert result.difference == Difference(added=2, changed=1, ended=1)
    assert judge(library, "A000", LAST_YEAR) is Verdict.VALID
    assert judge(library, "A000", THIS_YEAR) is Verdict.INCOMPLETE
    assert judge(library, "A001", THIS_YEAR) is Verdict.NOT_IN_EFFECT
    assert judge(library, "A0001", LAST_YEAR) is Verdict.NOT_IN_EFFECT
    assert judge(library, "A009", THIS_YEAR) is Verdict.VALID


def test_addenda_give_the_same_table_as_the_whole_release(library: Library, tmp_path: Path) -> None:
    take(library, write(tmp_path, "icd10cm_order_2027.txt", order_file(OLD)))
    changes = [
        ("Delete", "1", "A000", "One"),
        ("Add", "0", "A000", "One"),
        ("Add", "1", "A0001", "One, first"),
        ("Delete", "1", "A001", "Two"),
        ("Add", "1", "A009", "Three"),
    ]
    take(library, write(tmp_path, "icd10cm_order_addenda_2028.txt", addenda_file(changes, 2, 2)))
    by_addenda = library.table("icd10cm")
    other = Library(tmp_path / "other")
    take(other, tmp_path / "icd10cm_order_2027.txt")
    take(other, write(tmp_path, "icd10cm_order_2028.txt", order_file(NEW)))
    whole = other.table("icd10cm")
    assert by_addenda is not None
    assert whole is not None
    assert list(by_addenda.rows()) == list(whole.rows())


def test_marks_that_the_order_file_does_not_have_are_kept(tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    take(
        library,
        write(tmp_path, "icd10cm_order_2028.txt", order_file([("F02", "0", "x"), ("F0280", "1", "y")])),
        SMALL,
    )
    entry = library.tables().find("icd10cm", "F0280", THIS_YEAR)
    assert entry is not None
    assert "manifestation" in entry.marks


def test_an_import_takes_the_place_of_the_shipped_table_and_a_rollback_gives_it_back(tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    shipped = load_shipped().table("icd10cm")
    assert shipped is not None
    take(library, write(tmp_path, "icd10cm_order_2028.txt", order_file(OLD)), SMALL)
    assert library.tables().cite("icd10cm") == "icd10cm FY2028"
    with library.changing():
        assert library.roll_back("icd10cm") is shipped
    with library.changing(), pytest.raises(KeyError):
        library.roll_back("icd10cm")


def test_a_file_that_ends_many_codes_is_taken_for_half_a_file(tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    place = write(tmp_path, "icd10cm_order_2028.txt", order_file(OLD))
    with pytest.raises(CodeFileError, match="would end at once"):
        take(library, place)
    assert library.versions() == {}


def test_an_older_release_is_refused_and_the_same_one_changes_nothing(
    library: Library, tmp_path: Path
) -> None:
    newer = write(tmp_path, "icd10cm_order_2028.txt", order_file(OLD))
    older = write(tmp_path, "icd10cm_order_2027.txt", order_file(OLD))
    take(library, newer)
    before = library.versions()
    with pytest.raises(CodeFileError, match="older than release FY2028"):
        take(library, older)
    assert take(library, newer).unchanged
    assert library.versions() == before


def test_a_corrected_file_of_the_same_release_changes_what_it_corrects(
    library: Library, tmp_path: Path
) -> None:
    name = "MCR_MUE_PractitionerServices_Eff_04-01-2026.csv"
    take(library, write(tmp_path, name, units_file([("0001U", "1", "2 x")])))
    corrected = take(
        library, write(tmp_path, name, units_file([("0001U", "4", "2 x")])), Wishes(listing=True)
    )
    assert corrected.difference == Difference(added=0, changed=1, ended=0)
    assert corrected.changes == (Change("0001U", "changed"),)
    entry = library.tables().find("mue_practitioner", "0001U", date(2026, 4, 1))
    assert entry is not None
    assert "units 4" in entry.marks
    assert len(library.versions()["mue_practitioner"]) == 2


def test_providers_of_several_files_are_held_together(library: Library, tmp_path: Path) -> None:
    number, name = "NPI", "npidata_pfile_2026{}-2026{}.csv"
    first = providers_file([{number: "1999999984"}, {number: "1999999976"}])
    second = providers_file(
        [{number: "1999999976", "NPI Deactivation Date": "11/09/2026"}, {number: "1999999968"}]
    )
    take(library, write(tmp_path, name.format("1102", "1108"), first))
    result = take(library, write(tmp_path, name.format("1109", "1115"), second))
    assert result.difference == Difference(added=1, changed=0, ended=1)
    day = date(2026, 11, 20)
    verdicts = [
        library.tables().judge("npi", code, day) for code in ("1999999984", "1999999976", "1999999968")
    ]
    assert verdicts == [Verdict.VALID, Verdict.NOT_IN_EFFECT, Verdict.VALID]
    assert library.tables().is_floor("npi")


def test_a_licensed_list_takes_the_place_of_the_codes_that_medicare_knows(tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    wishes = Wishes(effective=date(2026, 7, 1), table="occurrence", release="2026")
    assert library.tables().is_floor("occurrence")
    take(library, write(tmp_path, "nubc.csv", "code,description\n01,Of the licence\nA4,Also\n"), wishes)
    tables = library.tables()
    assert not tables.is_floor("occurrence")
    assert tables.judge("occurrence", "A4", date(2026, 8, 1)) is Verdict.VALID
    assert tables.judge("occurrence", "A4", date(2026, 6, 1)) is Verdict.NOT_HELD
    assert tables.judge("occurrence", "ZZ", date(2026, 8, 1)) is Verdict.UNKNOWN
    shown = show(tables, "occurrence", "1", date(2026, 8, 1))
    assert (shown.code, shown.words) == ("01", "Of the licence")


def test_a_claim_older_than_the_first_release_is_not_called_wrong(library: Library, tmp_path: Path) -> None:
    take(library, write(tmp_path, "icd10cm_order_2027.txt", order_file(OLD)))
    assert judge(library, "A000", date(2026, 9, 30)) is Verdict.NOT_HELD
    assert judge(library, "A999", date(2026, 9, 30)) is Verdict.NOT_HELD
    assert judge(library, "A999", date(2026, 10, 1)) is Verdict.UNKNOWN


def test_two_releases_in_one_import_and_days_that_overlap_are_refused(
    library: Library, tmp_path: Path
) -> None:
    places = [write(tmp_path, f"icd10cm_order_{year}.txt", order_file(OLD)) for year in (2027, 2028)]
    with pytest.raises(CodeFileError, match="are of two releases"):
        import_files(library, places, Wishes())
    text = "code,start,stop\nN1,2005-01-01,2010-12-31\nN1,2010-12-31,\n"
    with pytest.raises(CodeFileError, match="N1 has two entries for one day"):
        take(library, write(tmp_path, "list.csv", text), Wishes(table="rarc"))
    assert library.versions() == {}


def test_one_broken_file_of_several_changes_nothing(library: Library, tmp_path: Path) -> None:
    sound = write(tmp_path, "icd10cm_order_2027.txt", order_file(OLD))
    broken = write(tmp_path, "MCR_MUE_Eff_04-01-2026.csv", units_file([("0001U", "many", "x")]))
    with pytest.raises(CodeFileError, match="no units"):
        import_files(library, [sound, broken], Wishes())
    assert library.versions() == {}


def test_the_parts_of_a_release_are_one_table(library: Library, tmp_path: Path) -> None:
    first = pairs_file([("A0001", "A0002", "", "20200101", "*", "1")])
    second = pairs_file([("B0001", "B0002", "", "20200101", "*", "0")])
    parts = [
        write(tmp_path, "ccipra-v323r0-f1.TXT", first),
        write(tmp_path, "ccipra-v323r0-f2.TXT", second),
    ]
    (result,) = import_files(library, parts, Wishes())
    assert (result.table, result.rows, result.release) == ("ptp_practitioner", 2, "2026Q4")


def test_an_archive_is_read_for_the_code_files_in_it(library: Library, tmp_path: Path) -> None:
    place = tmp_path / "2027-code-descriptions-tabular-order.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("Code Descriptions/icd10cm_order_2027.txt", order_file(OLD))
        archive.writestr("Code Descriptions/icd10OrderFiles.pdf", b"%PDF-1.7")
        archive.writestr("Code Descriptions/readme.txt", "column,words\n")
    assert take(library, place).rows == 3


def test_a_damaged_table_is_told_and_not_used(library: Library, tmp_path: Path) -> None:
    take(library, write(tmp_path, "icd10cm_order_2027.txt", order_file(OLD)))
    (place,) = (tmp_path / "home" / "codes").glob("*.cwt")
    whole = place.read_bytes()
    place.write_bytes(whole[:-1] + b"\xff")
    notices = tell_notices(library, date(2026, 11, 1))
    assert notices["icd10cm"].startswith("DAMAGED")
    place.write_bytes(whole[:200])
    with pytest.raises(TableUnreadable):
        library.tables()


def test_the_standing_says_when_a_newer_release_should_exist(library: Library, tmp_path: Path) -> None:
    take(library, write(tmp_path, "icd10cm_order_2027.txt", order_file(OLD)))
    for today, notice in ((date(2027, 9, 30), ""), (date(2027, 10, 1), "a newer release should exist")):
        assert tell_notices(library, today)["icd10cm"] == notice


def test_only_a_few_versions_are_kept(library: Library, tmp_path: Path) -> None:
    for year in range(2027, 2034):
        codes = [*OLD, (f"A1{year % 10}", "1", "More")]
        take(library, write(tmp_path, f"icd10cm_order_{year}.txt", order_file(codes)))
    assert len(library.versions()["icd10cm"]) == rooms.KEPT_VERSIONS
    assert len(list((tmp_path / "home" / "codes").glob("*.cwt"))) == rooms.KEPT_VERSIONS


def test_a_code_is_shown_with_its_days_and_words(library: Library, tmp_path: Path) -> None:
    take(library, write(tmp_path, "icd10cm_order_2027.txt", order_file(OLD)))
    shown = show(library.tables(), "icd10cm", "A000", date(2026, 10, 1))
    assert (shown.verdict, [title for _, title in shown.entries]) == (Verdict.VALID, ["One"])


def test_the_gateway_checks_by_what_was_imported_last(tmp_path: Path) -> None:
    clock = VirtualClock(0.0, datetime(2026, 11, 24, tzinfo=UTC))
    library = Library(tmp_path / "home")
    shelf = Shelf(library, clock)
    assert shelf.tables() is shelf.tables()
    assert shelf.basis().received == date(2026, 11, 24)
    before = shelf.tables()
    take(library, write(tmp_path, "icd10cm_order_2028.txt", order_file(OLD)), SMALL)
    assert before.cite("icd10cm") == "icd10cm FY2027"
    assert shelf.tables().cite("icd10cm") == "icd10cm FY2028"


def test_the_gateway_keeps_its_tables_while_an_import_cannot_be_read(tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    shelf = Shelf(library, VirtualClock(0.0, datetime(2026, 11, 24, tzinfo=UTC)))
    take(library, write(tmp_path, "icd10cm_order_2028.txt", order_file(OLD)), SMALL)
    (place,) = (tmp_path / "home" / "codes").glob("*.cwt")
    place.write_bytes(b"CWTABLE1")
    assert shelf.tables().cite("icd10cm") == "icd10cm FY2027"
