"""The journey of one claim as a fold over its events.

States, what moves them and what marks them are data (`schemas/lifecycle.toml`); this module folds. What an
acknowledgment says is joined by rank, what a remittance says is summed: both come out alike in every order,
so a late acknowledgment cannot move a claim backwards.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from decimal import Decimal
from functools import cache, reduce
from importlib.resources import files
from typing import Literal

import msgspec

ZERO = Decimal("0.00")
OVERDUE = "overdue"
REPLACEMENT, VOID, SECONDARY = "replacement", "void", "secondary"


class State(msgspec.Struct, frozen=True):
    """One state of the table: `rank` orders what is known, `next` is the regular story.

    A claim that is `live` stands in the payer's system, or will: an equal one is a duplicate. States of the
    kind `end` outrank money.
    """

    rank: int
    next: tuple[str, ...]
    meaning: str
    kind: Literal["journey", "money", "end"] = "journey"
    live: bool = True


class Effect(msgspec.Struct, frozen=True):
    """What an event does to a claim: moves it to `state`, adds to the money, sets or clears marks."""

    state: str | None = None
    money: Literal["forward", "reversal"] | None = None
    sets: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()


class MoneyRules(msgspec.Struct, frozen=True):
    """Which statuses and adjustments of a remittance mean denial, reversal and the patient's share."""

    denied_statuses: frozenset[str]
    reversal_statuses: frozenset[str]
    settling_adjustments: frozenset[str]
    patient_groups: frozenset[str]


class ClaimStatusRules(msgspec.Struct, frozen=True):
    """What status categories say: the payer waits for something, has decided, or cannot tell of the claim."""

    pending_categories: frozenset[str]
    finalized_categories: frozenset[str]
    unknown_categories: frozenset[str]


class OverdueRules(msgspec.Struct, frozen=True):
    """The marks that say what a claim is overdue for."""

    reasons: frozenset[str]


class FollowUpRules(msgspec.Struct, frozen=True):
    """Claims of these frequencies (CLM05-3) follow another one, which is told `echoes`, by their state."""

    frequencies: frozenset[str]
    echoes: dict[str, str]


class Lifecycle(msgspec.Struct, frozen=True):
    """The whole table."""

    state: dict[str, State]
    event: dict[str, Effect]
    money: MoneyRules
    claim_status: ClaimStatusRules
    overdue: OverdueRules
    follow_up: dict[str, FollowUpRules]


class Settlement(msgspec.Struct, frozen=True):
    """What one claim payment of a remittance moves: amounts in dollars, negative in a reversal."""

    paid: Decimal = ZERO
    adjusted: Decimal = ZERO
    patient: Decimal = ZERO
    denial: bool = False


class Fact(msgspec.Struct, frozen=True):
    """One event of a claim as the fold sees it. `mark` is what the claim is overdue for."""

    type: str
    settlement: Settlement | None = None
    mark: str = ""


class Standing(msgspec.Struct, frozen=True):
    """Where a claim stands after its events: state, marks and money (dollars).

    `journey` is the highest-ranked state told by acknowledgments; `payments`, `reversals` and `denials` count
    what remittances told. `billed = paid + adjusted + patient + open` holds always, since `open` is the rest.
    """

    billed: Decimal = ZERO
    journey: str = "received"
    payments: int = 0
    reversals: int = 0
    denials: int = 0
    paid: Decimal = ZERO
    adjusted: Decimal = ZERO
    patient: Decimal = ZERO
    marks: frozenset[str] = frozenset()

    @property
    def open(self) -> Decimal:
        """What nobody has settled yet."""
        return self.billed - self.paid - self.adjusted - self.patient

    @property
    def state(self) -> str:
        """How the claim ended, else its state by money once a remittance told some, else by its journey."""
        if load_lifecycle().state[self.journey].kind == "end":
            return self.journey
        return read_money_state(self) or self.journey


@cache
def load_lifecycle() -> Lifecycle:
    """The table of `schemas/lifecycle.toml`; raises msgspec.ValidationError where it is not one."""
    text = (files("schemas") / "lifecycle.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Lifecycle)


def read_money_state(standing: Standing) -> str | None:
    """The state that the sums of all payments and reversals tell, or None before any."""
    if not standing.payments and not standing.reversals:
        return None
    live = standing.payments - standing.reversals
    if live <= 0:
        return "reversed"
    if standing.paid <= 0 and standing.denials >= live:
        return "denied"
    return "partially_paid" if standing.open > 0 else "paid"


def advance(standing: Standing, fact: Fact) -> Standing:
    """The standing after one more event. An event unknown to the table changes nothing."""
    effect = load_lifecycle().event.get(fact.type)
    if effect is None:
        return standing
    marks = _imply((standing.marks - frozenset(effect.clears)) | {*effect.sets, *filter(None, [fact.mark])})
    moved = msgspec.structs.replace(standing, marks=marks, journey=_join(standing.journey, effect.state))
    if effect.money is None or fact.settlement is None:
        return moved
    return _settle(moved, effect.money, fact.settlement)


def fold(facts: Iterable[Fact], *, billed: Decimal = ZERO) -> Standing:
    """Where a claim of charge `billed` (dollars) stands after `facts`."""
    return reduce(advance, facts, Standing(billed=billed))


def moves(standing: Standing, event_type: str) -> bool:
    """True where the event would move the claim; False for one that comes late, again or out of order."""
    effect = load_lifecycle().event.get(event_type)
    if effect is None or effect.state is None:
        return effect is not None
    if _join(standing.journey, effect.state) == standing.journey:
        return False
    return load_lifecycle().state[effect.state].kind == "end" or read_money_state(standing) is None


def name_follow_up(frequency: str) -> str:
    """What a claim of this frequency (CLM05-3) is to the one it follows: replacement, void or secondary."""
    rules = load_lifecycle().follow_up
    return next((kind for kind, rule in rules.items() if frequency in rule.frequencies), SECONDARY)


def find_echo(kind: str, before: str, after: str) -> str | None:
    """The event that an original is told when a follow-up of this kind goes from one state to another."""
    return load_lifecycle().follow_up[kind].echoes.get(after) if before != after else None


def _imply(marks: frozenset[str]) -> frozenset[str]:
    """The marks with `overdue` where one of its reasons stands, and without it where none does."""
    reasons = load_lifecycle().overdue.reasons
    return marks | {OVERDUE} if marks & reasons else marks - {OVERDUE}


def _join(known: str, told: str | None) -> str:
    states = load_lifecycle().state
    return told if told is not None and states[told].rank > states[known].rank else known


def _settle(standing: Standing, kind: Literal["forward", "reversal"], settlement: Settlement) -> Standing:
    back = kind == "reversal"
    return msgspec.structs.replace(
        standing,
        payments=standing.payments + (not back),
        reversals=standing.reversals + back,
        denials=standing.denials + settlement.denial * (-1 if back else 1),
        paid=standing.paid + settlement.paid,
        adjusted=standing.adjusted + settlement.adjusted,
        patient=standing.patient + settlement.patient,
    )
