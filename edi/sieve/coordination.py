"""Screens of the rules of claims that other payers share: `edi/rules/coordination.py`."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from decimal import Decimal

from edi.rules.claim import LINE_CHARGES, ZERO
from edi.sieve.amounts import Adjustments, differ
from edi.sieve.screens import screen
from edi.sieve.windows import Places, Window, value

OTHER = ("SBR", "2320")


def before(places: Places, row: int) -> int:
    """The last of the places that is not after a row."""
    return places[bisect_right(places, row) - 1]


@screen(
    "payers_take_turns",
    "other_payers_account_for_the_charge",
    "line_payments_make_the_payment",
    "adjudicated_lines_balance",
)
def doubt_other_payers(window: Window) -> Iterable[int]:
    """Claims whose other payers repeat one another's place, or whose payments do not add up."""
    others, lines = window.find("SBR", "2320"), window.find("SVD", "2430")
    if not others and not lines:
        return ()
    adjusted, of_lines = Adjustments(window, "2320"), Adjustments(window, "2430")
    adjudications = Adjudications(window, of_lines)
    return [*adjudications.doubt_lines(), *adjudications.doubt_payers(adjusted), *doubt_turns(window)]


def doubt_turns(window: Window) -> Iterator[int]:
    """Other payers that have the place of a payer before them, or of the one that is billed."""
    rows, claims = window.rows, window.find("CLM")
    subscribers = window.find("SBR", "2000B")
    taken: set[tuple[int, str]] = set()
    for at in window.find("SBR", "2320"):
        code, claim = rows[at][1], before(claims, at)
        if (claim, code) in taken or code == rows[before(subscribers, at)][1]:
            yield at
        taken.add((claim, code))


class Adjudications:
    """What other payers paid for lines and adjusted (2430): by line and payer, and by claim and payer."""

    def __init__(self, window: Window, adjusted: Adjustments) -> None:
        self.window = window
        self.claims = window.find("CLM")
        places, lines = window.find("SVD", "2430"), window.find("LX", "2400")
        self.by_line: dict[tuple[int, str], Decimal] = {}
        self.by_claim: dict[tuple[int, str], tuple[Decimal, Decimal]] = {}
        for at, less in zip(
            places, differ(adjusted.sums, window.part(("SVD", "2430"), adjusted.asked)), strict=True
        ):
            row = window.rows[at]
            payer, paid = row[1], Decimal(row[2])
            line, claim = (before(lines, at), payer), (before(self.claims, at), payer)
            self.by_line[line] = self.by_line.get(line, ZERO) + paid + less
            all_paid, all_less = self.by_claim.get(claim, (ZERO, ZERO))
            self.by_claim[claim] = all_paid + paid, all_less + less

    def doubt_lines(self) -> Iterator[int]:
        """Lines whose charge is not what a payer paid and adjusted."""
        rows = self.window.rows
        for name, element in LINE_CHARGES:
            services = self.window.find(name, "2400")
            for (line, _), amount in self.by_line.items() if services else ():
                at = bisect_left(services, line)
                if at == len(services) or Decimal(rows[services[at]][element]) != amount:
                    yield line

    def doubt_payers(self, adjusted: Adjustments) -> Iterator[int]:
        """Other payers whose payment and adjustments are not the charge, or not what the lines make."""
        rows, others = self.window.rows, self.window.find("SBR", "2320")
        stated, names = self.window.find("2320/AMT[D]"), self.window.find("NM1", "2330B")
        own = [*differ(adjusted.sums, self.window.part(OTHER, adjusted.asked))]
        begin_amount = self.window.part(OTHER, ("2320/AMT[D]",))
        begin_name = self.window.part(OTHER, ("NM1", "2330B"))
        for number, at in enumerate(others):
            amounts = stated[begin_amount[number] : begin_amount[number + 1]]
            named = names[begin_name[number] : begin_name[number + 1]]
            if not amounts:
                continue
            claim = before(self.claims, at)
            lines = self.by_claim.get((claim, value(rows[named[0]], 9) if named else ""))
            paid, charge = Decimal(rows[amounts[0]][2]), Decimal(rows[claim][2])
            less = lines[1] if lines is not None else ZERO
            unmade = lines is not None and paid != lines[0] - own[number]
            if unmade or paid + own[number] + less != charge:
                yield at
