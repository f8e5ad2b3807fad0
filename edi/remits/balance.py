"""The balance of a typed remittance, claim by claim: what `edi/rules/remittance.py` proves of the tree.

The two agree (a property test compares them); this one serves remittances that came as JSON, and gives
JSON Pointers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from edi.findings import Finding, find
from edi.models import PREDETERMINATION, Adjustment, ClaimPayment, Remittance, ServicePayment
from edi.notation import write_amount
from edi.rules.remittance import GUIDE, PATIENT_GROUP, measure_balance

ZERO = Decimal(0)


class ReversalPair(msgspec.Struct, frozen=True):
    """A payment taken back and, where the same remittance pays the claim anew, the correction."""

    reversal: ClaimPayment
    correction: ClaimPayment | None


def list_adjustments(claim: ClaimPayment) -> tuple[Adjustment, ...]:
    """The adjustments of a claim and of its services."""
    return claim.adjustments + tuple(a for service in claim.services for a in service.adjustments)


def measure_service(service: ServicePayment) -> Decimal:
    """How far SVC02 less the service's adjustments is from SVC03; zero when balanced."""
    return measure_balance(service.charge, (a.amount for a in service.adjustments), service.paid)


def measure_claim(claim: ClaimPayment) -> Decimal:
    """How far CLP03 less all adjustments, of claim and services, is from CLP04."""
    return measure_balance(claim.charge, (a.amount for a in list_adjustments(claim)), claim.paid)


def measure_payment(remittance: Remittance) -> Decimal:
    """How far the sum of CLP04 less the provider adjustments is from BPR02."""
    paid = sum((claim.paid for claim in remittance.claims), Decimal(0))
    return measure_balance(paid, (a.amount for a in remittance.provider_adjustments), remittance.amount)


def measure_patient_share(claim: ClaimPayment) -> Decimal:
    """How far CLP05, where it is stated, is from the adjustments of group PR; a reversal states none."""
    if claim.reversal or not claim.patient_responsibility:
        return Decimal(0)
    shares = (a.amount for a in list_adjustments(claim) if a.group == PATIENT_GROUP)
    return sum(shares, Decimal(0)) - claim.patient_responsibility


def measure_lines(claim: ClaimPayment) -> Decimal:
    """How far the service charges are from the claim's charge, where the services are all reported."""
    if not claim.services or claim.status == PREDETERMINATION:
        return Decimal(0)
    return sum((service.charge for service in claim.services), Decimal(0)) - claim.charge


def report(code: str, pointer: str, difference: Decimal) -> Iterator[Finding]:
    """The finding `code` with the difference as its value, unless there is none."""
    if difference:
        yield find(code, pointer=pointer, rule=GUIDE, value=write_amount(difference))


def is_balanced(claim: ClaimPayment) -> bool:
    """True where nothing is wrong with a claim and its services: each amount is looked at once."""
    explained = shares = charges = ZERO
    for adjustment in claim.adjustments:
        explained += adjustment.amount
        if adjustment.group == PATIENT_GROUP:
            shares += adjustment.amount
    for service in claim.services:
        adjusted = ZERO
        for adjustment in service.adjustments:
            adjusted += adjustment.amount
            if adjustment.group == PATIENT_GROUP:
                shares += adjustment.amount
        if service.charge - adjusted != service.paid:
            return False
        explained += adjusted
        charges += service.charge
    share = claim.patient_responsibility
    return (
        claim.charge - explained == claim.paid
        and (charges == claim.charge or not claim.services or claim.status == PREDETERMINATION)
        and (shares == share or not share or claim.reversal)
        and not (claim.reversal and (claim.charge > 0 or claim.paid > 0))
    )


def check_claim_balance(claim: ClaimPayment) -> Iterator[Finding]:
    """Every finding about one claim and its services."""
    if is_balanced(claim):
        return
    for service in claim.services:
        yield from report("remittance.service_unbalanced", service.pointer, measure_service(service))
    yield from report("remittance.claim_unbalanced", claim.pointer, measure_claim(claim))
    yield from report("remittance.lines_unbalanced", claim.pointer, measure_lines(claim))
    yield from report("remittance.patient_share_unbalanced", claim.pointer, measure_patient_share(claim))
    if claim.reversal and (claim.charge > 0 or claim.paid > 0):
        yield find("remittance.reversal_not_negative", pointer=claim.pointer, rule=GUIDE)


def check_balance(remittance: Remittance) -> tuple[Finding, ...]:
    """Every finding of the balancing rules: unreadable amounts, each service and claim, the payment.

    The value of each is the difference: positive where the charge exceeds what is explained and paid.
    """
    unreadable = (
        find("remittance.amount_unreadable", pointer=pointer, rule=GUIDE) for pointer in remittance.unreadable
    )
    claims = (finding for claim in remittance.claims for finding in check_claim_balance(claim))
    pointer = "/financialInformation/totalActualProviderPaymentAmount"
    payment = report("remittance.transaction_unbalanced", pointer, measure_payment(remittance))
    return (*unreadable, *claims, *payment)


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
