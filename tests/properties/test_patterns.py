"""Patterns that Python's engine runs find exactly what RE2 finds."""

from __future__ import annotations

import re2
from hypothesis import given
from hypothesis import strategies as st

from edi.payer_rules.patterns import compile_pattern

pieces = st.sampled_from(
    [
        "a",
        "B",
        "[A-C]",
        "[^0-9]",
        r"\d",
        "[0-9]{2}",
        ".",
        "(ab|c)",
        "(a|[0-9])",
        "x?",
        "a{1,3}",
        r"\w",
        r"\s",
        r"\.",
        "(?:a|b)",
    ]
)
unbounded = st.sampled_from(["a+", "[0-9]*", "(ab)+", ".*"])
bodies = st.lists(pieces | unbounded, min_size=1, max_size=5).map("".join)
patterns = st.builds("{}{}{}".format, st.sampled_from(["", "^"]), bodies, st.sampled_from(["", "$"]))
texts = st.text("aAbBcC019.x $\n\t é", max_size=12)


@given(pattern=patterns, text=texts)
def test_a_pattern_finds_what_re2_finds(pattern: str, text: str) -> None:
    assert (compile_pattern(pattern)(text) is not None) == (re2.compile(pattern).search(text) is not None)


def test_what_may_run_away_is_left_to_re2() -> None:
    for pattern in ("(a+)+$", "a*b", "(a|b){2}", "a{100}", "a$b", r"a\$", "é"):
        assert compile_pattern(pattern).__self__.__class__.__module__.startswith("re2"), pattern  # type: ignore[attr-defined]
    for pattern in ("^[0-9]{5}$", "^(7|8[0-9])[0-9]{3}", "[A-Z]?x"):
        assert compile_pattern(pattern).__self__.__class__.__module__ == "re", pattern  # type: ignore[attr-defined]
