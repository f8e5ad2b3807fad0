"""A remittance as a paper: what the payer paid, claim by claim and line by line, and why not all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from edi.models import Adjustment, ClaimPayment, ProviderAdjustment, Remittance, ServicePayment
from gateway.meanings import explain
from gateway.papers.sheet import Sheet, write_day, write_money
from gateway.settlement import list_adjustments

METHODS = {"ACH": "Electronic transfer", "CHK": "Check", "NON": "No payment", "FWT": "Wire transfer"}
METHODS |= {"BOP": "The bank's choice"}
ZERO = Decimal(0)
SERVICE_HEADS = ("Service", "Day", "Adjustments", "Charge", "Adjusted", "Paid")


def draw_advice(remittance: Remittance, made: datetime) -> bytes:
    """The remittance as PDF."""
    subtitle = f"{remittance.payer_name} to {remittance.payee_name}"
    sheet = Sheet("Remittance advice", subtitle, made)
    sheet.write_facts(_list_facts(remittance))
    _draw_summary(sheet, remittance)
    for payment in remittance.claims:
        _draw_claim(sheet, payment)
    _draw_provider_adjustments(sheet, remittance.provider_adjustments)
    _draw_meanings(sheet, remittance)
    return sheet.render()


def _list_facts(remittance: Remittance) -> Iterator[tuple[str, str]]:
    yield "Payer", remittance.payer_name
    yield "Payee", remittance.payee_name
    yield "Payer id", remittance.payer_id
    yield "Payee NPI", remittance.payee_npi
    yield "Check or EFT", remittance.trace_number
    yield "Paid on", write_day(remittance.date)
    yield "Method", METHODS.get(remittance.method, remittance.method)
    yield "Amount", f"$ {write_money(remittance.amount)}"


def _draw_summary(sheet: Sheet, remittance: Remittance) -> None:
    """How the claims and the provider adjustments make up the payment."""
    claims = sum((payment.paid for payment in remittance.claims), ZERO)
    kept = sum((adjustment.amount for adjustment in remittance.provider_adjustments), ZERO)
    sheet.write_table(
        ("What the payment is made of", "Amount"),
        (
            (f"Paid for {len(remittance.claims)} claims", write_money(claims)),
            ("Provider adjustments (PLB), taken off", write_money(-kept)),
        ),
        widths=(80, 20),
        amounts=1,
        total=("Payment", write_money(remittance.amount)),
    )


def _draw_claim(sheet: Sheet, payment: ClaimPayment) -> None:
    name = " ".join(filter(None, (payment.patient.first_name, payment.patient.last_name)))
    sheet.write_heading(f"Claim {payment.patient_control_number}   {name}")
    sheet.write_facts(
        (
            ("Status", f"{payment.status}  {explain('claim_payment_status', payment.status)}"),
            ("Payer's number", payment.payer_claim_control_number),
            ("Member", payment.patient.member_id),
            ("Service", _write_span(payment)),
        )
    )
    rows = [_write_service(service) for service in payment.services]
    rows += [_write_claim_adjustment(adjustment) for adjustment in payment.adjustments]
    adjusted = sum((adjustment.amount for adjustment in list_adjustments(payment)), ZERO)
    total = (write_money(payment.charge), write_money(adjusted), write_money(payment.paid))
    sheet.write_table(
        SERVICE_HEADS, rows, widths=(20, 13, 33, 12, 11, 11), amounts=3, total=("Claim", "", "", *total)
    )
    remarks = ", ".join(payment.remark_codes)
    patient = f"Patient's share: $ {write_money(payment.patient_responsibility)}."
    sheet.write_note(f"{patient} Remarks of the claim: {remarks}." if remarks else patient)


def _write_span(payment: ClaimPayment) -> str:
    days = dict.fromkeys((write_day(payment.service_from), write_day(payment.service_to)))
    return " to ".join(day for day in days if day)


def _write_service(service: ServicePayment) -> tuple[str, ...]:
    adjusted = sum((adjustment.amount for adjustment in service.adjustments), ZERO)
    return (
        " ".join((service.procedure, *service.modifiers)),
        write_day(service.date),
        "; ".join((*map(_write_adjustment, service.adjustments), *service.remark_codes)),
        write_money(service.charge),
        write_money(adjusted),
        write_money(service.paid),
    )


def _write_claim_adjustment(adjustment: Adjustment) -> tuple[str, ...]:
    return ("Whole claim", "", _write_adjustment(adjustment), "", write_money(adjustment.amount), "")


def _write_adjustment(adjustment: Adjustment) -> str:
    return f"{adjustment.group}-{adjustment.reason} {write_money(adjustment.amount)}"


def _draw_provider_adjustments(sheet: Sheet, adjustments: Sequence[ProviderAdjustment]) -> None:
    if not adjustments:
        return
    sheet.write_heading("Provider adjustments")
    total = sum((adjustment.amount for adjustment in adjustments), ZERO)
    sheet.write_table(
        ("Reason", "Meaning", "Reference", "Taken off"),
        (
            (
                adjustment.reason,
                explain("provider_adjustment_reason", adjustment.reason),
                adjustment.identifier,
                write_money(adjustment.amount),
            )
            for adjustment in adjustments
        ),
        widths=(12, 46, 26, 16),
        amounts=1,
        total=("All", "", "", write_money(total)),
    )


def _draw_meanings(sheet: Sheet, remittance: Remittance) -> None:
    """What the codes on this paper mean, each once."""
    told = [adjustment for payment in remittance.claims for adjustment in list_adjustments(payment)]
    groups = {adjustment.group: explain("adjustment_group", adjustment.group) for adjustment in told}
    reasons = {adjustment.reason: explain("adjustment_reason", adjustment.reason) for adjustment in told}
    if not told:
        return
    sheet.write_heading("What the codes mean")
    rows = [*sorted(groups.items()), *sorted(reasons.items(), key=lambda it: it[0].zfill(4))]
    sheet.write_table(("Code", "Meaning"), rows, widths=(12, 88), amounts=0)
