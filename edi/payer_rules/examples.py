"""The examples that a rule carries, tried: each is a change (RFC 7396 merge patch) to a sample claim."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from edi.claim_forms import canonicalise, choose_guide
from edi.edits.basis import Basis
from edi.payer_rules.book import RuleBook
from edi.payer_rules.pack import EVERYONE, Pack, PayerRule

#: Gives the sample claim of a name.
Samples = Callable[[str], Mapping[str, Any]]


class Tried(NamedTuple):
    """One example of a rule: `expected` is whether it had to speak, `spoke` whether it did."""

    rule: str
    number: int
    expected: bool
    spoke: bool

    @property
    def holds(self) -> bool:
        """Whether the rule did what its author says."""
        return self.expected == self.spoke


def merge(claim: Any, change: Any) -> Any:
    """RFC 7396: sections are merged, null takes away, everything else replaces."""
    if not isinstance(change, Mapping):
        return change
    base = dict(claim) if isinstance(claim, Mapping) else {}
    for name, value in change.items():
        if value is None:
            base.pop(name, None)
        else:
            base[name] = merge(base.get(name), value)
    return base


def try_examples(rule: PayerRule, samples: Samples, basis: Basis) -> Iterator[Tried]:
    """Every example of a rule, tried."""
    examples = rule.written.examples
    base = samples(examples.claim or rule.written.claim_types[0])
    book = RuleBook([Pack("", "", "", (rule,))])
    for expected, changes in ((True, examples.failing), (False, examples.passing)):
        for number, change in enumerate(changes, 1):
            claim = merge(merge(base, own_payer(rule)), change)
            guide = choose_guide(claim)
            spoke = bool(book.judge(canonicalise(claim, guide).document, guide, basis))
            yield Tried(rule.written.id, number, expected, spoke)


def own_payer(rule: PayerRule) -> dict[str, str]:
    """The change that makes a sample claim one of a payer that the rule is for."""
    named = [payer for payer in rule.written.payers if payer != EVERYONE]
    return {"tradingPartnerServiceId": named[0]} if named else {}
