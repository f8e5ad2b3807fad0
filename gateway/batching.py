"""Batching: the waiting claims of one payer become an interchange with control numbers, archived and queued.

Control numbers, interchange, claim states, events and send job commit together. The text is written before
that transaction, from numbers that are a guess; the transaction takes the real ones and is undone where the
guess was wrong, so the writer is never held up by the engine and no number is ever used up in vain.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import msgspec

from edi.findings import Finding
from gateway.archive import Archive
from gateway.clock import Clock
from gateway.commitpoints import Reach, pass_by
from gateway.composition import (
    Composition,
    Form,
    Limits,
    Numbers,
    Seat,
    Unsendable,
    Waiting,
    compose,
    make_envelope,
)
from gateway.cutoffs import select_due
from gateway.dossier import read_dossier
from gateway.journal import Journal, Particulars, record_all
from gateway.logs import log_event
from gateway.settings import Partner
from gateway.settings_parts import find_zone
from gateway.store import Store, claims, control_numbers, interchanges, jobs, work_items
from gateway.store.claims import Claim
from gateway.store.control_numbers import Span
from gateway.store.scope import TenantScope
from gateway.story import SubmissionTold, tell_findings

SEND: Final = "send"
ACCEPTED: Final = "accepted"
HELD: Final = "held"
GUESSES: Final = 5
SKIPS: Final = 100
NUMBER_COLUMNS: Final = {"interchange": "control_number", "group": "group_control_number"}
EXCHANGE: Final = "partner"
EXHAUSTED: Final = "partner.control_numbers_exhausted"


class NumbersMoved(Exception):
    """The guessed control numbers are not the next ones; `numbers` are."""

    def __init__(self, numbers: Numbers) -> None:
        super().__init__("the control numbers have moved on")
        self.numbers = numbers


class ClaimsMoved(Exception):
    """A claim of the batch is no longer waiting: another worker has taken it."""


class NumbersExhausted(Exception):
    """The next control numbers of the partner's range are all in use."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Claims of one payer and one usage (P or T) that go into one interchange, oldest first."""

    partner: Partner
    payer_id: str
    usage: str
    guide: str
    rows: tuple[Claim, ...]
    waiting: tuple[Waiting, ...]


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A composed batch whose bytes are in the archive, ready to be committed."""

    batch: Batch
    composition: Composition
    numbers: Numbers
    sha256: str


class Batching:
    """Makes interchanges of waiting claims. `reach` is told of each commit point."""

    def __init__(self, store: Store, archive: Archive, clock: Clock, *, reach: Reach = pass_by) -> None:
        self._store = store
        self._archive = archive
        self._clock = clock
        self._reach = reach
        self._next: dict[tuple[str, str], Numbers] = {}

    async def run(self, tenant: str, partner: Partner) -> int:
        """Batch every due claim of the partner; how many interchanges it made."""
        payers = await self._store.read(lambda scope: claims.list_payers_in(scope, ACCEPTED), tenant=tenant)
        made = 0
        for payer_id in payers:
            if payer_id in partner.payers:
                made += await self._run_payer(tenant, partner, payer_id)
        return made

    async def _run_payer(self, tenant: str, partner: Partner, payer_id: str) -> int:
        def gather(scope: TenantScope) -> list[Batch]:
            return list(list_batches(scope, partner, payer_id))

        batches = await self._store.write(gather, tenant=tenant)
        outcomes = [await self._send_off(tenant, batch) for batch in batches]
        return sum(outcomes)

    async def _send_off(self, tenant: str, batch: Batch) -> int:
        """Compose and commit the batch, in as many files as it takes; how many interchanges there are."""
        made, left = 0, batch
        while left.rows:
            parcel = await self._send_part(tenant, left)
            if parcel is None:
                break
            made += bool(parcel.composition.seats)
            left = keep_beyond(left, parcel.composition)
        return made

    async def _send_part(self, tenant: str, batch: Batch) -> Parcel | None:
        """The first file of the batch, committed; None where another worker has it or it cannot leave."""
        numbers = self._next.get((tenant, batch.partner.name), Numbers(1, 1))
        for _ in range(GUESSES):
            try:
                parcel = await self._compose(batch, numbers)
                await self._commit(tenant, parcel)
            except NumbersMoved as moved:
                numbers = moved.numbers
            except NumbersExhausted:
                await self._store.write(lambda scope: note_exhausted(scope, batch.partner), tenant=tenant)
                return None
            except ClaimsMoved:
                return None
            except Unsendable as refusal:
                await self._hold(tenant, batch, refusal)
                return None
            else:
                return parcel
        return None

    async def _hold(self, tenant: str, batch: Batch, refusal: Unsendable) -> None:
        """Claims that only together are refused wait for a person: the fault is ours."""
        await self._store.write(lambda scope: hold_batch(scope, batch, refusal.findings), tenant=tenant)

    async def _compose(self, batch: Batch, numbers: Numbers) -> Parcel:
        envelope = make_envelope(batch.partner.envelope, numbers, self._clock.now(), usage=batch.usage)
        form = Form(
            envelope=envelope,
            guide=batch.guide,
            character_set=batch.partner.character_set,
            limits=find_limits(batch.partner),
        )
        composition = await asyncio.to_thread(compose, batch.waiting, form)
        digest = await asyncio.to_thread(self._archive.put, composition.text) if composition.text else ""
        self._reach("batching.archived")
        return Parcel(batch=batch, composition=composition, numbers=numbers, sha256=digest)

    async def _commit(self, tenant: str, parcel: Parcel) -> None:
        await self._store.write(lambda scope: commit_parcel(scope, parcel), tenant=tenant)
        self._reach("batching.committed")
        if not parcel.composition.seats:
            return
        log_event(
            "interchange.stored",
            tenant=tenant,
            partner=parcel.batch.partner.name,
            control_number=parcel.numbers.interchange,
            count=len(parcel.composition.seats),
        )
        partner = parcel.batch.partner
        self._next[tenant, partner.name] = guess_next(parcel.numbers, find_span(partner))


def guess_next(used: Numbers, span: Span) -> Numbers:
    """The control numbers that follow, if nobody else takes some."""
    return Numbers(span.follow(used.interchange), span.follow(used.group))


def find_span(partner: Partner) -> Span:
    """The partner's range of control numbers."""
    return Span(partner.envelope.control_numbers.first, partner.envelope.control_numbers.last)


