"""Status requests: claims that wait for their remittance are asked about by 276, where the payer takes it.

The 276 goes to the partner like claims do, in an interchange of its own that carries no claim; its 277 comes
back into the mailbox and names each claim by the trace that it bears in our 837. To ask twice is harmless, so
the text is written before the transaction and asked again where that is undone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec

from edi.checking import check_document
from edi.documents import drop_empty, read_section, read_text
from edi.files import check_file
from edi.writer import write_documents
from gateway.archive import Archive
from gateway.batching import (
    GUESSES,
    NumbersExhausted,
    NumbersMoved,
    name_file,
    note_exhausted,
    queue_sending,
    take_numbers,
)
from gateway.clock import Clock
from gateway.composition import TRACE_LENGTH, Numbers, make_envelope
from gateway.dossier import read_dossier
from gateway.journal import Journal, Particulars, record_all
from gateway.logs import log_event
from gateway.settings import Partner
from gateway.store import Store, claims, interchanges, jobs
from gateway.store.interchanges import Interchange
from gateway.store.scope import TenantScope
from gateway.watchdogs import PAUSE, FindPartner
from gateway.watches import load_watches

REQUEST: Final = "005010X212-276"
PERSON: Final = ("memberId", "firstName", "lastName", "organizationName", "dateOfBirth", "gender")

MayHaveCome = Callable[[TenantScope, Interchange], bool]
"""True while an answer of the interchange's partner may be here without being read."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of one interchange to ask about: their ids and the documents that ask."""

    interchange: Interchange
    partner: Partner
    documents: Mapping[str, dict[str, Any]]  # by the claim's id


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A written question whose bytes are in the archive."""

    question: Question
    numbers: Numbers
    sha256: str
    size: int


class StatusRequests:
    """Asks payers about claims. `find_partner` gives the tenant's partner for a payer."""

    def __init__(
        self,
        store: Store,
        archive: Archive,
        clock: Clock,
        find_partner: FindPartner,
        may_have_come: MayHaveCome,
    ) -> None:
        self._store = store
        self._archive = archive
        self._clock = clock
        self._find_partner = find_partner
        self._may_have_come = may_have_come

    async def run(self, tenant: str, job: jobs.Job) -> None:
        """A timer rings: ask about the claims of its interchange that still wait. Raises LostLease."""
        question = await self._store.write(lambda scope: self._gather(scope, job), tenant=tenant)
        if question is None:
            return
        numbers = Numbers(1, 1)
        for _ in range(GUESSES):
            try:
                parcel = await self._compose(question, numbers)
                await self._store.write(lambda scope: commit_question(scope, job, parcel), tenant=tenant)  # noqa: B023 - awaited within the turn
            except NumbersMoved as moved:
                numbers = moved.numbers
            except NumbersExhausted:
                await self._store.write(lambda scope: put_off(scope, job, question.partner), tenant=tenant)
                return
            else:
                count = len(question.documents)
                log_event("claims.inquired", tenant=tenant, partner=question.partner.name, count=count)
                return
        await self._store.write(lambda scope: jobs.postpone(scope, job, scope.now() + PAUSE), tenant=tenant)

    def _gather(self, scope: TenantScope, job: jobs.Job) -> Question | None:
        """What to ask, or None where the job was finished or put off. Raises LostLease."""
        interchange = interchanges.load(scope, job.subject)
        partner = self._find_partner(scope.tenant, interchange.payer_id or "") if interchange else None
        if interchange is None or partner is None or not find_wait(partner, interchange):
            jobs.finish(scope, job)
            return None
        if self._may_have_come(scope, interchange):
            jobs.postpone(scope, job, scope.now() + PAUSE)
            return None
        documents = list_questions(scope, interchange)
        if not documents:
            jobs.finish(scope, job)
            return None
        return Question(interchange=interchange, partner=partner, documents=documents)

    async def _compose(self, question: Question, numbers: Numbers) -> Parcel:
        ids, usage = question.partner.envelope, question.interchange.usage
        envelope = make_envelope(ids, numbers, self._clock.now(), usage=usage)
        documents = list(question.documents.values())
        text = await asyncio.to_thread(write_documents, REQUEST, documents, envelope)
        report = await asyncio.to_thread(check_file, text)
        faults = sorted({finding.code for finding in report.all_findings if finding.stops})
        if faults:
            raise ValueError(f"a 276 of ours has findings: {', '.join(faults)}")
        digest = await asyncio.to_thread(self._archive.put, text)
        return Parcel(question=question, numbers=numbers, sha256=digest, size=len(text))


def find_wait(partner: Partner, interchange: Interchange) -> timedelta:
    """The time between two questions to the interchange's payer; zero where it takes none."""
    return load_watches().inquiry.read_wait(partner.watch_for(interchange.payer_id))


