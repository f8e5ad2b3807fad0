"""Screens of the rules of claims that other payers share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

from edi.edits.basis import Basis
from edi.edits.table import Verdict
from edi.notation import parse_amount, parse_date
from edi.rows import Row
from edi.rules.claim import ZERO
from edi.sure.facts import ClaimFacts, value
from edi.sure.screens import screen
from edi.sure.situations import CHARGES

PAID, DECIDED = "D", "573"


@screen(
    "payers_take_turns",
    "other_payers_account_for_the_charge",
    "line_payments_make_the_payment",
    "adjudicated_lines_balance",
    "other_payers_reasons_are_in_effect",
)
def doubt_other_payers(claim: ClaimFacts, basis: Basis) -> bool:
    """Claims whose other payers take the same turn, or whose payments do not add up."""
    starts = [at for at in claim.at["SBR"] if claim.loops[at] == "2320"]
    if not starts and "SVD" not in claim.at:
        return False
    turns = [claim.subscriber[1], *[claim.rows[at][1] for at in starts]]
    if len(set(turns)) < len(turns):
        return True
    paid: dict[str, list[Decimal]] = {}
    for line in claim.lines:
        if doubt_line(claim, line.begin, line.end, parse_amount(value(line.row, CHARGES[line.row[0]])), paid):
            return True
    end = claim.lines[0].begin if claim.lines else len(claim.rows)
    charge = parse_amount(claim.claim[2])
    return any(
        doubt_payer(claim.rows[first:last], charge, paid, basis) for first, last in pairwise([*starts, end])
    )


def doubt_line(
    claim: ClaimFacts, begin: int, end: int, charge: Decimal | None, paid: dict[str, list[Decimal]]
) -> bool:
    """True where what a payer paid for a line and adjusted is not its charge; `paid` adds up both."""
    of_line: dict[str, Decimal] = {}
    payer = ""
    for row in claim.rows[begin:end]:
        if row[0] == "SVD":
            payer, amount = row[1], parse_amount(row[2])
            if amount is None:
                return True
            of_line[payer] = of_line.get(payer, ZERO) + amount
            paid.setdefault(payer, [ZERO, ZERO])[0] += amount
        elif row[0] == "CAS":
            less = add_amounts([row])
            of_line[payer] = of_line.get(payer, ZERO) + less
            paid.setdefault(payer, [ZERO, ZERO])[1] += less
    return any(amount != charge for amount in of_line.values())


def add_amounts(rows: Iterable[Row]) -> Decimal:
    """The sum of the amounts of CAS that have been accepted."""
    return sum((parse_amount(text) or ZERO for row in rows for text in row[3::3] if text), ZERO)


def doubt_payer(
    rows: Sequence[Row], charge: Decimal | None, paid: dict[str, list[Decimal]], basis: Basis
) -> bool:
    """True where another payer's payment and adjustments are not the charge, or not what the lines make."""
    adjusted = [row for row in rows if row[0] == "CAS"]
    names = [row for row in rows if row[0] == "NM1" and row[1] == "PR"]
    decided = [parse_date(row[3]) for row in rows if row[0] == "DTP" and row[1] == DECIDED]
    if adjusted and decided and doubt_reasons(adjusted, decided, basis):
        return True
    stated = [parse_amount(row[2]) for row in rows if row[0] == "AMT" and row[1] == PAID]
    if not stated:
        return False
    own = add_amounts(adjusted)
    lines = paid.get(value(names[0], 9) if names else "")
    amount, less = stated[0], lines[1] if lines is not None else ZERO
    if amount is None or amount + own + less != charge:
        return True
    return lines is not None and amount != lines[0] - own


def doubt_reasons(adjusted: list[Row], decided: list[date | None], basis: Basis) -> bool:
    """True where the reason of an adjustment was not in effect on the day of the decision."""
    day = decided[0]
    return day is not None and any(
        basis.tables.judge("carc", reason, day) is Verdict.NOT_IN_EFFECT
        for row in adjusted
        for reason in row[2::3]
        if reason
    )
