"""The edit on whose turn it is: who pays second says what the first has paid."""

from __future__ import annotations

from collections.abc import Iterable

from edi.edits.basis import Basis
from edi.edits.billed import BilledClaim
from edi.edits.registry import claim_edit
from edi.findings import Finding, find
from edi.rules.places import cite, locate

PRIMARY, UNKNOWN = "P", "U"


@claim_edit(cites="005010X222A1 2000B SBR01 and 2320: other payers known to be responsible for the claim")
def later_payer_hears_of_the_first(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """A claim to a payer who does not come first names the payers before it."""
    subscriber = claim.loop.ascend("2000B")
    turn = subscriber.segment("SBR") if subscriber is not None else None
    if subscriber is None or turn is None or turn.element(1) in ("", PRIMARY, UNKNOWN):
        return ()
    if claim.loop.loops("2320"):
        return ()
    place = locate(subscriber, turn, 1)
    return (find("claim.primary_payer_missing", x12=place, rule=cite(subscriber, turn, 1)),)
