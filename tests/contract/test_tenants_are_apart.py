"""A foreign tenant gets nothing from any query function, and changes nothing of another's."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any, NamedTuple

import msgspec

from gateway.sealing import SealBroken
from gateway.store import (
    Store,
    SystemScope,
    TenantScope,
    acknowledgments,
    audit,
    chain,
    claim_groups,
    claim_search,
    claims,
    control_numbers,
    data_keys,
    emergencies,
    events,
    files,
    follow_ups,
    idempotency,
    inquiries,
    interchanges,
    jobs,
    keys,
    partner_states,
    payer_references,
    payments,
    people,
    remittances,
    retention,
    sealed_columns,
    sessions,
    sign_ins,
    tables,
    tenants,
    webhooks,
    work_items,
)
from gateway.store.claim_search import ClaimSearch
from gateway.store.errors import Conflict, LostLease, NoSuchRow
from tests.contract.rows import (
    make_claim,
    make_data_key,
    make_entry,
    make_file,
    make_inquiry,
    make_interchange,
    make_remittance,
    make_state,
)

ROOMS = (
    acknowledgments,
    audit,
    chain,
    claim_groups,
    claim_search,
    claims,
    control_numbers,
    data_keys,
    emergencies,
    events,
    files,
    follow_ups,
    idempotency,
    inquiries,
    interchanges,
    jobs,
    keys,
    payments,
    remittances,
    retention,
    sealed_columns,
    tenants,
    webhooks,
    work_items,
    partner_states,
    payer_references,
    people,
    sessions,
    sign_ins,
    emergencies,
)
HOUR = timedelta(hours=1)
DEPOSIT = payments.NewDeposit(
    amount=Decimal("80.00"), deposited_on=date(2026, 3, 2), source="bank", by="key_1"
)


class World(NamedTuple):
    """What the first tenant owns."""

    claim: claims.Claim
    event: events.Event
    file: files.File
    interchange: interchanges.Interchange
    remittance: remittances.Remittance
    payment: remittances.ClaimPayment
    job: jobs.Job
    endpoint: webhooks.Endpoint
    delivery: webhooks.Delivery
    key: keys.ApiKey
    item: work_items.WorkItem
    inquiry: inquiries.Inquiry
    person: people.Person
    session: sessions.Session
    emergency: emergencies.Emergency


def furnish(scope: TenantScope) -> World:
    """One row at least in every table."""
    claim, file = make_claim(scope), make_file(scope, name="theirs")
    control_numbers.take(scope, "north", "isa")
    sent = make_interchange(scope, claim)
    acknowledgments.add(
        scope,
        kind="999",
        file=file.id,
        code="A",
        applied=True,
        body=b"{}",
        claim=claim.id,
        interchange=sent.id,
    )
    remittance = remittances.add(scope, make_remittance(file))
    assert remittance is not None
    endpoint = webhooks.add_endpoint(scope, url="https://a.example", types=(), secret=b"s")
    told = events.append(scope, *(events.NewEvent(type="x", claim=claim.id, body=b"{}") for _ in range(2)))
    webhooks.plan(scope, told)
    jobs.enqueue(scope, jobs.NewJob(kind="send", subject=sent.id, lane="north", attempt_limit=1))
    jobs.enqueue(scope, jobs.NewJob(kind="send", subject="later", lane="south"))
    idempotency.begin(scope, "r", "k", "d")
    files.add_claims(scope, file.id, [claim.id])
    payer_references.note_all(scope, "north", [("P-1", claim.id)])
    person = people.add(scope, login="dana", label="Dana", roles=("biller",))
    people.set_codes(scope, person.id, ["c" * 64])
    sign_ins.count(scope, "dana", "203.0.113.9", forget_before=scope.now() - HOUR)
    payments.add_deposit(scope, [remittance], DEPOSIT)
    audit.append(scope, [make_entry(claim.id, reason="r")])
    data_keys.add(scope, make_data_key(scope, "d1"))
    partner_states.save(scope, make_state(scope, "secret"))
    return World(
        claim,
        told[0],
        file,
        sent,
        remittance,
        remittances.list_payments(scope, remittance.id)[0],
        jobs.take(scope, ("send",), lease=-HOUR)[0],
        endpoint,
        webhooks.take(scope, lease=-HOUR)[0],
        keys.add(scope, prefix="cw_1", digest="d", label="l", scopes=()),
        work_items.add(scope, kind="k", reason="r", file=file.id, candidates=(claim.id,), subject="s"),
        inquiries.add(scope, make_inquiry()),
        person,
        begin_session(scope, person.id),
        emergencies.add(
            scope,
            person=person.id,
            home=scope.tenant,
            scopes=("phi:reveal",),
            reason=b"r",
            ends_at=later(scope),
        ),
    )


def later(scope: TenantScope) -> datetime:
    return scope.now() + HOUR


def begin_session(scope: TenantScope, person: str, digest: str = "d" * 64) -> sessions.Session:
    return sessions.add(
        scope,
        digest=digest,
        person=person,
        step="whole",
        method="password",
        address="203.0.113.9",
        ends_at=later(scope),
    )


# What a foreigner tries, with the ids and values of the first tenant in hand: one entry for each function.
TRIES: dict[Callable[..., Any], Callable[[TenantScope, World], Any]] = {
    acknowledgments.add: lambda scope, its: acknowledgments.add(
        scope, kind="999", file=its.file.id, code="R", applied=True, body=b"", claim=its.claim.id
    ),
    acknowledgments.attach: lambda scope, its: acknowledgments.attach(
        scope, its.file.id, b"{}", its.claim.id, applied=True
    ),
    acknowledgments.list_of_claim: lambda scope, its: acknowledgments.list_of_claim(scope, its.claim.id),
    acknowledgments.list_of_interchange: lambda scope, its: acknowledgments.list_of_interchange(
        scope, its.interchange.id
    ),
    acknowledgments.remove_orphan: lambda scope, its: acknowledgments.remove_orphan(
        scope, its.file.id, b"{}"
    ),
    work_items.list_unmatched: lambda scope, its: work_items.list_unmatched(
        scope, ("r",), scope.now() - HOUR, file=its.file.id
    ),
    acknowledgments.list_of_file: lambda scope, its: acknowledgments.list_of_file(scope, its.file.id),
    follow_ups.list_of: lambda scope, its: follow_ups.list_of(scope, its.claim.original or its.claim.id),
    follow_ups.list_of_account: lambda scope, its: follow_ups.list_of_account(
        scope, its.claim.control_fingerprint
    ),
    payments.name_payment: lambda scope, its: payments.name_payment("rem_none"),
    payments.list_page: lambda scope, its: payments.list_page(scope),
    payments.load: lambda scope, its: payments.load(scope, payments.name_payment(its.remittance.id)),
    payments.find: lambda scope, its: payments.find(
        scope, its.remittance.payer_id, its.remittance.trace_number, its.remittance.date
    ),
    payments.add_deposit: lambda scope, its: payments.add_deposit(scope, [its.remittance], DEPOSIT).amount,
    payments.list_deposits: lambda scope, its: payments.list_deposits(scope, [its.remittance]),
    audit.append: lambda scope, its: audit.append(scope, [make_entry("mine")]),
    audit.find_fault: lambda scope, its: audit.find_fault(scope, "", _entry(its)),
    audit.list_after: lambda scope, its: audit.list_after(scope, 0),
    audit.load_head: lambda scope, its: audit.load_head(scope),
    audit.make_link: lambda scope, its: audit.make_link(scope, "", _entry(its)),
    audit.open_reason: lambda scope, its: audit.open_reason(scope, _entry(its)),
    audit.purge: lambda scope, its: audit.purge(scope, scope.now() + HOUR),
    audit.read_link: lambda scope, its: audit.read_link(scope, 1),
    audit.walk: lambda scope, its: list(audit.walk(scope)),
    acknowledgments.remove_orphan: lambda scope, its: acknowledgments.remove_orphan(
        scope, its.file.id, b"{}"
    ),
    work_items.list_unmatched: lambda scope, its: work_items.list_unmatched(
        scope, ["r"], scope.now() - HOUR, file=its.file.id
    ),
    claims.add: lambda scope, its: make_claim(scope).state,
    claims.add_all: lambda scope, its: claims.add_all(scope, []),
    claims.change: lambda scope, its: claims.change(scope, its.claim.id, paid=Decimal("1.00")),
    claims.settle: lambda scope, its: claims.settle(
        scope,
        its.claim.id,
        state="paid",
        marks=(),
        paid=Decimal("1.00"),
        adjusted=Decimal("0.00"),
        patient=Decimal("0.00"),
        open=Decimal("0.00"),
    ),
    claims.find_by_control_numbers: lambda scope, its: claims.find_by_control_numbers(scope, {"ACCT-1"}),
    claims.find_by_control_number: lambda scope, its: claims.find_by_control_number(scope, "ACCT-1"),
    claims.find_equal: lambda scope, its: claims.find_equal(scope, [its.claim.duplicate_fingerprint]),
    claims.fingerprint_control_number: lambda scope, its: claims.fingerprint_control_number(scope, "ACCT-1"),
    claims.fingerprint_duplicate: lambda scope, its: claims.fingerprint_duplicate(scope, _same_claim(its)),
    claim_groups.count_group: lambda scope, its: claim_groups.count_group(
        scope, claim_groups.Group(states=("received",))
    ),
    claim_groups.list_group: lambda scope, its: claim_groups.list_group(
        scope, claim_groups.Group(states=("received",))
    ),
    claim_search.search: lambda scope, its: claim_search.search(
        scope, ClaimSearch(batch=its.interchange.id, patient_control_number="ACCT-1")
    ),
    claims.list_page: lambda scope, its: claims.list_page(scope),
    claims.list_payers_in: lambda scope, its: claims.list_payers_in(scope, "received"),
    claim_groups.list_undecided: lambda scope, its: claim_groups.list_undecided(
        scope,
        claim_groups.Deadline(
            payer_id="PAYER1",
            states=("received",),
            frequencies=("1",),
            served_after=date(2026, 1, 1),
            served_before=date(2026, 12, 31),
        ),
        timer="watch",
    ),
    claims.load: lambda scope, its: claims.load(scope, its.claim.id),
    claims.load_many: lambda scope, its: claims.load_many(scope, [its.claim.id]),
    claims.move: lambda scope, its: claims.move(scope, [its.claim.id], "paid"),
    claims.read_bodies: lambda scope, its: claims.read_bodies(scope, [its.claim.id]),
    claims.read_body: lambda scope, its: claims.read_body(scope, its.claim.id),
    claims.sum_money: lambda scope, its: claims.sum_money(scope),
    claims.take_in_state: lambda scope, its: claims.take_in_state(scope, "received", "PAYER1", 9),
    control_numbers.read_last: lambda scope, its: control_numbers.read_last(scope, "north", "isa"),
    interchanges.find_last_sent: lambda scope, its: interchanges.find_last_sent(scope, "north"),
    control_numbers.set_last: lambda scope, its: control_numbers.set_last(scope, "north", "isa", 77),
    control_numbers.take: lambda scope, its: control_numbers.take(scope, "north", "isa"),
    control_numbers.take_many: lambda scope, its: control_numbers.take_many(scope, "north", "isa", 2),
    data_keys.add: lambda scope, its: data_keys.add(scope, make_data_key(scope, "d2")),
    data_keys.destroy: lambda scope, its: data_keys.destroy(scope, "d1"),
    data_keys.list_all: lambda scope, its: data_keys.list_all(scope),
    data_keys.retire_period: lambda scope, its: data_keys.retire_period(scope, "2026-03"),
    data_keys.rewrap: lambda scope, its: data_keys.rewrap(scope, make_data_key(scope, "d1")),
    data_keys.supersede: lambda scope, its: data_keys.supersede(scope, "2026-03", scope.now() + HOUR),
    events.append: lambda scope, its: events.append(scope, events.NewEvent(type="x", body=b""))[0].sequence,
    events.find_last_moment: lambda scope, its: events.find_last_moment(scope),
    events.find_latest: lambda scope, its: events.find_latest(scope, [its.claim.id], ["x"]),
    events.last_sequence: lambda scope, its: events.last_sequence(scope),
    events.list_after: lambda scope, its: events.list_after(scope, 0),
    chain.digest_body: lambda scope, its: chain.digest_body(scope, "evt_x", b"{}"),
    chain.find_fault: lambda scope, its: chain.find_fault(scope, chain.BEGINNING, _link(its)),
    chain.list_links: lambda scope, its: chain.list_links(scope, 0, limit=9),
    chain.make_link: lambda scope, its: chain.make_link(scope, "", its.event, its.event.at, ""),
    chain.open_body: lambda scope, its: _expect_broken(lambda: chain.open_body(scope, _link(its))),
    chain.read_link: lambda scope, its: chain.read_link(scope, its.event.sequence),
    events.list_of_claims: lambda scope, its: events.list_of_claims(scope, [its.claim.id])[its.claim.id],
    events.list_of_claim: lambda scope, its: events.list_of_claim(scope, its.claim.id),
    events.load: lambda scope, its: events.load(scope, its.event.sequence),
    files.add: lambda scope, its: make_file(scope, sha256=its.file.sha256).original,
    files.find_by_control_number: lambda scope, its: files.find_by_control_number(scope, "NORTH", "1"),
    files.add_claims: lambda scope, its: files.add_claims(scope, its.file.id, [its.claim.id]),
    files.list_answers: lambda scope, its: files.list_answers(scope, its.file.id),
    files.list_claims: lambda scope, its: files.list_claims(scope, its.file.id),
    files.find_last_received: lambda scope, its: files.find_last_received(scope, "north"),
    files.is_unread: lambda scope, its: files.is_unread(scope, "north"),
    files.list_unanswered: lambda scope, its: files.list_unanswered(scope, "north", limit=9),
    files.list_control_numbers: lambda scope, its: files.list_control_numbers(
        scope, "north", its.file.created_at
    ),
    files.list_after: lambda scope, its: files.list_after(scope, "", until=scope.now()),
    files.list_page: lambda scope, its: files.list_page(scope),
    files.list_untaken: lambda scope, its: files.list_untaken(scope),
    files.take: lambda scope, its: files.take(scope, its.file.id),
    files.load: lambda scope, its: files.load(scope, its.file.id),
    files.read_name: lambda scope, its: files.read_name(scope, its.file.id),
    files.record_envelope: lambda scope, its: files.record_envelope(
        scope, its.file.id, sender="X", control_number="1", kinds=()
    ),
    files.settle: lambda scope, its: files.settle(scope, its.file.id, "processed"),
    idempotency.abandon: lambda scope, its: idempotency.abandon(scope, "r", "k"),
    idempotency.begin: lambda scope, its: idempotency.begin(scope, "r", "k", "other"),
    idempotency.complete: lambda scope, its: idempotency.complete(scope, "r", "k", status=1, response=b""),
    idempotency.load: lambda scope, its: idempotency.load(scope, "r", "k"),
    idempotency.purge: lambda scope, its: idempotency.purge(scope, scope.now() + HOUR),
    inquiries.add: lambda scope, its: inquiries.add(scope, make_inquiry("inq_2")).state,
    inquiries.find_fresh: lambda scope, its: inquiries.find_fresh(
        scope, its.inquiry.kind, its.inquiry.fingerprint, its.inquiry.created_at
    ),
    inquiries.find_by_trace: lambda scope, its: inquiries.find_by_trace(
        scope, its.inquiry.partner, its.inquiry.kind, its.inquiry.trace
    ),
    inquiries.answer_late: lambda scope, its: inquiries.answer_late(scope, its.inquiry.id, "ab" * 32),
    payer_references.note_all: lambda scope, its: payer_references.note_all(
        scope, "north", [("P-1", its.claim.id)]
    ),
    payer_references.find: lambda scope, its: payer_references.find(scope, "north", "P-1"),
    partner_states.allow_try: lambda scope, its: partner_states.allow_try(scope, "north"),
    partner_states.fingerprint_wire: lambda scope, its: partner_states.fingerprint_wire(scope, "secret"),
    partner_states.load: lambda scope, its: partner_states.load(scope, "north"),
    partner_states.remove: lambda scope, its: partner_states.remove(scope, "north"),
    partner_states.save: lambda scope, its: partner_states.save(scope, make_state(scope, "secret")),
    partner_states.take_try: lambda scope, its: partner_states.take_try(
        scope, "north", scope.lease_now() + HOUR
    ),
    inquiries.list_page: lambda scope, its: inquiries.list_page(scope),
    inquiries.load: lambda scope, its: inquiries.load(scope, its.inquiry.id),
    inquiries.settle: lambda scope, its: inquiries.settle(scope, its.inquiry.id, "answered"),
    inquiries.take_due: lambda scope, its: inquiries.take_due(scope, scope.now() + HOUR, limit=9),
    interchanges.add: lambda scope, its: make_interchange(scope, its.claim),
    interchanges.bears_number: lambda scope, its: interchanges.bears_number(
        scope, "north", "control_number", its.interchange.control_number, its.interchange.created_at
    ),
    interchanges.find_by_control_number: lambda scope, its: interchanges.find_by_control_number(
        scope, "north", 41
    ),
    interchanges.find_by_group_control_number: lambda scope, its: interchanges.find_by_group_control_number(
        scope, "north", 7
    ),
    interchanges.find_by_trace: lambda scope, its: interchanges.find_by_trace(scope, "trace-1"),
    interchanges.find_all_traced: lambda scope, its: interchanges.find_all_traced(
        scope, "north", {"trace-1"}
    ),
    interchanges.find_traced: lambda scope, its: interchanges.find_traced(scope, "north", "trace-1"),
    interchanges.list_dead: lambda scope, its: interchanges.list_dead(scope, "north", "send"),
    interchanges.list_in_state: lambda scope, its: interchanges.list_in_state(scope, ["stored"]),
    interchanges.list_placements: lambda scope, its: interchanges.list_placements(scope, its.interchange.id),
    interchanges.list_placements_of_claim: lambda scope, its: interchanges.list_placements_of_claim(
        scope, its.claim.id
    ),
    interchanges.load: lambda scope, its: interchanges.load(scope, its.interchange.id),
    interchanges.move: lambda scope, its: interchanges.move(
        scope, its.interchange.id, "sent", only_from=["stored"]
    ),
    interchanges.record_attempt: lambda scope, its: interchanges.record_attempt(scope, its.interchange.id),
    interchanges.record_receipt: lambda scope, its: interchanges.record_receipt(
        scope, its.interchange.id, "r"
    ),
    interchanges.take_unwatched: lambda scope, its: interchanges.take_unwatched(scope, "north"),
    jobs.bury: lambda scope, its: jobs.bury(scope, its.job, "e"),
    jobs.bury_spent: lambda scope, its: [job.id for job in jobs.bury_spent(scope)],
    jobs.count_by_state: lambda scope, its: jobs.count_by_state(scope),
    jobs.enqueue: lambda scope, its: jobs.enqueue(scope, jobs.NewJob(kind="send", subject="mine")),
    jobs.enqueue_unless_waiting: lambda scope, its: jobs.enqueue_unless_waiting(
        scope, jobs.NewJob(kind="send", subject="later", due_at=scope.now() + HOUR)
    ),
    jobs.find_dead: lambda scope, its: jobs.find_dead(scope, "send", its.interchange.id),
    jobs.find_last_change: lambda scope, its: jobs.find_last_change(scope),
    jobs.hasten: lambda scope, its: jobs.hasten(scope, "send", "south"),
    jobs.finish: lambda scope, its: jobs.finish(scope, its.job),
    jobs.list_in_state: lambda scope, its: jobs.list_in_state(scope, "running"),
    jobs.load: lambda scope, its: jobs.load(scope, its.job.id),
    jobs.next_due: lambda scope, its: jobs.next_due(scope, ("send",)),
    jobs.postpone: lambda scope, its: jobs.postpone(scope, its.job, scope.now()),
    jobs.purge_done: lambda scope, its: jobs.purge_done(scope, scope.now() + HOUR),
    jobs.reap: lambda scope, its: jobs.reap(scope),
    jobs.renew: lambda scope, its: jobs.renew(scope, its.job, lease=HOUR),
    jobs.require: lambda scope, its: jobs.require(scope, its.job),
    jobs.retry_later: lambda scope, its: jobs.retry_later(scope, its.job, scope.now(), "e"),
    jobs.revive: lambda scope, its: jobs.revive(scope, its.job.id),
    jobs.take: lambda scope, its: jobs.take(scope, ("send",), lease=HOUR),
    keys.add: lambda scope, its: keys.add(scope, prefix="cw_2", digest="", label="l", scopes=()).state,
    keys.end_at: lambda scope, its: keys.end_at(scope, its.key.id, scope.now()),
    keys.load: lambda scope, its: keys.load(scope, its.key.id),
    keys.list_all: lambda scope, its: keys.list_all(scope),
    keys.record_use: lambda scope, its: keys.record_use(scope, its.key.id),
    keys.revoke: lambda scope, its: keys.revoke(scope, its.key.id),
    sealed_columns.count_sealed: lambda scope, its: sealed_columns.count_sealed(
        scope, sealed_columns.SEALED[0], [b"\x01\x02k1"]
    ),
    sealed_columns.list_periods: lambda scope, its: sealed_columns.list_periods(
        scope, sealed_columns.SEALED[0], [b"\x01\x02k1"]
    ),
    sealed_columns.reseal_some: lambda scope, its: sealed_columns.reseal_some(
        scope, sealed_columns.SEALED[0], [b"\x01\x02k1"], original=False
    ),
    retention.count_orphans: lambda scope, its: retention.count_orphans(scope),
    retention.list_digests: lambda scope, its: retention.list_digests(scope),
    people.add: lambda scope, its: people.add(scope, login="dana", label="", roles=()).login,
    people.change: lambda scope, its: people.change(scope, its.person.id, state="disabled"),
    people.confirm_totp: lambda scope, its: people.confirm_totp(scope, its.person.id),
    people.count_codes: lambda scope, its: people.count_codes(scope, its.person.id),
    people.find_by_login: lambda scope, its: people.find_by_login(scope, "dana"),
    people.find_by_subject: lambda scope, its: people.find_by_subject(scope, "s"),
    people.list_all: lambda scope, its: people.list_all(scope),
    people.load: lambda scope, its: people.load(scope, its.person.id),
    people.read_proofs: lambda scope, its: people.read_proofs(scope, its.person.id),
    people.record_sign_in: lambda scope, its: people.record_sign_in(scope, its.person.id),
    people.set_codes: lambda scope, its: people.set_codes(scope, its.person.id, ["e" * 64]),
    people.set_password: lambda scope, its: people.set_password(
        scope, its.person.id, "hash", must_change=False, until=None
    ),
    people.set_totp: lambda scope, its: people.set_totp(scope, its.person.id, "secret"),
    people.use_code: lambda scope, its: people.use_code(scope, its.person.id, "c" * 64),
    people.use_step: lambda scope, its: people.use_step(scope, its.person.id, 9),
    sessions.add: lambda scope, its: begin_session(scope, its.person.id, "e" * 64),
    sessions.end: lambda scope, its: sessions.end(scope, its.session.id),
    sessions.end_all: lambda scope, its: sessions.end_all(scope, its.person.id),
    sessions.list_open: lambda scope, its: sessions.list_open(scope, seen_after=scope.now() - HOUR),
    sessions.load: lambda scope, its: sessions.load(scope, its.session.id),
    sessions.purge: lambda scope, its: sessions.purge(scope, scope.now() + 2 * HOUR),
    sessions.record_use: lambda scope, its: sessions.record_use(scope, its.session.id),
    sessions.renew: lambda scope, its: sessions.renew(scope, its.session.id, digest="e" * 64, step="whole"),
    sign_ins.count: lambda scope, its: sign_ins.count(
        scope, "dana", "203.0.113.9", forget_before=scope.now()
    ),
    sign_ins.forget: lambda scope, its: sign_ins.forget(scope, "dana"),
    sign_ins.forgive: lambda scope, its: sign_ins.forgive(scope, "dana", "203.0.113.9"),
    sign_ins.purge: lambda scope, its: sign_ins.purge(scope, scope.now() + HOUR),
    sign_ins.read: lambda scope, its: sign_ins.read(scope, "dana", "203.0.113.9"),
    emergencies.add: lambda scope, its: (
        emergencies.add(
            scope, person="usr_x", home=scope.tenant, scopes=("phi:reveal",), reason=b"", ends_at=later(scope)
        ).uses
    ),
    emergencies.end: lambda scope, its: emergencies.end(scope, its.emergency.id),
    emergencies.list_live: lambda scope, its: emergencies.list_live(scope, its.person.id),
    emergencies.list_page: lambda scope, its: emergencies.list_page(scope),
    emergencies.load: lambda scope, its: emergencies.load(scope, its.emergency.id),
    emergencies.record_use: lambda scope, its: emergencies.record_use(scope, its.emergency.id),
    retention.purge_claims: lambda scope, its: retention.purge_claims(scope, scope.now() + HOUR),
    retention.purge_rest: lambda scope, its: retention.purge_rest(
        scope, scope.now() + HOUR, kept_types=("partner.down",)
    ),
    remittances.add: lambda scope, its: remittances.add(scope, make_remittance(its.file)),
    remittances.complete: lambda scope, its: remittances.complete(scope, [its.remittance.id]),
    remittances.list_incomplete: lambda scope, its: remittances.list_incomplete(scope, scope.now() + HOUR),
    remittances.list_parts: lambda scope, its: remittances.list_parts(scope, its.remittance),
    remittances.find_by_trace: lambda scope, its: remittances.find_by_trace(scope, "1512345678", "EFT-77"),
    remittances.find_payment: lambda scope, its: remittances.find_payment(scope, its.remittance.id, 1),
    remittances.find_payments: lambda scope, its: remittances.find_payments(scope, "PCN-9"),
    remittances.list_page: lambda scope, its: remittances.list_page(scope),
    remittances.list_payments: lambda scope, its: remittances.list_payments(scope, its.remittance.id),
    remittances.list_payments_of_claim: lambda scope, its: remittances.list_payments_of_claim(
        scope, its.claim.id
    ),
    remittances.list_provider_adjustments: lambda scope, its: remittances.list_provider_adjustments(
        scope, its.remittance.id
    ),
    remittances.list_unmatched: lambda scope, its: remittances.list_unmatched(scope),
    remittances.load: lambda scope, its: remittances.load(scope, its.remittance.id),
    remittances.match: lambda scope, its: remittances.match(scope, its.payment.id, its.claim.id),
    remittances.read_body: lambda scope, its: remittances.read_body(scope, its.remittance.id),
    tenants.load: lambda scope, its: tenants.load(scope),
    webhooks.add_endpoint: lambda scope, its: (
        webhooks.add_endpoint(scope, url="https://b.example", types=(), secret=b"s").url
    ),
    webhooks.change_endpoint: lambda scope, its: webhooks.change_endpoint(scope, its.endpoint.id, url="x"),
    webhooks.count_by_state: lambda scope, its: webhooks.count_by_state(scope),
    webhooks.delete_endpoint: lambda scope, its: webhooks.delete_endpoint(scope, its.endpoint.id),
    webhooks.give_up: lambda scope, its: webhooks.give_up(scope, its.delivery, 500),
    webhooks.list_deliveries: lambda scope, its: webhooks.list_deliveries(scope, its.endpoint.id),
    webhooks.list_endpoints: lambda scope, its: webhooks.list_endpoints(scope),
    webhooks.load_endpoint: lambda scope, its: webhooks.load_endpoint(scope, its.endpoint.id),
    webhooks.plan: lambda scope, its: webhooks.plan(scope, [its.event]),
    webhooks.plan_one: lambda scope, its: webhooks.plan_one(scope, its.endpoint, its.event),
    webhooks.plan_again: lambda scope, its: webhooks.plan_again(scope, its.endpoint, [its.event]),
    webhooks.read_secrets: lambda scope, its: webhooks.read_secrets(scope, its.endpoint.id),
    webhooks.reap: lambda scope, its: webhooks.reap(scope),
    webhooks.record_delivered: lambda scope, its: webhooks.record_delivered(scope, its.delivery, 200),
    webhooks.retry_later: lambda scope, its: webhooks.retry_later(scope, its.delivery, scope.now(), 500),
    webhooks.rotate_secret: lambda scope, its: webhooks.rotate_secret(
        scope, its.endpoint.id, b"n", previous_until=scope.now()
    ),
    webhooks.take: lambda scope, its: webhooks.take(scope, lease=HOUR),
    work_items.add: lambda scope, its: work_items.add(scope, kind="k", reason="r", file=its.file.id),
    work_items.count_by_reason: lambda scope, its: work_items.count_by_reason(scope),
    claim_groups.count_by_mark: lambda scope, its: claim_groups.count_by_mark(scope, ["overdue"]),
    work_items.count_open: lambda scope, its: work_items.count_open(scope, ["k"]),
    work_items.find_about: lambda scope, its: work_items.find_about(scope, "k", "r", "s"),
    acknowledgments.remove_orphan: lambda scope, its: acknowledgments.remove_orphan(
        scope, its.file.id, b"{}"
    ),
    work_items.list_unmatched: lambda scope, its: work_items.list_unmatched(
        scope, ["r"], its.item.created_at
    ),
    work_items.list_open: lambda scope, its: work_items.list_open(scope),
    work_items.load: lambda scope, its: work_items.load(scope, its.item.id),
    work_items.resolve: lambda scope, its: work_items.resolve(scope, its.item.id),
}


def _link(its: World) -> chain.Link:
    """The link of their event as somebody might hand it in."""
    return chain.Link(*msgspec.structs.astuple(its.event), body_digest="ab", chain="cd")


def _entry(its: World) -> audit.Entry:
    """An entry as somebody might hand it in."""
    words = ("key", "key_1", "claim.seen", "", "claim", "clm_x", (), 1, "done", "", "")
    return audit.Entry(1, its.claim.created_at, *words, None, None, "ab")


def _expect_broken(open_it: Callable[[], bytes]) -> bytes:
    try:
        return open_it()
    except SealBroken:
        return b""


def _same_claim(its: World) -> claims.NewClaim:
    return claims.NewClaim(
        id=its.claim.id,
        claim_type=its.claim.claim_type,
        patient_control_number="ACCT-1",
        payer_id=its.claim.payer_id,
        billing_npi=its.claim.billing_npi,
        frequency=its.claim.frequency,
        charge=its.claim.charge,
        service_from=its.claim.service_from,
        service_to=its.claim.service_to,
        body=b"",
    )


def list_functions(room: ModuleType) -> set[Callable[..., Any]]:
    """The public functions that `room` itself defines and that take a TenantScope first."""
    return {
        function
        for name, function in inspect.getmembers(room, inspect.isfunction)
        if not name.startswith("_")
        and function.__module__ == room.__name__
        and next(iter(inspect.signature(function).parameters.values())).annotation == "TenantScope"
    }


def test_every_query_function_is_tried() -> None:
    functions = set().union(*map(list_functions, ROOMS))
    assert len(functions) > 80
    assert {f"{it.__module__}.{it.__name__}" for it in functions - set(TRIES)} == set()


class Undone(Exception):
    """Ends a try, so that the next one begins where it began; carries the faults that it found."""


def dump(scope: TenantScope) -> dict[str, list[str]]:
    """Every row of a tenant."""
    owned = tables.TENANT_TABLES
    return {table.name: sorted(map(repr, scope.tuples(scope.select(table)))) for table in owned}


def list_marks(its: World, tenant: str) -> set[str]:
    """What would show that something of the first tenant got out."""
    ids = {row.id for row in its}
    return ids | {tenant, its.claim.control_fingerprint, its.claim.duplicate_fingerprint}


def attempt(system: SystemScope, function: Callable[..., Any], its: World, theirs: str, ours: str) -> None:
    """Call `function` as a foreigner and compare both tenants' rows. Raises Undone always."""
    before, marks = dump(system.of(theirs)), list_marks(its, theirs)
    assert all(before.values())
    got = TRIES[function](system.of(ours), its)
    faults = [f"returned {mark}" for mark in marks if mark in repr(got)]
    faults += ["changed a row"] * (dump(system.of(theirs)) != before)
    kept = [row for rows in dump(system.of(ours)).values() for row in rows]
    faults += [f"kept {mark}" for mark in marks if any(f"'{mark}'" in row for row in kept)]
    raise Undone([f"{function.__module__}.{function.__name__} {fault}" for fault in faults])


async def test_a_foreign_tenant_gets_and_changes_nothing(store: Store, tenant: str, foreigner: str) -> None:
    its = await store.write(furnish, tenant=tenant)
    faults: list[str] = []
    for function in TRIES:
        try:
            await store.write(
                lambda system, function=function: attempt(system, function, its, tenant, foreigner)
            )
        except Undone as undone:
            faults += undone.args[0]
        except (NoSuchRow, LostLease, Conflict):
            continue
    assert faults == []
