"""An 835 document (report shape, one transaction set) read as a `Remittance`.

Sources: 005010X221A1 BPR, TRN, N1, 2100 CLP, 2110 SVC, CAS, PLB.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal

from edi.collector import resting_collector
from edi.documents import Document, read_entries, read_section, read_text, read_texts
from edi.models import (
    Address,
    Adjustment,
    BankAccount,
    ClaimPayment,
    Contact,
    Person,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
)
from edi.notation import parse_amount, parse_date

CAS_SLOTS = tuple(
    (f"adjustmentReasonCode{slot}", f"adjustmentAmount{slot}", f"adjustmentQuantity{slot}")
    for slot in range(1, 7)
)
REMARK_SLOTS = range(1, 6)


class AmountReading:
    """Reads amounts and remembers the pointers of those that are no numbers; such a one counts as zero."""

    def __init__(self) -> None:
        self.unreadable: list[str] = []

    def read(self, document: Document, key: str, pointer: str) -> Decimal:
        """The amount at `key`, zero where there is none."""
        return self.find(document, key, pointer) or Decimal(0)

    def find(self, document: Document, key: str, pointer: str) -> Decimal | None:
        """The amount at `key`, or None where there is none."""
        text = read_text(document, key)
        if not text:
            return None
        amount = parse_amount(text)
        if amount is None:
            self.unreadable.append(f"{pointer}/{key}")
        return amount


@resting_collector()
def read_remittance(document: Document) -> Remittance:
    """The remittance that `document` (one transaction of the 835 report shape) tells of.

    Never raises for what the document says or leaves out; amounts that cannot be read are named in
    `unreadable`.
    """
    amounts = AmountReading()
    payment = read_section(document, "financialInformation")
    payer, payee = read_section(document, "payer"), read_section(document, "payee")
    trace = read_section(document, "paymentAndRemitReassociationDetails")
    return Remittance(
        payer_name=read_text(payer, "name"),
        payer_id=read_text(trace, "originatingCompanyIdentifier"),
        payee_name=read_text(payee, "name"),
        payee_npi=read_text(payee, "npi"),
        payee_tax_id=read_text(payee, "taxId") or read_text(payee, "federalTaxPayersIdentificationNumber"),
        trace_number=read_text(trace, "checkOrEFTTraceNumber"),
        amount=read_payment_amount(payment, amounts),
        method=read_text(payment, "paymentMethodCode"),
        date=parse_date(read_text(payment, "checkIssueOrEFTEffectiveDate")),
        production_date=parse_date(read_text(document, "productionDate")),
        claims=tuple(read_claims(document, amounts)),
        provider_adjustments=tuple(read_provider_adjustments(document, amounts)),
        set_control_number=read_text(document, "controlNumber"),
        handling=read_text(payment, "transactionHandlingCode"),
        payment_format=read_text(payment, "paymentFormatCode"),
        payer_account=read_payer_account(read_section(payment, "senderAccountDetails")),
        payee_account=read_payee_account(read_section(payment, "receiverAccountDetails")),
        payer_address=read_address(read_section(payer, "address")),
        payee_address=read_address(read_section(payee, "address")),
        payer_contact=read_contact(payer),
        payer_plan_id=read_text(payer, "centersForMedicareAndMedicaidServicesPlanId"),
        receiver_id=read_text(document, "receiverIdentifier"),
        unreadable=tuple(amounts.unreadable),
    )


def read_payment_amount(payment: Document, amounts: AmountReading) -> Decimal:
    """BPR02, negative where BPR03 says that it is a debit of the payee."""
    amount = amounts.read(payment, "totalActualProviderPaymentAmount", "/financialInformation")
    return -amount if read_text(payment, "creditOrDebitFlagCode") == "D" else amount


def read_payer_account(account: Document) -> BankAccount | None:
    """The account that the payment comes from (BPR06 to BPR09)."""
    if not account:
        return None
    return BankAccount(
        routing_qualifier=read_text(account, "senderDfiIdNumberQualifier"),
        routing_number=read_text(account, "senderDFIIdentifier"),
        account_qualifier=read_text(account, "senderAccountNumberQualifier"),
        account_number=read_text(account, "senderAccountNumber"),
    )


def read_payee_account(account: Document) -> BankAccount | None:
    """The account that the payment goes to (BPR12 to BPR15)."""
    if not account:
        return None
    return BankAccount(
        routing_qualifier=read_text(account, "receiverDfiIdNumberQualifier"),
        routing_number=read_text(account, "receiverDfiIdentificationNumber"),
        account_qualifier=read_text(account, "receiverAccountNumberQualifier"),
        account_number=read_text(account, "receiverAccountNumber"),
    )


def read_address(address: Document) -> Address | None:
    """A postal address (N3, N4)."""
    if not address:
        return None
    return Address(
        line1=read_text(address, "address1"),
        line2=read_text(address, "address2"),
        city=read_text(address, "city"),
        state=read_text(address, "state"),
        postal_code=read_text(address, "postalCode"),
        country=read_text(address, "countryCode"),
    )


def read_contact(payer: Document) -> Contact | None:
    """The payer's first technical contact (PER BL), which every 835 must name."""
    for _, contact in read_entries(payer, "technicalContactInformation"):
        methods: dict[str, str] = {}
        for _, method in read_entries(contact, "contactMethods"):
            methods |= {key: value for key, value in method.items() if isinstance(value, str)}
        return Contact(
            name=read_text(contact, "contactName"),
            phone=methods.get("phone", ""),
            email=methods.get("email", ""),
            url=methods.get("url", ""),
        )
    return None


