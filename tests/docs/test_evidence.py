"""The pages that say what proves them name tests that exist, and every row names one or says why none."""

from __future__ import annotations

import re

import pytest

from tests.cli import ROOT

PAGES = ("hipaa.md", "threat-model.md", "asvs.md")
NAMED = re.compile(r"`(test_\w+)`")
DEFINED = re.compile(r"^ *(?:async )?def (test_\w+)", re.MULTILINE)
ROW = re.compile(r"^\| (?!---|safeguard|requirement|id |\| threat)(.+) \|$", re.MULTILINE)


def read_page(name: str) -> str:
    return (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")


def test_every_named_proof_is_a_test_that_exists() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    defined = {name for text in texts for name in DEFINED.findall(text)}
    named = {name for page in PAGES for name in NAMED.findall(read_page(page))}
    assert named - defined == set()
    assert len(named) > 80


@pytest.mark.parametrize("page", PAGES)
def test_every_row_names_its_proof_or_is_accepted_with_a_reason(page: str) -> None:
    bare = [
        row
        for row in ROW.findall(read_page(page))
        if not NAMED.search(row) and not ("accepted, because" in row and row.endswith("| accepted"))
    ]
    assert bare == []
