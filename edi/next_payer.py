"""The claim to the next payer: what the payer before it has adjudicated goes into loops 2320, 2330 and 2430.

Pure: a claim document and an adjudication in, a claim document out. Source: 005010X222A1, X223A2 and X224A2
1.4.2 (coordination of benefits) and 1.4.4.1 (balancing).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Final, NamedTuple

from edi.adjudication import PATIENT_GROUP, Adjudication, add_group
from edi.claim_forms import DENTAL, INSTITUTIONAL, PROFESSIONAL
from edi.documents import read_entries, read_section, read_text
from edi.models import Adjustment, ServicePayment
from edi.notation import write_amount, write_date

Object = dict[str, Any]

LEVELS: Final = "PSTABCDEFGH"  # SBR01, in the order of payment
SELF: Final = "18"
GROUP_SIZE: Final = 6  # reasons that one CAS holds
NO_PROCEDURE: Final = "NU"
INPATIENT_BILLS: Final = frozenset({"11", "18", "21", "28", "41", "65", "66", "86"})
OTHERS: Final = "otherSubscriberInformation"
# Numbers that one payer gave; the next one does not know them.
PAYERS_OWN: Final = ("claimControlNumber", "priorAuthorizationNumber", "referralNumber", "claimNumber")

PAYER_KEYS: Final = (
    "tradingPartnerServiceId",
    "tradingPartnerName",
    "payerAddress",
    "tradingPartnerSecondaryIdentifiers",
)


class Names(NamedTuple):
    """What a kind of claim calls the parts of another payer's adjudication."""

    details: str
    line_adjustments: str
    qualifier: str
    group: str
    many: bool


NAMES: Final = {
    PROFESSIONAL: Names(
        "adjustmentDetails",
        "claimAdjustmentInformation",
        "serviceIdQualifier",
        "insuranceGroupOrPolicyNumber",
        True,
    ),
    INSTITUTIONAL: Names(
        "claimAdjustmentDetails", "lineAdjustment", "productOrServiceIDQualifier", "groupNumber", False
    ),
    DENTAL: Names(
        "adjustmentDetails",
        "claimAdjustmentInformation",
        "serviceIdQualifier",
        "insuranceGroupOrPolicyNumber",
        True,
    ),
}


class NextClaim(NamedTuple):
    """The document to the next payer; `room` is False where the shape has no place for another payer."""

    document: Object
    room: bool = True


def list_others(document: Mapping[str, Any]) -> list[Object]:
    """The other payers of a claim (2320), in whichever way its kind holds them."""
    held = read_section(document, "claimInformation").get(OTHERS)
    found = held if isinstance(held, list) else [held]
    return [dict(other) for other in found if isinstance(other, Mapping)]


def choose_next(document: Mapping[str, Any]) -> Object | None:
    """The other payer of the claim whose turn comes next and who has paid nothing yet; or None."""
    turn = _turn(read_text(read_section(document, "subscriber"), "paymentResponsibilityLevelCode"))
    waiting = [
        other
        for other in list_others(document)
        if _turn(read_text(other, "paymentResponsibilityLevelCode")) > turn and "payerPaidAmount" not in other
    ]
    return min(
        waiting, key=lambda other: _turn(read_text(other, "paymentResponsibilityLevelCode")), default=None
    )


def _turn(level: str) -> int:
    return LEVELS.find(level or "P")


def compose_next(document: Mapping[str, Any], guide: str, told: Adjudication) -> NextClaim:
    """The claim to the next payer, before what only the client knows of it is patched in.

    `document` is the claim as it went to the payer that adjudicated it. The next payer is the other payer
    that the claim names (`choose_next`); where it names none, payer and member are left out.
    """
    names, payer = NAMES[guide], read_text(document, "tradingPartnerServiceId")
    coming = choose_next(document)
    others = [other for other in list_others(document) if other != coming]
    others.append(_describe_before(document, guide, told))
    claim = dict(read_section(document, "claimInformation"))
    claim[OTHERS] = others if names.many else others[0]
    claim["serviceLines"] = _adjudicate_lines(claim, payer, names, told)
    claim["claimFrequencyCode"] = _bill_anew(read_text(claim, "claimFrequencyCode"))
    claim["claimSupplementalInformation"] = _without(
        read_section(claim, "claimSupplementalInformation"), PAYERS_OWN
    )
    next_document = {key: value for key, value in document.items() if key != "x12Extra"}
    next_document["claimInformation"] = claim
    _turn_to(next_document, coming, names)
    return NextClaim(next_document, room=names.many or len(others) == 1)


def _bill_anew(frequency: str) -> str:
    """The next payer has not seen a claim that was replaced or voided for the payer before it."""
    return "1" if frequency in ("", "7", "8") else frequency


def _without(section: Mapping[str, Any], names: Iterable[str]) -> Object:
    return {key: value for key, value in section.items() if key not in names}


