"""A claim as the scripted payer remembers it: what of an 837 claim document comes back in the answers."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import msgspec

from edi.documents import Document, read_entries, read_section, read_text, read_texts
from edi.models import Address, Person
from edi.notation import parse_amount, parse_date

CENT = Decimal("0.01")
CORRECTIONS = {"7": "replacement", "8": "void"}
DETAILS = ("adjustmentDetails", "claimAdjustmentDetails")
LINE_ADJUSTMENTS = ("claimAdjustmentInformation", "lineAdjustment")
REVENUE_QUALIFIER = "NU"  # 835 SVC01-1 of a line that has no procedure


class LineForm(NamedTuple):
    """What a kind of claim calls the parts of a service line. `qualifier` is that of its procedures."""

    service: str
    units: str
    qualifier: str


LINE_FORMS = (
    LineForm("professionalService", "serviceUnitCount", "HC"),
    LineForm("institutionalService", "serviceUnitCount", "HC"),
    LineForm("dentalService", "procedureCount", "AD"),
)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One service line as billed (2400 SV1, SV2 or SV3, DTP*472, REF*6R); `charge` in dollars.

    A line of a stay that names no procedure has the revenue code as its procedure (qualifier NU). `left` is
    what earlier payers left to the patient (2430 CAS PR); None where none has decided on the line.
    """

    procedure: str
    charge: Decimal
    qualifier: str = "HC"
    revenue_code: str = ""
    modifiers: tuple[str, ...] = ()
    units: Decimal = Decimal(1)
    date: datetime.date | None = None
    date_end: datetime.date | None = None
    control_number: str = ""
    left: Decimal | None = None


class Payee(msgspec.Struct, frozen=True, kw_only=True):
    """The billing provider (2010AA), whom the payer pays."""

    name: str
    first_name: str = ""
    npi: str = ""
    tax_id: str = ""
    address: Address | None = None

    @property
    def identifier(self) -> str:
        """The NPI, or the tax id of a provider that has none."""
        return self.npi or self.tax_id


class BilledClaim(msgspec.Struct, frozen=True, kw_only=True):
    """One claim as billed. `trace` is REF D9 of the claim, `member_id` that of the subscriber.

    `statement` is the period that an institutional claim is for. A predetermination asks for a price only.
    `original_number` is our number of the claim that this one corrects (REF F8).
    """

    patient_control_number: str
    payer_id: str
    payer_name: str
    payee: Payee
    patient: Person
    lines: tuple[Line, ...]
    member_id: str = ""
    filing_indicator: str = ""
    frequency: str = "1"
    facility_type: str = ""
    trace: str = ""
    rendering_npi: str = ""
    submitter_name: str = ""
    submitter_id: str = ""
    statement: tuple[datetime.date | None, datetime.date | None] = (None, None)
    predetermination: bool = False
    original_number: str = ""

    @property
    def conduct(self) -> str:
        """What the claim is beside a first claim to a first payer: replacement, void, secondary or ""."""
        if self.frequency in CORRECTIONS:
            return CORRECTIONS[self.frequency]
        return "secondary" if any(line.left is not None for line in self.lines) else ""

    @property
    def charge(self) -> Decimal:
        """The sum of the lines' charges (CLM02)."""
        return sum((line.charge for line in self.lines), Decimal(0))

    @property
    def days(self) -> tuple[datetime.date | None, datetime.date | None]:
        """The first and the last day of service; of an institutional claim, its statement period."""
        if any(self.statement):
            return self.statement
        starts = [line.date for line in self.lines if line.date]
        ends = [line.date_end or line.date for line in self.lines if line.date_end or line.date]
        return min(starts, default=None), max((day for day in ends if day), default=None)


