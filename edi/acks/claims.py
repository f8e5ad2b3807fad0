"""Claim acknowledgments (277CA): a document read as a `ClaimStatusReport`, and one made from verdicts.

The document has the shape of the field's 277CA report, with names of ours for receipt and totals
(docs/reference/277ca-json.md). Source: 005010X214.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from edi.documents import Document, read_entries, read_section, read_text, read_texts
from edi.models import ClaimStatus, ClaimStatusReport, Party, Person, ServiceStatus, StatusCode
from edi.notation import parse_amount, parse_date

ZERO = Decimal(0)
PAYER_IDS = (
    "payerIdentification",
    "centersForMedicareAndMedicaidServicePlanId",
    "federalTaxpayerIdentificationNumber",
    "etin",
)
PROVIDER_IDS = (("npi", "XX"), ("tin", "FI"), ("spn", "SV"))


def read_277ca(document: Document) -> ClaimStatusReport:
    """What a 277CA says of a batch of claims. Never raises for what the document says or leaves out.

    A 277CA of several information sources or receivers reads as one report: names and references are those
    of the first, claims and totals those of all.
    """
    sources = [source for _, source in read_entries(document, "payers")]
    source = sources[0] if sources else {}
    batches = [batch for each in sources for _, batch in read_entries(each, "claimStatusTransactions")]
    batch = batches[0] if batches else {}
    return ClaimStatusReport(
        reference=read_text(document, "referenceIdentification"),
        batch_number=read_text(batch, "claimTransactionBatchNumber"),
        payer_name=read_text(source, "organizationName"),
        payer_id=next((text for key in PAYER_IDS if (text := read_text(source, key))), ""),
        claims=tuple(read_claims(document)),
        accepted_count=int(sum_amounts(batches, "totalAcceptedQuantity")),
        rejected_count=int(sum_amounts(batches, "totalRejectedQuantity")),
        accepted_amount=sum_amounts(batches, "totalAcceptedAmount"),
        rejected_amount=sum_amounts(batches, "totalRejectedAmount"),
        statuses=tuple(read_statuses(batch, "providerClaimStatuses", "providerStatuses")),
        receipt_number=read_text(source, "transmissionReceiptControlIdentifier"),
        source_kind=read_text(source, "entityIdentifierCode"),
        receiver_name=read_name(read_section(batch, "provider")),
        receiver_id=read_text(batch, "provider", "etin"),
        received=parse_date(read_text(source, "informationSourceReceiptDate")),
        processed=parse_date(read_text(source, "informationSourceProcessDate")),
        created=parse_date(read_text(document, "transactionSetCreationDate")),
        control_number=read_text(document, "controlNumber"),
    )


def sum_amounts(entries: Iterable[Document], key: str) -> Decimal:
    """The sum of the numbers at `key`; what is no number counts as nothing."""
    return sum((parse_amount(read_text(entry, key)) or ZERO for entry in entries), ZERO)


def read_name(party: Document) -> str:
    """The name of an organization, or the last name of a person."""
    return read_text(party, "organizationName") or read_text(party, "lastName")


def read_statuses(owner: Document, key: str, inner: str) -> Iterator[StatusCode]:
    """Every status of the STC segments at `key` (STC01, STC10, STC11)."""
    for _, segment in read_entries(owner, key):
        for _, status in read_entries(segment, inner):
            yield StatusCode(
                category=read_text(status, "healthCareClaimStatusCategoryCode"),
                status=read_text(status, "statusCode"),
                entity=read_text(status, "entityIdentifierCode"),
            )


def read_claims(document: Document) -> Iterator[ClaimStatus]:
    """Every claim of the document (2200D), with its patient and billing provider."""
    for at, source in read_entries(document, "payers"):
        for at_batch, batch in read_entries(source, "claimStatusTransactions", at):
            for at_provider, level in read_entries(batch, "claimStatusDetails", at_batch):
                provider = read_provider(read_section(level, "serviceProvider"))
                for at_patient, patient in read_entries(level, "patientClaimStatusDetails", at_provider):
                    person = read_person(read_section(patient, "subscriber"))
                    for pointer, claim in read_entries(patient, "claims", at_patient):
                        yield read_claim(claim, pointer, person, provider)


def read_provider(party: Document) -> Party | None:
    """The billing provider (2100C)."""
    if not party:
        return None
    found = [(read_text(party, key), qualifier) for key, qualifier in PROVIDER_IDS if read_text(party, key)]
    identifier, qualifier = found[0] if found else ("", "")
    return Party(
        name=read_name(party),
        first_name=read_text(party, "firstName"),
        identifier=identifier,
        qualifier=qualifier,
    )


def read_person(person: Document) -> Person:
    """The patient (2100D)."""
    return Person(
        last_name=read_text(person, "lastName"),
        first_name=read_text(person, "firstName"),
        middle_name=read_text(person, "middleName"),
        suffix=read_text(person, "suffix"),
        member_id=read_text(person, "memberId"),
    )


def read_claim(entry: Document, pointer: str, patient: Person, provider: Party | None) -> ClaimStatus:
    """One claim (2200D). A claim with several STC segments is rejected where one of them rejects it."""
    claim = read_section(entry, "claimStatus")
    segments = [segment for _, segment in read_entries(claim, "informationClaimStatuses")]
    first = segments[0] if segments else {}
    begin = read_text(claim, "claimServiceBeginDate") or read_text(claim, "claimServiceDate")
    end = read_text(claim, "claimServiceEndDate") or begin
    messages = (read_text(segment, "statusMessage") for segment in segments)
    return ClaimStatus(
        patient_control_number=read_text(claim, "referencedTransactionTraceNumber"),
        action=read_action(segments),
        statuses=tuple(read_statuses(claim, "informationClaimStatuses", "informationStatuses")),
        clearinghouse_trace=read_text(claim, "clearinghouseTraceNumber"),
        payer_claim_control_number=read_text(claim, "tradingPartnerClaimNumber"),
        charge=parse_amount(read_text(first, "totalClaimChargeAmount")),
        service_from=parse_date(begin),
        service_to=parse_date(end),
        effective=parse_date(read_text(first, "statusInformationEffectiveDate")),
        message=" ".join(message for message in messages if message),
        bill_type=read_text(claim, "billTypeIdentifier"),
        patient=patient,
        provider=provider,
        services=tuple(read_service(line) for _, line in read_entries(entry, "serviceLines")),
        pointer=pointer,
    )


def read_action(segments: Sequence[Document]) -> str:
    """STC03 of the claim: U where any segment says U, else that of the first."""
    actions = [read_text(segment, "statusInformationActionCode") for segment in segments]
    return "U" if "U" in actions else next(iter(actions), "")


def read_service(line: Document) -> ServiceStatus:
    """One service line (2220D)."""
    service = read_section(line, "service")
    day = read_text(line, "serviceLineDate") or read_text(line, "beginServiceLineDate")
    return ServiceStatus(
        procedure=read_text(service, "procedureCode"),
        qualifier=read_text(service, "serviceIdQualifierCode"),
        modifiers=read_texts(service, "procedureModifiers"),
        revenue=read_text(service, "revenueCode"),
        charge=parse_amount(read_text(service, "chargeAmount")),
        statuses=tuple(read_statuses(line, "serviceClaimStatuses", "serviceStatuses")),
        control_number=read_text(line, "lineItemControlNumber"),
        date=parse_date(day),
    )
