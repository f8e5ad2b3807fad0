"""Claim payments (835): adjustments, shares of the patient, denials, reversals, take-backs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from msgspec.structs import replace

from edi.models import (
    REVERSAL,
    Adjustment,
    ClaimPayment,
    Person,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
)
from tests.answers import make_remittance
from tests.bench.people import SEED, SERVED_DAYS, SERVED_FROM, Invention

LINES = (1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6)
NPI = "1999999984"
CENT = Decimal("0.01")
TAKEN_BACK = "WO"
YEAR_END = date(2026, 12, 31)


def make_payments(count: int, seed: int = SEED) -> Remittance:
    """One balanced remittance of so many claim payments, with what was kept for other reasons."""
    draw = Invention(seed)
    claims: list[ClaimPayment] = []
    while len(claims) < count:
        claims += make_case(draw, len(claims))
    claims = claims[:count]
    return make_remittance(*claims, kept=tuple(make_kept(draw) for _ in range(1 + count // 2_000)))


def make_case(draw: Invention, number: int) -> Iterator[ClaimPayment]:
    """A payment; one in twenty is denied, and one in thirty is a reversal with the correction."""
    if draw.happens(5):
        yield deny(draw, make_payment(draw, number))
        return
    payment = make_payment(draw, number)
    if draw.happens(3):
        yield reverse(payment)
        number += 1
    yield payment


def make_payment(draw: Invention, number: int) -> ClaimPayment:
    """One paid claim whose services balance."""
    served = draw.day(SERVED_FROM, SERVED_DAYS)
    count = draw.choose(LINES)
    services = tuple(
        make_service(draw, place, procedure, served)
        for place, procedure in enumerate(draw.pick_some("procedures", count), 1)
    )
    family = draw.family().upper()
    patient = Person(
        last_name=family,
        first_name=draw.pick(draw.choose(("female", "male"))).upper(),
        middle_name=draw.choose("ABCDEFGH") if draw.happens(33) else "",
        member_id=f"{draw.choose('CHLMPW')}{draw.digits(9)}",
    )
    shares = (one.amount for service in services for one in service.adjustments if one.group == "PR")
    return ClaimPayment(
        patient_control_number=f"B{number:06d}-{draw.digits(4)}",
        status=draw.choose(("1", "1", "1", "2", "19")),
        charge=sum((service.charge for service in services), Decimal(0)),
        paid=sum((service.paid for service in services), Decimal(0)),
        patient_responsibility=sum(shares, Decimal(0)),
        payer_claim_control_number=f"ICN{draw.digits(12)}",
        filing_indicator="12",
        frequency="1",
        facility_type=draw.choose(("11", "22", "19")),
        services=services,
        service_from=served,
        service_to=served,
        received=served + timedelta(days=2 + draw.number(9)),
        patient=patient,
        remark_codes=("MA01",) if draw.happens(8) else (),
    )


def make_service(draw: Invention, place: int, procedure: str, served: date) -> ServicePayment:
    """A service of which the contract, other reasons and the patient's share are taken off."""
    charge = draw.amount(18, 420)
    contract = (charge * draw.number(10, 45) / 100).quantize(CENT)
    taken = [Adjustment("CO", "45", contract)]
    if draw.happens(12):
        part = (charge * draw.number(2, 10) / 100).quantize(CENT)
        taken.append(Adjustment("CO", draw.pick("reductions"), part))
    if draw.happens(60):
        part = (charge * draw.number(5, 25) / 100).quantize(CENT)
        taken.append(Adjustment("PR", draw.pick("shares"), part))
    if draw.happens(6):
        taken.append(Adjustment("OA", "23", (charge * draw.number(1, 15) / 100).quantize(CENT)))
    paid = charge - sum((one.amount for one in taken), Decimal(0))
    return ServicePayment(
        procedure=procedure,
        modifiers=(draw.pick("modifiers"),) if draw.happens(25) else (),
        charge=charge,
        paid=paid,
        units=Decimal(1 + draw.number(3)),
        date=served,
        control_number=f"{place}L{draw.digits(6)}",
        adjustments=tuple(taken),
        remark_codes=tuple(draw.pick_some("remark_codes", 1 + draw.number(2))) if draw.happens(20) else (),
        allowed=charge - contract,
    )


def deny(draw: Invention, payment: ClaimPayment) -> ClaimPayment:
    """The claim with nothing paid and nothing owed by the patient."""
    reason = draw.choose(("29", "197", "27", "109"))
    services = (
        replace(
            service,
            paid=Decimal(0),
            adjustments=(Adjustment("CO", reason, service.charge),),
            allowed=None,
        )
        for service in payment.services
    )
    none = Decimal(0)
    return replace(payment, services=tuple(services), status="4", paid=none, patient_responsibility=none)


def reverse(payment: ClaimPayment) -> ClaimPayment:
    """The payment taken back: every amount negated."""
    services = (
        replace(
            service,
            charge=-service.charge,
            paid=-service.paid,
            adjustments=tuple(replace(one, amount=-one.amount) for one in service.adjustments),
            allowed=None,
        )
        for service in payment.services
    )
    return replace(
        payment,
        services=tuple(services),
        status=REVERSAL,
        charge=-payment.charge,
        paid=-payment.paid,
        patient_responsibility=Decimal(0),
    )


def make_kept(draw: Invention) -> ProviderAdjustment:
    """An overpayment that is taken back."""
    return ProviderAdjustment(
        provider=NPI,
        reason=TAKEN_BACK,
        amount=draw.amount(20, 300),
        fiscal_period=YEAR_END,
        identifier=f"ICN{draw.digits(12)}",
    )