def _describe_before(document: Mapping[str, Any], guide: str, told: Adjudication) -> Object:
    """The payer that adjudicated, with its insured and what it decided (2320, 2330A, 2330B)."""
    names, claim = NAMES[guide], read_section(document, "claimInformation")
    subscriber = read_section(document, "subscriber")
    extra = read_section(claim, "claimSupplementalInformation")
    lines = bool(told.services)
    described: Object = {
        "paymentResponsibilityLevelCode": read_text(subscriber, "paymentResponsibilityLevelCode") or "P",
        "individualRelationshipCode": _relate(document),
        names.group: read_text(subscriber, "groupNumber") or read_text(subscriber, "policyNumber"),
        "claimFilingIndicatorCode": read_text(claim, "claimFilingCode"),
        "benefitsAssignmentCertificationIndicator": read_text(
            claim, "benefitsAssignmentCertificationIndicator"
        ),
        "releaseOfInformationCode": read_text(claim, "releaseInformationCode"),
        "payerPaidAmount": write_amount(told.paid),
        "remainingPatientLiability": "" if lines else write_amount(told.patient_share),
        "claimLevelAdjustments": _write_adjustments(told.adjustments, names),
        "medicareOutpatientAdjudication": _write_remarks(claim, guide, told.remarks),
        "otherSubscriberName": {
            "otherInsuredQualifier": "1",
            "otherInsuredLastName": read_text(subscriber, "lastName"),
            "otherInsuredFirstName": read_text(subscriber, "firstName"),
            "otherInsuredIdentifierTypeCode": "MI",
            "otherInsuredIdentifier": read_text(subscriber, "memberId"),
        },
        "otherPayerName": {
            "otherPayerOrganizationName": read_text(document, "tradingPartnerName"),
            "otherPayerIdentifierTypeCode": "PI",
            "otherPayerIdentifier": read_text(document, "tradingPartnerServiceId"),
            "otherPayerAdjudicationOrPaymentDate": "" if lines else write_date(told.day),
            "otherPayerClaimControlNumber": told.payer_number,
            "otherPayerPriorAuthorizationNumber": read_text(extra, "priorAuthorizationNumber"),
            "otherPayerPriorAuthorizationOrReferralNumber": read_text(extra, "referralNumber"),
        },
    }
    return _drop_empty(described)


def _drop_empty(section: Mapping[str, Any]) -> Object:
    pruned = {key: _drop_empty(value) if isinstance(value, dict) else value for key, value in section.items()}
    return {key: value for key, value in pruned.items() if value not in ("", {}, [])}


def _relate(document: Mapping[str, Any]) -> str:
    """SBR02 of 2320: the patient's relationship to the insured."""
    dependent = read_section(document, "dependent")
    return read_text(dependent, "relationshipToSubscriberCode") or "G8" if dependent else SELF


def _write_remarks(claim: Mapping[str, Any], guide: str, remarks: Sequence[str]) -> Object:
    """MOA; a stay's remarks would stand in MIA, which asks for more than an 835 tells."""
    inpatient = guide == INSTITUTIONAL and read_text(claim, "placeOfServiceCode") in INPATIENT_BILLS
    return {"claimPaymentRemarkCode": list(remarks[:5])} if remarks and not inpatient else {}


def _write_adjustments(adjustments: Iterable[Adjustment], names: Names) -> list[Object]:
    """CAS segments: one for each group code, and another where a group has more reasons than one holds."""
    by_group = sorted((it for it in adjustments if it.amount), key=lambda it: it.group)
    written: list[Object] = []
    for group, members in groupby(by_group, key=lambda it: it.group):
        details = [_write_reason(adjustment) for adjustment in members]
        for start in range(0, len(details), GROUP_SIZE):
            chunk = details[start : start + GROUP_SIZE]
            written.append({"adjustmentGroupCode": group, names.details: chunk})
    return written


def _write_reason(adjustment: Adjustment) -> Object:
    written = {"adjustmentReasonCode": adjustment.reason, "adjustmentAmount": write_amount(adjustment.amount)}
    if adjustment.quantity is not None:
        written["adjustmentQuantity"] = write_amount(adjustment.quantity)
    return written


def _adjudicate_lines(claim: Mapping[str, Any], payer: str, names: Names, told: Adjudication) -> list[Object]:
    """The service lines, each with what the payer decided on it (2430) after what payers before it did."""
    lines = [dict(line) for _, line in read_entries(claim, "serviceLines")]
    for place, (service, day) in zip(_place_services(lines, told), told.services, strict=True):
        if place is None:
            continue
        before = lines[place].get("lineAdjudicationInformation")
        earlier = list(before) if isinstance(before, list) else []
        lines[place]["lineAdjudicationInformation"] = [
            *earlier,
            _write_line(service, day, payer, names, _find_revenue(lines[place], service)),
        ]
    return lines


