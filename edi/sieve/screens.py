"""Screens: for a rule, the units of a window in which it might find something.

A screen may only be more careful than its rule: a test runs both on spoilt claims. A rule without a screen
is in doubt wherever it would be run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module

from edi.guides.routes import Station
from edi.rules.registry import Rule, RuleSet, Tally, TotalRule
from edi.shapes import find_above
from edi.sieve.paths import Paths, list_below
from edi.sieve.windows import Window
from edi.tree import Loop

Screen = Callable[[Window], Iterable[int]]
"""Rows of units that are in doubt."""
Fits = Callable[[Loop, Tally, Window, int], bool]
"""Whether a unit, by its number in the window, may be counted after those before it, in the loop around it.
If so, it is counted."""
Take = Callable[[Tally, Window, Sequence[int]], None]
"""Counts units."""

MODULES = (
    "edi.sieve.claims",
    "edi.sieve.coordination",
    "edi.sieve.institutional",
    "edi.sieve.remittances",
)
SCREENS: dict[str, Screen] = {}
FITTING: dict[type[Tally], Fits] = {}
TAKING: dict[type[Tally], Take] = {}


def screen(*rules: str) -> Callable[[Screen], Screen]:
    """Registers a screen of these rules."""

    def register(found: Screen) -> Screen:
        SCREENS.update(dict.fromkeys(rules, found))
        return found

    return register


def counts(tally: type[Tally]) -> Callable[[Take], Take]:
    """Registers how units are counted in a tally of the whole set."""

    def register(take: Take) -> Take:
        TAKING[tally] = take
        return take

    return register


def fits(tally: type[Tally]) -> Callable[[Fits], Fits]:
    """Registers how one unit after another is counted in a tally of the whole set, if it fits."""

    def register(found: Fits) -> Fits:
        FITTING[tally] = found
        return found

    return register


def load_screens() -> None:
    """Imports every module of screens, so that each is registered under its rule."""
    for name in MODULES:
        import_module(name)


class Bare:
    """A rule without a screen in one loop: in doubt where one of its needs stands, or everywhere."""

    def __init__(self, loop: Station, needs: tuple[str, ...]) -> None:
        wanted = [child for child in loop.children if not needs or _names(child, needs)]
        firsts = wanted if needs else loop.children[:1]
        self.indexes = [(child if child.segment else child.children[0]).index for child in firsts]

    def doubt(self, paths: Paths) -> Iterator[int]:
        """The rows in doubt."""
        for index in self.indexes:
            node = paths.by_station.get(index)
            if node is not None:
                yield from node.at


def _names(child: Station, needs: tuple[str, ...]) -> bool:
    use = child.segment
    return child.use.id in needs if use is None else use.id in needs or use.key in needs


class Screening:
    """The screens of one guide's rules, and how units count in the tallies of the whole set; `complete` is
    false where one of these cannot be counted by units.
    """

    def __init__(self, paths: Paths, rules: RuleSet) -> None:
        self.paths = paths
        self.screens: dict[Screen, None] = {}
        self.bare: list[Bare] = []
        self.fitting: dict[type[Tally], Fits] = {}
        self.taking: dict[type[Tally], Take] = {}
        self.complete = True
        for station in list_below(paths.unit):
            if station.loop is not None:
                self._add(station, rules)

    def _add(self, loop: Station, rules: RuleSet) -> None:
        name = loop.use.id
        for rule in (*rules.checks.get(name, ()), *rules.totals.get(name, ())):
            found = SCREENS.get(rule.name)
            if found is not None:
                self.screens[found] = None
            else:
                self.bare.append(Bare(loop, _needs(rule)))
        depth, at = 0, loop
        while at is not self.paths.unit and at.parent is not None:
            depth, at = depth + 1, at.parent
        for above in find_above(loop, rules.tallies.get(name, ()), 1):
            if above.up > depth:
                self._count(above.make)

    def _count(self, tally: type[Tally]) -> None:
        if tally in FITTING:
            self.fitting[tally] = FITTING[tally]
        elif tally in TAKING:
            self.taking[tally] = TAKING[tally]
        else:
            self.complete = False

    def doubt(self, window: Window) -> Iterator[int]:
        """The rows of units in which a rule might find something."""
        for found in self.screens:
            yield from found(window)
        for bare in self.bare:
            yield from bare.doubt(self.paths)


def _needs(rule: Rule | TotalRule) -> tuple[str, ...]:
    return rule.needs if isinstance(rule, Rule) else ()
