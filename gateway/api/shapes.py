"""Shapes of answers and small bodies; their JSON names are camelCase, money is text, moments are UTC.

The OpenAPI document is generated from these, so a field's docstring stands in its class.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from edi.findings import Finding
from gateway.feed import EventShown

Limit = Annotated[int, msgspec.Meta(ge=1, le=500, description="How many to answer at most.")]
Cursor = Annotated[str, msgspec.Meta(max_length=64, description="`next` of the page before.")]


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A JSON object of an answer."""


class ClaimTaken(Shape, frozen=True, kw_only=True):
    """A claim was taken: its id, and findings that do not stop it (warnings)."""

    id: str
    state: str
    patient_control_number: str
    findings: tuple[Finding, ...]


class BatchAnswer(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one line of a batch, numbered from 1.

    `state` is accepted or rejected (`id` names the claim), unreadable (`file` keeps the bytes), unavailable
    (nothing was stored: send the line again) or stopped (nothing from this line on was taken).
    """

    line: int
    state: str
    id: str = ""
    patient_control_number: str = ""
    file: str = ""
    findings: tuple[Finding, ...] = ()


class ClaimChecked(Shape, frozen=True, kw_only=True):
    """What a check alone says; nothing was stored."""

    clean: bool
    findings: tuple[Finding, ...]


class ClaimAmounts(Shape, frozen=True, kw_only=True):
    """The money of a claim in dollars: billed = paid + adjusted + patient + open, always."""

    billed: Decimal
    paid: Decimal
    adjusted: Decimal
    patient: Decimal
    open: Decimal


class ClaimListed(Shape, frozen=True, kw_only=True):
    """A claim as it stands, without the document. `original` is the claim that this one follows."""

    id: str
    state: str
    marks: tuple[str, ...]
    claim_type: str
    payer_id: str
    billing_npi: str
    frequency: str
    usage: str
    amounts: ClaimAmounts
    service_from: date | None
    service_to: date | None
    original: str | None
    created_at: datetime
    updated_at: datetime


class FollowUpShown(Shape, frozen=True, kw_only=True):
    """A claim that follows another one: a replacement, a void, or the claim to the next payer (secondary)."""

    id: str
    kind: str
    state: str
    payer_id: str
    frequency: str
    created_at: datetime


class ClaimShown(ClaimListed, frozen=True, kw_only=True):
    """A claim as it stands, with the document it was made from and the claims that follow it.

    `patient` is the id of the patient's account: it stands for the patient control number in addresses.
    """

    patient_control_number: str
    patient: str
    follow_ups: Sequence[FollowUpShown]
    document: dict[str, Any]  # the claim's JSON in the field's standard shape


class ClaimPage(Shape, frozen=True, kw_only=True):
    """Claims, newest first; `next` continues, null at the end."""

    claims: Sequence[ClaimListed]
    next: str | None


class EventPage(Shape, frozen=True, kw_only=True):
    """Events in order; `next` is the number to ask `after` for what follows, also where nothing came yet."""

    events: Sequence[EventShown]
    next: int


class Timeline(Shape, frozen=True, kw_only=True):
    """The story of one claim, oldest first."""

    claim: str
    events: Sequence[EventShown]


class ClaimFindings(Shape, frozen=True, kw_only=True):
    """What was found wrong with a claim when it came in."""

    claim: str
    findings: tuple[Finding, ...]


class FileShown(Shape, frozen=True, kw_only=True):
    """A file: `direction` api, drop, in or out; `kinds` its transaction sets; `reason` a finding's code."""

    id: str
    direction: str
    partner: str
    sha256: str
    size: int
    sender: str | None
    control_number: str | None
    kinds: tuple[str, ...]
    state: str
    reason: str | None
    original: str | None
    created_at: datetime
    processed_at: datetime | None


class FileClaim(Shape, frozen=True, kw_only=True):
    """A claim of a posted file: accepted, or rejected with its findings."""

    id: str
    state: str
    patient_control_number: str
    findings: tuple[Finding, ...]


class FileTaken(Shape, frozen=True, kw_only=True):
    """A posted file was kept; its claims, in order; findings about the sets that were not taken in."""

    file: FileShown
    claims: Sequence[FileClaim]
    findings: tuple[Finding, ...]


class FileQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose answer a posted file is: the name of the partner that it came from, empty for none."""

    partner: str = ""


class FileAnswer(Shape, frozen=True, kw_only=True):
    """An acknowledgment of a posted file: 999 (with TA1) or 277CA, as one X12 file."""

    kind: str
    x12: str


class FileAnswers(Shape, frozen=True, kw_only=True):
    """What a posted file is answered by; empty where nothing in it is answered."""

    file: str
    acknowledgments: Sequence[FileAnswer]


class RemittanceListed(Shape, frozen=True, kw_only=True):
    """A payment of a payer (835): `amount` in dollars, `method` as BPR04.

    `state` is posted, unbalanced, or part: one of several 835 that pay `paymentAmount` together.
    """

    id: str
    file: str
    payer_id: str
    payer_name: str
    payee_npi: str
    trace_number: str
    method: str
    amount: Decimal
    date: date | None
    state: str
    created_at: datetime
    payment_amount: Decimal | None


class PaymentShown(Shape, frozen=True, kw_only=True):
    """What a remittance says of one claim; `claim` is ours where it was matched."""

    id: str
    position: int
    claim: str | None
    status: str
    kind: str
    charge: Decimal
    paid: Decimal
    adjusted: Decimal
    patient_responsibility: Decimal
    document: msgspec.Raw


class ProviderAdjustmentShown(Shape, frozen=True, kw_only=True):
    """Money of a remittance that belongs to no claim (PLB)."""

    position: int
    provider: str
    fiscal_period: date | None
    reason: str
    amount: Decimal
    identifier: str


class RemittanceShown(RemittanceListed, frozen=True, kw_only=True):
    """A payment with its claims and provider adjustments, and the whole document."""

    claims: Sequence[PaymentShown]
    provider_adjustments: Sequence[ProviderAdjustmentShown]
    document: msgspec.Raw


class RemittancePage(Shape, frozen=True, kw_only=True):
    """Remittances, newest first; `next` continues, null at the end."""

    remittances: Sequence[RemittanceListed]
    next: str | None


class NewEndpoint(Shape, frozen=True, kw_only=True):
    """A webhook endpoint to make; no `types` means all events."""

    url: Annotated[str, msgspec.Meta(max_length=2000)]
    types: Annotated[tuple[str, ...], msgspec.Meta(max_length=100)] = ()


class EndpointShown(Shape, frozen=True, kw_only=True):
    """A webhook endpoint; `state` is active or disabled."""

    id: str
    url: str
    types: tuple[str, ...]
    state: str
    failing_since: datetime | None
    created_at: datetime
    updated_at: datetime


class EndpointMade(EndpointShown, frozen=True, kw_only=True):
    """A new endpoint with its signing secret (Standard Webhooks, `whsec_`), shown this once."""

    secret: str


class EndpointRotated(EndpointMade, frozen=True, kw_only=True):
    """An endpoint with its new secret, shown this once; the one before signs beside it until the moment."""

    previous_until: datetime


class ReplayWish(Shape, frozen=True, kw_only=True):
    """Which events to deliver once more: those after the sequence `after`, up to `until` where given."""

    after: Annotated[int, msgspec.Meta(ge=0, le=2**62)]
    until: Annotated[int, msgspec.Meta(ge=0, le=2**62)] | None = None


class ReplayPlanned(Shape, frozen=True, kw_only=True):
    """So many deliveries were planned; `next` is the `after` to go on with, null at the end."""

    deliveries: int
    next: int | None


class TestPlanned(Shape, frozen=True, kw_only=True):
    """A test event is on its way; the list of deliveries shows what became of it."""

    delivery: str


class EndpointPage(Shape, frozen=True, kw_only=True):
    """All endpoints, oldest first."""

    webhooks: Sequence[EndpointShown]


class DeliveryShown(Shape, frozen=True, kw_only=True):
    """One event on its way to an endpoint; `lastStatus` is the HTTP status of the last attempt."""

    id: str
    sequence: int
    claim: str | None
    state: str
    attempts: int
    due_at: datetime
    last_status: int | None
    created_at: datetime
    updated_at: datetime


class DeliveryPage(Shape, frozen=True, kw_only=True):
    """Deliveries, newest first; `next` continues, null at the end."""

    deliveries: Sequence[DeliveryShown]
    next: str | None


class Health(Shape, frozen=True, kw_only=True):
    """The server lives, or is ready."""

    status: str


class EventQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which events to list."""

    after: Annotated[int, msgspec.Meta(ge=0, le=2**62, description="The last sequence that you have.")] = 0
    limit: Limit = 100
    type: Annotated[str, msgspec.Meta(max_length=500, description="Types, comma-separated.")] = ""


class StreamQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Where a stream of events begins, and which it holds."""

    after: Annotated[
        int | None,
        msgspec.Meta(description="The last sequence that you have; without it, what happens from now on."),
    ] = None
    type: Annotated[str, msgspec.Meta(max_length=500, description="Types, comma-separated.")] = ""


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page to list."""

    cursor: Cursor = ""
    limit: Limit = 100
