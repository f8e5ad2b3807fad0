"""Columns of amounts: those of many segments, joined, are judged by one expression in a third of the time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeGuard

from edi.guide import CompositeUse, ElementUse

GAP = "\n"  # stands in no plain segment
FEWEST = 5  # characters that leave room for a sign and two decimals


def is_amount(use: ElementUse | CompositeUse) -> TypeGuard[ElementUse]:
    """True for an element that may be any number."""
    if not isinstance(use, ElementUse) or use.type != "R" or use.usage == "N":
        return False
    return use.codes is None and use.external is None and use.pattern is None


def list_lengths(uses: Iterable[ElementUse | CompositeUse]) -> tuple[int, ...]:
    """The most characters that amounts of a segment may have, each number once."""
    return tuple({longest_amount(use): None for use in uses if is_amount(use)})


def longest_amount(use: ElementUse) -> int:
    """So many characters of an amount are surely not too many: sign and point do not count."""
    return max(1, use.max_length - 2)


def are_amounts(texts: Iterable[str], longest: int) -> bool:
    """True for amounts of at most two decimals and so many characters, and for texts that are empty.

    It may be more careful than `edi.guides.acceptors` are with one amount, never less.
    """
    return compile_amounts(longest)(GAP.join([*texts, ""])) is not None


@lru_cache(maxsize=64)  # as many lengths as guides give amounts
def compile_amounts(longest: int) -> Callable[[str], object]:
    """The expression of amounts, each with a gap after it."""
    whole = rf"-?[0-9]{{1,{longest - FEWEST + 1}}}+(?:\.[0-9]{{1,2}}+)?+"
    amount = whole if longest >= FEWEST else f"[0-9]{{1,{longest}}}+"
    return re.compile(f"(?:(?:{amount})?+{GAP})*+").fullmatch
