"""The registry of named rules: what has an `if` and cannot be said as data.

A rule is a small function over one loop of the tree; the guide's overlay names it. It runs when a loop with
its id is complete, and yields findings. Its citation says where the implementation guide asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from edi.findings import Finding
from edi.tree import Loop

#: Stands for the guide in the `rule` of a finding whose rule several guides share; the reader fills it in.
OWN_GUIDE = "(guide)"

Check = Callable[[Loop], Iterable[Finding]]


class Rule(NamedTuple):
    """A named rule: the loops it runs on, the function, and the source it cites."""

    name: str
    loops: tuple[str, ...]
    check: Check
    cites: str


RULES: dict[str, Rule] = {}


def rule(*loops: str, cites: str) -> Callable[[Check], Check]:
    """Registers a function as the rule of its own name, run for each complete loop of `loops`."""

    def register(check: Check) -> Check:
        name = check.__name__
        if name in RULES:
            raise ValueError(f"two rules are named {name}")
        RULES[name] = Rule(name, loops, check, cites)
        return check

    return register


def rules_by_loop(names: Iterable[str]) -> dict[str, tuple[Rule, ...]]:
    """The rules that a guide names, by the loop they run on. Raises KeyError for an unknown name."""
    found: dict[str, list[Rule]] = {}
    for name in names:
        for loop in RULES[name].loops:
            found.setdefault(loop, []).append(RULES[name])
    return {loop: tuple(rules) for loop, rules in found.items()}
