"""Screens of the rules of claim payments: `edi/rules/remittance.py`, `reversals.py`, `situations.py`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import accumulate, compress, pairwise
from operator import add, ne, sub

from edi.findings import Place
from edi.models import PREDETERMINATION, REVERSAL
from edi.rules.registry import Tally
from edi.rules.remittance import ZERO, PaidTotal
from edi.rules.reversals import ReversalPairs
from edi.sieve.amounts import Adjustments, Sums, differ, read_amounts
from edi.sieve.screens import counts, screen
from edi.sieve.windows import Window

PAYMENT, SERVICE = ("CLP",), ("SVC",)


@screen(
    "service_payment_balances",
    "claim_payment_balances",
    "service_charges_make_the_claim",
    "patient_share_is_adjusted",
)
def doubt_balances(window: Window) -> Iterable[int]:
    """Claim payments that do not balance, or whose services do not."""
    rows, of_services = window.list_rows(*SERVICE), Adjustments(window, "2110")
    charges, paid = read_amounts(rows, 2), read_amounts(rows, 3)
    adjusted = differ(of_services.sums, window.part(SERVICE, of_services.asked))
    found = compress(window.find(*SERVICE), map(ne, map(sub, charges, adjusted), paid))
    stated = read_amounts(window.list_rows(*PAYMENT), 3)
    own = doubt_claim_balances(window, of_services, stated)
    return [*found, *own, *doubt_charges(window, charges, stated)]


def doubt_claim_balances(window: Window, lines: Adjustments, charges: Sums) -> Iterator[int]:
    """Claim payments that state other payments or shares of the patient than their adjustments make.

    A reversal states no patient's share.
    """
    own, claims, rows = Adjustments(window, "2100"), window.find(*PAYMENT), window.list_rows(*PAYMENT)
    begin, begin_line = (window.part(PAYMENT, inner) for inner in (own.asked, lines.asked))
    less = differ(lines.sums, begin_line)
    shares = lines.list_patient_sums(begin_line)
    if own.rows:
        less = map(add, less, differ(own.sums, begin))
        shares = map(add, shares, own.list_patient_sums(begin))
    yield from compress(claims, map(ne, map(sub, charges, less), read_amounts(rows, 4)))
    stated = read_amounts(rows, 5)
    for at in compress(range(len(claims)), map(ne, stated, shares)):
        if stated[at] and rows[at][2] != REVERSAL:
            yield claims[at]


def doubt_charges(window: Window, charges: Sums, stated: Sums) -> Iterator[int]:
    """Claim payments whose services, where they have any, make another charge than theirs."""
    claims, rows, parts = window.find(*PAYMENT), window.list_rows(*PAYMENT), window.part(PAYMENT, SERVICE)
    made = differ([*accumulate(charges, initial=ZERO)], parts)
    for at in compress(range(len(claims)), map(ne, made, stated)):
        if parts[at] < parts[at + 1] and rows[at][2] != PREDETERMINATION:
            yield claims[at]


@screen("reversal_negates")
def doubt_reversals(window: Window) -> Iterator[int]:
    """Payments that take back another, and are not negative."""
    rows = window.list_rows(*PAYMENT)
    for number in [number for number, row in enumerate(rows) if row[2] == REVERSAL]:
        if max(Decimal(rows[number][3]), Decimal(rows[number][4])) > 0:
            yield window.find(*PAYMENT)[number]


@screen("remitted_services_have_dates")
def doubt_dates(window: Window) -> Iterator[int]:
    """Claim payments that have no day of service, with services that have none, or without services."""
    claims, dates = window.find(*PAYMENT), window.part(SERVICE, ("DTM", "2110"))
    begins = window.part(PAYMENT, SERVICE)
    if len({*dates}) == len(dates) and len({*begins}) == len(begins):
        return  # all have services, and these have days
    undated = [*accumulate((first == last for first, last in pairwise(dates)), initial=0)]
    days = [at for at in window.find("DTM", "2100") if window.rows[at][1] in ("232", "233")]
    own = {claims[bisect_left(claims, at) - 1] for at in days}
    for number, at in enumerate(claims):
        first, last = begins[number : number + 2]
        if (first == last or undated[first] != undated[last]) and at not in own:
            yield at


@counts(PaidTotal)
def count_paid(tally: Tally, window: Window, units: Sequence[int]) -> None:
    """The amounts paid (CLP04)."""
    if isinstance(tally, PaidTotal):
        rows = (window.rows[window.starts[unit]] for unit in units)
        tally.amount += sum((Decimal(row[4]) for row in rows), ZERO)


@counts(ReversalPairs)
def count_payments(tally: Tally, window: Window, units: Sequence[int]) -> None:
    """The numbers of claim payments (CLP01), and the places of those that take another back."""
    if not isinstance(tally, ReversalPairs):
        return
    starts = [window.starts[unit] for unit in units]
    for at in starts:
        row = window.rows[at]
        if row[2] == REVERSAL:
            ordinal, offset = window.held.ordinal + at, window.held.place(at)
            place = Place(loop="2100", segment="CLP", ordinal=ordinal, element=2, offset=offset)
            tally.add_reversal(row[1], place)
    payments = map(window.rows.__getitem__, starts)
    tally.add_payments(row[1] for row in payments if row[2] not in (REVERSAL, PREDETERMINATION))
