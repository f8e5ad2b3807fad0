"""Screens of the rules of claim payments: `edi/rules/remittance.py`, `reversals.py`, `situations.py`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import accumulate, compress, pairwise
from operator import add, sub

from edi.models import PREDETERMINATION, REVERSAL
from edi.rules.registry import Tally
from edi.rules.remittance import ZERO, PaidTotal
from edi.rules.reversals import ReversalPairs
from edi.sieve.amounts import Adjustments, Sums, differ, read_amounts
from edi.sieve.screens import counts, screen
from edi.sieve.windows import Window, value

PAYMENT, SERVICE = ("CLP",), ("SVC",)


@screen(
    "service_payment_balances",
    "claim_payment_balances",
    "service_charges_make_the_claim",
    "patient_share_is_adjusted",
)
def doubt_balances(window: Window) -> Iterable[int]:
    """Claim payments that do not balance, or whose services do not."""
    rows, services = window.rows, window.find(*SERVICE)
    own, of_services = Adjustments(window, "2100"), Adjustments(window, "2110")
    charges = read_amounts(window, services, 2)
    paid = [Decimal(row[3] or "0") if len(row) > 3 else ZERO for row in map(rows.__getitem__, services)]
    adjusted = differ(of_services.sums, window.part(SERVICE, of_services.asked))
    balances = map(sub, map(sub, charges, adjusted), paid)
    found = compress(services, balances)
    return [*found, *doubt_claim_balances(window, own, of_services, charges)]


def doubt_claim_balances(
    window: Window, own: Adjustments, lines: Adjustments, charges: Sums
) -> Iterator[int]:
    """Claim payments that state something else than their parts make; reversals are in doubt anyway."""
    rows, claims = window.rows, window.find(*PAYMENT)
    begin, begin_line, begin_service = (
        window.part(PAYMENT, inner) for inner in (own.asked, lines.asked, SERVICE)
    )
    stated = read_amounts(window, claims, 3)
    adjusted = map(add, differ(own.sums, begin), differ(lines.sums, begin_line))
    balances = map(sub, map(sub, stated, adjusted), read_amounts(window, claims, 4))
    yield from compress(claims, balances)
    made = differ(list(accumulate(charges, initial=ZERO)), begin_service)
    for at, charge, services_charge, (first, last) in zip(
        claims, stated, made, pairwise(begin_service), strict=True
    ):
        if charge != services_charge and first < last and rows[at][2] != PREDETERMINATION:
            yield at
    shares = map(add, differ(own.patient, begin), differ(lines.patient, begin_line))
    for at, share in zip(claims, shares, strict=True):
        text = value(rows[at], 5)
        if text and Decimal(text) not in (ZERO, share):
            yield at


@screen("reversal_negates", "reversals_are_paired")
def doubt_reversals(window: Window) -> Iterator[int]:
    """Payments that take back another."""
    for at in window.find(*PAYMENT):
        if window.rows[at][2] == REVERSAL:
            yield at


@screen("remitted_services_have_dates")
def doubt_dates(window: Window) -> Iterator[int]:
    """Claim payments that have no day of service, with services that have none, or without services."""
    claims, dates = window.find(*PAYMENT), window.part(SERVICE, ("DTM", "2110"))
    undated = [*accumulate((first == last for first, last in pairwise(dates)), initial=0)]
    begins = window.part(PAYMENT, SERVICE)
    days = [at for at in window.find("DTM", "2100") if window.rows[at][1] in ("232", "233")]
    own = {claims[bisect_left(claims, at) - 1] for at in days}
    for number, at in enumerate(claims):
        first, last = begins[number : number + 2]
        if (first == last or undated[first] != undated[last]) and at not in own:
            yield at


@counts(PaidTotal)
def count_paid(tally: Tally, window: Window, unit: int) -> None:
    """The amount paid (CLP04) of a claim payment."""
    if isinstance(tally, PaidTotal):
        tally.amount += Decimal(window.rows[window.starts[unit]][4])


@counts(ReversalPairs)
def count_payment(tally: Tally, window: Window, unit: int) -> None:
    """The number (CLP01) of a claim payment that takes nothing back."""
    row = window.rows[window.starts[unit]]
    if isinstance(tally, ReversalPairs):
        tally.add_payment(row[1], row[2])
