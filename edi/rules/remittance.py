"""The balancing rules of the 835 (005010X221A1 section 1.10.2, SNIP 3).

A remittance balances at three levels: each service, each claim, the whole payment. Amounts are compared
exactly; X12 money has no rounding allowance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

import msgspec

from edi.findings import Finding, find
from edi.models import PREDETERMINATION, Adjustment, ClaimPayment, Remittance, ServicePayment
from edi.notation import write_amount

GUIDE = "005010X221A1"
PATIENT_GROUP = "PR"


class ReversalPair(msgspec.Struct, frozen=True):
    """A payment taken back and, where the same remittance pays the claim anew, the correction."""

    reversal: ClaimPayment
    correction: ClaimPayment | None


def sum_adjustments(adjustments: Iterable[Adjustment], group: str | None = None) -> Decimal:
    """All adjustment amounts, or those of one claim adjustment group."""
    return sum((a.amount for a in adjustments if group in (None, a.group)), Decimal(0))


def list_adjustments(claim: ClaimPayment) -> tuple[Adjustment, ...]:
    """The adjustments of a claim and of its services."""
    return claim.adjustments + tuple(a for service in claim.services for a in service.adjustments)


def measure_service(service: ServicePayment) -> Decimal:
    """How far SVC02 less the service's adjustments is from SVC03 (1.10.2.1.1); zero when balanced."""
    return service.charge - sum_adjustments(service.adjustments) - service.paid


def measure_claim(claim: ClaimPayment) -> Decimal:
    """How far CLP03 less all adjustments, of claim and services, is from CLP04 (1.10.2.1.2)."""
    return claim.charge - sum_adjustments(list_adjustments(claim)) - claim.paid


def measure_transaction(remittance: Remittance) -> Decimal:
    """How far the sum of CLP04 less the provider adjustments is from BPR02 (1.10.2.1.3)."""
    paid = sum((claim.paid for claim in remittance.claims), Decimal(0))
    kept = sum((adjustment.amount for adjustment in remittance.provider_adjustments), Decimal(0))
    return paid - kept - remittance.amount


def measure_patient_share(claim: ClaimPayment) -> Decimal:
    """How far CLP05 is from the adjustments of group PR that account for it (2100 CLP05)."""
    return sum_adjustments(list_adjustments(claim), PATIENT_GROUP) - claim.patient_responsibility


def measure_lines(claim: ClaimPayment) -> Decimal:
    """How far the service charges are from the claim's charge, where services are reported at all."""
    if not claim.services:
        return Decimal(0)
    return sum((service.charge for service in claim.services), Decimal(0)) - claim.charge


def service_balances(claim: ClaimPayment) -> Iterator[Finding]:
    """005010X221A1 1.10.2.1.1: SVC02 less the sum of the service's CAS is SVC03."""
    for service in claim.services:
        yield from report("remittance.service_unbalanced", service.pointer, measure_service(service))


def claim_balances(claim: ClaimPayment) -> Iterator[Finding]:
    """005010X221A1 1.10.2.1.2: CLP03 less the sum of every CAS is CLP04."""
    yield from report("remittance.claim_unbalanced", claim.pointer, measure_claim(claim))


def lines_make_the_claim(claim: ClaimPayment) -> Iterator[Finding]:
    """005010X221A1 1.10.2.1.2: where services are reported, their charges make up CLP03.

    A predetermination (CLP02 = 25) may estimate only some of the services.
    """
    if claim.status != PREDETERMINATION:
        yield from report("remittance.lines_unbalanced", claim.pointer, measure_lines(claim))


def patient_share_is_adjusted(claim: ClaimPayment) -> Iterator[Finding]:
    """005010X221A1 2100 CLP05: the patient's share is what the PR adjustments say."""
    if not claim.reversal:
        yield from report("remittance.patient_share_unbalanced", claim.pointer, measure_patient_share(claim))


def reversal_negates(claim: ClaimPayment) -> Iterator[Finding]:
    """005010X221A1 1.10.2.8: a reversal repeats the payment that it takes back with negated amounts."""
    if claim.reversal and (claim.charge > 0 or claim.paid > 0):
        yield find("remittance.reversal_not_negative", pointer=claim.pointer, rule=GUIDE)


CLAIM_RULES: tuple[Callable[[ClaimPayment], Iterator[Finding]], ...] = (
    service_balances,
    claim_balances,
    lines_make_the_claim,
    patient_share_is_adjusted,
    reversal_negates,
)


def transaction_balances(remittance: Remittance) -> Iterator[Finding]:
    """005010X221A1 1.10.2.1.3: the sum of CLP04 less the sum of the PLB amounts is BPR02."""
    pointer = "/financialInformation/totalActualProviderPaymentAmount"
    yield from report("remittance.transaction_unbalanced", pointer, measure_transaction(remittance))


def report(code: str, pointer: str, difference: Decimal) -> Iterator[Finding]:
    """The finding `code` with the difference as its value, unless there is none."""
    if difference:
        yield find(code, pointer=pointer, rule=GUIDE, value=write_amount(difference))


def check_balance(remittance: Remittance) -> tuple[Finding, ...]:
    """Every finding of the balancing rules: unreadable amounts, each claim and service, the payment.

    The value of each is the difference: positive where the amounts explain more than was paid.
    """
    unreadable = (
        find("remittance.amount_unreadable", pointer=pointer, rule=GUIDE) for pointer in remittance.unreadable
    )
    claims = (finding for claim in remittance.claims for rule in CLAIM_RULES for finding in rule(claim))
    return (*unreadable, *claims, *transaction_balances(remittance))


def pair_reversals(remittance: Remittance) -> tuple[ReversalPair, ...]:
    """Each reversal with the correction that pays the same claim in the same remittance, if there is one.

    A correction follows its reversal, carries the same patient control number and is no reversal itself
    (005010X221A1 1.10.2.8).
    """
    return tuple(
        ReversalPair(claim, find_correction(claim, remittance.claims[index + 1 :]))
        for index, claim in enumerate(remittance.claims)
        if claim.reversal
    )


def find_correction(reversal: ClaimPayment, later: Iterable[ClaimPayment]) -> ClaimPayment | None:
    """The first of `later` that pays the reversed claim anew."""
    for claim in later:
        if not claim.reversal and claim.patient_control_number == reversal.patient_control_number:
            return claim
    return None
