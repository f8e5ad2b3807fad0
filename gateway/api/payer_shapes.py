"""Shapes of the payer directory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from gateway.api.shapes import Shape


class PayerQuery(Shape, frozen=True, kw_only=True):
    """Which payers: words of their names or ids, and where to go on."""

    search: Annotated[str, msgspec.Meta(max_length=100, description="Words of the name or an id.")] = ""
    after: Annotated[str, msgspec.Meta(max_length=80, description="The last id of the page before.")] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


class AliasShown(Shape, frozen=True, kw_only=True):
    """How a clearinghouse knows the payer; transaction "" is any."""

    clearinghouse: str
    transaction: str
    id: str
    enrollment: bool


class PayerShown(Shape, frozen=True, kw_only=True):
    """A payer. `partner` is the trading partner of yours that reaches it, or null."""

    id: str
    name: str
    names: Sequence[str]
    aliases: Sequence[AliasShown]
    partner: str | None


class PayerPage(Shape, frozen=True, kw_only=True):
    """Payers by id; `next` continues, and is null on the last page."""

    items: Sequence[PayerShown]
    next: str | None