def read_claim(document: Document) -> BilledClaim:
    """The claim that an 837 claim document bills, professional, institutional or dental."""
    claim = read_section(document, "claimInformation")
    subscriber, dependent = read_section(document, "subscriber"), read_section(document, "dependent")
    dates = read_section(claim, "claimDateInformation")
    member_id, submitter = read_text(subscriber, "memberId"), read_section(document, "submitter")
    return BilledClaim(
        patient_control_number=read_text(claim, "patientControlNumber"),
        payer_id=read_text(document, "tradingPartnerServiceId"),
        payer_name=read_text(document, "tradingPartnerName"),
        payee=read_payee(read_section(document, "billing")),
        patient=read_patient(dependent or subscriber, member_id),
        lines=tuple(read_lines(claim)),
        member_id=member_id,
        filing_indicator=read_text(claim, "claimFilingCode"),
        frequency=read_text(claim, "claimFrequencyCode"),
        facility_type=read_text(claim, "placeOfServiceCode"),
        trace=read_text(claim, "claimSupplementalInformation", "claimNumber"),
        rendering_npi=read_text(document, "rendering", "npi"),
        submitter_name=read_text(submitter, "organizationName") or read_text(submitter, "lastName"),
        submitter_id=read_text(submitter, "submitterIdentification"),
        statement=(
            parse_date(read_text(dates, "statementBeginDate")),
            parse_date(read_text(dates, "statementEndDate")),
        ),
        predetermination=claim.get("predeterminationOfBenefits") is True,
        original_number=read_text(claim, "claimSupplementalInformation", "claimControlNumber"),
    )


def read_payee(billing: Document) -> Payee:
    """The billing provider: an organisation, or a person by last and first name."""
    address = read_section(billing, "address")
    return Payee(
        name=read_text(billing, "organizationName") or read_text(billing, "lastName"),
        first_name=read_text(billing, "firstName"),
        npi=read_text(billing, "npi"),
        tax_id=read_text(billing, "employerId") or read_text(billing, "ssn"),
        address=Address(
            line1=read_text(address, "address1"),
            line2=read_text(address, "address2"),
            city=read_text(address, "city"),
            state=read_text(address, "state"),
            postal_code=read_text(address, "postalCode"),
            country=read_text(address, "countryCode"),
        ),
    )


def read_patient(person: Document, member_id: str) -> Person:
    """The patient by name; the member number is always the subscriber's."""
    return Person(
        last_name=read_text(person, "lastName"),
        first_name=read_text(person, "firstName"),
        middle_name=read_text(person, "middleName"),
        suffix=read_text(person, "suffix"),
        member_id=member_id,
    )


def read_lines(claim: Document) -> Iterator[Line]:
    """The service lines."""
    for _, line in read_entries(claim, "serviceLines"):
        form = next((form for form in LINE_FORMS if form.service in line), LINE_FORMS[0])
        yield read_line(line, form)


def read_line(line: Document, form: LineForm) -> Line:
    """One service line in the names of its kind of claim."""
    service = read_section(line, form.service)
    procedure, revenue = read_text(service, "procedureCode"), read_text(service, "serviceLineRevenueCode")
    qualifier = read_text(service, "procedureIdentifier") or form.qualifier
    return Line(
        procedure=procedure or revenue,
        qualifier=qualifier if procedure else REVENUE_QUALIFIER,
        revenue_code=revenue if procedure else "",
        modifiers=read_texts(service, "procedureModifiers"),
        charge=(parse_amount(read_text(service, "lineItemChargeAmount")) or Decimal(0)).quantize(CENT),
        units=parse_amount(read_text(service, form.units)) or Decimal(1),
        date=parse_date(read_text(line, "serviceDate")),
        date_end=parse_date(read_text(line, "serviceDateEnd")),
        control_number=read_text(line, "providerControlNumber") or read_text(line, "lineItemControlNumber"),
        left=read_left(line),
    )


def read_left(line: Document) -> Decimal | None:
    """What the last payer that decided on the line left to the patient: its adjustments of group PR."""
    decided = [told for _, told in read_entries(line, "lineAdjudicationInformation")]
    if not decided:
        return None
    groups = [group for name in LINE_ADJUSTMENTS for _, group in read_entries(decided[-1], name)]
    reasons = [
        reason
        for group in groups
        if read_text(group, "adjustmentGroupCode") == "PR"
        for name in DETAILS
        for _, reason in read_entries(group, name)
    ]
    return sum((parse_amount(read_text(it, "adjustmentAmount")) or Decimal(0) for it in reasons), Decimal(0))
