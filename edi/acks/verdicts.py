"""The 277CA that answers a batch of claims, and the statuses that a claim's findings become.

Every total is the sum of the claims listed, so the report balances by construction. Source: 005010X214.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from edi.acks.echoes import UNKNOWN, echo
from edi.acks.services import describe_service, find_days, group_by_line
from edi.documents import Document, drop_empty, read_entries, read_section, read_text
from edi.findings import Finding, Place, find_entry
from edi.models import (
    ClaimBatch,
    ClaimStatus,
    Party,
    Person,
    ServiceStatus,
    StatusCode,
)
from edi.notation import parse_amount, write_amount, write_date

RECEIVED = StatusCode("A1", "19", "PR")
ACCEPTED = StatusCode("A2", "20")
REJECTED_CATEGORY = "A7"
INVALID = "21"  # missing or invalid information
STATUS_LIMIT = 3  # STC01, STC10 and STC11 of one segment
ACCEPT, REJECT = "WQ", "U"
NO_TRACE = "0"
NAME_LENGTH, FIRST_NAME_LENGTH, MIDDLE_NAME_LENGTH, SUFFIX_LENGTH = 60, 35, 25, 10  # NM103 to NM107
ID_LENGTH = 80  # data element 67
REFERENCE_LENGTH = 50  # data element 127
PROCEDURE_LENGTH = 48  # data element 234
PROVIDER_KEYS = {"XX": "npi", "FI": "tin", "SV": "spn"}

#: Whom a finding in a loop of the 837 is about, as the entity of a status (STC01-3).
LOOP_ENTITIES = {
    "1000A": "41",
    "1000B": "40",
    "2010AA": "85",
    "2000A": "85",
    "2010AB": "87",
    "2010BA": "IL",
    "2000B": "IL",
    "2010BB": "PR",
    "2010CA": "QC",
    "2000C": "QC",
    "2310A": "DN",
    "2310B": "82",
    "2310C": "77",
    "2310D": "DQ",
    "2320": "GB",
    "2330A": "GB",
    "2420A": "82",
    "2420C": "77",
    "2420D": "DQ",
    "2420E": "DK",
    "2420F": "DN",
}


def judge_findings(findings: Iterable[Finding]) -> tuple[StatusCode, ...]:
    """The statuses of a claim with these findings: A2:20 where none stops it, else one for each that does.

    A finding whose catalogue entry names a status (`stc`) becomes that; any other becomes A7:21 with the
    entity that its place is about.
    """
    statuses = dict.fromkeys(judge_finding(finding) for finding in findings if finding.stops)
    return tuple(statuses) or (ACCEPTED,)


def judge_finding(finding: Finding) -> StatusCode:
    """The status that one finding becomes; the entity of its place goes before that of the catalogue."""
    stated = finding.status or find_entry(finding.code).acknowledgments.stc
    place = finding.x12 or Place()
    entity = LOOP_ENTITIES.get(place.loop or "", "")
    if stated is None:
        return StatusCode(REJECTED_CATEGORY, INVALID, entity)
    category, _, rest = stated.partition(":")
    status, _, named = rest.partition(":")
    return StatusCode(category, status, (entity or named) if named else "")


def answer_claim(
    document: Document,
    statuses: Sequence[StatusCode] = (ACCEPTED,),
    *,
    effective: date,
    payer_claim_control_number: str = "",
    message: str = "",
    services: Sequence[ServiceStatus] = (),
) -> ClaimStatus:
    """The answer to one claim (`document`, the claim as JSON) with these statuses, of it and of its lines."""
    claim = read_section(document, "claimInformation")
    days = find_days(claim)
    rejected = any(status.category not in ("A0", "A1", "A2", "A5") for status in statuses)
    return ClaimStatus(
        patient_control_number=read_text(claim, "patientControlNumber"),
        action=REJECT if rejected else ACCEPT,
        statuses=tuple(statuses),
        clearinghouse_trace=read_text(claim, "claimSupplementalInformation", "claimNumber"),
        payer_claim_control_number=payer_claim_control_number,
        charge=parse_amount(read_text(claim, "claimChargeAmount")),
        service_from=days[0] if days else None,
        service_to=days[-1] if days else None,
        effective=effective,
        message=message,
        bill_type=find_bill_type(claim),
        patient=describe_patient(document),
        provider=describe_provider(read_section(document, "billing")),
        services=tuple(services),
    )


def find_bill_type(claim: Document) -> str:
    """The type of bill of an institutional claim: facility type and frequency (CLM05-1 and -3)."""
    lines = (line for _, line in read_entries(claim, "serviceLines"))
    if not any("institutionalService" in line for line in lines):
        return ""
    return read_text(claim, "placeOfServiceCode") + read_text(claim, "claimFrequencyCode")


def describe_patient(document: Document) -> Person:
    """The patient of a claim: the dependent, else the subscriber."""
    patient = read_section(document, "dependent") or read_section(document, "subscriber")
    return Person(
        last_name=read_text(patient, "lastName"),
        first_name=read_text(patient, "firstName"),
        middle_name=read_text(patient, "middleName"),
        suffix=read_text(patient, "suffix"),
        member_id=read_text(patient, "memberId") or read_text(document, "subscriber", "memberId"),
    )


def answer_findings(document: Document, findings: Iterable[Finding], *, effective: date) -> ClaimStatus:
    """The answer to a claim with these findings: accepted, or rejected for those that stop it.

    A finding about a service line (by its pointer) is a status of that line as well.
    """
    stopping = [finding for finding in findings if finding.stops]
    if not stopping:
        return answer_claim(document, effective=effective)
    lines = [line for _, line in read_entries(read_section(document, "claimInformation"), "serviceLines")]
    services = [
        describe_service(lines[number], judge_findings(found))
        for number, found in group_by_line(stopping)
        if number < len(lines)
    ]
    return answer_claim(document, judge_findings(stopping), effective=effective, services=services)


def describe_provider(billing: Document) -> Party:
    """The billing provider of a claim, by NPI, else by tax id."""
    npi = read_text(billing, "npi")
    tax_id = read_text(billing, "employerId") or read_text(billing, "ssn")
    return Party(
        name=read_text(billing, "organizationName") or read_text(billing, "lastName"),
        first_name=read_text(billing, "firstName"),
        identifier=npi or tax_id,
        qualifier="XX" if npi else "FI",
    )


def report_claims(batch: ClaimBatch, claims: Sequence[ClaimStatus]) -> dict[str, object]:
    """The 277CA document that answers `batch` with the verdicts `claims`.

    Claims stand under their billing provider and patient in order of first appearance; counts and amounts
    accepted and rejected are given for the batch and for each provider. Raises ValueError for a claim without
    its billing provider, under whom a 277CA must list it.
    """
    if any(claim.provider is None for claim in claims):
        raise ValueError("a claim of a 277CA stands under its billing provider, and one has none")
    source = {
        "entityIdentifierCode": batch.source_kind,
        "organizationName": echo(batch.payer_name, 1, NAME_LENGTH, UNKNOWN),
        "etin" if batch.source_kind == "AY" else "payerIdentification": echo(
            batch.payer_id, 2, ID_LENGTH, UNKNOWN
        ),
        "transmissionReceiptControlIdentifier": echo(batch.receipt_number, 1, REFERENCE_LENGTH, NO_TRACE),
        "informationSourceReceiptDate": write_date(batch.received),
        "informationSourceProcessDate": write_date(batch.processed),
        "claimStatusTransactions": [write_batch(batch, claims)],
    }
    return drop_empty({"referenceIdentification": batch.reference, "payers": [source]})


def write_batch(batch: ClaimBatch, claims: Sequence[ClaimStatus]) -> dict[str, object]:
    """2000B: the receiver of the report, the batch as received, its totals, and the providers below."""
    total = sum((claim.charge or Decimal(0) for claim in claims), Decimal(0))
    status = {
        "providerStatuses": [write_status(RECEIVED)],
        "statusInformationEffectiveDate": write_date(batch.processed),
        "statusInformationActionCode": ACCEPT,
        "totalClaimChargeAmount": write_amount(total),
    }
    providers = dict.fromkeys(claim.provider for claim in claims if claim.provider is not None)
    return {
        "provider": {
            "organizationName": echo(batch.receiver_name, 1, NAME_LENGTH, UNKNOWN),
            "etin": echo(batch.receiver_id, 2, ID_LENGTH, UNKNOWN),
        },
        "claimTransactionBatchNumber": echo(batch.batch_number, 1, REFERENCE_LENGTH, NO_TRACE),
        "providerClaimStatuses": [status],
        **write_totals(claims),
        "claimStatusDetails": [
            write_provider(provider, [claim for claim in claims if claim.provider == provider])
            for provider in providers
        ],
    }


def write_totals(claims: Sequence[ClaimStatus]) -> dict[str, object]:
    """QTY and AMT: how many claims and how much money were accepted and rejected; none for nothing."""
    accepted = [claim.charge or Decimal(0) for claim in claims if claim.accepted]
    rejected = [claim.charge or Decimal(0) for claim in claims if not claim.accepted]
    return {
        "totalAcceptedQuantity": str(len(accepted)) if accepted else "",
        "totalRejectedQuantity": str(len(rejected)) if rejected else "",
        "totalAcceptedAmount": write_amount(sum(accepted, Decimal(0))) if accepted else "",
        "totalRejectedAmount": write_amount(sum(rejected, Decimal(0))) if rejected else "",
    }


def write_provider(provider: Party, claims: Sequence[ClaimStatus]) -> dict[str, object]:
    """2000C: a billing provider, its totals (2200C), and its patients."""
    patients = dict.fromkeys(claim.patient for claim in claims)
    person = bool(provider.first_name)
    return {
        "serviceProvider": {
            "lastName" if person else "organizationName": echo(provider.name, 1, NAME_LENGTH, UNKNOWN),
            "firstName": echo(provider.first_name, 1, FIRST_NAME_LENGTH),
            PROVIDER_KEYS[provider.qualifier]: echo(provider.identifier, 2, ID_LENGTH, UNKNOWN),
        },
        "providerOFServiceInformationTraceIdentifier": NO_TRACE,
        **write_totals(claims),
        "patientClaimStatusDetails": [
            write_patient(patient, [claim for claim in claims if claim.patient == patient])
            for patient in patients
        ],
    }


def write_patient(patient: Person, claims: Sequence[ClaimStatus]) -> dict[str, object]:
    """2000D: a patient and the claims for them."""
    return {
        "subscriber": {
            "lastName": echo(patient.last_name, 1, NAME_LENGTH, UNKNOWN),
            "firstName": echo(patient.first_name, 1, FIRST_NAME_LENGTH),
            "middleName": echo(patient.middle_name, 1, MIDDLE_NAME_LENGTH),
            "suffix": echo(patient.suffix, 1, SUFFIX_LENGTH),
            "memberId": echo(patient.member_id, 2, ID_LENGTH, UNKNOWN),
        },
        "claims": [write_claim(claim) for claim in claims],
    }


def write_claim(claim: ClaimStatus) -> dict[str, object]:
    """2200D: one claim with its statuses, references and service days.

    The guide requires days: a claim that has none is dated by its answer.
    """
    first = claim.service_from or claim.effective
    last = claim.service_to or first
    single = first == last
    return {
        "claimStatus": {
            "referencedTransactionTraceNumber": echo(
                claim.patient_control_number, 1, REFERENCE_LENGTH, NO_TRACE
            ),
            "informationClaimStatuses": write_claim_statuses(claim),
            "tradingPartnerClaimNumber": echo(claim.payer_claim_control_number, 1, REFERENCE_LENGTH),
            "clearinghouseTraceNumber": echo(claim.clearinghouse_trace, 1, REFERENCE_LENGTH),
            "billTypeIdentifier": echo(claim.bill_type, 1, REFERENCE_LENGTH),
            "claimServiceDate": write_date(first) if single else "",
            "claimServiceBeginDate": "" if single else write_date(first),
            "claimServiceEndDate": "" if single else write_date(last),
        },
        "serviceLines": [write_service(service) for service in claim.services],
    }


def write_claim_statuses(claim: ClaimStatus) -> list[dict[str, object]]:
    """STC segments: at most three statuses each; the message goes into the first."""
    return [
        {
            "informationStatuses": [write_status(status) for status in run],
            "statusInformationEffectiveDate": write_date(claim.effective),
            "statusInformationActionCode": claim.action,
            "totalClaimChargeAmount": write_amount(claim.charge or Decimal(0)),
            "statusMessage": claim.message if index == 0 else "",
        }
        for index, run in enumerate(split_statuses(claim.statuses))
    ]


def split_statuses(statuses: Sequence[StatusCode]) -> list[Sequence[StatusCode]]:
    """The statuses as STC segments hold them: three each."""
    return [statuses[at : at + STATUS_LIMIT] for at in range(0, len(statuses), STATUS_LIMIT)]


def write_service(service: ServiceStatus) -> dict[str, object]:
    """2220D: one service line, which is reported where it is the reason of a rejection."""
    return {
        "service": {
            "serviceIdQualifierCode": service.qualifier,
            "procedureCode": echo(service.procedure, 1, PROCEDURE_LENGTH, UNKNOWN),
            "procedureModifiers": [modifier for modifier in service.modifiers if len(modifier) == 2],
            "revenueCode": echo(service.revenue, 1, PROCEDURE_LENGTH),
            "chargeAmount": write_amount(service.charge or Decimal(0)),
        },
        "serviceClaimStatuses": [
            {
                "serviceStatuses": [write_status(status) for status in run],
                "statusInformationActionCode": REJECT,
            }
            for run in split_statuses(service.statuses)
        ],
        "lineItemControlNumber": echo(service.control_number, 1, REFERENCE_LENGTH),
        "serviceLineDate": write_date(service.date),
    }


def write_status(status: StatusCode) -> dict[str, object]:
    """One status composite."""
    return {
        "healthCareClaimStatusCategoryCode": status.category,
        "statusCode": status.status,
        "entityIdentifierCode": status.entity,
    }