def find_limits(partner: Partner) -> Limits:
    """How much one file to the partner holds."""
    batch = partner.batch
    return Limits(max_bytes=batch.max_bytes, max_sets=batch.max_sets, claims_per_set=batch.claims_per_set)


def keep_beyond(batch: Batch, composition: Composition) -> Batch:
    """What of the batch did not fit into the file."""
    beyond = composition.beyond
    return msgspec.structs.replace(
        batch,
        rows=tuple(row for row in batch.rows if row.id in beyond),
        waiting=tuple(it for it in batch.waiting if it.claim in beyond),
    )


def list_batches(scope: TenantScope, partner: Partner, payer_id: str) -> Iterator[Batch]:
    """The due batches of a payer, one for each guide and usage among its waiting claims."""
    waiting = claims.take_in_state(scope, ACCEPTED, payer_id, partner.batch.max_claims, unless_marked=HELD)
    rows = select_due(waiting, partner.batch, scope.now())
    bodies = claims.read_bodies(scope, [row.id for row in rows])
    for (guide, usage), members in groupby(sorted(rows, key=_kind), key=_kind):
        ours = tuple(members)
        yield Batch(
            partner=partner,
            payer_id=payer_id,
            usage=usage,
            guide=guide,
            rows=ours,
            waiting=tuple(
                Waiting(claim=row.id, document=read_dossier(bodies[row.id]).document) for row in ours
            ),
        )


def commit_parcel(scope: TenantScope, parcel: Parcel) -> None:
    """Everything about an interchange in one transaction.

    Raises NumbersMoved, ClaimsMoved; nothing is written then.
    """
    batch, composition = parcel.batch, parcel.composition
    rows = _hold_rows(scope, batch)
    journal = Journal(scope)
    for claim_id, findings in composition.refused.items():
        _refuse(journal, rows[claim_id], findings)
    if composition.seats:
        take_numbers(scope, parcel.batch.partner, parcel.numbers)
        interchange_id = _store_interchange(scope, parcel)
        for seat in composition.seats:
            told = Particulars(
                submission=_tell_seat(parcel, seat, interchange_id), interchange=interchange_id
            )
            journal.record(rows[seat.claim], "claim.batched", told)
    journal.close()


def hold_batch(scope: TenantScope, batch: Batch, findings: tuple[Finding, ...]) -> None:
    """Mark every claim of the batch that still waits, and have a person look."""
    rows = claims.load_many(scope, [row.id for row in batch.rows], lock=True)
    waiting = [row for row in rows if row.state == ACCEPTED]
    journal = Journal(scope)
    record_all(journal, waiting, "claim.held", Particulars(findings=tell_findings(findings)))
    work_items.add(scope, kind="batch", reason=findings[0].code, candidates=[row.id for row in waiting])
    journal.close()


