"""The list of faults is whole, and the page of the docs is that of the list."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS, MORE, Fault

ROOT = Path(__file__).resolve().parents[2]


def test_the_sixty_faults_are_there_in_order_and_each_is_struck_once_or_says_why_not() -> None:
    assert [fault.number for fault in FAULTS] == list(range(1, 61))
    for fault in (*FAULTS, *MORE):
        given = [fault.strike is not None, bool(fault.node), bool(fault.reason)]
        assert sum(given) == 1, f"fault {fault.number} has {given}"


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.node], ids=lambda fault: fault.name)
def test_the_test_that_injects_a_fault_is_there(fault: Fault) -> None:
    place, _, name = fault.node.partition("::")
    assert f"def {name or 'test_'}" in (ROOT / place).read_text(encoding="utf-8")


def test_the_page_lists_every_fault() -> None:
    page = (ROOT / "docs" / "reference" / "faults.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+?) \|", page, re.MULTILINE)
    assert rows == [(str(fault.number), fault.name) for fault in (*FAULTS, *MORE)]
