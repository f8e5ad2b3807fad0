"""A gateway in one folder and the partner at its other end, played by hand.

The gateway is the real one on SQLite with a folder for a mailbox; the partner writes its answers with the
engine.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from adapters.folder import FolderSettings, FolderTransport
from edi.acks import acknowledge_group, acknowledge_interchange, answer_claim, report_claims
from edi.envelope_writer import EnvelopeSettings, wrap_interchange
from edi.files import check_file
from edi.models import (
    Adjustment,
    ClaimBatch,
    ClaimPayment,
    ClaimStatus,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
    StatusCode,
)
from edi.remits import remittance_document
from edi.writer import write_documents
from gateway.archive import Archive
from gateway.batching import Batching
from gateway.checking.checker import Checker
from gateway.clock import VirtualClock
from gateway.commitpoints import Reach, pass_by
from gateway.dispatch import Dispatch
from gateway.events import read_standing
from gateway.ids import TimeIds
from gateway.inbound import Inbound
from gateway.intake import Intake
from gateway.lifecycle import Standing
from gateway.partners import PartnerWatch
from gateway.processing import Processing
from gateway.recording import Submission
from gateway.rematching import Rematching
from gateway.sealing import Sealer, load_key_ring
from gateway.settings import (
    BatchSettings,
    EnvelopeIds,
    Partner,
    Settings,
    Tenant,
    WatchSettings,
    WorkerSettings,
)
from gateway.settings import FolderTransport as FolderPlace
from gateway.status_requests import StatusRequests
from gateway.store import Means, claims, events, files, interchanges, jobs, open_store, tenants, work_items
from gateway.store.claims import Claim
from gateway.store.events import Event
from gateway.store.work_items import WorkItem
from gateway.watchdogs import Watchdogs
from gateway.worker import Worker
from tests.answers import make_remittance

TENANT = "clinic"
PARTNER = "payer"
PAYER_ID = "CWP02"
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
IDS = EnvelopeIds(sender="CLINIC", receiver="PAYER", group_sender="CLINIC", group_receiver="PAYER", usage="T")
SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "837P" / "contractual_adjustment" / "claim.json"


def make_claim(number: str = "RB-1", **changes: Any) -> dict[str, Any]:
    """A clean claim of 315.00 dollars over three lines with this patient control number."""
    claim: dict[str, Any] = copy.deepcopy(json.loads(SAMPLE.read_text(encoding="utf-8")))
    claim["claimInformation"]["patientControlNumber"] = number
    claim["claimInformation"].update(changes)
    return claim


def make_settings(
    home: Path, *, max_claims: int = 1000, watches: WatchSettings = WatchSettings()
) -> Settings:
    """One tenant, one partner behind two folders, batches at once."""
    partner = Partner(
        name=PARTNER,
        payers=(PAYER_ID, "CWP01", "CWP03", "CWP99"),
        transport=FolderPlace(outbox_folder=home / "outbox", inbox_folder=home / "inbox"),
        envelope=IDS,
        batch=BatchSettings(max_claims=max_claims, max_age_seconds=0),
        watch=watches,
    )
    return Settings(home=home, tenants=(Tenant(name=TENANT, partners=(partner,)),))


class Exchange:
    """Both ends of the exchange. `reach` is told of the gateway's commit points."""

    def __init__(
        self,
        home: Path,
        *,
        reach: Reach = pass_by,
        max_claims: int = 1000,
        database: str = "",
        watches: WatchSettings = WatchSettings(),
    ) -> None:
        self.home = home
        self.outbox, self.inbox = home / "outbox", home / "inbox"
        for folder in (self.outbox, self.inbox):
            folder.mkdir(parents=True, exist_ok=True)
        self.clock = VirtualClock(0, NOON)
        self.settings = make_settings(home, max_claims=max_claims, watches=watches)
        sealer = Sealer(load_key_ring(home))
        place = database or f"sqlite:///{home}/claimwire.db"
        self.store = open_store(place, Means(self.clock, TimeIds(self.clock), sealer))
        self.archive = Archive(home / "archive", sealer)
        self.transport = FolderTransport(FolderSettings(outbox_folder=self.outbox, inbox_folder=self.inbox))
        self.watch = PartnerWatch(self.store)
        self.intake = Intake(self.store, self.archive, Checker(self.settings), reach=reach)
        self.batching = Batching(self.store, self.archive, self.clock, reach=reach)
        self.dispatch = Dispatch(
            self.store,
            self.archive,
            lambda tenant, partner: self.transport,
            self.watch,
            self.clock,
            reach=reach,
        )
        self.inbound = Inbound(
            self.store,
            self.archive,
            lambda tenant, partner: self.transport,
            self.watch,
            limit=1 << 20,
            reach=reach,
        )
        self.processing = Processing(self.store, self.archive, lambda tenant, name: self.partner, reach=reach)
        self.watchdogs = Watchdogs(
            self.store, self.clock, lambda tenant, payer: self.partner, self.inbound.has_looked
        )
        self.worker = Worker(
            self.store,
            self.clock,
            WorkerSettings(),
            self.settings.tenants,
            batching=self.batching,
            dispatch=self.dispatch,
            inbound=self.inbound,
            processing=self.processing,
            watchdogs=self.watchdogs,
            requests=StatusRequests(
                self.store,
                self.archive,
                self.clock,
                lambda tenant, payer: self.partner,
                self.watchdogs.may_have_come,
            ),
            rematching=Rematching(self.store, self.archive, self.clock, lambda tenant, name: self.partner),
        )
        self._answers = 0

    @property
    def partner(self) -> Partner:
        return self.settings.tenants[0].partners[0]

    async def start(self) -> None:
        """Make the tenant unless it is there."""
        if TENANT not in await self.store.read(lambda system: system.tenants()):
            await self.store.write(lambda system: tenants.create(system, "Clinic", tenant_id=TENANT))

    async def stop(self) -> None:
        await self.store.close()

    async def submit(self, *documents: dict[str, Any]) -> list[Submission]:
        return [await self.intake.submit(TENANT, document) for document in documents]

    async def send(self, *documents: dict[str, Any]) -> list[str]:
        """Submit the documents and send everything that waits; the ids of the claims."""
        submitted = await self.submit(*documents)
        await self.worker.run_due()
        return [submission.claim for submission in submitted]

    async def take_job(self, kind: str) -> jobs.Job:
        """Take the one due job of this kind, as a worker does."""
        lease = timedelta(minutes=1)
        [job] = await self.store.write(lambda scope: jobs.take(scope, (kind,), lease=lease), tenant=TENANT)
        return job

    def read_sent(self) -> list[bytes]:
        """What the partner holds, oldest first."""
        return [path.read_bytes() for path in sorted(self.outbox.glob("*.x12"))]

    def drop(self, content: bytes, name: str = "") -> None:
        """Put a file into the gateway's mailbox."""
        self._answers += 1
        (self.inbox / (name or f"answer-{self._answers:03d}.x12")).write_bytes(content)

    async def answer(self, *contents: bytes) -> None:
        """Put files into the gateway's mailbox and let it work."""
        for content in contents:
            self.drop(content)
        await self.worker.run_due()

    async def load(self, claim: str) -> Claim:
        found = await self.store.read(lambda scope: claims.load(scope, claim), tenant=TENANT)
        assert found is not None
        return found

    async def fold(self, claim: str) -> Standing:
        """The claim's standing folded from its events, proven equal to its stored row."""
        row = await self.load(claim)
        standing = await self.store.read(lambda scope: read_standing(scope, row), tenant=TENANT)
        assert (standing.state, frozenset(row.marks)) == (row.state, standing.marks)
        assert (standing.paid, standing.adjusted, standing.patient, standing.open) == (
            row.paid,
            row.adjusted,
            row.patient,
            row.open,
        )
        assert row.charge == row.paid + row.adjusted + row.patient + row.open
        return standing

    async def story(self, claim: str) -> list[str]:
        """The types of the claim's events, in order."""
        listed = await self.store.read(lambda scope: events.list_of_claim(scope, claim), tenant=TENANT)
        return [event.type for event in listed]

    async def feed(self, *types: str) -> list[Event]:
        """Every event (of these types), in order; proves that the numbers have no gap."""
        listed = await self.store.read(lambda scope: events.list_after(scope, 0, limit=10_000), tenant=TENANT)
        assert [event.sequence for event in listed] == list(range(1, len(listed) + 1))
        return [event for event in listed if not types or event.type in types]

    async def list_files(self) -> list[files.File]:
        return await self.store.read(lambda scope: files.list_page(scope), tenant=TENANT)

    async def list_items(self) -> list[WorkItem]:
        return await self.store.read(lambda scope: work_items.list_open(scope), tenant=TENANT)

    async def list_interchanges(self) -> list[interchanges.Interchange]:
        states = ("stored", "temp_uploaded", "sent", "acknowledged", "rejected")
        return await self.store.read(lambda scope: interchanges.list_in_state(scope, states), tenant=TENANT)

    def advance(self, **step: float) -> None:
        self.clock.advance(timedelta(**step))


