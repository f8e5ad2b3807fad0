"""Watchdogs: what should have come by now and has not is told once, and stands on a work list until it comes.

Each interchange that was sent sets its timers (jobs with a due time), so that downtime delays them and loses
none. A timer rings only after what waited in the mailbox was applied: what is there is not missing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from gateway.clock import Clock
from gateway.events import PARTNER_GAP, PARTNER_SILENT, Happening, publish
from gateway.hands import Hand, settle_item
from gateway.journal import Journal, Particulars
from gateway.payment_parts import note_missing_parts
from gateway.settings import Partner
from gateway.store import Store, claim_groups, claims, files, interchanges, jobs, work_items
from gateway.store.claim_groups import Deadline
from gateway.store.claims import Claim
from gateway.store.interchanges import Interchange
from gateway.store.scope import TenantScope
from gateway.story import OverdueTold, PartnerStory
from gateway.watches import ClaimWatch, load_watches

PARTNER: Final = "partner"
WATCHDOG: Final = Hand("watchdog")
PATIENCE: Final = timedelta(hours=1)
PAUSE: Final = timedelta(seconds=5)
FILING_TURN: Final = timedelta(hours=1)

FindPartner = Callable[[str, str], Partner | None]
HasLooked = Callable[[str, str], bool]


class Watchdogs:
    """Sets timers and lets them ring.

    `has_looked` says whether a partner's mailbox was emptied since the start, `find_partner` gives
    the tenant's partner for a payer, None where the settings have none any more.
    """

    def __init__(self, store: Store, clock: Clock, find_partner: FindPartner, has_looked: HasLooked) -> None:
        self._store = store
        self._clock = clock
        self._find_partner = find_partner
        self._has_looked = has_looked
        self._began = clock.now()
        self._filed: dict[tuple[str, str], datetime] = {}

    async def look(self, tenant: str, partner: Partner) -> int:
        """Set the timers of what was sent since, look for gaps and filing limits; how many timers."""
        timers = await self._store.write(lambda scope: set_timers(scope, partner), tenant=tenant)
        await self._store.write(lambda scope: note_life(scope, partner), tenant=tenant)
        if partner.watch.payment_parts_days:
            await self._store.write(lambda scope: note_missing_parts(scope, partner), tenant=tenant)
        if partner.watch.gap_hours:
            await self._store.write(lambda scope: note_gaps(scope, partner), tenant=tenant)
        if self._is_filing_due(tenant, partner.name):
            timers += await self._store.write(lambda scope: set_filing_timers(scope, partner), tenant=tenant)
        return timers

    async def run(self, tenant: str, job: jobs.Job) -> None:
        """A timer rings. Raises LostLease."""
        of_claim = job.kind == load_watches().filing.timer
        ring = self._ring_filing if of_claim else self._ring_interchange
        await self._store.write(lambda scope: ring(scope, job), tenant=tenant)

    def _ring_interchange(self, scope: TenantScope, job: jobs.Job) -> None:
        interchange = interchanges.load(scope, job.subject)
        if interchange is None or interchange.sent_at is None:
            jobs.finish(scope, job)
        elif self.may_have_come(scope, interchange):
            jobs.postpone(scope, job, scope.now() + PAUSE)
        elif job.kind == load_watches().silence.timer:
            ring_silence(scope, job, interchange)
        else:
            ring_claims(scope, job, interchange, load_watches().claims[job.kind])

    def _ring_filing(self, scope: TenantScope, job: jobs.Job) -> None:
        """Mark a claim whose filing limit is near and that no payer has taken in."""
        jobs.finish(scope, job)
        filing, row = load_watches().filing, claims.load(scope, job.subject, lock=True)
        partner = self._find_partner(scope.tenant, row.payer_id) if row is not None else None
        if row is None or partner is None or row.service_from is None or row.state not in filing.states:
            return
        limit = timedelta(days=partner.watch_for(row.payer_id).filing_days)
        told = OverdueTold(
            reason=filing.reason,
            meaning=filing.meaning,
            since=row.service_from.isoformat(),
            due=(row.service_from + limit).isoformat(),
        )
        journal = Journal(scope)
        journal.record(row, "claim.overdue", Particulars(overdue=told))
        journal.close()

    def may_have_come(self, scope: TenantScope, interchange: Interchange) -> bool:
        """True while the answer may be here without being read; a partner that is away is not waited for."""
        if files.is_unread(scope, interchange.partner):
            return True
        away = self._clock.now() - self._began >= PATIENCE
        return not away and not self._has_looked(scope.tenant, interchange.partner)

    def _is_filing_due(self, tenant: str, partner: str) -> bool:
        """Filing limits are days away: to look once an hour is enough."""
        now, last = self._clock.now(), self._filed.get((tenant, partner))
        if last is not None and now - last < FILING_TURN:
            return False
        self._filed[tenant, partner] = now
        return True


def set_timers(scope: TenantScope, partner: Partner) -> int:
    """The timers of every interchange to the partner that has none yet; how many."""
    timers = 0
    for interchange in interchanges.take_unwatched(scope, partner.name):
        settings = partner.watch_for(interchange.payer_id)
        for kind, watch in load_watches().timed():
            wait = watch.read_wait(settings)
            if wait and interchange.sent_at is not None:
                due = interchange.sent_at + wait
                timers += jobs.enqueue(
                    scope, jobs.NewJob(kind=kind, subject=interchange.id, due_at=due, once_key=interchange.id)
                )
    return timers


def ring_claims(scope: TenantScope, job: jobs.Job, interchange: Interchange, watch: ClaimWatch) -> None:
    """Mark the claims of the interchange that still wait for this answer. Raises LostLease."""
    jobs.finish(scope, job)
    placed = [place.claim for place in interchanges.list_placements(scope, interchange.id)]
    waiting = [row for row in claims.load_many(scope, placed, lock=True) if _waits(row, watch)]
    told = OverdueTold(
        reason=watch.reason,
        meaning=watch.meaning,
        since=(interchange.sent_at or interchange.created_at).isoformat(),
        due=job.due_at.isoformat(),
    )
    journal = Journal(scope)
    for row in waiting:
        journal.record(row, "claim.overdue", Particulars(overdue=told, interchange=interchange.id))
    journal.close()


def ring_silence(scope: TenantScope, job: jobs.Job, interchange: Interchange) -> None:
    """Tell that nothing came from the partner since the interchange went out. Raises LostLease."""
    jobs.finish(scope, job)
    heard = files.find_last_received(scope, interchange.partner)
    since = interchange.sent_at or interchange.created_at
    if (heard is None or heard <= since) and not _list_silences(scope, interchange.partner):
        reason = load_watches().silence.reason
        work_items.add(scope, kind=PARTNER, reason=reason, subject=interchange.partner)
        story = PartnerStory(partner=interchange.partner, reason=reason, interchange=interchange.id)
        publish(scope, Happening(type=PARTNER_SILENT, story=story, interchange=interchange.id))


def note_life(scope: TenantScope, partner: Partner) -> None:
    """Settle what said that the partner is silent, once a file of it has come."""
    for item in _list_silences(scope, partner.name):
        heard = files.find_last_received(scope, partner.name)
        if heard is not None and heard > item.created_at:
            settle_item(scope, item, WATCHDOG)


def note_gaps(scope: TenantScope, partner: Partner) -> int:
    """Tell each range of control numbers that was skipped too long ago, once; how many."""
    gap = load_watches().gap
    came = files.list_control_numbers(scope, partner.name, scope.now() - timedelta(days=gap.days))
    late, told = scope.now() - timedelta(hours=partner.watch.gap_hours), 0
    for (before, _), (after, moment) in pairwise(came):
        missing = f"{partner.name}:{before + 1:09d}-{after - 1:09d}"
        skipped = 1 < after - before <= gap.largest and moment <= late
        if skipped and not work_items.find_about(scope, PARTNER, gap.reason, missing):
            work_items.add(scope, kind=PARTNER, reason=gap.reason, subject=missing)
            story = PartnerStory(partner=partner.name, reason=missing.partition(":")[2])
            publish(scope, Happening(type=PARTNER_GAP, story=story))
            told += 1
    return told


def set_filing_timers(scope: TenantScope, partner: Partner) -> int:
    """A timer, due at once, for each claim whose filing limit is near and that never had one; how many."""
    filing, timers = load_watches().filing, 0
    for payer in partner.payers:
        settings = partner.watch_for(payer)
        if not settings.filing_days:
            continue
        limit, today = timedelta(days=settings.filing_days), scope.now().date()
        deadline = Deadline(
            payer_id=payer,
            states=filing.states,
            frequencies=filing.frequencies,
            served_after=today - limit,
            served_before=today - limit + timedelta(days=settings.filing_warning_days),
        )
        for claim_id in claim_groups.list_undecided(scope, deadline, timer=filing.timer):
            new = jobs.NewJob(kind=filing.timer, subject=claim_id, once_key=claim_id)
            timers += jobs.enqueue(scope, new)
    return timers


def _waits(row: Claim, watch: ClaimWatch) -> bool:
    """True where the claim still waits for the answer and nobody was told."""
    return row.state in watch.states and watch.reason not in row.marks


def _list_silences(scope: TenantScope, partner: str) -> list[work_items.WorkItem]:
    """What says that the partner is silent and is not settled."""
    found = work_items.find_about(scope, PARTNER, load_watches().silence.reason, partner)
    return [item for item in found if item.state == work_items.OPEN]
