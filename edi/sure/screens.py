"""Screens of single claims: for a rule or an edit, whether it might find something in a claim.

A screen may only be more careful than its rule: a test runs both on spoilt claims. A rule without a screen is
in doubt wherever it would be run; where such a rule is run on every claim, no claim is surely right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from importlib import import_module
from typing import NamedTuple

from edi.edits.basis import Basis
from edi.rules.registry import Rule, RuleSet, TotalRule
from edi.sure.facts import ClaimFacts

Screen = Callable[[ClaimFacts, Basis], bool]
"""True where the claim is in doubt. Its rows have been accepted, each at its place."""
MODULES = (
    "edi.sure.addresses",
    "edi.sure.coordination",
    "edi.sure.dates",
    "edi.sure.diagnoses",
    "edi.sure.services",
    "edi.sure.situations",
)
SCREENS: dict[str, Screen] = {}
#: The same hold for all claims that are written here, or were seen at the end of a loop of the opening.
HELD = frozenset(
    {
        "levels_are_linked",
        "levels_are_numbered",
        "employer_number_has_nine_digits",
        "person_number_can_exist",
        "billing_address_is_a_street",
    }
)
RULE_SETS = 64


class Screening(NamedTuple):
    """The screens of a set of rules, and the checks of rules without one; `able` is false where one of these
    would be run on every claim.
    """

    screens: tuple[Screen, ...]
    bare: frozenset[Callable[..., object]]
    able: bool


def screen(*rules: str) -> Callable[[Screen], Screen]:
    """Registers a screen of these rules and edits."""

    def register(found: Screen) -> Screen:
        SCREENS.update(dict.fromkeys(rules, found))
        return found

    return register


@lru_cache(RULE_SETS)
def choose_screens(rules: RuleSet) -> Screening:
    """The screens of these rules."""
    for name in MODULES:
        import_module(name)
    screens: dict[Screen, None] = {}
    bare: dict[Callable[..., object], None] = {}
    able = True
    for rule in list_rules(rules):
        names = name_checks(rule)
        if all(name in SCREENS or name in HELD for name in names):
            screens.update(dict.fromkeys(SCREENS[name] for name in names if name in SCREENS))
        else:
            bare[rule.check] = None
            able = able and isinstance(rule, Rule) and bool(rule.needs)
    return Screening(tuple(screens), frozenset(bare), able)


def list_rules(rules: RuleSet) -> Iterator[Rule | TotalRule]:
    """Every rule of every loop."""
    for checks in rules.checks.values():
        yield from checks
    for totals in rules.totals.values():
        yield from totals


def name_checks(rule: Rule | TotalRule) -> list[str]:
    """The name of a rule, or those of the edits of the claim, which are run as one."""
    check = rule.check
    if isinstance(check, partial) and check.args and isinstance(check.args[0], tuple):
        return [each.__name__ for each in check.args[0]]
    return [rule.name]
