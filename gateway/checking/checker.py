"""What intake says of a claim: the engine's check with the tenant's payers, rules and repairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from edi.claim_forms import PROFESSIONAL, choose_guide
from edi.claims import CheckedClaim, ClaimSummary, check_claim
from edi.edits.basis import Basis, default_basis
from edi.findings import Finding, find
from edi.json_body import decode_body
from edi.payer_rules.book import RuleBook
from edi.repairs import Repairs
from gateway.clock import Clock
from gateway.codes.library import Library
from gateway.codes.shelf import Shelf
from gateway.directory import PayerShelf
from gateway.dossier import Dossier, write_dossier
from gateway.payer_rules import load_books
from gateway.settings import Settings

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


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A checked claim, ready for its row: `dossier` is the body in clear, with these findings in it."""

    claim_type: str
    summary: ClaimSummary | None
    findings: tuple[Finding, ...]
    dossier: bytes


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say of a posted body: the claim as judged, or why it cannot be read."""

    judged: Judged | None = None
    unreadable: tuple[Finding, ...] = ()


class Checker:
    """Checks claims. `basis` says what edits go by, `books` hold the payer rules of each tenant."""

    def __init__(
        self,
        settings: Settings,
        *,
        basis: Callable[[], Basis] = default_basis,
        books: Mapping[str, RuleBook] | None = None,
        directory: PayerShelf | None = None,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._repairs: dict[str, Repairs] = {}
        self.basis = basis
        self.books = books or {}

    def judge(self, tenant: str, body: bytes, guide: str | None = None) -> Opinion:
        """Read a posted body and check the claim in it, by `guide` or by the one that it says itself."""
        decoded = decode_body(body)
        if decoded.document is None:
            return Opinion(unreadable=decoded.findings)
        return Opinion(judged=write_judgement(*self.check(tenant, decoded.document, guide=guide)))

    def check(
        self, tenant: str, document: object, *, guide: str | None = None
    ) -> tuple[CheckedClaim, tuple[Finding, ...]]:
        """What a check says of a claim, the tenant's payers included.

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

    def _find_unknown_payer(self, tenant: str, summary: ClaimSummary | None) -> list[Finding]:
        """The finding where no partner of the tenant reaches the claim's payer."""
        settings = self._settings.tenant(tenant)
        if summary is None or not summary.payer_id or (settings and settings.partner_for(summary.payer_id)):
            return []
        return [find("payer.unknown", pointer=PAYER_POINTER, value=summary.payer_id)]


def make_checker(settings: Settings, clock: Clock) -> Checker:
    """The checker of an installation. Raises SettingsError, TableUnreadable."""
    shelf = Shelf(Library(settings.home), clock)
    return Checker(
        settings, basis=shelf.basis, books=load_books(settings), directory=PayerShelf(settings.home)
    )


def write_judgement(checked: CheckedClaim, findings: tuple[Finding, ...]) -> Judged:
    """The claim with everything that was found, ready for its row."""
    number = checked.summary.patient_control_number if checked.summary is not None else ""
    dossier = Dossier(document=checked.document, patient_control_number=number, findings=findings)
    return Judged(
        claim_type=checked.guide,
        summary=checked.summary,
        findings=findings,
        dossier=write_dossier(dossier),
    )


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
