"""What a claim is paid: its lines, a scenario's money step, and the sums that must balance. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from gateway.simulator.scenarios import HUNDRED, AnyStep, LineAdjustment, Remit, Reverse, TakeBack

CENT = Decimal("0.01")
NOTHING = Decimal("0.00")


class Line(msgspec.Struct, frozen=True):
    """One service line as billed. `number` counts from 1; `control_number` is the provider's own, or ""."""

    number: int
    procedure: str
    qualifier: str
    modifiers: tuple[str, ...]
    charge: Decimal
    units: str
    service_date: str
    control_number: str


class Adjustment(msgspec.Struct, frozen=True):
    """One adjustment as decided, in dollars."""

    group: str
    reason: str
    amount: Decimal


class PaidLine(msgspec.Struct, frozen=True):
    """One line as adjudicated: charge = paid + the sum of its adjustments."""

    line: Line
    paid: Decimal
    adjustments: tuple[Adjustment, ...]
    remarks: tuple[str, ...] = ()


class Adjudication(msgspec.Struct, frozen=True):
    """One CLP of a remittance: a payment, or with `status` 22 the reversal of one (amounts negative)."""

    status: str
    lines: tuple[PaidLine, ...]
    remarks: tuple[str, ...] = ()

    @property
    def charge(self) -> Decimal:
        """CLP03: the sum of the lines' charges."""
        return sum((line_sign(self) * paid.line.charge for paid in self.lines), NOTHING)

    @property
    def paid(self) -> Decimal:
        """CLP04: the sum of the lines' payments."""
        return sum((paid.paid for paid in self.lines), NOTHING)

    @property
    def patient_share(self) -> Decimal:
        """CLP05: the sum of the adjustments of group PR."""
        shares = [a.amount for paid in self.lines for a in paid.adjustments if a.group == "PR"]
        return sum(shares, NOTHING)


def line_sign(adjudication: Adjudication) -> int:
    """-1 for a reversal, whose billed charges count negative, else 1."""
    return -1 if adjudication.status == "22" else 1


def lines_of(claim: Mapping[str, object]) -> tuple[Line, ...]:
    """The service lines of an 837P claim document."""
    information = msgspec.convert(claim["claimInformation"], dict[str, object])
    lines = msgspec.convert(information["serviceLines"], list[dict[str, object]])
    return tuple(line_of(number, line) for number, line in enumerate(lines, 1))


def line_of(number: int, line: Mapping[str, object]) -> Line:
    """One service line of an 837P claim document (005010X222A1 2400 SV1, DTP*472, REF*6R)."""
    service = msgspec.convert(line["professionalService"], dict[str, object])
    return Line(
        number=number,
        procedure=str(service["procedureCode"]),
        qualifier=str(service.get("procedureIdentifier") or "HC"),
        modifiers=tuple(msgspec.convert(service.get("procedureModifiers") or [], list[str])),
        charge=Decimal(str(service["lineItemChargeAmount"])).quantize(CENT),
        units=str(service.get("serviceUnitCount") or "1"),
        service_date=str(line["serviceDate"]),
        control_number=str(line.get("providerControlNumber") or ""),
    )


def adjudicate(lines: Sequence[Line], steps: Sequence[AnyStep], index: int) -> Adjudication | None:
    """What step `index` of a scenario makes of the claim; None where that step pays and reverses nothing."""
    step = steps[index]
    if isinstance(step, Remit):
        return pay(choose_lines(lines, step), step)
    if isinstance(step, Reverse):
        return reverse(pay_latest(lines, steps, index))
    return None


def pay_latest(lines: Sequence[Line], steps: Sequence[AnyStep], index: int) -> Adjudication:
    """The payment of the latest remit step before step `index`. Raises LookupError where there is none."""
    for step in reversed(steps[:index]):
        if isinstance(step, Remit):
            return pay(choose_lines(lines, step), step)
    raise LookupError("nothing was paid before this step")


def take_back(lines: Sequence[Line], steps: Sequence[AnyStep], index: int) -> Decimal:
    """How many dollars a take_back step keeps back; 0 for any other step."""
    step = steps[index]
    if not isinstance(step, TakeBack):
        return NOTHING
    return share_of(pay_latest(lines, steps, index).paid, step.percent)


def choose_lines(lines: Sequence[Line], step: Remit) -> Sequence[Line]:
    """The lines a remit step pays. A claim of one line that is split has no rest: the first part is all."""
    return {"all": lines, "first": lines[:1], "rest": lines[1:]}[step.lines]


def pay(lines: Sequence[Line], step: Remit) -> Adjudication:
    """Each line's payment: its charge less the step's adjustments, never less than nothing."""
    left_of_amounts = {index: a.amount for index, a in enumerate(step.adjustments) if a.amount is not None}
    return Adjudication(
        status=step.status,
        lines=tuple(pay_line(line, step, left_of_amounts) for line in lines),
        remarks=step.claim_remarks,
    )


def pay_line(line: Line, step: Remit, left_of_amounts: dict[int, Decimal]) -> PaidLine:
    """One line's payment; takes from `left_of_amounts` what it uses of the adjustments given in dollars."""
    left, decided = line.charge, list[Adjustment]()
    for index, adjustment in enumerate(step.adjustments):
        amount = min(left, wanted(line, adjustment, left_of_amounts.get(index, NOTHING)))
        if index in left_of_amounts:
            left_of_amounts[index] -= amount
        if amount:
            decided.append(Adjustment(adjustment.group, adjustment.reason, amount))
        left -= amount
    return PaidLine(line, left, tuple(decided), step.remarks)


def wanted(line: Line, adjustment: LineAdjustment, left_of_amount: Decimal) -> Decimal:
    """What an adjustment would take from a line, were there enough left."""
    if adjustment.percent is not None:
        return share_of(line.charge, adjustment.percent)
    return left_of_amount


def share_of(amount: Decimal, percent: Decimal) -> Decimal:
    """`percent` of `amount`, in whole cents, half a cent upwards."""
    return (amount * percent / HUNDRED).quantize(CENT, ROUND_HALF_UP)


def reverse(payment: Adjudication) -> Adjudication:
    """The reversal of a payment: every amount of it, negated (005010X221A1 CLP02 = 22)."""
    return Adjudication(status="22", lines=tuple(map(negate, payment.lines)), remarks=payment.remarks)


def negate(paid: PaidLine) -> PaidLine:
    """The line with its payment and adjustments negated; the line as billed stays what it was."""
    adjustments = tuple(Adjustment(a.group, a.reason, -a.amount) for a in paid.adjustments)
    return PaidLine(paid.line, -paid.paid, adjustments, paid.remarks)
