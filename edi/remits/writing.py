"""A `Remittance` written as an 835 document (report shape, one transaction set).

The generator adds what X12 itself needs (segment counts, qualifiers, control numbers).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import TypeVar

from edi.documents import drop_empty
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
from edi.notation import write_amount, write_date

CAS_LIMIT = 6
PLB_LIMIT = 6
REMARK_LIMIT = 5
HEADER_NUMBER = "1"
Member = TypeVar("Member")


def remittance_document(remittance: Remittance) -> dict[str, object]:
    """The 835 document that says what `remittance` says; `read_remittance` gives an equal value back.

    Claims stand under one header number (LX), adjustments of one group share CAS segments of at most six
    reasons, provider adjustments of one provider and period share PLB segments of at most six.
    """
    return drop_empty(
        {
            "controlNumber": remittance.set_control_number,
            "financialInformation": write_payment(remittance),
            "paymentAndRemitReassociationDetails": {
                "traceTypeCode": "1",
                "checkOrEFTTraceNumber": remittance.trace_number,
                "originatingCompanyIdentifier": remittance.payer_id,
            },
            "receiverIdentifier": remittance.receiver_id,
            "productionDate": write_date(remittance.production_date),
            "payer": write_payer(remittance),
            "payee": write_payee(remittance),
            "detailInfo": write_details(remittance.claims),
            "providerAdjustments": list(write_provider_adjustments(remittance.provider_adjustments)),
        }
    )


def write_payment(remittance: Remittance) -> dict[str, object]:
    """BPR: what is paid, how and when. BPR10 repeats the payer's id where a bank moves the money."""
    account, target = remittance.payer_account, remittance.payee_account
    return {
        "transactionHandlingCode": remittance.handling,
        "totalActualProviderPaymentAmount": write_amount(abs(remittance.amount)),
        "creditOrDebitFlagCode": "D" if remittance.amount < 0 else "C",
        "paymentMethodCode": remittance.method,
        "paymentFormatCode": remittance.payment_format,
        "payerIdentifier": remittance.payer_id if account else "",
        "senderAccountDetails": write_payer_account(account) if account else {},
        "receiverAccountDetails": write_payee_account(target) if target else {},
        "checkIssueOrEFTEffectiveDate": write_date(remittance.date),
    }


def write_payer_account(account: BankAccount) -> dict[str, object]:
    """BPR06 to BPR09."""
    return {
        "senderDfiIdNumberQualifier": account.routing_qualifier,
        "senderDFIIdentifier": account.routing_number,
        "senderAccountNumberQualifier": account.account_qualifier,
        "senderAccountNumber": account.account_number,
    }


def write_payee_account(account: BankAccount) -> dict[str, object]:
    """BPR12 to BPR15."""
    return {
        "receiverDfiIdNumberQualifier": account.routing_qualifier,
        "receiverDfiIdentificationNumber": account.routing_number,
        "receiverAccountNumberQualifier": account.account_qualifier,
        "receiverAccountNumber": account.account_number,
    }


def write_payer(remittance: Remittance) -> dict[str, object]:
    """1000A: the payer, with the technical contact that the guide requires."""
    contact = remittance.payer_contact
    return {
        "name": remittance.payer_name,
        "centersForMedicareAndMedicaidServicesPlanId": remittance.payer_plan_id,
        "address": write_address(remittance.payer_address),
        "technicalContactInformation": [write_contact(contact)] if contact else [],
    }


def write_contact(contact: Contact) -> dict[str, object]:
    """PER BL: a name and up to three ways to reach it."""
    ways = {"phone": contact.phone, "email": contact.email, "url": contact.url}
    return {
        "contactName": contact.name,
        "contactMethods": [{way: number} for way, number in ways.items() if number],
    }


def write_payee(remittance: Remittance) -> dict[str, object]:
    """1000B: the payee by NPI, or by tax id where it has none (N104); the tax id beside an NPI is REF TJ."""
    by_npi = bool(remittance.payee_npi)
    return {
        "name": remittance.payee_name,
        "npi": remittance.payee_npi,
        "taxId": "" if by_npi else remittance.payee_tax_id,
        "federalTaxPayersIdentificationNumber": remittance.payee_tax_id if by_npi else "",
        "address": write_address(remittance.payee_address),
    }


def write_address(address: Address | None) -> dict[str, object]:
    """N3 and N4."""
    if address is None:
        return {}
    return {
        "address1": address.line1,
        "address2": address.line2,
        "city": address.city,
        "state": address.state,
        "postalCode": address.postal_code,
        "countryCode": address.country,
    }


def write_details(claims: Sequence[ClaimPayment]) -> list[dict[str, object]]:
    """2000: all claims under one header number; none where the payment is for no claim."""
    if not claims:
        return []
    return [{"assignedNumber": HEADER_NUMBER, "paymentInfo": [write_claim(claim) for claim in claims]}]


