"""Claims: checked as JSON and as the X12 they become, and written into interchanges.

A claim is checked by generating its transaction set and reading that with the reader that reads files, so
there is one definition of what is right. Every finding points into the document as posted, and to its X12
place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec

from edi.checking import check_generated
from edi.claim_forms import PROFESSIONAL, ClaimForm, canonicalise
from edi.collector import resting_collector
from edi.documents import read_section, read_text
from edi.edits.basis import Basis, default_basis
from edi.edits.tables import CodeTables, load_shipped
from edi.envelope_writer import EnvelopeSettings, wrap_interchange
from edi.findings import Finding, find
from edi.fold import CLAIMS_PER_SET
from edi.generation import MAX_FINDINGS
from edi.notation import parse_date
from edi.plans import load_plan
from edi.writer import envelope_context
from edi.written_claims import ClaimText, ClaimWriter

if TYPE_CHECKING:
    from edi.payer_rules.book import RuleBook
    from edi.repairs import Repairs

DAY_LENGTH = 8  # CCYYMMDD
SERVICE_DAYS = ("serviceDate", "serviceDateEnd", "statementBeginDate", "statementEndDate")


class ClaimSummary(msgspec.Struct, frozen=True):
    """What the gateway needs to know of a claim. `usage` is T, P or "" where the claim does not say."""

    patient_control_number: str
    payer_id: str
    payer_name: str
    billing_npi: str
    subscriber_member_id: str
    charge: Decimal
    service_from: date | None
    service_to: date | None
    frequency: str
    filing_indicator: str
    line_count: int
    usage: str


class CheckedClaim(msgspec.Struct, frozen=True):
    """A claim in canonical form and everything wrong with it; and the text that it was checked as, where that
    is sure to be the claim's in any batch.
    """

    guide: str
    document: dict[str, Any]
    findings: tuple[Finding, ...]
    summary: ClaimSummary | None
    text: ClaimText | None = None

    @property
    def clean(self) -> bool:
        """True where no finding stops the claim."""
        return not any(finding.stops for finding in self.findings)


class PlacedClaim(msgspec.Struct, frozen=True):
    """Where document `index` went: its transaction set, and its position among the set's claims, from 1."""

    index: int
    set_control_number: str
    position: int


class WrittenInterchange(msgspec.Struct, frozen=True):
    """An interchange, where each claim is in it, and findings whose pointers begin with the claim's index."""

    text: bytes
    placements: tuple[PlacedClaim, ...]
    findings: tuple[Finding, ...]


def check_claim(
    document: object,
    *,
    guide: str = PROFESSIONAL,
    edits: bool = True,
    tables: CodeTables | None = None,
    received: date | None = None,
    rules: RuleBook | None = None,
    repairs: Repairs | None = None,
) -> CheckedClaim:
    """Check a posted claim: JSON types, guide, code lists and rules; with `edits` also SNIP 5 and 6, with
    `rules` also what payers ask beyond the guide (SNIP 7). `repairs` are made first, each told as a finding.

    The edits look codes up in `tables` (the shipped ones where left out); with the day on which the claim was
    `received` they also say what is late or ahead of its time. Numbers are decoded as int or Decimal (a float
    raises TypeError). Nothing in a document raises.
    """
    if not isinstance(document, dict):
        return CheckedClaim(guide, {}, (find("json.not_a_claim", pointer=""),), None)
    repaired: list[Finding] = []
    if repairs is not None:
        document, repaired = repairs.apply(document)
    form = canonicalise(document, guide)
    basis = None
    if tables is not None or received is not None:
        basis = Basis(load_shipped() if tables is None else tables, received)
    findings, text = check_generated(form.document, guide, edits=edits, basis=basis)
    if rules is not None:
        findings += tuple(rules.judge(form.document, guide, basis or default_basis()))
    posted = [*repaired, *form.findings, *(point_to_posted(form, finding) for finding in findings)]
    if len(posted) > MAX_FINDINGS:
        posted[MAX_FINDINGS:] = [find("json.more_findings", pointer="", limit=str(MAX_FINDINGS))]
    return CheckedClaim(guide, form.document, tuple(posted), summarise(form.document), text)


@resting_collector()
def check_claims(
    documents: Iterable[object],
    *,
    guide: str = PROFESSIONAL,
    edits: bool = True,
    tables: CodeTables | None = None,
    received: date | None = None,
    rules: RuleBook | None = None,
    repairs: Repairs | None = None,
) -> list[CheckedClaim]:
    """Many posted claims of one guide, each checked as `check_claim` does.

    The cyclic collector rests meanwhile: it would go through all the claims that are held again and again.
    """
    return [
        check_claim(
            document,
            guide=guide,
            edits=edits,
            tables=tables,
            received=received,
            rules=rules,
            repairs=repairs,
        )
        for document in documents
    ]


