"""Filing a follow-up: composed, checked like any claim, and stored with its link in one transaction."""

from __future__ import annotations

import asyncio
from typing import Final

from edi.documents import read_text
from edi.findings import Finding
from gateway.checking.checker import Judged, write_judgement
from gateway.follow_ups.composing import PAYER, Draft, Wish, compose
from gateway.follow_ups.originals import Original, find_hindrance, load_original
from gateway.intake import Intake
from gateway.journal import Journal, Particulars
from gateway.recording import Also, LeftOut, Parcel, Submission, record_claims
from gateway.store import Store, claims, follow_ups
from gateway.store.audit import NewEntry
from gateway.store.scope import TenantScope
from gateway.story import FollowUpTold

TURNS: Final = 5


class Refused(Exception):
    """No follow-up was made; `findings` say why."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("refused")
        self.findings = findings


class NoOriginal(Exception):
    """The tenant has no such claim."""


class _Moved(Exception):
    """The original has changed since it was read: the follow-up is composed anew."""


class FollowUps:
    """Makes replacements, voids and claims to the next payer."""

    def __init__(self, store: Store, intake: Intake) -> None:
        self._store = store
        self._intake = intake

    async def file(
        self,
        tenant: str,
        claim_id: str,
        wish: Wish,
        *,
        also: Also | None = None,
        entry: NewEntry | None = None,
    ) -> Submission:
        """Make the follow-up; durable when awaited. `also` and the audit's `entry` share its transaction.

        Raises NoOriginal, Refused (nothing was stored) and LeftOut where `also` does.
        """
        for _ in range(TURNS - 1):
            try:
                return await self._file(tenant, claim_id, wish, also, entry)
            except _Moved:
                continue
        return await self._file(tenant, claim_id, wish, also, entry)

    async def _file(
        self, tenant: str, claim_id: str, wish: Wish, also: Also | None, entry: NewEntry | None
    ) -> Submission:
        original = await self._store.read(lambda scope: load_original(scope, claim_id), tenant=tenant)
        if original is None:
            raise NoOriginal(claim_id)
        draft = compose(original, wish)
        refuse_hindered(original, draft, wish)
        judged = await asyncio.to_thread(self._judge, tenant, original, draft)
        parcel = Parcel(judged, also, entry, original.claim.id)
        return await self._store.write(lambda scope: record(scope, original, wish, parcel), tenant=tenant)

    def _judge(self, tenant: str, original: Original, draft: Draft) -> Judged:
        guide = original.claim.claim_type
        checked, findings = self._intake.check(tenant, draft.document, guide=guide)
        return write_judgement(checked, (*draft.findings, *findings))


def refuse_hindered(original: Original, draft: Draft, wish: Wish) -> None:
    """Raises Refused where the claim may not be followed so, or the follow-up cannot be composed."""
    payer = read_text(draft.document, PAYER)
    hindrance = find_hindrance(original.claim, original.follow_ups, wish.kind, payer)
    if hindrance is not None:
        raise Refused((hindrance,))
    if draft.stopped:
        raise Refused(draft.findings)


def record(scope: TenantScope, read: Original, wish: Wish, parcel: Parcel) -> Submission:
    """Store the follow-up unless its original has changed; tell the original where it will go out."""
    original = claims.load(scope, read.claim.id, lock=True)
    following = tuple(follow_ups.list_of(scope, read.claim.id))
    if original != read.claim or following != read.follow_ups:
        raise _Moved
    [outcome] = record_claims(scope, [parcel])
    if isinstance(outcome, LeftOut):
        raise outcome
    if outcome.accepted:
        told = FollowUpTold(claim=outcome.claim, kind=wish.kind, state=outcome.state)
        journal = Journal(scope)
        journal.record(read.claim, "claim.followed", Particulars(follow_up=told))
        journal.close()
    return outcome