def write_claim(claim: ClaimPayment) -> dict[str, object]:
    """2100: one claim payment. Statement dates are sent where services do not carry their own."""
    dated = bool(claim.services) and all(service.date for service in claim.services)
    return {
        "claimPaymentInfo": write_claim_payment(claim),
        "claimAdjustments": list(write_adjustments(claim.adjustments)),
        "patientName": write_person(claim.patient),
        "renderingProvider": {"npi": claim.rendering_npi},
        "outpatientAdjudication": write_claim_remarks(claim.remark_codes),
        "claimStatementPeriodStart": "" if dated else write_date(claim.service_from),
        "claimStatementPeriodEnd": "" if dated else write_date(claim.service_to),
        "claimReceivedDate": write_date(claim.received),
        "claimSupplementalInformation": {"coverageAmount": write_optional(claim.coverage_amount)},
        "serviceLines": [write_service(service) for service in claim.services],
    }


def write_claim_payment(claim: ClaimPayment) -> dict[str, object]:
    """CLP. The patient's share is sent only where it is greater than zero (CLP05)."""
    share = claim.patient_responsibility
    return {
        "patientControlNumber": claim.patient_control_number,
        "claimStatusCode": claim.status,
        "totalClaimChargeAmount": write_amount(claim.charge),
        "claimPaymentAmount": write_amount(claim.paid),
        "patientResponsibilityAmount": write_amount(share) if share > 0 else "",
        "claimFilingIndicatorCode": claim.filing_indicator,
        "payerClaimControlNumber": claim.payer_claim_control_number,
        "facilityTypeCode": claim.facility_type,
        "claimFrequencyCode": claim.frequency,
    }


def write_person(person: Person) -> dict[str, object]:
    """NM1 QC: the patient."""
    return {
        "lastName": person.last_name,
        "firstName": person.first_name,
        "middleName": person.middle_name,
        "suffix": person.suffix,
        "memberId": person.member_id,
    }


def write_claim_remarks(codes: Sequence[str]) -> dict[str, object]:
    """MOA03 to MOA07: at most five remark codes of the claim itself."""
    return {f"claimPaymentRemarkCode{slot}": code for slot, code in enumerate(codes[:REMARK_LIMIT], start=1)}


def write_service(service: ServicePayment) -> dict[str, object]:
    """2110: one service payment, with its day (DTM 472) or its period (DTM 150, 151)."""
    period = service.date_end is not None
    return {
        "servicePaymentInformation": write_service_payment(service),
        "serviceDate": "" if period else write_date(service.date),
        "serviceStartDate": write_date(service.date) if period else "",
        "serviceEndDate": write_date(service.date_end),
        "serviceAdjustments": list(write_adjustments(service.adjustments)),
        "lineItemControlNumber": service.control_number,
        "serviceSupplementalAmounts": {"allowedActual": write_optional(service.allowed)},
        "healthCareCheckRemarkCodes": [
            {"codeListQualifierCode": "HE", "remarkCode": code} for code in service.remark_codes
        ],
    }


def write_service_payment(service: ServicePayment) -> dict[str, object]:
    """SVC."""
    return {
        "productOrServiceIDQualifier": service.qualifier,
        "adjudicatedProcedureCode": service.procedure,
        "adjudicatedProcedureModifierCodes": list(service.modifiers),
        "lineItemChargeAmount": write_amount(service.charge),
        "lineItemProviderPaymentAmount": write_amount(service.paid),
        "nationalUniformBillingCommitteeRevenueCode": service.revenue_code,
        "unitsOfServicePaidCount": write_optional(service.units),
    }


def write_adjustments(adjustments: Iterable[Adjustment]) -> Iterator[dict[str, object]]:
    """CAS segments: neighbours of one group together, at most six reasons each."""
    for group, members in groupby(adjustments, key=lambda adjustment: adjustment.group):
        for run in split_runs(list(members), CAS_LIMIT):
            segment: dict[str, object] = {"claimAdjustmentGroupCode": group}
            for slot, adjustment in enumerate(run, start=1):
                segment[f"adjustmentReasonCode{slot}"] = adjustment.reason
                segment[f"adjustmentAmount{slot}"] = write_amount(adjustment.amount)
                segment[f"adjustmentQuantity{slot}"] = write_optional(adjustment.quantity)
            yield segment


def write_provider_adjustments(adjustments: Iterable[ProviderAdjustment]) -> Iterator[dict[str, object]]:
    """PLB segments: neighbours of one provider and fiscal period together, at most six each."""
    for (provider, period), members in groupby(adjustments, key=lambda a: (a.provider, a.fiscal_period)):
        for run in split_runs(list(members), PLB_LIMIT):
            yield {
                "providerIdentifier": provider,
                "fiscalPeriodDate": write_date(period),
                "adjustments": [write_provider_adjustment(adjustment) for adjustment in run],
            }


def write_provider_adjustment(adjustment: ProviderAdjustment) -> dict[str, object]:
    """One reason and amount of a PLB."""
    return {
        "adjustmentReasonCode": adjustment.reason,
        "providerAdjustmentIdentifier": adjustment.identifier,
        "providerAdjustmentAmount": write_amount(adjustment.amount),
    }


def write_optional(amount: Decimal | None) -> str:
    """`amount` as X12 writes it, or "" for none."""
    return "" if amount is None else write_amount(amount)


def split_runs(members: Sequence[Member], limit: int) -> Iterator[Sequence[Member]]:
    """`members` in runs of at most `limit`."""
    for start in range(0, len(members), limit):
        yield members[start : start + limit]