def answer_envelope(number: int, *, sender: str = "PAYER", receiver: str = "CLINIC") -> EnvelopeSettings:
    """The envelope of an answer of the partner."""
    return EnvelopeSettings(
        sender_qualifier="ZZ",
        sender=sender,
        receiver_qualifier="ZZ",
        receiver=receiver,
        group_sender=sender,
        group_receiver=receiver,
        usage="T",
        control_number=number,
        group_control_number=number,
        created=NOON,
        acknowledgment_requested=False,
    )


def write_ta1(sent: bytes, number: int = 1, *, code: str = "A", note: str = "000") -> bytes:
    """The TA1 for an interchange of ours."""
    segment = acknowledge_interchange(check_file(sent).interchanges[0], created=NOON)
    segment.elements[4:6] = [code, note]
    return wrap_interchange(answer_envelope(number), (), (segment,))


def write_999(
    sent: bytes,
    number: int = 2,
    *,
    code: str = "A",
    change: Callable[[dict[str, Any]], None] = lambda document: None,
) -> bytes:
    """The 999 for an interchange of ours, accepting or refusing every set; `change` alters the document."""
    interchange = check_file(sent).interchanges[0]
    document: dict[str, Any] = json.loads(
        json.dumps(acknowledge_group(interchange.header, interchange.groups[0]))
    )
    if code != "A":
        _refuse(document, code)
    change(document)
    return write_documents("005010X231A1", [document], answer_envelope(number))