def _kind(row: Claim) -> tuple[str, str]:
    return row.claim_type, row.usage


def _hold_rows(scope: TenantScope, batch: Batch) -> dict[str, Claim]:
    held = claims.load_many(scope, [row.id for row in batch.rows], lock=True)
    if any(row.state != ACCEPTED for row in held):
        raise ClaimsMoved
    return {row.id: row for row in held}


def take_numbers(scope: TenantScope, partner: Partner, guess: Numbers) -> None:
    """Use up the next control numbers. Raises NumbersMoved where they are others, NumbersExhausted."""
    taken = Numbers(_take_free(scope, partner, "interchange"), _take_free(scope, partner, "group"))
    if taken != guess:
        raise NumbersMoved(taken)


def _take_free(scope: TenantScope, partner: Partner, kind: str) -> int:
    """The next number that no other interchange to the partner may be known by. Raises NumbersExhausted."""
    since = scope.now() - timedelta(days=partner.envelope.control_numbers.reuse_days)
    for _ in range(SKIPS):
        number = control_numbers.take(scope, partner.name, kind, find_span(partner))
        if not interchanges.bears_number(scope, partner.name, NUMBER_COLUMNS[kind], number, since):
            return number
    raise NumbersExhausted


def note_exhausted(scope: TenantScope, partner: Partner) -> None:
    """Have a person look, once at a time: the claims wait until a number is free or the range is larger."""
    found = work_items.find_about(scope, EXCHANGE, EXHAUSTED, partner.name)
    if all(item.state == work_items.RESOLVED for item in found):
        work_items.add(scope, kind=EXCHANGE, reason=EXHAUSTED, subject=partner.name)
        log_event(EXHAUSTED, level=logging.WARNING, tenant=scope.tenant, partner=partner.name)


def _store_interchange(scope: TenantScope, parcel: Parcel) -> str:
    """The interchange's row, where its claims stand in it, and the job that sends it."""
    batch, numbers = parcel.batch, parcel.numbers
    interchange_id = scope.new_id("int")
    interchanges.add(
        scope,
        interchanges.NewInterchange(
            id=interchange_id,
            partner=batch.partner.name,
            payer_id=batch.payer_id,
            control_number=numbers.interchange,
            group_control_number=numbers.group,
            usage=batch.usage,
            name=name_file(batch.partner, batch.usage, batch.payer_id, numbers, interchange_id, scope.now()),
            sha256=parcel.sha256,
            size=len(parcel.composition.text),
            placements=tuple(
                _place(seat, interchange_id, numbers.group) for seat in parcel.composition.seats
            ),
        ),
    )
    queue_sending(scope, batch.partner.name, interchange_id)
    return interchange_id


def queue_sending(scope: TenantScope, partner: str, interchange_id: str) -> None:
    """The job that sends an interchange, one after the other for each partner."""
    lane = name_lane(partner)
    jobs.enqueue(scope, jobs.NewJob(kind=SEND, subject=interchange_id, lane=lane, once_key=interchange_id))


def name_lane(partner: str) -> str:
    """The lane of everything that is sent to the partner."""
    return f"{SEND}:{partner}"


def name_file(
    partner: Partner, usage: str, payer_id: str, numbers: Numbers, interchange_id: str, now: datetime
) -> str:
    """The file's name by the partner's pattern, its day and time those of the partner's zone."""
    local = now.astimezone(find_zone(partner.batch.time_zone))
    return partner.file_name.format(
        id=interchange_id,
        control_number=f"{numbers.interchange:09d}",
        date=f"{local:%Y%m%d}",
        time=f"{local:%H%M%S}",
        usage=usage,
        partner=partner.name,
        payer=re.sub(r"[^A-Za-z0-9]", "-", payer_id),
    )


def _place(seat: Seat, interchange_id: str, group: int) -> interchanges.Placement:
    return interchanges.Placement(
        interchange_id, seat.claim, group, seat.set_control_number, seat.position, seat.trace
    )


def _tell_seat(parcel: Parcel, seat: Seat, interchange_id: str) -> SubmissionTold:
    return SubmissionTold(
        interchange=interchange_id,
        partner=parcel.batch.partner.name,
        interchange_control_number=f"{parcel.numbers.interchange:09d}",
        group_control_number=str(parcel.numbers.group),
        set_control_number=seat.set_control_number,
        trace=seat.trace,
    )


def _refuse(journal: Journal, row: Claim, findings: tuple[Finding, ...]) -> None:
    journal.record(row, "claim.rejected", Particulars(findings=tell_findings(findings)))
