"""Screens of the rules of claim payments: `edi/rules/remittance.py`, `reversals.py`, `situations.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import accumulate, pairwise
from operator import add

from edi.models import PREDETERMINATION, REVERSAL
from edi.notation import read_number
from edi.rules.registry import Tally
from edi.rules.remittance import ZERO, PaidTotal
from edi.rules.reversals import ReversalPairs
from edi.sieve.amounts import Adjustments, differ, read_amounts
from edi.sieve.screens import counts, screen
from edi.sieve.windows import Places, Window, part, value


@screen(
    "service_payment_balances",
    "claim_payment_balances",
    "service_charges_make_the_claim",
    "patient_share_is_adjusted",
)
def doubt_balances(window: Window) -> Iterable[int]:
    """Claim payments that do not balance, or whose services do not."""
    rows, claims, services = window.rows, window.find("CLP"), window.find("SVC")
    own, of_services = Adjustments(window, "2100"), Adjustments(window, "2110")
    charges = read_amounts(window, services, 2)
    paid = [read_number(value(rows[at], 3) or "0") for at in services]
    if charges is None or None in paid or not (own.known and of_services.known):
        return claims
    adjusted = differ(of_services.sums, part(of_services.places, services))
    found = [
        at
        for at, charge, amount, less in zip(services, charges, paid, adjusted, strict=True)
        if charge - less != amount
    ]
    totals = ClaimTotals(claims, own, of_services, services, charges)
    found += [at for number, at in enumerate(claims) if totals.differ(number, rows[at])]
    return found


class ClaimTotals:
    """What the claim payments of a window add up to, one after another."""

    def __init__(
        self, claims: Places, own: Adjustments, lines: Adjustments, services: Places, charges: list[Decimal]
    ) -> None:
        begin, begin_line = part(own.places, claims), part(lines.places, claims)
        self.adjusted = list(map(add, differ(own.sums, begin), differ(lines.sums, begin_line)))
        self.patient = list(map(add, differ(own.patient, begin), differ(lines.patient, begin_line)))
        self.services = part(services, claims)
        self.charges = differ(list(accumulate(charges, initial=ZERO)), self.services)

    def differ(self, number: int, row: list[str]) -> bool:
        """True where something that a claim payment (CLP) states may not be what its parts make."""
        charge, paid, share = read_number(row[3]), read_number(row[4]), read_number(value(row, 5))
        if charge is None or paid is None or row[2] == REVERSAL or charge - self.adjusted[number] != paid:
            return True
        listed = self.services[number] < self.services[number + 1]
        if listed and charge != self.charges[number] and row[2] != PREDETERMINATION:
            return True
        return bool(share) and share != self.patient[number]


@screen("reversal_negates", "reversals_are_paired")
def doubt_reversals(window: Window) -> Iterator[int]:
    """Payments that take back another."""
    for at in window.find("CLP"):
        if window.rows[at][2] == REVERSAL:
            yield at


@screen("remitted_services_have_dates")
def doubt_dates(window: Window) -> Iterator[int]:
    """Claim payments that have no day of service, with services that have none, or without services."""
    claims, services, dates = window.find("CLP"), window.find("SVC"), window.find("DTM", "2110")
    dated = [first < last for first, last in pairwise(part(dates, services))]
    undated = list(accumulate((not each for each in dated), initial=0))
    begins = part(services, claims)
    days = [at for at in window.find("DTM", "2100") if window.rows[at][1] in ("232", "233")]
    own = part(days, claims)
    for number, at in enumerate(claims):
        first, last = begins[number : number + 2]
        if (first == last or undated[first] != undated[last]) and own[number] == own[number + 1]:
            yield at


@counts(PaidTotal)
def count_paid(tally: Tally, window: Window, first: int, last: int) -> None:
    """The amount paid (CLP04) of a claim payment."""
    paid = read_number(window.rows[first][4])
    if paid is not None and isinstance(tally, PaidTotal):
        tally.amount += paid


@counts(ReversalPairs)
def count_payment(tally: Tally, window: Window, first: int, last: int) -> None:
    """The number (CLP01) of a claim payment that takes nothing back."""
    row = window.rows[first]
    if isinstance(tally, ReversalPairs):
        tally.add_payment(row[1], row[2])
