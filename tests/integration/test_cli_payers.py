"""`claimwire payers` as a person runs it."""

from __future__ import annotations

from pathlib import Path

from tests.cli import claimwire
from tests.integration.test_api_rules import OWN


def test_shipped_packs_are_whole_and_do_what_they_say(tmp_path: Path) -> None:
    assert claimwire("payers", "lint").out.endswith("nothing wrong\n")
    tried = claimwire("payers", "test", "--json")
    assert tried.status == 0
    assert all(one["holds"] for one in tried.json)
    listed = {rule["id"] for rule in claimwire("payers", "list", "medicare", "--json").json}
    assert "medicare.member_id_form" in listed


def test_an_example_that_does_not_hold_is_told_by_its_number(tmp_path: Path) -> None:
    rules = tmp_path / "own.yaml"
    rules.write_text(OWN.replace("failing: [{}]", "failing: [{claimInformation: {serviceLines: []}}]"))
    ran = claimwire("payers", "test", str(rules))
    assert ran.status == 1
    assert "own.no_office_visits: the rule spoke not with failing example 1" in ran.out


def test_a_wrong_file_is_told_with_line_and_column(tmp_path: Path) -> None:
    rules = tmp_path / "own.yaml"
    rules.write_text(OWN.replace("line.professionalService", "line.profesionalService"))
    ran = claimwire("payers", "lint", str(rules))
    assert ran.status == 2
    assert "own.yaml: line 8, column 16: there is no field profesionalService here; did you mean" in ran.err
    assert claimwire("payers", "lint", "medicar").err.strip().endswith("a file's name ends in .yaml")


def test_a_rule_is_tried_on_the_stored_claims(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "claimwire.toml").write_text("[tenants.clinic]\n")
    rules = tmp_path / "own.yaml"
    rules.write_text(OWN)
    ran = claimwire(
        "payers", "replay", "own.no_office_visits", "--pack", str(rules), "--json", CLAIMWIRE_HOME=str(home)
    )
    assert ran.status == 0
    assert ran.json == {"rule": "own.no_office_visits", "claims": 0, "stopped": []}
    assert claimwire("payers", "replay", "own.unknown", "--pack", str(rules)).status == 2


def test_a_directory_is_imported_and_searched_and_a_wrong_file_changes_nothing(tmp_path: Path) -> None:
    home, file = str(tmp_path / "home"), tmp_path / "payers.csv"
    file.write_text("payer_id,name,clearinghouse,alias\nCWP01,LARKSPUR HEALTH PLAN,exchange,00441\n")
    taken = claimwire("payers", "import", str(file), CLAIMWIRE_HOME=home)
    assert (taken.status, taken.out) == (0, "1 payers: 1 added, 0 changed, 0 removed\n")
    assert claimwire("payers", "find", "lark", "--json", CLAIMWIRE_HOME=home).json[0]["id"] == "CWP01"
    file.write_text("payer_id,name\n,X\n")
    wrong = claimwire("payers", "import", str(file), CLAIMWIRE_HOME=home)
    assert wrong.status == 2
    assert "payers.csv: line 2, payer_id: is empty" in wrong.err
    assert claimwire("payers", "find", "00441", CLAIMWIRE_HOME=home).out.startswith("CWP01")
