"""What an event tells of a payment: a remittance's word on one claim, and on the provider."""

from __future__ import annotations

from collections.abc import Iterable

from edi.models import Adjustment, ClaimPayment, ProviderAdjustment, Remittance, ServicePayment
from gateway.lifecycle import Settlement
from gateway.meanings import explain
from gateway.story import AdjustmentTold, PaymentTold, ProviderAdjustmentTold, write_dollars


def tell_payment(
    payment: ClaimPayment, settlement: Settlement, remittance: Remittance, remittance_id: str
) -> PaymentTold:
    """What `remittance` says of one claim, adjustments with their meanings."""
    lines = enumerate(payment.services, start=1)
    return PaymentTold(
        remittance=remittance_id,
        trace_number=remittance.trace_number,
        status=payment.status,
        status_meaning=explain("claim_payment_status", payment.status),
        charge=write_dollars(payment.charge),
        paid=write_dollars(settlement.paid),
        adjusted=write_dollars(settlement.adjusted),
        patient=write_dollars(settlement.patient),
        denial=settlement.denial,
        payer_claim_control_number=payment.payer_claim_control_number,
        adjustments=(
            *(_tell_adjustment(adjustment, None) for adjustment in payment.adjustments),
            *(told for number, service in lines for told in _tell_service(service, number)),
        ),
        remark_codes=_list_remarks(payment),
    )


def tell_provider_adjustments(
    adjustments: Iterable[ProviderAdjustment],
) -> tuple[ProviderAdjustmentTold, ...]:
    """Provider adjustments with their meanings."""
    return tuple(
        ProviderAdjustmentTold(
            reason=adjustment.reason,
            reason_meaning=explain("provider_adjustment_reason", adjustment.reason),
            amount=write_dollars(adjustment.amount),
        )
        for adjustment in adjustments
    )


def _tell_service(service: ServicePayment, number: int) -> Iterable[AdjustmentTold]:
    return (_tell_adjustment(adjustment, number) for adjustment in service.adjustments)


def _tell_adjustment(adjustment: Adjustment, service: int | None) -> AdjustmentTold:
    return AdjustmentTold(
        group=adjustment.group,
        group_meaning=explain("adjustment_group", adjustment.group),
        reason=adjustment.reason,
        reason_meaning=explain("adjustment_reason", adjustment.reason),
        amount=write_dollars(adjustment.amount),
        service=service,
    )


def _list_remarks(payment: ClaimPayment) -> tuple[str, ...]:
    """The remark codes of the claim and its services, each once, in their order."""
    codes = [*payment.remark_codes, *(code for service in payment.services for code in service.remark_codes)]
    return tuple(dict.fromkeys(codes))
