"""Answers that meant none of ours when they came are matched again: what they answer may be known by now.

An acknowledgment overtakes its interchange where a delivery was recorded late, a database was restored, or
two machines work at once; a remittance may come before its claim. For three days each is tried ever
more rarely, from a minute on. What is matched then is applied as if it had come now, and its work item
settles itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Final

import msgspec

from edi.acks import read_ta1
from edi.files import check_file
from edi.findings import Finding
from edi.lexer import Unreadable
from edi.models import ClaimPayment
from gateway.archive import Archive, ArchiveDamaged, NotArchived
from gateway.clock import Clock
from gateway.hands import Hand, Target, attach_item, settle_item
from gateway.journal import Journal
from gateway.processing import PROCESSORS
from gateway.processors.arrival import Apply, Arrival
from gateway.processors.claim_match import match_payments
from gateway.processors.interchange_ack import apply_interchange_ack
from gateway.settings import Partner
from gateway.store import Store, acknowledgments, files, remittances, work_items
from gateway.store.files import File
from gateway.store.scope import TenantScope
from gateway.store.work_items import WorkItem
from gateway.story import AcknowledgmentTold

KEPT: Final = timedelta(hours=72)
SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=1)
AT_ONCE: Final = 500
PAYMENT: Final = "remittance.claim_unmatched"
STATEMENTS: Final = (
    "acknowledgment.unmatched",
    "claim_status.unmatched",
    "application_report.unmatched",
)
MONEY: Final = "005010X221A1"
"""A remittance is posted once: its open payments are matched by what is kept of them, not by its file."""

ITSELF: Final = Hand("rematching")


class Rematch(Arrival, frozen=True, kw_only=True):
    """The file once more, for the statements of it that are open: those that still mean nothing stay so."""

    open: frozenset[bytes]
    wanted: set[bytes] = msgspec.field(default_factory=set)
    still: set[bytes] = msgspec.field(default_factory=set)

    def wants(self, told: AcknowledgmentTold) -> bool:
        """True for what is open, whichever statement of the file it is."""
        body = msgspec.json.encode(told)
        if body in self.open:
            self.wanted.add(body)
        return body in self.open

    def keep_orphan(self, told: AcknowledgmentTold, reason: str, candidates: tuple[str, ...] = ()) -> None:
        """What is an orphan already is told once; a part of what is none any more may become one."""
        body = msgspec.json.encode(told)
        if body in self.open:
            self.still.add(body)
        else:
            super().keep_orphan(told, reason, candidates)


class Rematching:
    """Looks at the open answers now and then. `find_partner` gives a tenant's partner; raises KeyError."""

    def __init__(
        self, store: Store, archive: Archive, clock: Clock, find_partner: Callable[[str, str], Partner]
    ) -> None:
        self._store = store
        self._archive = archive
        self._clock = clock
        self._find_partner = find_partner
        self._tried: dict[tuple[str, str], tuple[int, datetime]] = {}

    async def look(self, tenant: str) -> int:
        """Try each file with open answers whose turn it is; how many answers found what they mean."""
        since, settled = self._clock.now() - KEPT, 0
        items = await self._store.read(lambda scope: list_open(scope, since), tenant=tenant)
        for file_id, open_ in groupby(items, key=lambda item: item.file or ""):
            if self._is_due(tenant, file_id):
                settled += await self._try(tenant, file_id, since, {item.reason for item in open_})
        self._forget(tenant, {item.file for item in items})
        return settled

    async def _try(self, tenant: str, file_id: str, since: datetime, reasons: set[str]) -> int:
        file = await self._store.read(lambda scope: files.load(scope, file_id), tenant=tenant)
        if file is None:
            return 0
        try:
            partner = self._find_partner(tenant, file.partner)
            applies = await asyncio.to_thread(self._read, file) if reasons - {PAYMENT} else ()
        except (KeyError, NotArchived, ArchiveDamaged, Unreadable):
            return 0
        return await self._store.write(
            lambda scope: rematch_file(scope, file, partner, applies, since), tenant=tenant
        )

    def _read(self, file: File) -> tuple[Apply, ...]:
        """What the acknowledgments in the file do."""
        report = check_file(self._archive.get(file.sha256), keep=True)
        between = [
            partial(_apply_interchange_ack, segment)
            for interchange in report.interchanges
            for segment in map(read_ta1, interchange.acknowledgments)
        ]
        known = (each for each in report.sets if each.guide in PROCESSORS and each.guide != MONEY)
        return (*between, *(PROCESSORS[each.guide or ""](each) for each in known))

    def _is_due(self, tenant: str, file_id: str) -> bool:
        tries, due = self._tried.get((tenant, file_id), (0, self._clock.now()))
        if due > self._clock.now():
            return False
        wait = min(LONGEST, SHORTEST * float(1 << min(tries, 8)))
        self._tried[tenant, file_id] = tries + 1, self._clock.now() + wait
        return True

    def _forget(self, tenant: str, open_files: set[str | None]) -> None:
        gone = [key for key in self._tried if key[0] == tenant and key[1] not in open_files]
        for key in gone:
            del self._tried[key]


def _apply_interchange_ack(acknowledgment: object, arrival: Arrival) -> None:
    apply_interchange_ack(arrival, acknowledgment)  # type: ignore[arg-type]  # read by read_ta1


def list_open(scope: TenantScope, since: datetime) -> list[WorkItem]:
    """The open answers since then, those of one file together."""
    found = work_items.list_unmatched(scope, (*STATEMENTS, PAYMENT), since, limit=AT_ONCE)
    return sorted(found, key=lambda item: (item.file or "", item.id))


def rematch_file(
    scope: TenantScope, file: File, partner: Partner, applies: Sequence[Apply], since: datetime
) -> int:
    """Apply what of the file's open answers finds what it means, and settle its items; how many."""
    items = work_items.list_unmatched(scope, STATEMENTS, since, file=file.id, limit=AT_ONCE, lock=True)
    paid = work_items.list_unmatched(scope, (PAYMENT,), since, file=file.id, limit=AT_ONCE, lock=True)
    journal, notes = Journal(scope), list[Finding]()
    open_ = frozenset(item.body for item in items)
    arrival = Rematch(scope, journal, file, partner, notes, open=open_)
    for apply in applies if items else ():
        apply(arrival)
    arrival.close()
    journal.close()
    settled = [item for item in items if item.body in arrival.wanted - arrival.still]
    for item in settled:
        acknowledgments.remove_orphan(scope, file.id, item.body)
        settle_item(scope, item, ITSELF)
    return len(settled) + sum([attach_payment(scope, arrival, item) for item in paid])


def attach_payment(scope: TenantScope, arrival: Arrival, item: WorkItem) -> bool:
    """Post a claim payment to the claim that it means, if that is known by now."""
    target = msgspec.json.decode(item.body, type=Target)
    kept = remittances.find_payment(scope, target.remittance, target.position or 0)
    remittance = remittances.load(scope, target.remittance)
    if kept is None or remittance is None or kept.claim is not None:
        return False
    payment = msgspec.json.decode(kept.body, type=ClaimPayment)
    [match] = match_payments(arrival, [payment], remittance.payer_name)
    if match.claim is None:
        return False
    attach_item(scope, item.id, match.claim.id, ITSELF)
    return True
