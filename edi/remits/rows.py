"""A remittance as flat rows, for a spreadsheet or a table: one for each service, and what else moved money.

The `paid` of all rows of a remittance is its amount, since every dollar stands in exactly one row.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Literal

import msgspec

from edi.models import Adjustment, ClaimPayment, ProviderAdjustment, Remittance, ServicePayment

ZERO = Decimal(0)


class PaymentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `kind` says what it is of: a service; a claim, where money stands at no service; a provider.

    `contractual`, `patient`, `payer` and `other` are the adjustments of groups CO, PR, PI and OA. An
    adjustment of the provider (PLB) that lowers the payment has a negative `paid`. `reasons` are those of the
    adjustments (CO-45), or of the provider's (WO); days are None where the remittance has none.
    """

    kind: Literal["service", "claim", "provider"]
    trace_number: str
    payment_date: datetime.date | None
    payer_name: str
    payee_npi: str
    patient_control_number: str = ""
    payer_claim_control_number: str = ""
    claim_status: str = ""
    line_control_number: str = ""
    procedure: str = ""
    modifiers: str = ""
    service_date: datetime.date | None = None
    units: Decimal | None = None
    charge: Decimal = ZERO
    allowed: Decimal | None = None
    paid: Decimal = ZERO
    contractual: Decimal = ZERO
    patient: Decimal = ZERO
    payer: Decimal = ZERO
    other: Decimal = ZERO
    reasons: str = ""
    remarks: str = ""


def list_rows(remittance: Remittance) -> Iterator[PaymentRow]:
    """The rows of a remittance, in its order: claims with their services, then provider adjustments."""
    head: dict[str, object] = {
        "trace_number": remittance.trace_number,
        "payment_date": remittance.date,
        "payer_name": remittance.payer_name,
        "payee_npi": remittance.payee_npi,
    }
    for claim in remittance.claims:
        whole = _make_claim_row(claim, head)
        if whole is not None:
            yield whole
        for service in claim.services:
            yield _make_service_row(claim, service, head)
    for adjustment in remittance.provider_adjustments:
        yield _make_provider_row(adjustment, head)


def _make_claim_row(claim: ClaimPayment, head: dict[str, object]) -> PaymentRow | None:
    """What stands at the claim and at none of its services; None where that is nothing."""
    charge = claim.charge - sum((service.charge for service in claim.services), ZERO)
    paid = claim.paid - sum((service.paid for service in claim.services), ZERO)
    if claim.services and not (charge or paid or claim.adjustments or claim.remark_codes):
        return None
    return _make(
        head,
        claim,
        kind="claim",
        service_date=claim.service_from,
        charge=charge,
        paid=paid,
        remarks=" ".join(claim.remark_codes),
        **_sum_up(claim.adjustments),
    )


def _make_service_row(claim: ClaimPayment, service: ServicePayment, head: dict[str, object]) -> PaymentRow:
    return _make(
        head,
        claim,
        kind="service",
        line_control_number=service.control_number,
        procedure=service.procedure or service.revenue_code,
        modifiers=" ".join(service.modifiers),
        service_date=service.date or claim.service_from,
        units=service.units,
        charge=service.charge,
        allowed=service.allowed,
        paid=service.paid,
        remarks=" ".join(service.remark_codes),
        **_sum_up(service.adjustments),
    )


def _make_provider_row(adjustment: ProviderAdjustment, head: dict[str, object]) -> PaymentRow:
    return msgspec.convert(
        {**head, "kind": "provider", "paid": -adjustment.amount, "reasons": adjustment.reason}, PaymentRow
    )


def _make(head: dict[str, object], claim: ClaimPayment, **values: object) -> PaymentRow:
    named = {
        "patient_control_number": claim.patient_control_number,
        "payer_claim_control_number": claim.payer_claim_control_number,
        "claim_status": claim.status,
    }
    return msgspec.convert({**head, **named, **values}, PaymentRow)


def _sum_up(adjustments: Iterable[Adjustment]) -> dict[str, object]:
    """The adjustments by group, and their reasons."""
    sums = dict.fromkeys(("CO", "PR", "PI", "OA"), ZERO)
    reasons = []
    for adjustment in adjustments:
        group = adjustment.group if adjustment.group in sums else "OA"
        sums[group] += adjustment.amount
        reasons.append(f"{adjustment.group}-{adjustment.reason}")
    return {
        "contractual": sums["CO"],
        "patient": sums["PR"],
        "payer": sums["PI"],
        "other": sums["OA"],
        "reasons": " ".join(reasons),
    }
