"""Rules of a claim that other payers share (loops 2320 to 2430): who pays when, and that it balances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from edi.findings import Finding, find
from edi.notation import parse_amount, write_amount
from edi.rules.claim import read_line_charge
from edi.rules.places import cite, locate, miss_element
from edi.rules.registry import BALANCING, Tally, rule
from edi.rules.remittance import ZERO
from edi.tree import Loop

SOURCE = "005010X222A1"
UNKNOWN = "U"
PRIMARY = "P"
MEDICARE = frozenset({"MA", "MB"})


@rule("2300", cites=f"{SOURCE} 2320 SBR01: each code other than U at most once in a claim", needs=("2320",))
def payers_take_turns(claim: Loop) -> Iterator[Finding]:
    """No two payers of a claim have the same place in the order of payment."""
    others = claim.loops("2320")
    if not others:
        return
    subscriber = claim.ascend("2000B")
    taken = {subscriber.value("SBR", 1)} if subscriber is not None else set()
    for other in others:
        segment = other.segment("SBR")
        code = segment.element(1) if segment is not None else ""
        if segment is not None and code in taken - {UNKNOWN, ""}:
            place = locate(other, segment, 1)
            yield find("claim.payer_order_repeats", x12=place, rule=cite(other, segment, 1), value=code)
        taken.add(code)


@rule(
    "2000B",
    cites=f"{SOURCE} 2000B SBR05: required where Medicare is the payer and not primary",
    needs=("SBR",),
)
def medicare_says_why_it_is_second(subscriber: Loop) -> Iterable[Finding]:
    """Where Medicare pays after another payer, SBR05 says why."""
    segment = subscriber.segment("SBR")
    if segment is None or segment.element(9) not in MEDICARE or segment.element(1) == PRIMARY:
        return ()
    if segment.element(5):
        return ()
    trigger = locate(subscriber, segment, 9)
    when = "where Medicare is not the primary payer"
    return (miss_element(subscriber, segment, 5, when=when, trigger=trigger),)


class LineAdjudications(Tally):
    """The line adjudications (2430) of a claim by payer (SVD01), gathered when first asked for."""

    def __init__(self) -> None:
        self.by_payer: dict[str, list[Loop]] | None = None

    def gather(self, claim: Loop) -> dict[str, list[Loop]]:
        """Those of each payer, in the order of the lines; `claim` is complete."""
        found = self.by_payer
        if found is None:
            found = self.by_payer = {}
            for line in claim.loops("2400"):
                for adjudication in line.loops("2430"):
                    found.setdefault(adjudication.value("SVD", 1), []).append(adjudication)
        return found


def lines_of_payer(claim: Loop, payer: str) -> list[Loop]:
    """The line adjudications (2430) of one payer, by SVD01."""
    return claim.tally(LineAdjudications).gather(claim).get(payer, [])


def name_payer(other: Loop) -> str:
    """The identifier (2330B NM109) by which line adjudications name the payer of a 2320."""
    return next((payer.value("NM1", 9) for payer in other.loops("2330B")), "")


def add_payments(adjudications: Iterable[Loop]) -> Decimal | None:
    """The sum of SVD02 of each line adjudication, or None where one of them is no number."""
    total = ZERO
    for adjudication in adjudications:
        amount = parse_amount(adjudication.value("SVD", 2))
        if amount is None:
            return None
        total += amount
    return total


def add_adjustments(loops: Iterable[Loop]) -> Decimal | None:
    """The sum of the CAS amounts of loops, or None where one of them is no number."""
    total = ZERO
    for loop in loops:
        for segment in loop.segments("CAS"):
            for text in segment.elements[3::3]:
                amount = parse_amount(text) if text else ZERO
                if amount is None:
                    return None
                total += amount
    return total


@rule(
    "2300",
    cites=f"{SOURCE} 1.4.4.1; X12 interpretation 1294: CLM02 = 2320 AMT D + CAS of 2320 and 2430",
    snip=BALANCING,
    needs=("2320",),
)
def other_payers_account_for_the_charge(claim: Loop) -> Iterator[Finding]:
    """What a payer paid and every adjustment of that payer, of claim and lines, make up the claim charge."""
    for other in claim.loops("2320"):
        paid = other.segment("AMT", "D")
        if paid is None:
            continue
        adjusted = add_adjustments([other, *lines_of_payer(claim, name_payer(other))])
        stated, charge = parse_amount(paid.element(2)), parse_amount(claim.value("CLM", 2))
        if adjusted is None or stated is None or charge is None:
            continue
        found = stated + adjusted
        if found != charge:
            yield find(
                "claim.other_payer_unbalanced",
                x12=locate(other, paid, 2),
                rule=cite(other, paid, 2),
                value=write_amount(found - charge),
            )


@rule(
    "2300",
    cites=f"{SOURCE} 1.4.4.1: 2320 AMT D = sum of SVD02 less CAS of 2320, where lines are paid",
    snip=BALANCING,
    needs=("2320",),
)
def line_payments_make_the_payment(claim: Loop) -> Iterator[Finding]:
    """What a payer paid for the lines, less its claim adjustments, is what it paid for the claim."""
    for other in claim.loops("2320"):
        paid = other.segment("AMT", "D")
        lines = lines_of_payer(claim, name_payer(other))
        if paid is None or not lines:
            continue
        stated, summed, kept = parse_amount(paid.element(2)), add_payments(lines), add_adjustments([other])
        if stated is not None and summed is not None and kept is not None and stated != summed - kept:
            yield find(
                "claim.other_payer_lines_unbalanced",
                x12=locate(other, paid, 2),
                rule=cite(other, paid, 2),
                value=write_amount(summed - kept - stated),
            )


@rule(
    "2400",
    cites=f"{SOURCE} 1.4.4.1; X12 interpretation 1555: SV102 = SVD02 + CAS, over the loops of a payer",
    snip=BALANCING,
    needs=("2430",),
)
def adjudicated_lines_balance(line: Loop) -> Iterator[Finding]:
    """What a payer paid for a line and its adjustments make up the charge of the line.

    A payer that unbundled the line has a 2430 for each part; the parts together make the charge.
    """
    adjudications = line.loops("2430")
    charge = read_line_charge(line) if adjudications else None
    if charge is None:
        return
    by_payer: dict[str, list[Loop]] = {}
    for adjudication in adjudications:
        by_payer.setdefault(adjudication.value("SVD", 1), []).append(adjudication)
    for own in by_payer.values():
        paid, adjusted = add_payments(own), add_adjustments(own)
        segment = own[0].segment("SVD")
        if paid is None or adjusted is None or paid + adjusted == charge or segment is None:
            continue
        yield find(
            "claim.adjudicated_line_unbalanced",
            x12=locate(own[0], segment, 2),
            rule=cite(own[0], segment, 2),
            value=write_amount(paid + adjusted - charge),
        )
