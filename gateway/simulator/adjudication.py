"""What a claim is paid: its lines, a scenario's money step, and the sums that must balance. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from edi.models import DENIED, PREDETERMINATION, REVERSAL, Adjustment, ServicePayment
from gateway.simulator.billed import CENT, Line
from gateway.simulator.scenarios import HUNDRED, AnyStep, LineAdjustment, Remit, Reverse, TakeBack

NOTHING = Decimal("0.00")
PATIENT_GROUP = "PR"
NO_DAY_YET = datetime.date(1900, 1, 1)  # 835 2110 DTM02 of a predetermination
PRIOR_PAYERS = "23"  # claim adjustment reason: what payers before paid and adjusted
PREDETERMINED = "101"  # claim adjustment reason: predetermination, expected to be paid later


class Adjudication(msgspec.Struct, frozen=True):
    """One CLP of a remittance: a payment, or with status 22 the reversal of one, all amounts negative."""

    status: str
    services: tuple[ServicePayment, ...]
    remarks: tuple[str, ...] = ()

    @property
    def charge(self) -> Decimal:
        """CLP03: the sum of the services' charges."""
        return sum((service.charge for service in self.services), NOTHING)

    @property
    def paid(self) -> Decimal:
        """CLP04: the sum of the services' payments."""
        return sum((service.paid for service in self.services), NOTHING)

    @property
    def adjustments(self) -> tuple[Adjustment, ...]:
        """Every adjustment of every service."""
        return tuple(adjustment for service in self.services for adjustment in service.adjustments)

    @property
    def patient_share(self) -> Decimal:
        """CLP05: the sum of the adjustments of group PR."""
        return sum((a.amount for a in self.adjustments if a.group == PATIENT_GROUP), NOTHING)


def adjudicate(lines: Sequence[Line], steps: Sequence[AnyStep], index: int) -> Adjudication | None:
    """What step `index` of a scenario makes of the claim; None where it pays and reverses nothing.

    The rest of a split claim that has one line only is nothing.
    """
    step = steps[index]
    if isinstance(step, Reverse):
        return reverse(find_latest_payment(lines, steps, index))
    if isinstance(step, Remit) and choose_lines(lines, step):
        return pay(lines, step)
    return None


def find_latest_payment(lines: Sequence[Line], steps: Sequence[AnyStep], index: int) -> Adjudication:
    """The payment of the latest remit step before step `index`. Raises LookupError where there is none."""
    for step in reversed(steps[:index]):
        if isinstance(step, Remit):
            return pay(lines, step)
    raise LookupError("nothing was paid before this step")


def measure_take_back(lines: Sequence[Line], steps: Sequence[AnyStep], index: int) -> Decimal:
    """How many dollars a take_back step keeps; 0 for any other step."""
    step = steps[index]
    if not isinstance(step, TakeBack):
        return NOTHING
    return share_of(find_latest_payment(lines, steps, index).paid, step.percent)


def choose_lines(lines: Sequence[Line], step: Remit) -> Sequence[Line]:
    """The lines that a remit step pays."""
    return {"all": lines, "first": lines[:1], "rest": lines[1:]}[step.lines]


def pay(lines: Sequence[Line], step: Remit) -> Adjudication:
    """Each chosen line's payment: its charge less the step's adjustments, never less than nothing."""
    unused = {index: a.amount for index, a in enumerate(step.adjustments) if a.amount is not None}
    services = tuple(pay_line(line, step, unused) for line in choose_lines(lines, step))
    return Adjudication(step.status, services, step.claim_remarks)


def pay_line(line: Line, step: Remit, unused: dict[int, Decimal]) -> ServicePayment:
    """One line's payment; takes from `unused` what it uses up of the adjustments given in dollars."""
    left, adjustments = line.charge, list[Adjustment]()
    before = line.charge - line.left if step.coordinate and line.left is not None else NOTHING
    if before > 0:
        adjustments.append(Adjustment("OA", PRIOR_PAYERS, before))
        left -= before
    for index, adjustment in enumerate(step.adjustments):
        amount = min(left, wish(line, adjustment, unused.get(index, NOTHING)))
        if index in unused:
            unused[index] -= amount
        if amount:
            adjustments.append(Adjustment(adjustment.group, adjustment.reason, amount))
        left -= amount
    return ServicePayment(
        procedure=line.procedure,
        qualifier=line.qualifier,
        revenue_code=line.revenue_code,
        modifiers=line.modifiers,
        charge=line.charge,
        paid=left,
        units=line.units if step.status != DENIED and line.units != 1 else None,
        date=line.date,
        date_end=line.date_end,
        control_number=line.control_number,
        adjustments=tuple(adjustments),
        remark_codes=step.remarks,
    )


def wish(line: Line, adjustment: LineAdjustment, unused: Decimal) -> Decimal:
    """What an adjustment would take from a line, were there enough left."""
    return unused if adjustment.percent is None else share_of(line.charge, adjustment.percent)


def share_of(amount: Decimal, percent: Decimal) -> Decimal:
    """`percent` of `amount` in whole cents, half a cent upwards."""
    return (amount * percent / HUNDRED).quantize(CENT, ROUND_HALF_UP)


def only_price(payment: Adjudication) -> Adjudication:
    """The payment as the price of a claim that was never made: all that would be paid is set aside.

    Source: 005010X221A1 2100 CLP02 = 25, CAS*OA*101.
    """
    return Adjudication(PREDETERMINATION, tuple(map(set_aside, payment.services)), payment.remarks)


def set_aside(service: ServicePayment) -> ServicePayment:
    """The service with its payment as an adjustment, and the day that stands for one yet to come."""
    priced = (Adjustment("OA", PREDETERMINED, service.paid),) if service.paid else ()
    return msgspec.structs.replace(
        service,
        paid=NOTHING,
        date=service.date or NO_DAY_YET,
        adjustments=(*service.adjustments, *priced),
    )


def reverse(payment: Adjudication) -> Adjudication:
    """The reversal of a payment: every amount of it negated (005010X221A1 1.10.2.8, CLP02 = 22)."""
    return Adjudication(REVERSAL, tuple(map(negate, payment.services)), payment.remarks)


def negate(service: ServicePayment) -> ServicePayment:
    """The service with its charge, payment and adjustments negated."""
    return msgspec.structs.replace(
        service,
        charge=-service.charge,
        paid=-service.paid,
        units=None,
        adjustments=tuple(Adjustment(a.group, a.reason, -a.amount) for a in service.adjustments),
    )
