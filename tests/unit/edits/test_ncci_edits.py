"""NCCI edits over invented tables: pairs, units, add-on codes; and silence where no table is held."""

from __future__ import annotations

import copy
import json
from datetime import date
from typing import Any

import pytest

from edi.claims import check_claim
from edi.edits.packing import OPEN, Heading, Row, pack_table
from edi.edits.table import CodeTable
from edi.edits.tables import CodeTables, load_shipped
from tests.unit.edits.test_professional_edits import CLAIM, ROOT

SAMPLE = json.loads((ROOT / "samples/837P/paid_in_full/claim.json").read_text(encoding="utf-8"))
FIRST, SECOND = "99213", "87880"  # the two procedures of the sample, both on 2026-10-05
CODE = f"{CLAIM}/serviceLines/1/professionalService/procedureCode"
UNITS = f"{CLAIM}/serviceLines/1/professionalService/serviceUnitCount"


def hold(name: str, *rows: Row) -> CodeTables:
    heading = Heading(name, "2026Q4", date(2026, 10, 1), "invented")
    return load_shipped().with_tables([CodeTable(pack_table(heading, rows))])


def bill(
    program: str = "MB", modifiers: tuple[list[str], list[str]] = ([], []), units: str = "1"
) -> dict[str, Any]:
    claim: dict[str, Any] = copy.deepcopy(SAMPLE)
    claim["claimInformation"]["claimFilingCode"] = program
    claim["claimInformation"]["claimSupplementalInformation"] = {"cliaNumber": "38D0000001"}
    for line, given in zip(claim["claimInformation"]["serviceLines"], modifiers, strict=True):
        line["professionalService"]["procedureModifiers"] = given
    claim["claimInformation"]["serviceLines"][1]["professionalService"]["serviceUnitCount"] = units
    return claim


def found(claim: dict[str, Any], tables: CodeTables) -> list[tuple[str, str | None, str]]:
    checked = check_claim(claim, tables=tables)
    return [(finding.code, finding.pointer, finding.severity.value) for finding in checked.findings]


NEVER = hold("ptp_practitioner", Row(FIRST + SECOND, 20200101, OPEN, ("never",)))
ALLOWED = hold("ptp_practitioner", Row(FIRST + SECOND, 20200101, OPEN, ("modifier",)))


def test_a_pair_that_is_never_paid_is_found_whatever_the_modifier() -> None:
    assert found(bill(modifiers=([], ["59"])), NEVER) == [("pair.never_paid", CODE, "error")]


def test_a_pair_that_a_modifier_allows_needs_one_on_either_line() -> None:
    assert found(bill(), ALLOWED) == [("pair.needs_modifier", CODE, "error")]
    assert found(bill(modifiers=([], ["59"])), ALLOWED) == []
    assert found(bill(modifiers=(["25"], [])), ALLOWED) == []
    assert found(bill(modifiers=([], ["QW"])), ALLOWED) == [("pair.needs_modifier", CODE, "error")]


def test_a_payer_that_the_initiative_does_not_bind_gives_a_warning() -> None:
    assert found(bill("CI"), ALLOWED) == [("pair.needs_modifier", CODE, "warning")]


def test_a_pair_counts_in_its_order_on_its_days_and_on_one_day_only() -> None:
    assert found(bill(), hold("ptp_practitioner", Row(SECOND + FIRST, 20200101, 20261004, ("never",)))) == []
    other_days = bill()
    other_days["claimInformation"]["serviceLines"][1]["serviceDate"] = "20261006"
    assert found(other_days, NEVER) == []


def test_medicaid_has_pairs_of_its_own() -> None:
    medicaid = hold("ptp_medicaid_practitioner", Row(FIRST + SECOND, 20200101, OPEN, ("never",)))
    assert found(bill("MC"), medicaid) == [("pair.never_paid", CODE, "error")]
    assert found(bill("MB"), medicaid) == []


@pytest.mark.parametrize("indicator", ["mai 1", "mai 2", "mai 3"])
def test_more_units_than_likely_are_found(indicator: str) -> None:
    tables = hold("mue_practitioner", Row(SECOND, 20260101, OPEN, ("units 2", indicator)))
    assert found(bill(units="2"), tables) == []
    assert found(bill(units="3"), tables) == [("units.unlikely", UNITS, "error")]


@pytest.mark.parametrize(("indicator", "count"), [("mai 1", 0), ("mai 2", 1), ("mai 3", 1)])
def test_units_add_up_over_the_lines_of_a_day_unless_the_edit_is_of_the_line(
    indicator: str, count: int
) -> None:
    tables = hold("mue_practitioner", Row(SECOND, 20260101, OPEN, ("units 2", indicator)))
    claim = bill(units="2")
    lines = claim["claimInformation"]["serviceLines"]
    lines.append(copy.deepcopy(lines[1]))
    lines[2]["providerControlNumber"] = "3"
    lines[2]["professionalService"]["procedureModifiers"] = ["91"]
    claim["claimInformation"]["claimChargeAmount"] = "233.00"
    assert [code for code, _, _ in found(claim, tables)] == ["units.unlikely"] * count


def test_an_add_on_needs_one_of_its_primary_codes_on_the_day() -> None:
    other = hold("add_on", Row(SECOND + "99999", 20200101, OPEN, ("type 1",)))
    beside = hold("add_on", Row(SECOND + "99999"), Row(SECOND + FIRST))
    open_list = hold("add_on", Row(SECOND + "CCCCC", 20200101, OPEN, ("type 2",)))
    assert found(bill(), other) == [("add_on.without_primary", CODE, "error")]
    assert found(bill(), beside) == []
    assert found(bill(), open_list) == []


def test_without_the_tables_nothing_is_said() -> None:
    assert found(bill(units="900"), load_shipped()) == []
