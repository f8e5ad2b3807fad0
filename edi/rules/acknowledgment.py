"""Rules of the acknowledgments: the counts and totals of a 999 and a 277CA are those of what they list."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from edi.findings import Finding, find
from edi.notation import parse_amount, write_amount
from edi.rules.places import locate
from edi.rules.registry import Tally, rule, total_rule
from edi.tree import Loop

ACCEPTED_SETS = frozenset({"A", "E"})


@rule("HEADER", cites="005010X231A1 AK904")
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


class StatedCharges(Tally):
    """The sums of STC04 of accepted (YU) and rejected (YY) claims; `known` is false once one is no number."""

    def __init__(self) -> None:
        self.sums = {"YU": Decimal(0), "YY": Decimal(0)}
        self.known = True

    def add(self, loop: Loop) -> None:
        """The status of one claim (2200D)."""
        amount = parse_amount(loop.value("STC", 4))
        if amount is None:
            self.known = False
        else:
            self.sums["YU" if loop.value("STC", 3) == "WQ" else "YY"] += amount


@total_rule("2000B", over=("2200D",), tally=StatedCharges, cites="005010X214 2200B QTY and AMT")
def acknowledged_claims_are_totalled(receiver: Loop, claims: StatedCharges) -> Iterator[Finding]:
    """The accepted and rejected amounts of 2200B are the sums over the claims below, where all are listed."""
    batch = next(iter(receiver.loops("2200B")), None)
    if batch is None or not claims.known:
        return
    for segment in batch.segments("AMT"):
        stated = parse_amount(segment.element(2))
        expected = claims.sums.get(segment.element(1))
        if stated is not None and expected is not None and any(claims.sums.values()) and stated != expected:
            place = locate(batch, segment, 2)
            difference = write_amount(stated - expected)
            yield find(
                "acknowledgment.totals_differ", x12=place, rule="005010X214 2200B/AMT02", value=difference
            )
