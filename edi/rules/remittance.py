"""The balancing rules of the 835 (005010X221A1 section 1.10.2, SNIP 3), over the tree of a transaction set.

A remittance balances at three levels: each service, each claim, the whole payment. Amounts are compared
exactly; X12 money has no rounding allowance. Amounts that are no numbers are left to the static checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from edi.findings import Finding, find
from edi.models import PREDETERMINATION, REVERSAL
from edi.notation import parse_amount, write_amount
from edi.rules.places import locate
from edi.rules.registry import BALANCING, JoinedTally, Tally, rule, total_rule
from edi.segments import Segment
from edi.tree import Loop

GUIDE = "005010X221A1"
PATIENT_GROUP = "PR"
ZERO = Decimal(0)
Amounts = list[Decimal | None]


def measure_balance(charge: Decimal, adjustments: Iterable[Decimal], paid: Decimal) -> Decimal:
    """How far `charge` less `adjustments` is from `paid`; zero when balanced."""
    return charge - sum(adjustments, ZERO) - paid


def read_amounts(texts: Iterable[str]) -> Amounts:
    """The amounts that `texts` write; empty texts are left out, one that is no number is None."""
    return [parse_amount(text) for text in texts if text]


def keep_numbers(amounts: Amounts) -> list[Decimal] | None:
    """`amounts`, or None where one of them is no number."""
    kept = [amount for amount in amounts if amount is not None]
    return kept if len(kept) == len(amounts) else None


class Adjusted:
    """The sum of CAS amounts, of all groups and of group PR; `unknown` and `patient_unknown` count those that
    are no numbers."""

    __slots__ = ("amount", "patient_amount", "patient_unknown", "unknown")

    def __init__(self) -> None:
        self.amount = ZERO
        self.patient_amount = ZERO
        self.unknown = 0
        self.patient_unknown = 0

    def take(self, loop: Loop) -> None:
        """Add the loop's own CAS segments."""
        for segment in loop.segments("CAS"):
            self._add(segment.elements)

    def _add(self, elements: list[str]) -> None:
        patient = len(elements) > 1 and elements[1] == PATIENT_GROUP
        for text in elements[3::3]:
            amount = parse_amount(text) if text else ZERO
            if amount is None:
                self.unknown += 1
                self.patient_unknown += patient
                continue
            self.amount += amount
            if patient:
                self.patient_amount += amount


class Services(Tally):
    """What a claim payment needs to know of its services (2110), and those that do not balance."""

    __slots__ = ("adjusted", "charge", "charges_known", "claim", "count", "unbalanced")

    def __init__(self) -> None:
        self.adjusted = Adjusted()
        self.claim: Loop | None = None
        self.charge = ZERO
        self.charges_known = True
        self.count = 0
        self.unbalanced: list[tuple[Loop, Decimal]] = []

    def add(self, loop: Loop) -> None:
        """A service."""
        adjusted = self.adjusted
        before, unknown = adjusted.amount, adjusted.unknown
        adjusted.take(loop)
        self.count += 1
        segment = loop.segment("SVC")
        charge = parse_amount(segment.element(2)) if segment is not None else None
        if segment is None or charge is None:
            self.charges_known = False
            return
        self.charge += charge
        paid = parse_amount(segment.element(3) or "0")
        if paid is None or adjusted.unknown != unknown:
            return
        difference = charge - (adjusted.amount - before) - paid
        if difference:
            self.unbalanced.append((loop, difference))

    def adjust(self, claim: Loop) -> Adjusted:
        """The adjustments of the services and of the claim itself, which is complete."""
        if self.claim is None:
            self.claim = claim
            self.adjusted.take(claim)
        return self.adjusted


def report(
    code: str, loop: Loop, segment: Segment | None, element: int, difference: Decimal
) -> Iterable[Finding]:
    """The finding `code` with the difference as its value, unless there is none."""
    if not difference or segment is None:
        return ()
    place = locate(loop, segment, element)
    rule_name = f"{GUIDE} {loop.use.id}/{segment.id}{element:02}"
    return (find(code, x12=place, rule=rule_name, value=write_amount(difference)),)


@total_rule("2100", over=("2110",), tally=Services, cites=f"{GUIDE} 1.10.2.1.1", snip=BALANCING)
def service_payment_balances(claim: Loop, services: Services) -> Iterable[Finding]:
    """SVC02 less the sum of the service's CAS is SVC03."""
    return [
        finding
        for service, difference in services.unbalanced
        for finding in report("remittance.service_unbalanced", service, service.segment("SVC"), 3, difference)
    ]


