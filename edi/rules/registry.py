"""The registry of named rules: what has an `if` and cannot be said as data.

A rule is a small function over one loop of the tree; the guide's overlay names it. It runs when a loop with
its id is complete, and yields findings. Its citation says where the implementation guide asks for it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import NamedTuple, TypeVar, cast

from edi.findings import Finding
from edi.segments import Segment
from edi.tree import Loop

#: Stands for the guide in the `rule` of a finding whose rule several guides share; the reader fills it in.
OWN_GUIDE = "(guide)"

#: WEDI SNIP types of rules: 1 integrity, 3 balancing, 4 situations, 5 and 6 what edits add to the guides.
INTEGRITY, BALANCING, SITUATIONAL, CODES, SERVICES = 1, 3, 4, 5, 6

Check = Callable[[Loop], Iterable[Finding]]


class Rule(NamedTuple):
    """A named rule: the loops it runs on, the function, the source it cites, and its WEDI SNIP type.

    It can only find something in a loop that has one of the segments or loops `needs` (any, where that is
    empty) right below it; in others it is not run.
    """

    name: str
    loops: tuple[str, ...]
    check: Check
    cites: str
    snip: int = SITUATIONAL
    needs: tuple[str, ...] = ()


class Tally:
    """What a rule needs to know of loops that are gone when its own loop is complete.

    A file is read in constant memory: a claim is dropped once it is complete. A rule about the whole set
    therefore counts as the claims go by.
    """

    def begin(self, loop: Loop, opener: Segment) -> None:
        """Take into account a loop that begins with `opener`."""

    def add(self, loop: Loop) -> None:
        """Take into account a loop that has just been completed."""


class JoinedTally(Tally, ABC):
    """A tally of the whole set that can be put together from those of parts that were read apart."""

    def resume(self, counts: Mapping[str, int]) -> None:
        """Begin where so many segments of each id have stood before."""

    @abstractmethod
    def state(self) -> dict[str, str]:
        """What another tally of this kind has to know of this one."""

    @abstractmethod
    def join(self, state: dict[str, str]) -> None:
        """Take into account what another tally has counted."""


T = TypeVar("T", bound=Tally)
Total = Callable[[Loop, Tally], Iterable[Finding]]


class TotalRule(NamedTuple):
    """A named rule about the loops `over` that stand below its own; `make` begins the tally they go into."""

    name: str
    loops: tuple[str, ...]
    check: Total
    cites: str
    over: tuple[str, ...]
    make: type[Tally]
    snip: int = SITUATIONAL


RULES: dict[str, Rule | TotalRule] = {}


def rule(
    *loops: str, cites: str, snip: int = SITUATIONAL, needs: tuple[str, ...] = ()
) -> Callable[[Check], Check]:
    """Registers a function as the rule of its own name, run for each complete loop of `loops` with one of the
    segments or loops `needs`.
    """

    def register(check: Check) -> Check:
        name = check.__name__
        if name in RULES:
            raise ValueError(f"two rules are named {name}")
        RULES[name] = Rule(name, loops, check, cites, snip, needs)
        return check

    return register


def total_rule(
    *loops: str, over: tuple[str, ...], tally: type[T], cites: str, snip: int = SITUATIONAL
) -> Callable[[Callable[[Loop, T], Iterable[Finding]]], Callable[[Loop, T], Iterable[Finding]]]:
    """Registers a function as a rule that is given a complete loop and the tally of what stood below it."""

    def register(check: Callable[[Loop, T], Iterable[Finding]]) -> Callable[[Loop, T], Iterable[Finding]]:
        name = check.__name__
        if name in RULES:
            raise ValueError(f"two rules are named {name}")
        RULES[name] = TotalRule(name, loops, cast("Total", check), cites, over, tally, snip)
        return check

    return register


class TallyPlace(NamedTuple):
    """The loops that keep a tally of one kind; rules of these loops share it."""

    make: type[Tally]
    loops: tuple[str, ...]


class RuleSet:
    """Rules, by the loop they run on and by the loop they count.

    `begun` are the tallies that look at the beginning of loops, `joined` those of the whole set.
    """

    def __init__(self, rules: Iterable[Rule | TotalRule]) -> None:
        self.checks: dict[str, list[Rule]] = {}
        self.totals: dict[str, list[TotalRule]] = {}
        self.tallies: dict[str, list[TallyPlace]] = {}
        self.begun: dict[str, list[TallyPlace]] = {}
        for chosen in rules:
            if isinstance(chosen, Rule):
                for loop in chosen.loops:
                    self.checks.setdefault(loop, []).append(chosen)
                continue
            for loop in chosen.loops:
                self.totals.setdefault(loop, []).append(chosen)
            for loop in chosen.over:
                places = self.tallies.setdefault(loop, [])
                place = TallyPlace(chosen.make, chosen.loops)
                if place not in places:
                    places.append(place)
                    if place.make.begin is not Tally.begin:
                        self.begun.setdefault(loop, []).append(place)
        every = [place for places in self.tallies.values() for place in places]
        self.joined = tuple({place.make for place in every if issubclass(place.make, JoinedTally)})


@cache
def gather_rules(names: tuple[str, ...]) -> RuleSet:
    """The rules of these names. Raises KeyError for an unknown one."""
    return RuleSet(RULES[name] for name in names)