def read_claims(document: Document, amounts: AmountReading) -> Iterator[ClaimPayment]:
    """Every claim of every header number (2000 LX), in the order of the document."""
    for pointer, detail in read_entries(document, "detailInfo"):
        for place, claim in read_entries(detail, "paymentInfo", pointer):
            yield read_claim(claim, place, amounts)


def read_claim(claim: Document, pointer: str, amounts: AmountReading) -> ClaimPayment:
    """One claim payment (2100)."""
    payment, place = read_section(claim, "claimPaymentInfo"), f"{pointer}/claimPaymentInfo"
    services = tuple(
        read_service(line, spot, amounts) for spot, line in read_entries(claim, "serviceLines", pointer)
    )
    first, last = read_claim_period(claim, services)
    supplement = read_section(claim, "claimSupplementalInformation")
    return ClaimPayment(
        patient_control_number=read_text(payment, "patientControlNumber"),
        status=read_text(payment, "claimStatusCode"),
        charge=amounts.read(payment, "totalClaimChargeAmount", place),
        paid=amounts.read(payment, "claimPaymentAmount", place),
        patient_responsibility=amounts.read(payment, "patientResponsibilityAmount", place),
        filing_indicator=read_text(payment, "claimFilingIndicatorCode"),
        payer_claim_control_number=read_text(payment, "payerClaimControlNumber"),
        facility_type=read_text(payment, "facilityTypeCode"),
        frequency=read_text(payment, "claimFrequencyCode"),
        adjustments=read_adjustments(claim, "claimAdjustments", pointer, amounts),
        services=services,
        service_from=first,
        service_to=last,
        received=parse_date(read_text(claim, "claimReceivedDate")),
        patient=read_person(read_section(claim, "patientName")),
        rendering_npi=read_text(claim, "renderingProvider", "npi"),
        remark_codes=read_claim_remarks(claim),
        coverage_amount=amounts.find(supplement, "coverageAmount", f"{pointer}/claimSupplementalInformation"),
        pointer=pointer,
    )


def read_claim_period(
    claim: Document, services: tuple[ServicePayment, ...]
) -> tuple[datetime.date | None, datetime.date | None]:
    """The statement period (DTM 232, 233), or where it is not sent the days that the services span."""
    first = parse_date(read_text(claim, "claimStatementPeriodStart"))
    last = parse_date(read_text(claim, "claimStatementPeriodEnd"))
    starts = [service.date for service in services if service.date]
    ends = [service.date_end or service.date for service in services if service.date_end or service.date]
    first = first or min(starts, default=None)
    return first, last or max((day for day in ends if day), default=first)