def point_to_posted(form: ClaimForm, finding: Finding) -> Finding:
    """The finding with its pointer into what was posted."""
    pointer = form.posted_pointer(finding.pointer or "")
    return finding if pointer == finding.pointer else msgspec.structs.replace(finding, pointer=pointer)


def summarise(document: Mapping[str, Any]) -> ClaimSummary | None:
    """The summary of a canonical claim, or None where its charge is no amount."""
    claim = read_section(document, "claimInformation")
    charge = read_amount(claim.get("claimChargeAmount"))
    if charge is None:
        return None
    lines = claim.get("serviceLines")
    days = service_days(lines if isinstance(lines, list) else [])
    days = days or service_days([read_section(claim, "claimDateInformation")])
    return ClaimSummary(
        patient_control_number=read_text(claim, "patientControlNumber"),
        payer_id=read_text(document, "tradingPartnerServiceId"),
        payer_name=read_text(document, "tradingPartnerName")
        or read_text(document, "receiver", "organizationName"),
        billing_npi=read_text(document, "billing", "npi"),
        subscriber_member_id=read_text(document, "subscriber", "memberId"),
        charge=charge,
        service_from=min(days, default=None),
        service_to=max(days, default=None),
        frequency=str(claim.get("claimFrequencyCode") or ""),
        filing_indicator=read_text(claim, "claimFilingCode"),
        line_count=len(lines) if isinstance(lines, list) else 0,
        usage=read_text(document, "usageIndicator"),
    )


def read_amount(value: object) -> Decimal | None:
    """A JSON amount (text, int or Decimal), or None."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        amount = Decimal(value)
    except (InvalidOperation, ValueError):
        return None
    return amount if amount.is_finite() else None


def service_days(lines: Sequence[object]) -> list[date]:
    """The first and last days of service lines, or of a statement period, that are dates."""
    texts = [line[name] for line in lines if isinstance(line, dict) for name in SERVICE_DAYS if name in line]
    days = [read_day(text) for text in texts]
    return [day for day in days if day is not None]


def read_day(text: object) -> date | None:
    """A CCYYMMDD text as a date, or None."""
    return parse_date(text) if isinstance(text, str) and len(text) == DAY_LENGTH else None


@resting_collector()
def write_claims(
    claims: Sequence[Mapping[str, Any] | CheckedClaim],
    envelope: EnvelopeSettings,
    *,
    guide: str = PROFESSIONAL,
    claims_per_set: int = CLAIMS_PER_SET,
) -> WrittenInterchange:
    """Claims as one interchange, folded under their providers, subscribers and patients.

    Claims are written as they are, checked or not; what `check_claim` answered stands for its claim, which is
    not written a second time. The sets are numbered 0001 and on. Raises ValueError where there are no claims.
    """
    if not claims:
        raise ValueError("there are no documents to write")
    writer = ClaimWriter(guide, envelope_context(envelope), claims_per_set)
    forms: dict[int, ClaimForm] = {}
    for index, claim in enumerate(claims):
        if isinstance(claim, CheckedClaim) and claim.text is not None and claim.guide == guide:
            writer.add_written(index, claim.document, claim.text)
        else:
            document = claim.document if isinstance(claim, CheckedClaim) else claim
            form = canonicalise(document, guide)
            writer.add(index, form.document)
            if index in writer.findings:
                forms[index] = form
    sets = writer.write_sets()
    findings = [
        point_to_claim(index, forms[index], finding)
        for made in sets
        for index in sorted(made.claims)
        for finding in writer.findings.get(index, ())
    ]
    definition = load_plan(guide).guide
    group = (definition.functional_group, definition.version, [made.text for made in sets])
    placements = [
        PlacedClaim(index, made.number, position)
        for made in sets
        for position, index in enumerate(made.claims, 1)
    ]
    placements.sort(key=lambda placed: placed.index)
    return WrittenInterchange(wrap_interchange(envelope, [group]), tuple(placements), tuple(findings))


def point_to_claim(index: int, form: ClaimForm, finding: Finding) -> Finding:
    """The finding about one of many claims, its pointer beginning with the claim's index."""
    return msgspec.structs.replace(finding, pointer=f"/{index}" + form.posted_pointer(finding.pointer or ""))
