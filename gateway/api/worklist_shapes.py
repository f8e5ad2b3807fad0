"""Shapes of the work lists and of what is done by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from gateway.api.shapes import ClaimListed, Cursor, Limit, Shape
from gateway.feed import EventShown
from gateway.remedies import Remedy
from gateway.store.ages import Ages

Note = Annotated[str, msgspec.Meta(max_length=2000, description="Your words; kept sealed, told to nobody.")]
ClaimId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, description="The claim's id.")]


class WorkClaim(Shape, frozen=True, kw_only=True):
    """A claim on a work list: since when it stands so, and the event that put it there.

    `remedies` are the payer's codes in that event, what they mean and what to do.
    """

    claim: ClaimListed
    since: datetime
    event: EventShown | None
    remedies: Sequence[Remedy]


class WorklistQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page to list; of claims also which payer's, from which charge on, unchanged for how long."""

    cursor: Cursor = ""
    limit: Limit = 100
    payer: Annotated[str, msgspec.Meta(max_length=80, description="The payer's id.")] = ""
    min_charge: Annotated[
        int, msgspec.Meta(ge=0, le=9_999_999_999, description="The least charge, in whole dollars.")
    ] = 0
    days: Annotated[int, msgspec.Meta(ge=0, le=36_500, description="Unchanged for so many days.")] = 0


class WorkItemShown(Shape, frozen=True, kw_only=True):
    """Something a person must settle. `reason` is a finding's code, `candidates` the claims that it may mean.

    `document` is what it is about: an acknowledgment, or the remittance and the position of the claim in it.
    """

    id: str
    kind: str
    state: str
    reason: str
    file: str | None
    subject: str | None
    candidates: tuple[str, ...]
    document: msgspec.Raw
    created_at: datetime
    resolved_at: datetime | None
    claim: str | None
    resolved_by: str | None
    note: str | None


class WorklistPage(Shape, frozen=True, kw_only=True):
    """A work list, oldest first: claims or items, how many in all by age; `next` continues."""

    name: str
    meaning: str
    total: int
    ages: Ages
    claims: Sequence[WorkClaim]
    items: Sequence[WorkItemShown]
    next: str | None


class WorklistCount(Shape, frozen=True, kw_only=True):
    """How many entries a work list has: for less than a day, a week, thirty days, and for longer."""

    name: str
    meaning: str
    total: int
    ages: Ages


class Worklists(Shape, frozen=True, kw_only=True):
    """Every work list with its counts."""

    worklists: Sequence[WorklistCount]


class Attachment(Shape, frozen=True, kw_only=True):
    """Which claim the answer in a work item means."""

    claim: ClaimId
    note: Note = ""


class Remark(Shape, frozen=True, kw_only=True):
    """Why something is done by hand."""

    note: Note = ""


class Reason(Shape, frozen=True, kw_only=True):
    """Why something is settled; it may not be empty."""

    note: Annotated[Note, msgspec.Meta(min_length=1)]


class ReleaseShown(Shape, frozen=True, kw_only=True):
    """What goes on: so many claims, and so many deliveries that are tried again."""

    claims: int
    deliveries: int
