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
    """A claim as it stands, without the document. `original` is the claim that this one replaces or voids."""

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


class ClaimShown(ClaimListed, frozen=True, kw_only=True):
    """A claim as it stands, with the document it was made from."""

    patient_control_number: str
    document: dict[str, Any]  # the claim's JSON in the field's standard shape


class ClaimPage(Shape, frozen=True, kw_only=True):
    """Claims, newest first; `next` continues, null at the end."""

    claims: Sequence[ClaimListed]
    next: str | None


class EventShown(Shape, frozen=True, kw_only=True):
    """One event: what a webhook carries and the feed lists. `sequence` counts without gaps within the tenant."""

    id: str
    type: str
    timestamp: datetime
    tenant: str
    sequence: int
    data: msgspec.Raw


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


class ClaimQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which claims to list."""

    state: Annotated[str, msgspec.Meta(max_length=200, description="States, comma-separated.")] = ""
    payer: Annotated[str, msgspec.Meta(max_length=80, description="The payer's id.")] = ""
    cursor: Cursor = ""
    limit: Limit = 100


class EventQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which events to list."""

    after: Annotated[int, msgspec.Meta(ge=0, le=2**62, description="The last sequence that you have.")] = 0
    limit: Limit = 100
    type: Annotated[str, msgspec.Meta(max_length=500, description="Types, comma-separated.")] = ""


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page to list."""

    cursor: Cursor = ""
    limit: Limit = 100
