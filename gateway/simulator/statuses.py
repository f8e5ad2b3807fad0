"""What the scripted payer answers when it is asked where a claim stands (276): what it has done so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from edi.documents import Document, drop_empty, read_entries, read_section, read_text
from gateway.simulator.adjudication import NOTHING, adjudicate
from gateway.simulator.ledger import KnownClaim, write_number
from gateway.simulator.scenarios import ClaimStatus, Remit, Return, Reverse, Scenario, moments_of

FindClaim = Callable[[str], KnownClaim | None]
"""The newest claim that was read with this patient control number."""

PERSON = ("memberId", "firstName", "lastName", "organizationName")


class Finding(msgspec.Struct, frozen=True):
    """What a 277 says of a claim: STC01, and what was paid where it was decided."""

    category: str
    status: str
    paid: Decimal = NOTHING


NOT_FOUND = Finding("A4", "35")
UNDER_WAY = Finding("P1", "20")


def judge_claim(known: KnownClaim, scenario: Scenario, now: datetime) -> Finding:
    """Where the claim stands at `now`, by the steps that were played until then."""
    if any(isinstance(step, Return) for step in scenario.steps):
        return NOT_FOUND
    paid, found = NOTHING, UNDER_WAY
    for moment in moments_of(scenario):
        if known.received + moment.after > now:
            break
        for index, step in enumerate(moment.steps, moment.start):
            if isinstance(step, ClaimStatus) and step.action == "U":
                found = Finding(step.category, step.status)
            elif isinstance(step, Remit | Reverse):
                adjudication = adjudicate(known.claim.lines, scenario.steps, index)
                paid += adjudication.paid if adjudication is not None else NOTHING
                found = Finding("F1", "65", paid) if paid > 0 else Finding("F2", "88")
    return found


def answer_status(
    asked: Document, find_claim: FindClaim, scenarios: Mapping[str, Scenario], now: datetime
) -> dict[str, Any]:
    """The 277 as JSON: the parties of the inquiry, and where its claim stands. Source: 005010X212 277."""
    encounter = read_section(asked, "encounter")
    number = read_text(encounter, "patientAccountNumber")
    known = find_claim(number) if number else None
    found = judge_claim(known, scenarios[known.scenario], now) if known is not None else NOT_FOUND
    status = {
        "trackingNumber": read_text(encounter, "trackingNumber"),
        "statusCategoryCode": found.category,
        "statusCode": found.status,
        "effectiveDate": f"{now:%Y%m%d}",
        "submittedAmount": read_text(encounter, "submittedAmount") or "0",
        "amountPaid": str(found.paid),
        "patientAccountNumber": number,
        "claimServiceDate": read_text(encounter, "beginningDateOfService"),
        "tradingPartnerClaimNumber": write_number(known.id) if known is not None else "",
    }
    return drop_empty(
        {
            "payer": {
                "organizationName": read_text(asked, "tradingPartnerName"),
                "payerIdentification": read_text(asked, "tradingPartnerServiceId"),
            },
            "providers": [dict(provider) for _, provider in read_entries(asked, "providers")],
            "subscriber": copy_person(asked, "subscriber"),
            "dependent": copy_person(asked, "dependent"),
            "claims": [{"claimStatus": status}],
        }
    )


def copy_person(asked: Document, role: str) -> dict[str, object]:
    """What of a person comes back."""
    person = read_section(asked, role)
    return {name: text for name in PERSON if (text := read_text(person, name))}
