"""Release: what waits for a person goes on. A held claim is batched again, a dead delivery is tried again."""

from __future__ import annotations

import msgspec

from gateway.batching import ACCEPTED, HELD, SEND
from gateway.hands import Hand, HandRefused
from gateway.journal import Journal, Particulars, record_all
from gateway.partners import allow_try
from gateway.settings import Partner
from gateway.store import claim_groups, claims, interchanges, jobs
from gateway.store.claim_groups import Group
from gateway.store.claims import Claim
from gateway.store.errors import NoSuchRow
from gateway.store.scope import TenantScope
from gateway.story import HandTold

PAGE = 500


class Released(msgspec.Struct, frozen=True):
    """How many claims go on, and how many deliveries are tried again."""

    claims: int = 0
    deliveries: int = 0


def release_claim(scope: TenantScope, claim_id: str, hand: Hand) -> Released:
    """Release one held claim, and those of its interchange where that could not be delivered.

    Raises NoSuchRow, and HandRefused for a claim that nothing holds.
    """
    claim = claims.load(scope, claim_id, lock=True)
    if claim is None:
        raise NoSuchRow(claim_id)
    interchange_id = _find_dead(scope, claim)
    if interchange_id is not None:
        return _release_delivery(scope, interchange_id, hand)
    if HELD not in claim.marks:
        raise HandRefused("release.not_held")
    return Released(claims=_release_rows(scope, [claim], hand))


def release_partner(scope: TenantScope, partner: Partner, hand: Hand) -> Released:
    """Release everything that is held on its way to the partner: dead deliveries first, then claims."""
    allow_try(scope, partner.name)
    deliveries = freed = 0
    for interchange in interchanges.list_dead(scope, partner.name, SEND):
        deliveries += 1
        freed += _release_delivery(scope, interchange, hand).claims
    after: str | None = None
    while page := claim_groups.list_group(scope, Group(marks=(HELD,)), after=after, limit=PAGE):
        ours = [row for row in page if row.payer_id in partner.payers and row.state == ACCEPTED]
        freed += _release_rows(scope, ours, hand)
        after = page[-1].id
    return Released(claims=freed, deliveries=deliveries)


def _find_dead(scope: TenantScope, claim: Claim) -> str | None:
    """The interchange that bears the claim and whose delivery is dead, or None."""
    placements = interchanges.list_placements_of_claim(scope, claim.id)
    if not placements or jobs.find_dead(scope, SEND, placements[0].interchange) is None:
        return None
    return placements[0].interchange


def _release_delivery(scope: TenantScope, interchange_id: str, hand: Hand) -> Released:
    """Let the interchange be sent again: what became of the last attempt is asked first, as ever."""
    job = jobs.find_dead(scope, SEND, interchange_id)
    if job is None or not jobs.revive(scope, job.id):
        return Released()
    placed = [place.claim for place in interchanges.list_placements(scope, interchange_id)]
    rows = claims.load_many(scope, placed, lock=True)
    held = [row for row in rows if HELD in row.marks]
    return Released(claims=_release_rows(scope, held, hand, interchange_id), deliveries=1)


def _release_rows(
    scope: TenantScope, rows: list[Claim], hand: Hand, interchange_id: str | None = None
) -> int:
    journal = Journal(scope)
    particulars = Particulars(hand=HandTold(key=hand.key), interchange=interchange_id)
    record_all(journal, rows, "claim.released", particulars)
    journal.close()
    return len(rows)
