"""Rules of the acknowledgments: the counts and totals of a 999 and a 277CA are those of what they list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from edi.findings import Finding, find
from edi.notation import parse_amount, write_amount
from edi.rules.places import cite, locate
from edi.rules.registry import BALANCING, Tally, rule, total_rule
from edi.tree import Loop

ACCEPTED_SETS = frozenset({"A", "E"})
ACCEPT, REJECT = "WQ", "U"  # STC03
#: What each total of a 277CA counts: QTY01 of 2200B and of 2200C, AMT01 of both.
BATCH_COUNTS = {"90": ACCEPT, "AA": REJECT}
PROVIDER_COUNTS = {"QA": ACCEPT, "QC": REJECT}
AMOUNTS = {"YU": ACCEPT, "YY": REJECT}


@rule("HEADER", cites="005010X231A1 AK904", snip=BALANCING)
def acknowledged_sets_are_counted(header: Loop) -> Iterator[Finding]:
    """AK904 is the number of listed transaction sets that were accepted, where every one is listed."""
    trailer = header.segment("AK9")
    sets = header.loops("2000")
    if trailer is None or str(len(sets)) != trailer.element(3).lstrip("0"):
        return
    accepted = sum(1 for entry in sets if entry.value("IK5", 1) in ACCEPTED_SETS)
    if str(accepted) != (trailer.element(4).lstrip("0") or "0"):
        place = locate(header, trailer, 4)
        yield find("acknowledgment.counts_differ", x12=place, rule="005010X231A1 HEADER/AK904")


class StatedClaims(Tally):
    """How many claims were accepted (WQ) and rejected (U), and the sums of their charges (STC04); `known` is
    false once one of them is no number."""

    def __init__(self) -> None:
        self.counts = {ACCEPT: 0, REJECT: 0}
        self.sums = {ACCEPT: Decimal(0), REJECT: Decimal(0)}
        self.known = True

    def add(self, loop: Loop) -> None:
        """The status of one claim (2200D)."""
        status = loop.segment("STC")
        amount = parse_amount(status.element(4)) if status is not None else None
        if status is None or amount is None:
            self.known = False
            return
        action = ACCEPT if status.element(3) == ACCEPT else REJECT
        self.counts[action] += 1
        self.sums[action] += amount

    def compare(self, totals: Loop, counted: Mapping[str, str]) -> Iterator[Finding]:
        """A finding for each QTY and AMT of `totals` that is not what the claims below make."""
        if not self.known or not any(self.counts.values()):
            return  # the report lists no claims, or not as it should
        expected = {("QTY", code): Decimal(self.counts[action]) for code, action in counted.items()}
        expected |= {("AMT", code): self.sums[action] for code, action in AMOUNTS.items()}
        for segment in totals.segments():
            found = expected.get((segment.id, segment.element(1)))
            stated = parse_amount(segment.element(2))
            if found is not None and stated is not None and stated != found:
                yield find(
                    "acknowledgment.totals_differ",
                    x12=locate(totals, segment, 2),
                    rule=cite(totals, segment, 2),
                    value=write_amount(stated - found),
                )


@total_rule(
    "2000B", over=("2200D",), tally=StatedClaims, cites="005010X214 2200B QTY and AMT", snip=BALANCING
)
def acknowledged_claims_are_totalled(receiver: Loop, claims: StatedClaims) -> Iterator[Finding]:
    """The counts and amounts of a batch (2200B) are those of the claims below."""
    for totals in receiver.loops("2200B"):
        yield from claims.compare(totals, BATCH_COUNTS)


@total_rule(
    "2000C", over=("2200D",), tally=StatedClaims, cites="005010X214 2200C QTY and AMT", snip=BALANCING
)
def claims_of_a_provider_are_totalled(provider: Loop, claims: StatedClaims) -> Iterator[Finding]:
    """The counts and amounts of a billing provider (2200C) are those of the claims below."""
    for totals in provider.loops("2200C"):
        yield from claims.compare(totals, PROVIDER_COUNTS)
