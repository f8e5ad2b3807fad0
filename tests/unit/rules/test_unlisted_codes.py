"""The codes that name no particular service: numbers of CPT, HCPCS and CDT, and what the HCPCS table says."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

from edi.edits.tables import load_shipped

RAW = tomllib.loads((files("schemas") / "codes" / "unlisted.toml").read_text("utf-8"))
WORDS = re.compile(
    r"not otherwise|unlisted|unclassified|unspecified|miscellaneous|\bNOC\b|\bNOS\b", re.IGNORECASE
)
FORMS = {"cpt": r"\d{5}", "hcpcs": r"[A-Z]\d{4}", "cdt": r"D\d{4}"}


def test_each_list_has_its_form_its_order_and_its_reason() -> None:
    assert RAW.keys() == FORMS.keys()
    for name, form in FORMS.items():
        codes = RAW[name]["codes"]
        assert all(re.fullmatch(form, code) for code in codes)
        assert codes == sorted(set(codes))
        assert RAW[name]["reason"]


def test_the_title_of_each_hcpcs_code_says_that_it_names_no_particular_service() -> None:
    table = load_shipped().table("hcpcs")
    assert table is not None
    titles = {row.code: row.title for row in table.rows()}
    assert [code for code in RAW["hcpcs"]["codes"] if not WORDS.search(titles.get(code, ""))] == []


def test_a_drug_with_its_dose_names_itself() -> None:
    assert "J0131" not in RAW["hcpcs"]["codes"]
    assert "J3490" in RAW["hcpcs"]["codes"]


def test_a_listed_code_that_ends_in_99_is_not_taken_for_an_unlisted_one() -> None:
    assert {"87799", "87899"}.isdisjoint(RAW["cpt"]["codes"])
    assert any(not code.endswith("99") for code in RAW["cpt"]["codes"])
