"""`claimwire codes` as a person runs it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.api_rig import make_claim
from tests.cli import claimwire
from tests.unit.codes.files import units_file, write

UNITS = units_file([("0001U", "1", "2 Date of Service Edit: Policy"), ("J0585", "400", "3 Clinical")])
NAME = "MCR_MUE_PractitionerServices_Eff_10-01-2026.csv"


def test_a_file_is_imported_shown_and_taken_back(tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    place = write(tmp_path, NAME, UNITS)
    taken = claimwire("codes", "import", place, CLAIMWIRE_HOME=home)
    assert (taken.status, taken.err) == (0, "")
    assert taken.out == (
        "mue_practitioner 2026Q4, from 2026-10-01: 2 rows, 2 codes added, 0 changed, 0 ended\n"
    )
    again = claimwire("codes", "import", place, CLAIMWIRE_HOME=home)
    assert again.out == "mue_practitioner 2026Q4: was held already, nothing changed\n"
    shown = claimwire(
        "codes", "show", "mue_practitioner", "J0585", "--on", "2026-11-01", "--json", CLAIMWIRE_HOME=home
    )
    assert shown.status == 0
    assert shown.json["entries"][0]["marks"] == ["units 400", "mai 3"]
    back = claimwire("codes", "rollback", "mue_practitioner", CLAIMWIRE_HOME=home)
    assert back.out == "mue_practitioner: no table is held\n"
    assert claimwire("codes", "rollback", "mue_practitioner", CLAIMWIRE_HOME=home).status == 2


def test_a_broken_file_is_refused_in_one_line_and_changes_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    refused = claimwire("codes", "import", write(tmp_path, "x.txt", b"%PDF"), CLAIMWIRE_HOME=str(home))
    assert refused.status == 2
    assert refused.err.startswith("claimwire: x.txt is none of the code files that are known here")
    assert refused.err.endswith("(nothing was changed)\n")
    assert not list(home.rglob("*.cwt"))


def test_status_lists_every_table_with_its_release(tmp_path: Path) -> None:
    ran = claimwire("codes", "status", "--json", CLAIMWIRE_HOME=str(tmp_path))
    tables = {each["table"]: each for each in ran.json}
    assert ran.status == 0
    assert (tables["icd10cm"]["release"], tables["icd10cm"]["source"]) == ("FY2027", "shipped")
    assert tables["cpt"]["source"] == "not held"


def test_a_shipped_code_is_shown_on_a_day(tmp_path: Path) -> None:
    home = str(tmp_path)
    before = claimwire("codes", "show", "icd10cm", "D69.1", "--on", "2026-09-30", CLAIMWIRE_HOME=home)
    after = claimwire("codes", "show", "icd10cm", "D69.1", "--on", "2026-10-01", CLAIMWIRE_HOME=home)
    assert (before.status, after.status) == (0, 1)
    assert "D691 is valid on 2026-09-30" in before.out
    assert "Qualitative platelet defects" in before.out
    assert "only longer codes are billable" in after.out
    unknown = claimwire("codes", "show", "nothing", "D69.1", CLAIMWIRE_HOME=home)
    assert unknown.status == 2
    assert "no table nothing is held; there are acknowledgment" in unknown.err


def test_a_claim_is_checked_by_the_tables_of_the_home_and_they_are_named(tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    claim = make_claim()
    claim["claimInformation"]["claimFilingCode"] = "MB"
    claim["claimInformation"]["serviceLines"][0]["professionalService"]["serviceUnitCount"] = "2"
    place = write(tmp_path, "claim.json", msgspec.json.encode(claim))
    before = claimwire("check", place, "--json", CLAIMWIRE_HOME=home)
    claimwire(
        "codes", "import", write(tmp_path, NAME, units_file([("99213", "1", "2 x")])), CLAIMWIRE_HOME=home
    )
    told = claimwire("check", place, CLAIMWIRE_HOME=home)
    after = claimwire("check", place, "--json", CLAIMWIRE_HOME=home)
    codes = [[finding["code"] for finding in ran.json[0]["findings"]] for ran in (before, after)]
    assert ["units.unlikely" in each for each in codes] == [False, True]
    assert before.json[0]["codeTables"]["icd10cm"] == "FY2027"
    assert "mue_practitioner" not in before.json[0]["codeTables"]
    assert after.json[0]["codeTables"]["mue_practitioner"] == "2026Q4"
    assert told.out.endswith("by imported tables: mue_practitioner 2026Q4\n")


def test_a_damaged_table_stops_a_check_in_words(tmp_path: Path) -> None:
    home = tmp_path / "home"
    claimwire("codes", "import", write(tmp_path, NAME, UNITS), CLAIMWIRE_HOME=str(home))
    [table] = home.rglob("*.cwt")
    table.write_bytes(b"CWTABLE1")
    place = write(tmp_path, "claim.json", msgspec.json.encode(make_claim()))
    refused = claimwire("check", place, CLAIMWIRE_HOME=str(home))
    assert refused.status == 2
    assert "an imported table is damaged" in refused.err
