"""An 835 document (report shape, one transaction set) read as a `Remittance`.

Sources: 005010X221A1 BPR, TRN, N1, 2100 CLP, 2110 SVC, CAS, PLB.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from edi.collector import resting_collector
from edi.documents import Document, read_entries, read_section, read_text
from edi.models import Address, BankAccount, ClaimPayment, Contact, ProviderAdjustment, Remittance
from edi.notation import parse_date
from edi.remits.claims import AmountReading, PartTexts, make_claim, make_service


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
    services = [
        make_service(flatten(line), spot, amounts)
        for spot, line in read_entries(claim, "serviceLines", pointer)
    ]
    return make_claim(flatten(claim), tuple(services), pointer, amounts)


def flatten(document: Document) -> PartTexts:
    """The texts of a claim payment or service, with those of the objects and lists right in it."""
    found = PartTexts()
    for name, value in document.items():
        if isinstance(value, str):
            found.texts[name] = value
        elif isinstance(value, Mapping):
            for inner, text in value.items():
                if isinstance(text, str):
                    found.texts[f"{name}/{inner}"] = text
                elif isinstance(text, list):
                    found.spread[f"{name}/{inner}"] = tuple(part for part in text if isinstance(part, str))
        elif isinstance(value, list):
            entries = [entry if isinstance(entry, Mapping) else {} for entry in value]
            found.entries[name] = [
                {key: text for key, text in entry.items() if isinstance(text, str)} for entry in entries
            ]
    return found


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
