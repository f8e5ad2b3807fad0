"""Matching: which of our claims an answer means, and when nobody can say."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from gateway.lifecycle import load_lifecycle
from gateway.store.claims import Claim


class Trait(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer says of a claim beside its patient control number; None where it says nothing."""

    payers: Collection[str]
    charge: Decimal | None = None
    service_from: date | None = None
    service_to: date | None = None


class Match(msgspec.Struct, frozen=True):
    """The claim that is meant, or None and all that could be meant (ids)."""

    claim: Claim | None
    candidates: tuple[str, ...] = ()


def choose_claim(candidates: Sequence[Claim], trait: Trait) -> Match:
    """The one claim of `candidates` (same patient control number) that an answer with `trait` can mean.

    Only claims that went out to one of the payers count. Charge narrows several, then dates; a single one is
    refused only where charge and dates both speak against it, since a split claim is answered in parts.
    """
    sent = [claim for claim in candidates if claim.payer_id in trait.payers and _went_out(claim)]
    likely = [claim for claim in sent if fits(claim, trait)]
    for narrow in (_same_charge, _dates_meet):
        narrower = [claim for claim in likely if narrow(claim, trait)]
        likely = narrower if len(likely) > 1 and narrower else likely
    if len(likely) == 1:
        return Match(likely[0])
    return Match(None, tuple(claim.id for claim in likely or sent))


def fits(claim: Claim, trait: Trait) -> bool:
    """False where charge and dates both speak against the claim."""
    return _same_charge(claim, trait) or _dates_meet(claim, trait)


def _went_out(claim: Claim) -> bool:
    states = load_lifecycle().state
    return states[claim.state].rank >= states["batched"].rank


def _same_charge(claim: Claim, trait: Trait) -> bool:
    return trait.charge is None or abs(trait.charge) == claim.charge


def _dates_meet(claim: Claim, trait: Trait) -> bool:
    """True unless both say when the service was and the two spans share no day."""
    if trait.service_from is None or claim.service_from is None:
        return True
    told_to = trait.service_to or trait.service_from
    ours_to = claim.service_to or claim.service_from
    return trait.service_from <= ours_to and claim.service_from <= told_to