def list_questions(scope: TenantScope, interchange: Interchange) -> dict[str, dict[str, Any]]:
    """The claims of the interchange that wait for a remittance, with what asks about each."""
    waiting = load_watches().inquiry.states
    placed = [place.claim for place in interchanges.list_placements(scope, interchange.id)]
    rows = [row for row in claims.load_many(scope, placed) if row.state in waiting]
    bodies = claims.read_bodies(scope, [row.id for row in rows])
    asked = {row.id: ask_about(row.id, read_dossier(bodies[row.id]).document) for row in rows}
    return {claim: document for claim, document in asked.items() if is_sound(document)}


def is_sound(document: Mapping[str, Any]) -> bool:
    """False where the claim lacks what a 276 must say: it is not asked about."""
    return not any(finding.stops for finding in check_document(document, REQUEST))


def ask_about(claim_id: str, claim: Mapping[str, Any]) -> dict[str, Any]:
    """The 276 that asks where a claim stands, from its 837. Source: 005010X212 276."""
    billed = read_section(claim, "claimInformation")
    return drop_empty(
        {
            "tradingPartnerName": read_text(claim, "tradingPartnerName"),
            "tradingPartnerServiceId": read_text(claim, "tradingPartnerServiceId"),
            "providers": list_providers(claim),
            "subscriber": copy_person(claim, "subscriber"),
            "dependent": copy_person(claim, "dependent"),
            "encounter": {
                "trackingNumber": claim_id[-TRACE_LENGTH:],
                "patientAccountNumber": read_text(billed, "patientControlNumber"),
                "submittedAmount": read_text(billed, "claimChargeAmount"),
                **dict(zip(("beginningDateOfService", "endDateOfService"), find_days(billed), strict=True)),
            },
        }
    )


def list_providers(claim: Mapping[str, Any]) -> list[dict[str, object]]:
    """Who asks (the submitter) and whose claim it is (the billing provider)."""
    submitter, billing = read_section(claim, "submitter"), read_section(claim, "billing")
    asking = {
        "providerType": "BillingProvider",
        "organizationName": read_text(submitter, "organizationName") or read_text(submitter, "lastName"),
        "etin": read_text(submitter, "submitterIdentification"),
    }
    names = ("organizationName", "lastName", "firstName", "npi")
    served = {"providerType": "ServiceProvider", **{name: read_text(billing, name) for name in names}}
    if not served["npi"]:
        served["tin"] = read_text(billing, "employerId") or read_text(billing, "ssn")
    return [drop_empty(asking), drop_empty(served)]


def copy_person(claim: Mapping[str, Any], role: str) -> dict[str, object]:
    """The subscriber or dependent by name, number and birth."""
    person = read_section(claim, role)
    return drop_empty({name: read_text(person, name) for name in PERSON})


def find_days(billed: Mapping[str, Any]) -> tuple[str, str]:
    """The first and the last day of service (CCYYMMDD); the last one "" where it is the first."""
    dates = read_section(billed, "claimDateInformation")
    lines = billed.get("serviceLines") or ()
    days = [read_text(line, name) for line in lines for name in ("serviceDate", "serviceDateEnd")]
    days += [read_text(dates, name) for name in ("statementBeginDate", "statementEndDate")]
    known = sorted(day for day in days if len(day) == 8)
    if not known:
        return "", ""
    return known[0], known[-1] if known[-1] != known[0] else ""


def commit_question(scope: TenantScope, job: jobs.Job, parcel: Parcel) -> None:
    """The 276's interchange, the job that sends it, the claims' events, and when to ask again.

    Raises LostLease, NumbersMoved, NumbersExhausted; nothing is written then.
    """
    question, numbers = parcel.question, parcel.numbers
    asked, partner = question.interchange, question.partner
    settle_timer(scope, job, question)
    take_numbers(scope, partner, numbers)
    interchange_id = scope.new_id("int")
    interchanges.add(
        scope,
        interchanges.NewInterchange(
            id=interchange_id,
            partner=partner.name,
            payer_id=asked.payer_id,
            control_number=numbers.interchange,
            group_control_number=numbers.group,
            usage=asked.usage,
            name=name_file(partner, asked.usage, asked.payer_id or "", numbers, interchange_id, scope.now()),
            sha256=parcel.sha256,
            size=parcel.size,
            placements=(),
        ),
    )
    queue_sending(scope, partner.name, interchange_id)
    journal = Journal(scope)
    rows = claims.load_many(scope, list(question.documents), lock=True)
    record_all(journal, rows, "claim.inquired", Particulars(interchange=interchange_id))
    journal.close()


def settle_timer(scope: TenantScope, job: jobs.Job, question: Question) -> None:
    """Ask again after the same time, until it was often enough. Raises LostLease."""
    interchange, wait = question.interchange, find_wait(question.partner, question.interchange)
    sent = interchange.sent_at or interchange.created_at
    if scope.now() - sent >= wait * load_watches().inquiry.limit:
        jobs.finish(scope, job)
    else:
        jobs.postpone(scope, job, scope.now() + wait)


def put_off(scope: TenantScope, job: jobs.Job, partner: Partner) -> None:
    """Every control number is in use: a person is told, and the question waits. Raises LostLease."""
    jobs.postpone(scope, job, scope.now() + timedelta(hours=1))
    note_exhausted(scope, partner)
