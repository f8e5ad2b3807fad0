"""Screens of the rules of claim payments: `edi/rules/remittance.py`, `reversals.py`, `situations.py`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import accumulate, compress, pairwise
from operator import add, sub

from edi.findings import Place
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
    """Claim payments that state something else than their parts; a reversal states no patient's share."""
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
        if text and Decimal(text) not in (ZERO, share) and rows[at][2] != REVERSAL:
            yield at


@screen("reversal_negates")
def doubt_reversals(window: Window) -> Iterator[int]:
    """Payments that take back another, and are not negative."""
    for at in window.find(*PAYMENT):
        row = window.rows[at]
        if row[2] == REVERSAL and max(Decimal(row[3]), Decimal(row[4])) > 0:
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
