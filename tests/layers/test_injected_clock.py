"""Time comes from the injected clock: only its own module asks the machine what time it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MAY_ASK = {"gateway/clock.py", "edi/__main__.py"}
ASKING = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("asyncio", "sleep"),
}


def find_questions(source: str) -> Iterator[str]:
    """Each call in `source` that asks the machine for the time, or waits by it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if (name, node.func.attr) in ASKING:
                yield f"{node.lineno} {name}.{node.func.attr}"


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    asked = [
        f"{path.relative_to(ROOT)}:{question}"
        for package in ("edi", "adapters", "gateway")
        for path in sorted((ROOT / package).rglob("*.py"))
        if str(path.relative_to(ROOT)) not in MAY_ASK
        for question in find_questions(path.read_text(encoding="utf-8"))
    ]
    assert asked == []


def test_the_rule_finds_a_planted_question() -> None:
    planted = "import datetime\nnow = datetime.datetime.now(tz)\n"
    assert list(find_questions(planted)) == ["2 datetime.now"]
