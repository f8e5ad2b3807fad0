"""Edits on when a claim is filed. The limits are data: `schemas/codes/filing_limits.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

import msgspec

from edi.edits.basis import Basis
from edi.edits.billed import BilledClaim
from edi.edits.registry import claim_edit
from edi.findings import Finding, find
from edi.rules.places import locate

SOURCE = "005010X222A1"
#: The day of receipt is UTC; in Guam it is tomorrow already.
FURTHEST_EAST = timedelta(days=1)
REPLACING = frozenset({"7", "8"})


class FilingLimit(msgspec.Struct, frozen=True):
    """How many months after the service a program takes a claim, and the regulation that says so."""

    months: int
    cites: str


@cache
def load_limits() -> dict[str, FilingLimit]:
    """The limits by claim filing indicator (SBR09)."""
    raw = tomllib.loads((files("schemas") / "codes" / "filing_limits.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw["limit"], dict[str, FilingLimit])


def add_months(day: date, months: int) -> date:
    """The same day so many months on, or the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has a 28th")


@claim_edit(cites=f"{SOURCE} 2400 DTP 472, CLM20; 42 CFR 424.44, 42 CFR 447.45(d), 32 CFR 199.7(d)")
def claim_is_filed_in_time(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """A claim comes within the program's limit after the service, or says why it is late (CLM20)."""
    if basis.received is None or claim.first is None or claim.segment.element(20):
        return ()
    limit = load_limits().get(claim.program)
    if limit is None or claim.frequency in REPLACING:
        return ()
    if basis.received <= add_months(claim.first, limit.months):
        return ()
    place = locate(claim.loop, claim.segment, 20)
    return (find("claim.filed_late", x12=place, rule=limit.cites, months=str(limit.months)),)


@claim_edit(cites=f"{SOURCE} 2400 DTP 472: the service was rendered before it is billed")
def services_are_not_ahead(claim: BilledClaim, basis: Basis) -> Iterable[Finding]:
    """No service is dated after the day on which the claim came."""
    if basis.received is None or claim.last is None or claim.last <= basis.received:
        return ()
    today = basis.received + FURTHEST_EAST
    ahead = [line for line in claim.lines if line.last is not None and line.last > today]
    rule = f"{SOURCE} 2400/DTP[472]03"
    return [
        find("claim.service_ahead", x12=locate(line.loop, line.loop.segment("DTP", "472"), 3), rule=rule)
        for line in ahead
    ]
