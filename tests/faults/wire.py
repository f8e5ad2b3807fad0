"""What stands in X12 files, read without the engine: the checker may not believe what it checks."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

ISA_LENGTH = 106


def split_file(content: bytes) -> list[list[str]]:
    """The segments of a file of one interchange, as lists of elements."""
    text = content.decode("latin-1")
    element, terminator = text[3], text[ISA_LENGTH - 1]
    return [part.strip().split(element) for part in text.split(terminator) if part.strip()]


def read_control_number(content: bytes) -> str:
    """ISA13."""
    return split_file(content)[0][13]


def list_claims(content: bytes) -> list[str]:
    """CLM01 of every claim of an 837, in order."""
    return [segment[1] for segment in split_file(content) if segment[0] == "CLM"]


class Paid(NamedTuple):
    """One claim payment: CLP01, CLP02 and CLP04."""

    number: str
    status: str
    paid: Decimal


class Payment(NamedTuple):
    """One set of an 835: TRN02, BPR02, what it pays for each claim and what it keeps (PLB)."""

    trace: str
    amount: Decimal
    claims: tuple[Paid, ...]
    kept: Decimal

    @property
    def own(self) -> Decimal:
        """What the set pays itself: the claims' payments without what is kept."""
        return sum((claim.paid for claim in self.claims), Decimal(0)) - self.kept


def list_payments(content: bytes) -> Iterator[Payment]:
    """Every 835 set of a file; none of another kind of file."""
    inside: list[list[str]] = []
    for segment in split_file(content):
        if segment[0] == "ST":
            inside = []
        inside.append(segment)
        if segment[0] == "SE" and inside[0][1] == "835":
            yield read_payment(inside)


def read_payment(segments: list[list[str]]) -> Payment:
    """One set of an 835."""
    first = {segment[0]: segment for segment in reversed(segments)}
    claims = tuple(Paid(it[1], it[2], Decimal(it[4])) for it in segments if it[0] == "CLP")
    kept = [Decimal(amount) for it in segments if it[0] == "PLB" for amount in it[4::2]]
    return Payment(first["TRN"][2], Decimal(first["BPR"][2]), claims, sum(kept, Decimal(0)))
