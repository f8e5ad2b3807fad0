"""The page of attacks names tests that there are, and walks that hold routes."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from gateway.api.addresses import ALL_ROUTES
from scripts.attacks_page import Attack, load_attacks
from tests.api_walks import ENDING, WALKS

TESTS = Path(__file__).resolve().parent.parent
ATTACKS = load_attacks()


@cache
def list_tests(place: str) -> frozenset[str]:
    tree = ast.parse((TESTS / place).read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name[:40] for attack in ATTACKS])
def test_an_attack_names_tests_that_there_are(attack: Attack) -> None:
    assert attack.tests
    for named in attack.tests:
        place, _, test = named.partition("::")
        assert list_tests(place), f"{place} holds no test"
        assert not test or test in list_tests(place), f"{named} is not there"


@pytest.mark.parametrize("name", sorted(WALKS))
def test_a_walk_goes_over_routes(name: str) -> None:
    assert WALKS[name]


def test_only_the_stream_of_events_has_no_end() -> None:
    assert {route.name for route in ALL_ROUTES} - {route.name for route in ENDING} == {"stream_events"}