def _place_services(lines: Sequence[Mapping[str, Any]], told: Adjudication) -> list[int | None]:
    """The line of each adjudicated service: by its control number, else by its procedure, else in order."""
    numbers = {_number_line(line): place for place, line in enumerate(lines) if _number_line(line)}
    free = list(range(len(lines)))
    places: list[int | None] = []
    for service, _ in told.services:
        place = numbers.get(service.control_number) if service.control_number else None
        if place is None:
            equal = [it for it in free if _is_of(lines[it], service)]
            place = equal[0] if equal else (free[0] if free else None)
        if place in free:
            free.remove(place)
        places.append(place)
    return places


def _number_line(line: Mapping[str, Any]) -> str:
    return read_text(line, "providerControlNumber") or read_text(line, "lineItemControlNumber")


def _is_of(line: Mapping[str, Any], service: ServicePayment) -> bool:
    for name in ("professionalService", "institutionalService", "dentalService"):
        billed = read_section(line, name)
        if billed:
            codes = (read_text(billed, "procedureCode"), read_text(billed, "serviceLineRevenueCode"))
            return service.procedure in codes
    return False


def _find_revenue(line: Mapping[str, Any], service: ServicePayment) -> str:
    """The revenue code of an institutional line: as billed, for an 835 need not repeat it (SVC04)."""
    billed = read_text(read_section(line, "institutionalService"), "serviceLineRevenueCode")
    return billed and (service.revenue_code or billed)


def _write_line(
    service: ServicePayment, day: date | None, payer: str, names: Names, revenue_code: str
) -> Object:
    """One 2430: what was paid for the line, and why not all of it."""
    revenue = service.qualifier == NO_PROCEDURE
    share = add_group(service.adjustments, PATIENT_GROUP)
    written: Object = {
        "otherPayerPrimaryIdentifier": payer,
        "serviceLinePaidAmount": write_amount(service.paid),
        names.qualifier: "" if revenue else service.qualifier,
        "procedureCode": "" if revenue else service.procedure,
        "procedureModifier": [] if revenue else list(service.modifiers),
        "serviceLineRevenueCode": revenue_code,
        "paidServiceUnitCount": write_amount(service.units if service.units is not None else Decimal(1)),
        names.line_adjustments: _write_adjustments(service.adjustments, names),
        "adjudicationOrPaymentDate": write_date(day),
        "remainingPatientLiability": write_amount(share) if share else "",
    }
    return _drop_empty(written)


def _turn_to(document: Object, coming: Object | None, names: Names) -> None:
    """Address the claim to the next payer and its insured."""
    for name in PAYER_KEYS:
        document.pop(name, None)
    subscriber = dict(read_section(document, "subscriber"))
    level = read_text(subscriber, "paymentResponsibilityLevelCode") or "P"
    if coming is None:
        following = LEVELS[min(_turn(level) + 1, len(LEVELS) - 1)]
        kept = _without(subscriber, ("memberId", "groupNumber", "policyNumber", "insuranceTypeCode"))
        document["subscriber"] = {**kept, "paymentResponsibilityLevelCode": following}
        return
    payer, insured = read_section(coming, "otherPayerName"), read_section(coming, "otherSubscriberName")
    document["tradingPartnerServiceId"] = read_text(payer, "otherPayerIdentifier")
    document["tradingPartnerName"] = read_text(payer, "otherPayerOrganizationName")
    document["claimInformation"]["claimFilingCode"] = read_text(coming, "claimFilingIndicatorCode")
    policy: Object = {
        "memberId": read_text(insured, "otherInsuredIdentifier"),
        "groupNumber": read_text(coming, names.group),
        "policyNumber": read_text(coming, "policyNumber"),
        "insuranceTypeCode": read_text(coming, "insuranceTypeCode"),
        "paymentResponsibilityLevelCode": read_text(coming, "paymentResponsibilityLevelCode"),
    }
    _insure(document, subscriber, coming, _drop_empty(policy))


def _insure(document: Object, subscriber: Object, coming: Object, policy: Object) -> None:
    """The next payer's insured as the subscriber, and the patient beside it where that is another person."""
    patient = dict(read_section(document, "dependent")) or subscriber
    person = _without(
        patient,
        (
            "relationshipToSubscriberCode",
            "memberId",
            "groupNumber",
            "policyNumber",
            "insuranceTypeCode",
            "paymentResponsibilityLevelCode",
        ),
    )
    document.pop("dependent", None)
    relationship = read_text(coming, "individualRelationshipCode") or SELF
    if relationship == SELF:
        document["subscriber"] = {**person, **policy}
        return
    insured = read_section(coming, "otherSubscriberName")
    address = read_section(insured, "otherInsuredAddress") or read_section(insured, "address")
    named: Object = {
        "lastName": read_text(insured, "otherInsuredLastName"),
        "firstName": read_text(insured, "otherInsuredFirstName"),
        "middleName": read_text(insured, "otherInsuredMiddleName"),
        "address": dict(address),
    }
    document["subscriber"] = {**_drop_empty(named), **policy}
    document["dependent"] = {**person, "relationshipToSubscriberCode": relationship}
