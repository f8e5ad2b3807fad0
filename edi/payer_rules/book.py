"""Rules ready to judge claims, indexed by payer: a claim meets only those of its payer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from edi.documents import read_section, read_text
from edi.edits.basis import Basis
from edi.findings import Finding, Place, find
from edi.payer_rules.conditions import LINE, Condition
from edi.payer_rules.pack import EVERYONE, Pack, PayerRule, RulePlace
from edi.payer_rules.values import Ground, TooCostly, as_date, items, sections

PAYER_POINTER = "/tradingPartnerServiceId"
SERVICE_DAY = "serviceDate"
PERIOD = ("claimDateInformation", "statementBeginDate")


class Ready(NamedTuple):
    """A rule as claims of one guide meet it. `each` gives the list that it runs over, `over` says which."""

    rule: PayerRule
    when: Condition
    over: str
    each: Condition | None
    filing: frozenset[str]
    first: date
    last: date


class RuleBook:
    """Rules of several packs. A book is made once and judges any number of claims; it never changes."""

    def __init__(self, packs: Iterable[Pack] = ()) -> None:
        self.packs = tuple(packs)
        self.rules = tuple(rule for pack in self.packs for rule in pack.rules)
        self._named = frozenset(payer for rule in self.rules for payer in rule.written.payers)
        self._by_payer: dict[tuple[str, str], tuple[Ready, ...]] = {}

    def find(self, rule_id: str) -> PayerRule | None:
        """The rule of an id, or None."""
        return next((rule for rule in self.rules if rule.written.id == rule_id), None)

    def rules_of(self, guide: str, payer: str) -> tuple[Ready, ...]:
        """The rules that a claim of a guide to a payer meets."""
        key = (guide, payer if payer in self._named else "")
        found = self._by_payer.get(key)
        if found is None:
            chosen = (rule for rule in self.rules if guide in rule.when and is_for(rule, payer))
            found = self._by_payer[key] = tuple(make_ready(rule, guide) for rule in chosen)
        return found

    def judge(self, document: Mapping[str, Any], guide: str, basis: Basis) -> list[Finding]:
        """What the rules say of a claim in canonical form. Nothing in a claim raises."""
        rules = self.rules_of(guide, read_text(document, "tradingPartnerServiceId"))
        if not rules:
            return []
        ground = Ground(basis)
        claim = read_section(document, "claimInformation")
        filing = read_text(claim, "claimFilingCode")
        day = first_day(claim)
        lists: dict[str, list[Any]] = {}
        found: list[Finding] = []
        for ready in rules:
            if ready.filing and filing not in ready.filing:
                continue
            if day is None or ready.first <= day <= ready.last:
                run_rule(ready, document, ground, lists, found)
        return found


def make_ready(rule: PayerRule, guide: str) -> Ready:
    """A rule as claims of a guide meet it."""
    written = rule.written
    return Ready(
        rule,
        rule.when[guide],
        written.each,
        rule.each.get(guide),
        frozenset(written.filing),
        written.effective_from or date.min,
        written.effective_to or date.max,
    )


def is_for(rule: PayerRule, payer: str) -> bool:
    """Whether a rule is for a payer."""
    return EVERYONE in rule.written.payers or payer in rule.written.payers


def first_day(claim: Mapping[str, Any]) -> date | None:
    """The first day of service, or of the statement."""
    lines = sections(items(claim, "serviceLines"))
    days = [day for line in lines if (day := as_date(line.get(SERVICE_DAY))) is not None]
    return min(days, default=None) or as_date(read_section(claim, PERIOD[0]).get(PERIOD[1]))


def run_rule(
    ready: Ready,
    document: Mapping[str, Any],
    ground: Ground,
    lists: dict[str, list[Any]],
    found: list[Finding],
) -> None:
    """Add the findings of one rule: at most one, or one for each item of the list that it runs over, which is
    read once for all rules (`lists`).
    """
    rule, when = ready.rule, ready.when
    try:
        if ready.each is None:
            if when(document, ground):
                found.append(report(rule, rule.written.pointer))
            return
        items = lists.get(ready.over)
        if items is None:
            items = lists[ready.over] = ready.each(document, ground)
        for number in when(document, ground, items):
            found.append(report(rule, place_pointer(rule, number)))
    except TooCostly:
        found.append(find("payer.rule_too_costly", pointer="", rule=rule.cites))


def place_pointer(rule: PayerRule, number: int) -> str:
    """The pointer of a rule for an item of its list."""
    head = "/" + rule.written.each.strip().replace(".", "/") + f"/{number}"
    rest = rule.written.pointer.removeprefix(LINE) if rule.written.pointer.startswith(LINE) else ""
    return rule.written.pointer if rule.written.pointer.startswith("/") else head + rest


def report(rule: PayerRule, pointer: str) -> Finding:
    """The finding of a rule; its words are the rule's own."""
    written = rule.written
    return Finding(
        code=rule.code,
        severity=written.severity,
        message=written.message.strip(),
        remedy=written.remedy.strip(),
        pointer=pointer,
        x12=write_place(rule.place),
        rule=rule.cites,
        status=written.status or None,
    )


def write_place(place: RulePlace | None) -> Place | None:
    """The X12 place of a finding."""
    if place is None:
        return None
    return Place(
        loop=place.loop, segment=place.segment, element=place.element, component=place.component or None
    )
