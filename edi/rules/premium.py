"""The balancing rule of the 820 (005010X218), over the tree of a transaction set."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from edi.findings import Finding, find
from edi.notation import parse_amount, write_amount
from edi.rules.places import locate
from edi.rules.registry import BALANCING, rule
from edi.rules.remittance import keep_numbers
from edi.tree import Loop

GUIDE = "005010X218"
DETAILS = ("2300A", "2300B")
PREVIOUS = ("2200A", "2200B")


@rule("ST_LOOP", cites=f"{GUIDE} HEADER BPR02", snip=BALANCING)
def premium_payment_balances(root: Loop) -> Iterator[Finding]:
    """BPR02 is the sum of the premiums paid (RMR04) and of the adjustments for previous payments (ADX01)."""
    header = next(root.descend("HEADER"), None)
    payment = header.segment("BPR") if header else None
    if header is None or payment is None:
        return
    paid = [parse_amount(loop.value("RMR", 4)) for name in DETAILS for loop in root.descend(name)]
    adjusted = [parse_amount(loop.value("ADX", 1)) for name in PREVIOUS for loop in root.descend(name)]
    known = keep_numbers([*paid, *adjusted, parse_amount(payment.element(2))])
    difference = sum(known[:-1], Decimal(0)) - known[-1] if known else Decimal(0)
    if difference:
        place, value = locate(header, payment, 2), write_amount(difference)
        yield find("premium.payment_unbalanced", x12=place, rule=f"{GUIDE} HEADER/BPR02", value=value)
