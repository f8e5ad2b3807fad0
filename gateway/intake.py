"""Intake: a posted claim is checked, stored and answered; what cannot be read is kept all the same.

Every claim that can be read gets a row and a story, a rejected one too, so that its findings can be looked up
later. The answer is given after the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from edi.claim_forms import PROFESSIONAL, choose_guide
from edi.claims import CheckedClaim, ClaimSummary, check_claim
from edi.edits.basis import Basis, default_basis
from edi.findings import Finding, find
from edi.payer_rules.book import RuleBook
from edi.repairs import Repairs
from gateway.archive import Archive
from gateway.commitpoints import Reach, pass_by
from gateway.directory import PayerShelf
from gateway.dossier import Dossier, write_dossier
from gateway.events import FILE_RECEIVED, FILE_REJECTED, Happening, publish
from gateway.lifecycle import Fact, Standing, fold, load_lifecycle
from gateway.settings import Settings
from gateway.store import Store, claims, files
from gateway.store.scope import TenantScope
from gateway.story import ClaimStory, FileStory, tell_amounts, tell_findings

POSTED: Final = "api"
CENT: Final = Decimal("0.01")
LARGEST_CHARGE: Final = Decimal("9999999999.99")
ELEMENT_FAULTS: Final = "element."
CHARGE_POINTER: Final = "/claimInformation/claimChargeAmount"
PAYER_POINTER: Final = "/tradingPartnerServiceId"
CREDENTIALS: Final = frozenset(
    {
        "username",
        "password",
        "pwd",
        "apikey",
        "api_key",
        "authorization",
        "client_id",
        "client_secret",
        "token",
    }
)
"""What some clients put beside a claim by mistake, in small letters; it is dropped unread."""
REPLACING_FREQUENCIES: Final = frozenset({"7", "8"})
NOTHING_READ: Final = ClaimSummary(
    patient_control_number="",
    payer_id="",
    payer_name="",
    billing_npi="",
    subscriber_member_id="",
    charge=Decimal("0.00"),
    service_from=None,
    service_to=None,
    frequency="",
    filing_indicator="",
    line_count=0,
    usage="P",
)


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a posted claim: its id, its state (`accepted` or `rejected`) and all findings."""

    claim: str
    state: str
    findings: tuple[Finding, ...]
    payer_id: str
    patient_control_number: str

    @property
    def accepted(self) -> bool:
        return self.state == "accepted"