@total_rule("2100", over=("2110",), tally=Services, cites=f"{GUIDE} 1.10.2.1.2", snip=BALANCING)
def claim_payment_balances(claim: Loop, services: Services) -> Iterable[Finding]:
    """CLP03 less the sum of every CAS, of claim and services, is CLP04."""
    segment, adjusted = claim.segment("CLP"), services.adjust(claim)
    if segment is None or adjusted.unknown:
        return ()
    charge, paid = parse_amount(segment.element(3)), parse_amount(segment.element(4))
    if charge is None or paid is None:
        return ()
    return report("remittance.claim_unbalanced", claim, segment, 4, charge - adjusted.amount - paid)


@total_rule("2100", over=("2110",), tally=Services, cites=f"{GUIDE} 1.10.2.1.2", snip=BALANCING)
def service_charges_make_the_claim(claim: Loop, services: Services) -> Iterable[Finding]:
    """Where services are reported, their charges make up CLP03.

    A predetermination (CLP02 = 25) may estimate only some of the services.
    """
    segment = claim.segment("CLP")
    if segment is None or not services.count or segment.element(2) == PREDETERMINATION:
        return ()
    charge = parse_amount(segment.element(3))
    if charge is None or not services.charges_known:
        return ()
    return report("remittance.lines_unbalanced", claim, segment, 3, services.charge - charge)


@total_rule("2100", over=("2110",), tally=Services, cites=f"{GUIDE} 2100 CLP05", snip=BALANCING)
def patient_share_is_adjusted(claim: Loop, services: Services) -> Iterable[Finding]:
    """The patient's share, where one is stated, is what the adjustments of group PR say.

    It is sent only where it is greater than zero, so a claim without one is not compared; nor is a reversal.
    """
    segment = claim.segment("CLP")
    if segment is None or segment.element(2) == REVERSAL:
        return ()
    share, adjusted = parse_amount(segment.element(5)), services.adjust(claim)
    if not share or adjusted.patient_unknown:
        return ()
    difference = adjusted.patient_amount - share
    return report("remittance.patient_share_unbalanced", claim, segment, 5, difference)


@rule("2100", cites=f"{GUIDE} 1.10.2.8", snip=BALANCING, needs=("CLP",))
def reversal_negates(claim: Loop) -> Iterable[Finding]:
    """A reversal repeats the payment that it takes back with negated amounts."""
    segment = claim.segment("CLP")
    if segment is None or segment.element(2) != REVERSAL:
        return ()
    known = keep_numbers(read_amounts(segment.elements[3:5]))
    if not known or max(known) <= 0:
        return ()
    place = locate(claim, segment, 3)
    return (find("remittance.reversal_not_negative", x12=place, rule=f"{GUIDE} 2100/CLP03"),)


class PaidTotal(JoinedTally):
    """The sum of CLP04; `known` is false once one of them was no number."""

    def __init__(self) -> None:
        self.amount = Decimal(0)
        self.known = True

    def add(self, loop: Loop) -> None:
        """A claim payment (2100)."""
        paid = parse_amount(loop.value("CLP", 4))
        if paid is None:
            self.known = False
        else:
            self.amount += paid

    def state(self) -> dict[str, str]:
        """The sum, "" where it is not known."""
        return {"amount": str(self.amount) if self.known else ""}

    def join(self, state: dict[str, str]) -> None:
        """Add another sum."""
        if state["amount"]:
            self.amount += Decimal(state["amount"])
        else:
            self.known = False


@total_rule("ST_LOOP", over=("2100",), tally=PaidTotal, cites=f"{GUIDE} 1.10.2.1.3", snip=BALANCING)
def payment_balances(root: Loop, paid: PaidTotal) -> Iterator[Finding]:
    """The sum of CLP04 less the sum of the PLB amounts is BPR02 (negative where BPR03 says debit)."""
    header = next(root.descend("HEADER"), None)
    payment = header.segment("BPR") if header else None
    if header is None or payment is None:
        return
    footers = root.loops("FOOTER")
    kept = read_amounts(
        text for footer in footers for segment in footer.segments("PLB") for text in segment.elements[4::2]
    )
    stated, known_kept = parse_amount(payment.element(2)), keep_numbers(kept)
    if not paid.known or known_kept is None or stated is None:
        return
    amount = -stated if payment.element(3) == "D" else stated
    difference = measure_balance(paid.amount, known_kept, amount)
    yield from report("remittance.transaction_unbalanced", header, payment, 2, difference)