def read_person(person: Document) -> Person:
    """The patient as the payer names them (NM1 QC)."""
    return Person(
        last_name=read_text(person, "lastName"),
        first_name=read_text(person, "firstName"),
        middle_name=read_text(person, "middleName"),
        suffix=read_text(person, "suffix"),
        member_id=read_text(person, "memberId"),
    )


def read_claim_remarks(claim: Document) -> tuple[str, ...]:
    """The remark codes of the claim itself (MOA03 to MOA07, MIA05 and MIA20 to MIA23)."""
    found = (
        read_text(claim, section, f"claimPaymentRemarkCode{slot}")
        for section in ("outpatientAdjudication", "inpatientAdjudication")
        for slot in REMARK_SLOTS
    )
    return tuple(code for code in found if code)


def read_service(line: Document, pointer: str, amounts: AmountReading) -> ServicePayment:
    """One service payment (2110)."""
    payment, place = read_section(line, "servicePaymentInformation"), f"{pointer}/servicePaymentInformation"
    extra = read_section(line, "serviceSupplementalAmounts")
    return ServicePayment(
        procedure=read_text(payment, "adjudicatedProcedureCode"),
        qualifier=read_text(payment, "productOrServiceIDQualifier"),
        modifiers=read_texts(payment, "adjudicatedProcedureModifierCodes"),
        revenue_code=read_text(payment, "nationalUniformBillingCommitteeRevenueCode"),
        charge=amounts.read(payment, "lineItemChargeAmount", place),
        paid=amounts.read(payment, "lineItemProviderPaymentAmount", place),
        units=amounts.find(payment, "unitsOfServicePaidCount", place),
        date=parse_date(read_text(line, "serviceDate") or read_text(line, "serviceStartDate")),
        date_end=parse_date(read_text(line, "serviceEndDate")),
        control_number=read_text(line, "lineItemControlNumber"),
        adjustments=read_adjustments(line, "serviceAdjustments", pointer, amounts),
        remark_codes=tuple(
            read_text(remark, "remarkCode") for _, remark in read_entries(line, "healthCareCheckRemarkCodes")
        ),
        allowed=amounts.find(extra, "allowedActual", f"{pointer}/serviceSupplementalAmounts"),
        pointer=pointer,
    )


def read_adjustments(
    owner: Document, key: str, pointer: str, amounts: AmountReading
) -> tuple[Adjustment, ...]:
    """Each reason, amount and quantity of the CAS segments of a claim or service."""
    found: list[Adjustment] = []
    for place, segment in read_entries(owner, key, pointer):
        group = read_text(segment, "claimAdjustmentGroupCode")
        for reason_key, amount_key, quantity_key in CAS_SLOTS:
            if reason_key not in segment and amount_key not in segment:
                continue
            amount = amounts.find(segment, amount_key, place)
            reason = read_text(segment, reason_key)
            if reason or amount is not None:
                quantity = amounts.find(segment, quantity_key, place)
                found.append(Adjustment(group, reason, amount or Decimal(0), quantity))
    return tuple(found)


def read_provider_adjustments(document: Document, amounts: AmountReading) -> Iterator[ProviderAdjustment]:
    """Each reason and amount of the PLB segments."""
    for pointer, segment in read_entries(document, "providerAdjustments"):
        for place, adjustment in read_entries(segment, "adjustments", pointer):
            yield ProviderAdjustment(
                provider=read_text(segment, "providerIdentifier"),
                fiscal_period=parse_date(read_text(segment, "fiscalPeriodDate")),
                reason=read_text(adjustment, "adjustmentReasonCode"),
                identifier=read_text(adjustment, "providerAdjustmentIdentifier"),
                amount=amounts.read(adjustment, "providerAdjustmentAmount", place),
            )
