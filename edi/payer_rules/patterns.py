"""Regular expressions of rules: those of RE2, run by Python's own engine where no text can keep that busy."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from re import _parser as syntax  # the parse tree has no public name
from typing import Any

import re2

QUIETLY = re2.Options()
QUIETLY.log_errors = False
END = "$"
#: What a pattern may be made of, so that it is tried a bounded number of times at each place of a text.
BOUNDED = {"LITERAL", "NOT_LITERAL", "IN", "ANY", "AT", "BRANCH", "SUBPATTERN", "MAX_REPEAT"}
MOST_REPEATS = 32
Search = Callable[[str], object]


def compile_pattern(text: str) -> Search:
    """A function that finds the pattern in a text, in time that grows with the text alone. Raises re2.error.

    RE2's wrapper takes five microseconds a search, Python's engine a quarter of one; patterns without
    unbounded repetition cannot make it run away, and they are nearly all that rules have.
    """
    found: Search = re2.compile(text, QUIETLY).search
    if not text.isascii() or END in text[:-1] or text.endswith(r"\$"):
        return found
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = syntax.parse(text, re.ASCII)
            if not is_bounded(tree):
                return found
            return re.compile(text[:-1] + r"\Z" if text.endswith(END) else text, re.ASCII).search
    except (re.error, Warning):
        return found


def is_bounded(tree: Any) -> bool:
    """Whether nothing in a parse tree repeats without end, or many times within what repeats."""
    for operator, argument in tree:
        name = str(operator)
        if name not in BOUNDED:
            return False
        if name == "MAX_REPEAT" and (
            argument[1] > MOST_REPEATS or not all(is_simple(one) for one in argument[2])
        ):
            return False
        if name == "SUBPATTERN" and not is_bounded(argument[3]):
            return False
        if name == "BRANCH" and not all(is_bounded(one) for one in argument[1]):
            return False
    return True


def is_simple(item: Any) -> bool:
    """A single character, or a class of them."""
    return str(item[0]) in ("LITERAL", "NOT_LITERAL", "IN", "ANY")