class KeptFile(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to something that could not be read: the file that keeps its bytes, and why."""

    file: str
    findings: tuple[Finding, ...]


Also = Callable[[TenantScope, Submission], None]


class Intake:
    """Takes claims in. `reach` is told of each commit point; `basis` says what edits go by, `books` hold the
    payer rules of each tenant.
    """

    def __init__(
        self,
        store: Store,
        archive: Archive,
        settings: Settings,
        *,
        reach: Reach = pass_by,
        basis: Callable[[], Basis] = default_basis,
        books: Mapping[str, RuleBook] | None = None,
        directory: PayerShelf | None = None,
    ) -> None:
        self._store = store
        self._archive = archive
        self._settings = settings
        self._reach = reach
        self.basis = basis
        self.books = books or {}
        self._directory = directory
        self._repairs: dict[str, Repairs] = {}

    async def submit(
        self, tenant: str, document: object, *, guide: str | None = None, also: Also | None = None
    ) -> Submission:
        """Check and store one claim, of `guide` or of the one that it says itself; the answer is durable.

        `also` writes in the same transaction, the answer of an idempotency key for one.
        """
        checked, findings = self.check(tenant, document, guide=guide)

        def record(scope: TenantScope) -> Submission:
            submission = record_claim(scope, checked, findings)
            if also is not None:
                also(scope, submission)
            return submission

        submission = await self._store.write(record, tenant=tenant)
        self._reach("intake.stored")
        return submission

    def check(
        self, tenant: str, document: object, *, guide: str | None = None
    ) -> tuple[CheckedClaim, tuple[Finding, ...]]:
        """What a check says of a claim, the tenant's payers included; nothing is stored.

        Without `guide` the claim itself says whether it is professional, institutional or dental.
        """
        document, named = self.name_payer(tenant, document)
        if guide is None:
            guide = choose_guide(document) if isinstance(document, Mapping) else PROFESSIONAL
        tables, received = self.basis()
        book, repairs = self.books.get(tenant), self._repairs_of(tenant)
        checked = limit_charge(
            check_claim(document, guide=guide, tables=tables, received=received, rules=book, repairs=repairs)
        )
        return checked, (*named, *checked.findings, *self._find_unknown_payer(tenant, checked.summary))

    def name_payer(self, tenant: str, document: object) -> tuple[object, list[Finding]]:
        """The document without credentials, with the payer's own id for one that a clearinghouse gave it."""
        document = drop_credentials(document)
        posted = document.get("tradingPartnerServiceId") if isinstance(document, dict) else None
        settings = self._settings.tenant(tenant)
        if self._directory is None or not isinstance(posted, str) or settings is None:
            return document, []
        own = None if settings.partner_for(posted) else self._directory.directory().resolve(posted)
        if own is None or not isinstance(document, dict):
            return document, []
        told = find("payer.alias_resolved", pointer=PAYER_POINTER, rule="payer directory", value=posted)
        return {**document, "tradingPartnerServiceId": own}, [told]

    def _repairs_of(self, tenant: str) -> Repairs:
        found = self._repairs.get(tenant)
        if found is None:
            settings = self._settings.tenant(tenant)
            found = self._repairs[tenant] = Repairs(settings.without_repairs if settings else ())
        return found

    async def keep_unreadable(self, tenant: str, content: bytes, findings: tuple[Finding, ...]) -> KeptFile:
        """Keep the bytes of a body that could not be read as a claim, with what is wrong with them."""
        digest = await asyncio.to_thread(self._archive.put, content)

        def record(scope: TenantScope) -> KeptFile:
            return record_unreadable(scope, digest, len(content), findings)

        return await self._store.write(record, tenant=tenant)

    def _find_unknown_payer(self, tenant: str, summary: ClaimSummary | None) -> list[Finding]:
        """The finding where no partner of the tenant reaches the claim's payer."""
        settings = self._settings.tenant(tenant)
        if summary is None or not summary.payer_id or (settings and settings.partner_for(summary.payer_id)):
            return []
        return [find("payer.unknown", pointer=PAYER_POINTER, value=summary.payer_id)]


def drop_credentials(document: object) -> object:
    """The claim without what a client needs to sign in, at the claim's first level."""
    if not isinstance(document, dict) or CREDENTIALS.isdisjoint(map(str.lower, document)):
        return document
    return {name: value for name, value in document.items() if name.lower() not in CREDENTIALS}


def limit_charge(checked: CheckedClaim) -> CheckedClaim:
    """The claim as it is, or without a summary and with a finding where its charge is no amount of money."""
    summary = checked.summary
    if summary is None or _is_money(summary.charge):
        return checked
    findings = checked.findings
    if not any(it.pointer == CHARGE_POINTER and it.code.startswith(ELEMENT_FAULTS) for it in findings):
        told = find("claim.charge_unusable", pointer=CHARGE_POINTER, value=str(summary.charge))
        findings = (*findings, told)
    return msgspec.structs.replace(checked, findings=findings, summary=None)


def _is_money(amount: Decimal) -> bool:
    """Whole cents, not negative, and not more than any claim can be."""
    return Decimal(0) <= amount <= LARGEST_CHARGE and amount == amount.quantize(CENT)


def record_claim(scope: TenantScope, checked: CheckedClaim, findings: tuple[Finding, ...]) -> Submission:
    """Store the claim with its findings and its first events, and say what became of it."""
    summary = checked.summary or NOTHING_READ
    new = _make_row(scope, checked, summary)
    if checked.summary is not None:
        findings = (*findings, *_find_duplicate(scope, new))
    state = "rejected" if any(finding.stops for finding in findings) else "accepted"
    dossier = Dossier(
        document=checked.document, patient_control_number=summary.patient_control_number, findings=findings
    )
    claims.add(scope, msgspec.structs.replace(new, state=state, body=write_dossier(dossier)))
    publish(scope, *_tell_intake(new, state, findings))
    return Submission(
        claim=new.id,
        state=state,
        findings=findings,
        payer_id=new.payer_id,
        patient_control_number=new.patient_control_number,
    )


def record_unreadable(scope: TenantScope, digest: str, size: int, findings: tuple[Finding, ...]) -> KeptFile:
    """Store the row of a body that could not be read; the same bytes posted again are another file."""
    reason = findings[0].code if findings else "unreadable"
    file = files.add(scope, files.NewFile(direction=POSTED, partner="", name="", sha256=digest, size=size))
    files.settle(scope, file.id, files.QUARANTINED, reason=reason)
    story = FileStory(file=file.id, partner="", sha256=digest, size=size)
    rejected = msgspec.structs.replace(story, reason=reason, findings=tell_findings(findings))
    publish(
        scope,
        Happening(type=FILE_RECEIVED, story=story, file=file.id),
        Happening(type=FILE_REJECTED, story=rejected, file=file.id),
    )
    return KeptFile(file=file.id, findings=findings)


def _make_row(scope: TenantScope, checked: CheckedClaim, summary: ClaimSummary) -> claims.NewClaim:
    return claims.NewClaim(
        id=scope.new_id("clm"),
        claim_type=checked.guide,
        patient_control_number=summary.patient_control_number,
        payer_id=summary.payer_id,
        billing_npi=summary.billing_npi,
        frequency=summary.frequency,
        charge=summary.charge,
        service_from=summary.service_from,
        service_to=summary.service_to,
        usage=summary.usage or "P",
        body=b"",
    )


def _find_duplicate(scope: TenantScope, new: claims.NewClaim) -> list[Finding]:
    """The finding where an equal claim is live: a second submission would be paid or denied twice."""
    if new.frequency in REPLACING_FREQUENCIES:
        return []
    states = load_lifecycle().state
    same = claims.find_duplicates(scope, claims.fingerprint_duplicate(scope, new))
    live = [claim for claim in same if states[claim.state].live]
    return [find("claim.duplicate", claim=live[0].id)] if live else []


def _tell_intake(new: claims.NewClaim, state: str, findings: tuple[Finding, ...]) -> list[Happening]:
    """The first two events of a claim: it was received; it was accepted or rejected."""
    received = fold([Fact("claim.received")], billed=new.charge)
    return [
        _tell(new, "claim.received", received, ()),
        _tell(new, f"claim.{state}", msgspec.structs.replace(received, journey=state), findings),
    ]


def _tell(new: claims.NewClaim, event: str, standing: Standing, findings: tuple[Finding, ...]) -> Happening:
    story = ClaimStory(
        claim=new.id,
        patient_control_number=new.patient_control_number,
        payer_id=new.payer_id,
        state=standing.state,
        amounts=tell_amounts(standing),
        findings=tell_findings(findings),
    )
    return Happening(type=event, story=story, claim=new.id)


def preview(checked: CheckedClaim, findings: tuple[Finding, ...]) -> Submission:
    """What a submission would say of a claim as far as its check tells; it has no id."""
    summary = checked.summary or NOTHING_READ
    stopped = any(finding.stops for finding in findings)
    return Submission(
        claim="",
        state="rejected" if stopped else "accepted",
        findings=findings,
        payer_id=summary.payer_id,
        patient_control_number=summary.patient_control_number,
    )
