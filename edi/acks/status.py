"""Claim status responses (277): a document read as what the payer says of each claim asked about.

The document has the shape of the field's claim status response. Source: 005010X212 277.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from edi.documents import Document, read_entries, read_section, read_text
from edi.models import ClaimStatus, Person, StatusCode
from edi.notation import parse_amount, parse_date

STATUSES = ("status", "secondaryStatus", "tertiaryStatus")
ENTITIES = ("entityCode", "secondaryEntityCode", "tertiaryEntityCode")


class StatusAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The status of one claim. `status.clearinghouse_trace` is what was asked under (TRN02).

    What was paid (STC05), when it was decided (STC06) and paid (STC08), and by which check or EFT (STC09).
    """

    status: ClaimStatus
    paid: Decimal | None = None
    decided_on: datetime.date | None = None
    paid_on: datetime.date | None = None
    check_number: str = ""


def read_277(document: Document) -> tuple[StatusAnswer, ...]:
    """What a 277 says of each claim. Never raises for what the document says or leaves out."""
    patient = read_section(document, "dependent") or read_section(document, "subscriber")
    person = Person(
        last_name=read_text(patient, "lastName"),
        first_name=read_text(patient, "firstName"),
        member_id=read_text(document, "subscriber", "memberId"),
    )
    return tuple(
        read_answer(read_section(claim, "claimStatus"), pointer, person)
        for pointer, claim in read_entries(document, "claims")
    )


def read_answer(told: Document, pointer: str, patient: Person) -> StatusAnswer:
    """One claim (2200D, 2200E)."""
    first, _, last = read_text(told, "claimServiceDate").partition("-")
    status = ClaimStatus(
        patient_control_number=read_text(told, "patientAccountNumber"),
        action="",
        statuses=tuple(read_statuses(told)),
        clearinghouse_trace=read_text(told, "trackingNumber"),
        payer_claim_control_number=read_text(told, "tradingPartnerClaimNumber"),
        charge=parse_amount(read_text(told, "submittedAmount")),
        service_from=parse_date(first),
        service_to=parse_date(last or first),
        effective=parse_date(read_text(told, "effectiveDate")),
        patient=patient,
        pointer=pointer,
    )
    return StatusAnswer(
        status=status,
        paid=parse_amount(read_text(told, "amountPaid")),
        decided_on=parse_date(read_text(told, "paidDate")),
        paid_on=parse_date(read_text(told, "checkIssueDate")),
        check_number=read_text(told, "checkNumber"),
    )


def read_statuses(told: Document) -> Iterator[StatusCode]:
    """STC01, STC10 and STC11, where they are there."""
    for name, entity in zip(STATUSES, ENTITIES, strict=True):
        category = read_text(told, f"{name}CategoryCode")
        if category:
            yield StatusCode(category, read_text(told, f"{name}Code"), read_text(told, entity))
