"""Shapes of the rules that claims are checked by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import msgspec

from gateway.api.shapes import Shape


class RuleQuery(Shape, frozen=True, kw_only=True):
    """What to look for among the rules."""

    search: Annotated[str, msgspec.Meta(max_length=100, description="Words that the rule must have.")] = ""
    payer: Annotated[str, msgspec.Meta(max_length=80, description="Rules of this payer only.")] = ""


class RuleShown(Shape, frozen=True, kw_only=True):
    """A rule or edit: what it says, its source, the JSON fields and X12 places that it looks at."""

    name: str
    kind: Annotated[str, msgspec.Meta(description="rule (of the guide), edit (with code tables) or payer.")]
    sentence: str
    remedy: str
    source: str
    severity: str
    guides: Sequence[str]
    fields: Sequence[str]
    x12: str
    payers: Sequence[str]
    version: int | None
    effective_from: date | None
    effective_to: date | None


class RulesShown(Shape, frozen=True, kw_only=True):
    """Every rule that was asked for."""

    items: Sequence[RuleShown]
