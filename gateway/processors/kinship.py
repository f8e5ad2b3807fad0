"""Claims that share a patient control number because one follows the other: which of them a payment means.

A replacement and a void bear the number of their original, and so does the claim to the next payer, which may
be reached through the same partner. Charge and dates are often the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from edi.documents import read_section, read_text
from edi.models import ClaimPayment
from gateway.dossier import read_dossier
from gateway.lifecycle import SECONDARY, name_follow_up
from gateway.store import claims
from gateway.store.claims import Claim
from gateway.store.scope import TenantScope

# CLP02: processed as primary, secondary or tertiary; 19 to 21 were also sent on to another payer.
LEVELS: Final = {"1": "P", "2": "S", "3": "T", "19": "P", "20": "S", "21": "T"}


class Paying(msgspec.Struct, frozen=True):
    """What a claim payment says beside what every answer does, and the payer's name (835 1000A N102)."""

    payment: ClaimPayment
    payer_name: str


def narrow_claims(scope: TenantScope, likely: Sequence[Claim], paying: Paying) -> Sequence[Claim]:
    """Those of the claims that fit what the payment says of itself, by one trait after the other.

    A trait that none of them fits says nothing.
    """
    bodies = claims.read_bodies(scope, [claim.id for claim in likely])
    documents = {claim_id: read_dossier(body).document for claim_id, body in bodies.items()}
    for fits in (_has_frequency, _has_level, _has_payer):
        fitting = [claim for claim in likely if fits(claim, documents[claim.id], paying)]
        likely = fitting or likely
    return likely


Fits = Callable[[Claim, Mapping[str, Any], Paying], bool]


def _has_frequency(claim: Claim, document: Mapping[str, Any], paying: Paying) -> bool:
    """CLP09 of a payment repeats the frequency of the claim; that of a reversal may be either's."""
    told = paying.payment.frequency
    corrects = name_follow_up(told) != SECONDARY and not paying.payment.reversal
    return not corrects or claim.frequency == told


def _has_level(claim: Claim, document: Mapping[str, Any], paying: Paying) -> bool:
    level = LEVELS.get(paying.payment.status)
    ours = read_text(read_section(document, "subscriber"), "paymentResponsibilityLevelCode") or "P"
    return level is None or ours == level


def _has_payer(claim: Claim, document: Mapping[str, Any], paying: Paying) -> bool:
    name = paying.payer_name.strip().upper()
    return bool(name) and read_text(document, "tradingPartnerName").strip().upper() == name


def choose_kin(likely: Sequence[Claim], paying: Paying | None) -> Claim | None:
    """The one that is meant of a claim and its replacements, where nothing else tells them apart; else None.

    What the payer takes back is the oldest that it has decided on; all else is about the newest.
    """
    oldest_first = sorted(likely, key=lambda claim: claim.id)
    ids = {claim.id for claim in likely}
    chained = all(
        claim.original in ids and name_follow_up(claim.frequency) != SECONDARY for claim in oldest_first[1:]
    )
    if not oldest_first or not chained:
        return None
    if paying is not None and paying.payment.reversal:
        return next((it for it in oldest_first if it.paid or it.adjusted or it.patient), None)
    return oldest_first[-1]
