"""Sizes that keep the code readable: modules, functions, and words that say nothing."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("edi", "adapters", "gateway", "schemas")
EMPTY_WORDS = {"data", "info", "obj", "util", "utils", "helper", "helpers", "manager", "misc", "common"}


GENERATED = {
    "gateway/client/calls.py",
    "gateway/client/async_calls.py",
}  # one method a route, by `make schemas`


def sources() -> list[Path]:
    found = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return sorted(path for path in found if "versions" not in path.parts)


def function_lengths() -> Iterator[tuple[int, str]]:
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                yield lines, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def test_no_function_is_longer_than_sixty_lines() -> None:
    assert [place for lines, place in function_lengths() if lines > 60] == []


def test_the_median_function_has_at_most_ten_lines() -> None:
    assert statistics.median(lines for lines, _ in function_lengths()) <= 10


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in sources()
        if str(path.relative_to(ROOT)) not in GENERATED
        and (count := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def test_modules_are_named_by_what_they_hold() -> None:
    assert [str(path.relative_to(ROOT)) for path in sources() if path.stem in EMPTY_WORDS] == []
