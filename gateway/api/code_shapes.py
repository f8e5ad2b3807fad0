"""Shapes of the code tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import msgspec

from gateway.api.shapes import Shape

Day = Annotated[date | None, msgspec.Meta(description="The day to ask about, CCYY-MM-DD; today without it.")]


class CodeQuery(msgspec.Struct, frozen=True, kw_only=True):
    """On which day a code is asked about."""

    date: Day = None


class CodeSpan(Shape, frozen=True, kw_only=True):
    """A code with its first and last day in effect (null: not known, or open) and what is known of it."""

    start: date | None
    end: date | None
    marks: Sequence[str]
    title: str


class CodeShown(Shape, frozen=True, kw_only=True):
    """What a table says of a code on a day.

    `verdict` is valid, unknown, incomplete (only longer codes are billable), not in effect, or not held (the
    table does not reach to that day). `spans` are all its days, oldest first.
    """

    table: str
    release: str
    code: str
    date: date
    valid: bool
    verdict: str
    title: str
    spans: Sequence[CodeSpan]


class TableListed(Shape, frozen=True, kw_only=True):
    """A code table: its release and first day, how many rows it has, and what should be done about it.

    `source` is shipped, imported or not held; `whole` is false where the list may lack codes that exist.
    """

    table: str
    title: str
    release: str
    effective: date | None
    rows: int
    source: str
    whole: bool
    notice: str


class TableList(Shape, frozen=True, kw_only=True):
    """Every code table that is known."""

    tables: Sequence[TableListed]
