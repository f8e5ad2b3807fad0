"""Claim payments and services of a remittance, made of texts by their JSON names.

The texts come from a document (`edi.remits.reading`) or straight from the tree (`edi.remits.tree`); a name is
the path in the claim's object (`claimPaymentInfo/claimPaymentAmount`), so it is a JSON Pointer too.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal

from edi.models import Adjustment, ClaimPayment, Person, ServicePayment
from edi.notation import parse_amount, parse_date

CAS_SLOTS = tuple(
    (f"adjustmentReasonCode{slot}", f"adjustmentAmount{slot}", f"adjustmentQuantity{slot}")
    for slot in range(1, 7)
)
REMARKS = tuple(
    f"{section}/claimPaymentRemarkCode{slot}"
    for section in ("outpatientAdjudication", "inpatientAdjudication")
    for slot in range(1, 6)
)
GROUP = "claimAdjustmentGroupCode"
ZERO = Decimal(0)
PAYMENT, SERVICE = "claimPaymentInfo/", "servicePaymentInformation/"
MODIFIERS = SERVICE + "adjudicatedProcedureModifierCodes"
Texts = Mapping[str, str]


class PartTexts:
    """The texts of a claim payment or service: single ones, lists of texts, and lists of objects of texts."""

    __slots__ = ("entries", "spread", "texts")

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.spread: dict[str, tuple[str, ...]] = {}
        self.entries: dict[str, list[dict[str, str]]] = {}


class AmountReading:
    """Reads amounts and remembers the pointers of those that are no numbers; such a one counts as zero."""

    def __init__(self) -> None:
        self.unreadable: list[str] = []

    def read(self, document: Mapping[str, object], key: str, pointer: str) -> Decimal:
        """The amount at `key`, zero where there is none."""
        text = document.get(key)
        return self.parse(text, key, pointer) or ZERO if text and isinstance(text, str) else ZERO

    def find(self, document: Mapping[str, object], key: str, pointer: str) -> Decimal | None:
        """The amount at `key`, or None where there is none."""
        text = document.get(key)
        return self.parse(text, key, pointer) if text and isinstance(text, str) else None

    def parse(self, text: str, key: str, *way: object) -> Decimal | None:
        """The amount that a text writes, or None; the way to it makes the pointer where it is no number."""
        amount = parse_amount(text)
        if amount is None:
            self.unreadable.append("/".join([*map(str, way), key]))
        return amount


def make_claim(
    part: PartTexts, services: tuple[ServicePayment, ...], pointer: str, amounts: AmountReading
) -> ClaimPayment:
    """One claim payment (2100)."""
    texts = part.texts
    text = texts.get
    first, last = claim_period(texts, services)
    return ClaimPayment(
        patient_control_number=text(PAYMENT + "patientControlNumber", ""),
        status=text(PAYMENT + "claimStatusCode", ""),
        charge=amounts.read(texts, PAYMENT + "totalClaimChargeAmount", pointer),
        paid=amounts.read(texts, PAYMENT + "claimPaymentAmount", pointer),
        patient_responsibility=amounts.read(texts, PAYMENT + "patientResponsibilityAmount", pointer),
        filing_indicator=text(PAYMENT + "claimFilingIndicatorCode", ""),
        payer_claim_control_number=text(PAYMENT + "payerClaimControlNumber", ""),
        facility_type=text(PAYMENT + "facilityTypeCode", ""),
        frequency=text(PAYMENT + "claimFrequencyCode", ""),
        adjustments=make_adjustments(part, "claimAdjustments", pointer, amounts),
        services=services,
        service_from=first,
        service_to=last,
        received=parse_date(text("claimReceivedDate", "")),
        patient=make_person(texts),
        rendering_npi=text("renderingProvider/npi", ""),
        remark_codes=tuple([code for code in map(text, REMARKS) if code]),
        coverage_amount=amounts.find(texts, "claimSupplementalInformation/coverageAmount", pointer),
        pointer=pointer,
    )


def claim_period(
    texts: Texts, services: Iterable[ServicePayment]
) -> tuple[datetime.date | None, datetime.date | None]:
    """The statement period (DTM 232, 233), or where it is not sent the days that the services span."""
    first = parse_date(texts.get("claimStatementPeriodStart", ""))
    last = parse_date(texts.get("claimStatementPeriodEnd", ""))
    earliest = latest = None
    for service in services:
        begin, end = service.date, service.date_end or service.date
        if begin is not None and (earliest is None or begin < earliest):
            earliest = begin
        if end is not None and (latest is None or end > latest):
            latest = end
    first = first or earliest
    return first, last or latest or first


def make_person(texts: Texts) -> Person:
    """The patient as the payer names them (NM1 QC)."""
    text = texts.get
    return Person(
        last_name=text("patientName/lastName", ""),
        first_name=text("patientName/firstName", ""),
        middle_name=text("patientName/middleName", ""),
        suffix=text("patientName/suffix", ""),
        member_id=text("patientName/memberId", ""),
    )


def make_service(part: PartTexts, pointer: str, amounts: AmountReading) -> ServicePayment:
    """One service payment (2110)."""
    texts = part.texts
    text = texts.get
    remarks = part.entries.get("healthCareCheckRemarkCodes")
    day, end = text("serviceDate") or text("serviceStartDate"), text("serviceEndDate")
    return ServicePayment(
        procedure=text(SERVICE + "adjudicatedProcedureCode", ""),
        qualifier=text(SERVICE + "productOrServiceIDQualifier", ""),
        modifiers=part.spread.get(MODIFIERS, ()),
        revenue_code=text(SERVICE + "nationalUniformBillingCommitteeRevenueCode", ""),
        charge=amounts.read(texts, SERVICE + "lineItemChargeAmount", pointer),
        paid=amounts.read(texts, SERVICE + "lineItemProviderPaymentAmount", pointer),
        units=amounts.find(texts, SERVICE + "unitsOfServicePaidCount", pointer),
        date=parse_date(day) if day else None,
        date_end=parse_date(end) if end else None,
        control_number=text("lineItemControlNumber", ""),
        adjustments=make_adjustments(part, "serviceAdjustments", pointer, amounts),
        remark_codes=tuple([remark.get("remarkCode", "") for remark in remarks]) if remarks else (),
        allowed=amounts.find(texts, "serviceSupplementalAmounts/allowedActual", pointer),
        pointer=pointer,
    )


def make_adjustments(
    part: PartTexts, name: str, pointer: str, amounts: AmountReading
) -> tuple[Adjustment, ...]:
    """Each reason, amount and quantity of the CAS segments of a claim or service."""
    entries = part.entries.get(name)
    if not entries:
        return ()
    found: list[Adjustment] = []
    for number, texts in enumerate(entries):
        get = texts.get
        group = get(GROUP, "")
        left = len(texts) - (GROUP in texts)
        for reason_key, amount_key, quantity_key in CAS_SLOTS:
            if left <= 0:
                break
            reason, text = get(reason_key, ""), get(amount_key, "")
            amount = amounts.parse(text, amount_key, pointer, name, number) if text else None
            left -= (reason_key in texts) + (amount_key in texts)
            if reason or amount is not None:
                text = get(quantity_key, "")
                quantity = amounts.parse(text, quantity_key, pointer, name, number) if text else None
                found.append(Adjustment(group, reason, ZERO if amount is None else amount, quantity))
    return tuple(found)
