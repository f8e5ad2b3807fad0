"""Events: what happened, appended in the caller's transaction beside the rows it happened to.

The feed is gapless within a tenant; with each event come the deliveries to every webhook endpoint that wants
its type (the outbox), so that state, event and outbox commit together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from gateway.lifecycle import Standing, fold, load_lifecycle
from gateway.store import events as kept
from gateway.store import webhooks
from gateway.store.claims import Claim
from gateway.store.scope import TenantScope
from gateway.story import Told, read_fact, write_story

FILE_RECEIVED: Final = "file.received"
FILE_REJECTED: Final = "file.rejected"
REMITTANCE_RECEIVED: Final = "remittance.received"
REMITTANCE_UNBALANCED: Final = "remittance.unbalanced"
REMITTANCE_UNMATCHED: Final = "remittance.unmatched"
PAYMENT_REASSOCIATED: Final = "payment.reassociated"
ACKNOWLEDGMENT_UNMATCHED: Final = "acknowledgment.unmatched"
WORK_ITEM_RESOLVED: Final = "work_item.resolved"
PARTNER_DOWN: Final = "partner.down"
PARTNER_UP: Final = "partner.up"
PARTNER_SILENT: Final = "partner.silent"
PARTNER_GAP: Final = "partner.gap"
RETENTION_PURGED: Final = "retention.purged"
ELIGIBILITY_COMPLETED: Final = "eligibility.completed"
CLAIM_STATUS_COMPLETED: Final = "claim_status.completed"
EMERGENCY_BEGUN: Final = "access.emergency"
WEBHOOK_TEST: Final = "webhook.test"
WEBHOOK_DISABLED: Final = "webhook.disabled"
EVENT_TYPES: Final = frozenset(load_lifecycle().event) | {
    FILE_RECEIVED,
    FILE_REJECTED,
    REMITTANCE_RECEIVED,
    REMITTANCE_UNBALANCED,
    REMITTANCE_UNMATCHED,
    PAYMENT_REASSOCIATED,
    ACKNOWLEDGMENT_UNMATCHED,
    WORK_ITEM_RESOLVED,
    PARTNER_DOWN,
    PARTNER_UP,
    PARTNER_SILENT,
    PARTNER_GAP,
    ELIGIBILITY_COMPLETED,
    CLAIM_STATUS_COMPLETED,
    EMERGENCY_BEGUN,
    WEBHOOK_TEST,
    WEBHOOK_DISABLED,
    RETENTION_PURGED,
}
KEPT_TYPES: Final = frozenset(
    {
        PARTNER_DOWN,
        PARTNER_UP,
        PARTNER_SILENT,
        PARTNER_GAP,
        EMERGENCY_BEGUN,
        WEBHOOK_TEST,
        WEBHOOK_DISABLED,
        RETENTION_PURGED,
    }
)
"""Events that tell of nobody: a purge leaves their bodies."""


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One event to append: its type, what it tells, and the rows it is about (ids)."""

    type: str
    story: Told
    claim: str | None = None
    file: str | None = None
    interchange: str | None = None
    remittance: str | None = None


def publish(scope: TenantScope, *happenings: Happening) -> list[kept.Event]:
    """Append events in their order and queue their webhook deliveries. Call it last in a transaction.

    Raises ValueError for an event type that the feed does not know: a broken promise of ours.
    """
    unknown = {happening.type for happening in happenings} - EVENT_TYPES
    if unknown:
        raise ValueError(f"no such event type: {', '.join(sorted(unknown))}")
    appended = kept.append(scope, *(_write(happening) for happening in happenings))
    webhooks.plan(scope, appended)
    return appended


def publish_to(scope: TenantScope, endpoint: webhooks.Endpoint, happening: Happening) -> str:
    """Append an event and deliver it to this endpoint alone; the delivery's id. Call it last, too."""
    [event] = kept.append(scope, _write(happening))
    return webhooks.plan_one(scope, endpoint, event)


def read_standing(scope: TenantScope, claim: Claim) -> Standing:
    """The claim's standing, folded from its events: what the stored row must say too."""
    return fold_story(kept.list_of_claim(scope, claim.id), claim)


def fold_story(story: Iterable[kept.Event], claim: Claim) -> Standing:
    """Where the claim stands after its events `story`. Raises msgspec.DecodeError for what is no story."""
    return fold((read_fact(event.type, event.body) for event in story), billed=claim.charge)


def _write(happening: Happening) -> kept.NewEvent:
    return kept.NewEvent(
        type=happening.type,
        body=write_story(happening.story),
        claim=happening.claim,
        file=happening.file,
        interchange=happening.interchange,
        remittance=happening.remittance,
    )
