"""What people do by hand: attach an answer to its claim, settle a work item, release what is held.

Each is one transaction that posts as the automatic match would, tells who did it, and may run twice: a
repetition changes nothing and has the same answer.
"""

from __future__ import annotations

import msgspec

from edi.findings import Finding, find
from edi.models import ClaimPayment, Remittance
from gateway.events import WORK_ITEM_RESOLVED, Happening
from gateway.journal import Journal, Particulars
from gateway.lifecycle import load_lifecycle
from gateway.payment_story import tell_payment
from gateway.processors.application_report import KIND as APPLICATION_REPORT
from gateway.processors.application_report import name_event_of_code
from gateway.processors.claim_ack import name_event_of
from gateway.settlement import read_posting
from gateway.store import acknowledgments, claims, remittances, work_items
from gateway.store.claims import Claim
from gateway.store.errors import NoSuchRow
from gateway.store.scope import TenantScope
from gateway.store.work_items import WorkItem
from gateway.story import AcknowledgmentTold, HandTold, WorkItemStory, read_told

CLAIM_STATUSES = ("277CA", "277")


class HandRefused(Exception):
    """What was asked cannot be done; `finding` says why."""

    def __init__(self, code: str, pointer: str | None = None) -> None:
        super().__init__(code)
        self.finding: Finding = find(code, pointer=pointer)


class Hand(msgspec.Struct, frozen=True):
    """Who acts: the API key, and that person's words, which are sealed and told to nobody."""

    key: str
    note: str = ""


class Target(msgspec.Struct, frozen=True):
    """Where a remittance's work item points: the remittance and the place of the claim payment in it."""

    remittance: str
    position: int | None = None


def attach_item(scope: TenantScope, item_id: str, claim_id: str, hand: Hand) -> WorkItem:
    """Post what the item holds to the claim, as if it had been matched. Raises NoSuchRow, HandRefused."""
    item = work_items.load(scope, item_id, lock=True)
    if item is None:
        raise NoSuchRow(item_id)
    if item.state == work_items.RESOLVED:
        return _repeat(item, claim_id)
    claim = _load_sent(scope, claim_id)
    journal = Journal(scope)
    if item.kind == "remittance":
        _post_payment(scope, journal, item, claim, hand)
    else:
        _post_status(scope, journal, item, claim, hand)
    return _settle(scope, journal, item, hand, claim_id)


def resolve_item(scope: TenantScope, item_id: str, hand: Hand) -> WorkItem:
    """Close the item; nothing else moves. Raises NoSuchRow, HandRefused."""
    item = work_items.load(scope, item_id, lock=True)
    if item is None:
        raise NoSuchRow(item_id)
    if item.state == work_items.RESOLVED:
        return _repeat(item, None)
    return settle_item(scope, item, hand)


def settle_item(scope: TenantScope, item: WorkItem, hand: Hand) -> WorkItem:
    """Close an open item that the caller holds; nothing else moves."""
    return _settle(scope, Journal(scope), item, hand, None)


def call_worked(scope: TenantScope, claim_id: str, hand: Hand) -> Claim:
    """Take the claim off the work lists until something new happens to it. Raises NoSuchRow."""
    claim = claims.load(scope, claim_id, lock=True)
    if claim is None:
        raise NoSuchRow(claim_id)
    if "worked" not in claim.marks:
        journal = Journal(scope)
        journal.record(claim, "claim.worked", Particulars(hand=HandTold(key=hand.key)))
        journal.close()
    return claims.load(scope, claim_id) or claim


def _repeat(item: WorkItem, claim_id: str | None) -> WorkItem:
    """The same answer to the same wish. Raises HandRefused for another one."""
    if item.claim != claim_id:
        raise HandRefused("work_item.settled_otherwise")
    return item


def _load_sent(scope: TenantScope, claim_id: str) -> Claim:
    """The claim, which a partner must have seen: nobody answers to one that never went out."""
    claim = claims.load(scope, claim_id, lock=True)
    if claim is None:
        raise HandRefused("work_item.no_such_claim", "/claim")
    states = load_lifecycle().state
    if states[claim.state].rank < states["batched"].rank:
        raise HandRefused("work_item.claim_not_sent", "/claim")
    return claim


def _post_payment(scope: TenantScope, journal: Journal, item: WorkItem, claim: Claim, hand: Hand) -> None:
    target = msgspec.json.decode(item.body, type=Target)
    kept = (
        remittances.find_payment(scope, target.remittance, target.position)
        if target.position is not None
        else None
    )
    if kept is None:
        raise HandRefused("work_item.not_attachable")
    if not remittances.match(scope, kept.id, claim.id):
        raise HandRefused("work_item.settled_otherwise")
    payment = msgspec.json.decode(kept.body, type=ClaimPayment)
    posting = read_posting(payment)
    if posting is None:  # a predetermination moves no money
        return
    whole = msgspec.json.decode(remittances.read_body(scope, target.remittance), type=Remittance)
    particulars = Particulars(
        payment=tell_payment(payment, posting.settlement, whole, target.remittance),
        hand=HandTold(key=hand.key, work_item=item.id),
        file=item.file,
        remittance=target.remittance,
    )
    journal.record(claim, posting.event, particulars, posting.settlement)


def _post_status(scope: TenantScope, journal: Journal, item: WorkItem, claim: Claim, hand: Hand) -> None:
    told = read_told(item.body) if item.kind == "acknowledgment" else None
    event = _name_event(told) if told is not None else None
    if told is None or event is None:
        raise HandRefused("work_item.not_attachable")
    particulars = Particulars(
        acknowledgment=told, hand=HandTold(key=hand.key, work_item=item.id), file=item.file
    )
    moved = journal.record(claim, event, particulars)
    if item.file is not None:
        acknowledgments.attach(scope, item.file, item.body, claim.id, applied=moved)


def _name_event(told: AcknowledgmentTold) -> str | None:
    """What a kept statement is to a claim, or None where it speaks of none."""
    if told.kind in CLAIM_STATUSES and told.statuses:
        return name_event_of(status.category for status in told.statuses)
    return name_event_of_code(told.code) if told.kind == APPLICATION_REPORT else None


def _settle(
    scope: TenantScope, journal: Journal, item: WorkItem, hand: Hand, claim_id: str | None
) -> WorkItem:
    work_items.resolve(scope, item.id, claim=claim_id, by=hand.key, note=hand.note)
    story = WorkItemStory(
        work_item=item.id,
        kind=item.kind,
        reason=item.reason,
        hand=HandTold(key=hand.key),
        claim=claim_id,
    )
    journal.tell(Happening(type=WORK_ITEM_RESOLVED, story=story, file=item.file))
    journal.close()
    return work_items.load(scope, item.id) or item
