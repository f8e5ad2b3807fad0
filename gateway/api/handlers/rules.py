"""The rules over HTTP: those of the guides, the edits, and the tenant's payer rules."""

from __future__ import annotations

from collections.abc import Iterator

from aiohttp import web

from edi.payer_rules.book import RuleBook
from edi.payer_rules.pack import EVERYONE, PayerRule
from edi.rules.listing import ListedRule, list_rules
from gateway.api.bodies import write_json
from gateway.api.call import Call
from gateway.api.rule_shapes import RuleQuery, RuleShown, RulesShown


async def show_rules(call: Call) -> web.Response:
    """GET /v1/rules: what claims are checked by."""
    query = call.query(RuleQuery)
    words = query.search.lower().split()
    shown = [
        one
        for one in find_rules(call.services.intake.books.get(call.caller.tenant), query.payer)
        if all(word in text_of(one) for word in words)
    ]
    return write_json(RulesShown(items=shown))


def find_rules(book: RuleBook | None, payer: str) -> Iterator[RuleShown]:
    """Every rule; with a payer, the rules of that payer only."""
    for rule in book.rules if book is not None else ():
        if not payer or payer in rule.written.payers or EVERYONE in rule.written.payers:
            yield show_payer_rule(rule)
    if not payer:
        yield from map(show_rule, list_rules())


def text_of(rule: RuleShown) -> str:
    """What a search looks through."""
    return " ".join([rule.name, rule.sentence, rule.source, rule.x12, *rule.fields]).lower()


def show_rule(rule: ListedRule) -> RuleShown:
    """A rule of a guide, or an edit."""
    return RuleShown(
        name=rule.name,
        kind=rule.kind,
        sentence=rule.sentence,
        remedy="",
        source=rule.cites,
        severity="",
        guides=rule.guides,
        fields=rule.fields,
        x12=" ".join(rule.loops),
        payers=(),
        version=None,
        effective_from=None,
        effective_to=None,
    )


def show_payer_rule(rule: PayerRule) -> RuleShown:
    """A payer rule of the tenant."""
    written = rule.written
    return RuleShown(
        name=written.id,
        kind="payer",
        sentence=written.message.strip(),
        remedy=written.remedy.strip(),
        source=written.cites,
        severity=written.severity.value,
        guides=tuple(rule.when),
        fields=(written.pointer,) if written.pointer else (),
        x12=written.x12,
        payers=written.payers,
        version=written.version,
        effective_from=written.effective_from,
        effective_to=written.effective_to,
    )
