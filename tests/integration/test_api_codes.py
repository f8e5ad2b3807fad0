"""Code tables over HTTP: shipped ones, ones imported while the server runs, and what there is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.codes.importing import Wishes, import_files
from gateway.codes.library import Library
from tests.api_rig import Rig, make_settings, run_gateway
from tests.unit.codes.files import units_file, write

NAME = "MCR_MUE_PractitionerServices_Eff_10-01-2026.csv"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path)) as running:
        yield running


async def test_a_code_is_shown_on_the_day_that_is_asked_about(rig: Rig) -> None:
    before = await rig.call("GET", "/v1/codes/icd10cm/D69.1?date=2026-09-30")
    after = await rig.call("GET", "/v1/codes/icd10cm/d691?date=2026-10-01")
    assert before.status == after.status == 200
    assert before.json == {
        "table": "icd10cm",
        "release": "FY2027",
        "code": "D691",
        "date": "2026-09-30",
        "valid": True,
        "verdict": "valid",
        "title": "Qualitative platelet defects",
        "spans": [
            {
                "start": "2015-10-01",
                "end": "2026-09-30",
                "marks": [],
                "title": "Qualitative platelet defects",
            },
            {
                "start": "2026-10-01",
                "end": None,
                "marks": ["header"],
                "title": "Qualitative platelet defects",
            },
        ],
    }
    assert (after.json["valid"], after.json["verdict"]) == (False, "incomplete")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("icd10cm/ZZZ?date=2026-10-01", 404, "(icd10cm FY2027) has no such code on 2026-10-01"),
        ("nothing/A1", 404, "No table of that name is held"),
        ("cpt/99213", 404, "No table of that name is held"),
    ],
)
async def test_what_there_is_not_is_told(rig: Rig, path: str, status: int, words: str) -> None:
    answer = await rig.call("GET", f"/v1/codes/{path}")
    assert answer.status == status
    assert words in answer.json["detail"]


async def test_a_day_that_is_none_is_refused_by_its_name(rig: Rig) -> None:
    answer = await rig.call("GET", "/v1/codes/carc/45?date=yesterday")
    assert (answer.status, answer.codes) == (400, ["request.bad_parameter"])
    assert "date" in answer.json["findings"][0]["message"]


async def test_an_import_counts_at_once_and_the_list_of_tables_says_so(rig: Rig, tmp_path: Path) -> None:
    units = write(tmp_path, NAME, units_file([("J0585", "400", "3 Clinical")]))
    before = await rig.call("GET", "/v1/codes/mue_practitioner/J0585")
    import_files(Library(rig.home), [units], Wishes())
    after = await rig.call("GET", "/v1/codes/mue_practitioner/J0585?date=2026-11-24")
    assert (before.status, after.status) == (404, 200)
    assert after.json["spans"][0]["marks"] == ["units 400", "mai 3"]
    tables = {each["table"]: each for each in (await rig.call("GET", "/v1/codes")).json["tables"]}
    assert (tables["mue_practitioner"]["release"], tables["mue_practitioner"]["source"]) == (
        "2026Q4",
        "imported",
    )
    assert (tables["revenue"]["source"], tables["revenue"]["whole"]) == ("shipped", False)
    assert tables["cpt"]["source"] == "not held"
