"""Shapes of the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from gateway.api.shapes import Limit, Shape

Id = Annotated[str, msgspec.Meta(max_length=64)]


class AuditQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries to list; `subject` is the id of what was touched, `principal` who touched it."""

    after: Annotated[int, msgspec.Meta(ge=0, le=2**62, description="The last sequence that you have.")] = 0
    limit: Limit = 100
    subject: Id = ""
    principal: Id = ""
    action: Id = ""


class AuditEntry(Shape, frozen=True, kw_only=True):
    """Who did what, to what, from where, and how it ended.

    `count` is how many things were touched, or attempts of strangers that stand together; `subjects` names up
    to 500. `chain` links the entry to the one before it.
    """

    sequence: int
    at: datetime
    principal_kind: str
    principal: str
    action: str
    route: str
    kind: str
    subjects: Sequence[str]
    count: int
    outcome: str
    address: str
    request: str
    reason: str
    chain: str


class AuditPage(Shape, frozen=True, kw_only=True):
    """Entries in order; `next` is the number to ask `after` for what follows, also where nothing came yet."""

    entries: Sequence[AuditEntry]
    next: int
