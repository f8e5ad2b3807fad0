"""Reversals of the 835 (005010X221A1 section 1.10.2.8): what is taken back, and what takes its place.

A reversal stands beside the payment that it takes back or beside the correction that follows it. Where the
remittance has neither, nothing is wrong with it, but whoever posts it must find the payment elsewhere.
"""

from __future__ import annotations

import sys
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from hashlib import blake2b

import msgspec

from edi.findings import Finding, Place, find
from edi.models import PREDETERMINATION, REVERSAL
from edi.rules.places import locate
from edi.rules.registry import JoinedTally, total_rule
from edi.tree import Loop

GUIDE = "005010X221A1"
UNKNOWN = ("", "0")  # CLP01 where the provider sent no number

Lone = list[tuple[int, Place]]


def digest(number: str) -> bytes:
    """Eight bytes that stand for a claim's number (CLP01)."""
    return blake2b(number.encode(), digest_size=8).digest()


def make_key(number: str) -> int:
    """The same as a number."""
    return int.from_bytes(digest(number), sys.byteorder)


class ReversalPairs(JoinedTally):
    """The reversals with their places, and of every other claim payment eight bytes that stand for CLP01.

    A remittance of 1 GB has some two million claim payments; these take 16 MB.
    """

    def __init__(self) -> None:
        self.reversals: Lone = []
        self.payments = array("Q")

    def add(self, loop: Loop) -> None:
        """A claim payment (2100)."""
        segment = loop.segment("CLP")
        if segment is None:
            return
        number, status = segment.element(1), segment.element(2)
        if status == REVERSAL:
            self.add_reversal(number, locate(loop, segment, 2))
        elif status != PREDETERMINATION:
            self.add_payments([number])

    def add_reversal(self, number: str, place: Place) -> None:
        """A claim payment that takes another back: CLP01, and where CLP02 says so."""
        if number not in UNKNOWN:
            self.reversals.append((make_key(number), place))

    def add_payments(self, numbers: Iterable[str]) -> None:
        """Claim payments of these numbers that take nothing back and are no predeterminations."""
        self.payments.frombytes(b"".join([digest(number) for number in numbers if number not in UNKNOWN]))

    def state(self) -> dict[str, str]:
        """Both as text."""
        reversals = msgspec.json.encode(self.reversals).decode()
        return {"reversals": reversals, "payments": b64encode(self.payments.tobytes()).decode()}

    def join(self, state: dict[str, str]) -> None:
        """Add those of another part."""
        self.reversals += msgspec.json.decode(state["reversals"], type=Lone)
        self.payments.frombytes(b64decode(state["payments"]))

    def list_lone(self) -> list[Place]:
        """The places of the reversals that nothing stands beside, in file order."""
        wanted = {key for key, _ in self.reversals}
        paired = {key for key in self.payments if key in wanted} if wanted else wanted
        lone = (place for key, place in self.reversals if key not in paired)
        return sorted(lone, key=lambda place: place.ordinal or 0)


@total_rule("ST_LOOP", over=("2100",), tally=ReversalPairs, cites=f"{GUIDE} 1.10.2.8, 2100 CLP02 = 22")
def reversals_are_paired(root: Loop, pairs: ReversalPairs) -> Iterator[Finding]:
    """A reversal has the payment that it takes back, or a correction, in the same remittance; else a note."""
    for place in pairs.list_lone():
        yield find("remittance.reversal_alone", x12=place, rule=f"{GUIDE} 2100/CLP02")
