"""Code lists that a guide points to: ours, and a newer one that the customer imported."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from edi.edits.basis import Basis
from edi.edits.packing import Heading, Row, pack_table
from edi.edits.table import CodeTable
from edi.edits.tables import CodeTables, load_shipped
from edi.files import check_file

ROOT = Path(__file__).resolve().parents[3]
ANSWER = (ROOT / "samples" / "837P" / "anaesthesia_in_minutes" / "status.x12").read_bytes()
UNHEARD_OF = "STC*A2:999*"


def check(status: str, tables: CodeTables) -> list[str]:
    assert b"STC*A2:20*" in ANSWER
    content = ANSWER.replace(b"STC*A2:20*", status.encode())
    return [finding.code for finding in check_file(content, basis=Basis(tables)).all_findings]


@pytest.mark.parametrize(
    ("status", "codes"),
    [("STC*A2:20*", []), ("STC*DR02:20*", []), (UNHEARD_OF, ["code.not_in_table"])],
)
def test_a_status_is_known_where_our_list_has_it(status: str, codes: list[str]) -> None:
    assert check(status, load_shipped()) == codes


def test_a_status_is_known_where_the_imported_list_has_it() -> None:
    heading = Heading("claim_status", "2027-03", date(2027, 3, 1), "imported")
    newer = CodeTable(pack_table(heading, [Row("999", 20270301)]))
    tables = load_shipped().with_tables([newer])
    assert check(UNHEARD_OF, tables) == []
    assert check("STC*A2:998*", tables) == ["code.not_in_table"]