def _refuse(document: dict[str, Any], code: str) -> None:
    for answered in document["transactionSets"]:
        answered["acknowledgmentCode"] = code
        answered["syntaxErrorCodes"] = ["5"]
    document["acknowledgmentCode"] = code
    document["acceptedSetCount"] = "0"


def write_277ca(
    sent: bytes,
    number: int = 3,
    *,
    statuses: Sequence[StatusCode] = (StatusCode("A2", "20"),),
    change: Callable[[ClaimStatus], ClaimStatus] = lambda status: status,
) -> bytes:
    """The 277CA for every claim of an interchange of ours; `change` alters each status."""
    documents = [document for report in check_file(sent).sets for document in report.documents]
    answered = [change(answer_claim(document, statuses, effective=NOON.date())) for document in documents]
    document = report_claims(_describe_batch("1"), answered)
    return write_documents("005010X214", [document], answer_envelope(number))


def write_batch_refusal(batch_number: str, number: int = 3) -> bytes:
    """A 277CA that names no claim and refuses a whole batch."""
    document: dict[str, Any] = json.loads(json.dumps(report_claims(_describe_batch(batch_number), [])))
    batch = document["payers"][0]["claimStatusTransactions"][0]
    batch["providerClaimStatuses"][0]["statusInformationActionCode"] = "U"
    [status] = batch["providerClaimStatuses"][0]["providerStatuses"]
    status |= {"healthCareClaimStatusCategoryCode": "A3", "statusCode": "24"}
    batch.pop("claimStatusDetails", None)
    return write_documents("005010X214", [document], answer_envelope(number))


def _describe_batch(batch_number: str) -> ClaimBatch:
    return ClaimBatch(
        batch_number=batch_number,
        payer_name="EXAMPLE HEALTH PLAN",
        payer_id=PAYER_ID,
        receiver_name="CLINIC",
        receiver_id="CLINIC",
        receipt_number="R1",
        received=NOON.date(),
        processed=NOON.date(),
    )


def write_835(
    number: int, *payments: ClaimPayment, kept: tuple[ProviderAdjustment, ...] = (), trace: str = ""
) -> bytes:
    """A remittance of these payments; the number makes its trace number too, unless one is given."""
    remittance = make_remittance(*payments, kept=kept)
    return write_remittance(number, trace, remittance)


def write_remittance(number: int, trace: str, remittance: Remittance) -> bytes:
    document = remittance_document(remittance)
    text = write_documents("005010X221A1", [document], answer_envelope(number))
    return text.replace(b"EFT0000417", (trace or f"EFT{number:07d}").encode())


def pay(
    number: str,
    *lines: tuple[str, str, Sequence[tuple[str, str, str]]],
    status: str = "1",
    served: date = date(2026, 10, 7),
) -> ClaimPayment:
    """A claim payment of lines given as (charge, paid, [(group, reason, amount), ...])."""
    services = tuple(_pay_line(charge, paid, adjustments, served) for charge, paid, adjustments in lines)
    share = sum(
        (a.amount for service in services for a in service.adjustments if a.group == "PR"), Decimal(0)
    )
    return ClaimPayment(
        patient_control_number=number,
        status=status,
        charge=sum((service.charge for service in services), Decimal(0)),
        paid=sum((service.paid for service in services), Decimal(0)),
        patient_responsibility=share if status != "22" else Decimal(0),
        payer_claim_control_number=f"P{number}",
        filing_indicator="12",
        services=services,
        service_from=served,
        service_to=served,
    )


def _pay_line(
    charge: str, paid: str, adjustments: Sequence[tuple[str, str, str]], served: date
) -> ServicePayment:
    return ServicePayment(
        procedure="99214",
        charge=Decimal(charge),
        paid=Decimal(paid),
        units=Decimal(1),
        date=served,
        adjustments=tuple(
            Adjustment(group, reason, Decimal(amount)) for group, reason, amount in adjustments
        ),
    )
